"""How a decision came about. Entries are made by the run that decided, never by code that tells it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> TraceEntry:
        """The entry that :meth:`to_plain` gave; times to the thousandth of a millisecond. Raises KeyError."""
        ms = plain.get("ms")
        return cls(
            plain["path"],
            plain["what"],
            plain["result"],
            plain.get("text", ""),
            tuple(plain.get("values", {}).items()),
            plain.get("reason", ""),
            None if ms is None else ms / 1000,
            plain.get("origin", ""),
            plain.get("began_ms", 0.0) / 1000,
        )


def covered_paths(entry: TraceEntry) -> Iterator[str]:
    """The places of the cases of which ``entry`` tells: one, or of ``cases`` all of its span."""
    if entry.what != "cases":
        yield entry.path
        return
    branch, _, span = entry.path.removesuffix("]").rpartition("[")
    first, last = map(int, span.split("-"))
    yield from (f"{branch}[{number}]" for number in range(first, last + 1))
