"""How a decision came about. Entries are made by the run that decided, never by code that tells it again."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

What = (
    Literal["flow", "lookup", "case", "cases", "otherwise", "set", "split", "hours", "label", "notify", "note"]
    | Literal["answer", "play", "say", "menu", "collect", "consent", "dial", "agent"]
    | Literal["queue", "goto", "hangup", "voicemail", "default"]
)


class TraceEntry(NamedTuple):
    """One thing that the run did.

    ``path`` names the place in the flow file; ``result`` is a short word (``true``, ``false``, ``unknown``, ``found``,
    ``missing``, ``failed``, a queue's name ...); ``text`` what was compared or asked; ``values`` the facts it
    looked at or changed; ``reason`` why it is unknown or failed; ``took`` seconds, for what takes time;
    ``origin`` where a lookup's answer came from; ``began`` how many seconds after the others of its step a lookup
    was asked, as it waited for one of them. A named tuple, as every run makes many: it is made five times as fast
    as a frozen dataclass.
    """

    path: str
    what: What
    result: str
    text: str = ""
    values: tuple[tuple[str, Any], ...] = ()
    reason: str = ""
    took: float | None = None
    origin: str = ""
    began: float = 0.0

    def to_plain(self) -> dict[str, Any]:
        """JSON types; empty parts left out."""
        plain: dict[str, Any] = {"path": self.path, "what": self.what, "result": self.result}
        if self.text:
            plain["text"] = self.text
        if self.values:
            plain["values"] = dict(self.values)
        if self.reason:
            plain["reason"] = self.reason
        if self.took is not None:
            plain["ms"] = round(self.took * 1000, 3)
        if self.began:
            plain["began_ms"] = round(self.began * 1000, 3)
        if self.origin:
            plain["origin"] = self.origin
        return plain
