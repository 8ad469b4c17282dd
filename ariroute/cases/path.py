"""The steps that a contact took, by names that a test file can give them, as ``crm.missing`` or ``else``.

They are made from the trace: what was only looked at (a condition that is false) is no step that was taken, and the
end has keys of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ariroute.flow.trace import TraceEntry

AGAIN = "asked before in this run"


@dataclass(frozen=True, slots=True)
class Stop:
    """One step that was taken: its names, the first of them to be shown, and its place in the flow file."""

    names: tuple[str, ...]
    place: str

    def __str__(self) -> str:
        return self.names[0]

    def is_called(self, name: str) -> bool:
        """Whether ``name`` means this step."""
        return name in self.names or name == self.place


def stops(trace: Iterable[TraceEntry]) -> list[Stop]:
    """The steps that were taken, in their order."""
    found = ((entry, tuple(_names(entry))) for entry in trace)
    return [Stop(names, entry.path) for entry, names in found if names]


def _names(entry: TraceEntry) -> Iterator[str]:
    what, text, result = entry.what, entry.text, entry.result
    match what:
        case "lookup" if entry.reason != AGAIN:
            yield from (f"{text}.{result}", text)
            if result == "failed":
                yield f"{text}.{entry.reason.partition(':')[0]}"
        case "case" if result == "true":
            yield f"when {text}"
        case "otherwise" if result == "taken":
            yield "else"
        case "hours" | "split" | "dial" | "agent":
            yield from (f"{text}.{result}", text)
        case "menu" | "collect" | "consent" | "answer" | "label":
            yield from (f"{what}.{result}", what)
        case "play" | "say" | "note":
            yield from (f"{what}.{result}", what, f"{what} {text}")
        case "set":
            yield f"set {entry.values[0][0]}"
        case "notify":
            yield f"notify {text}"
        case "goto":
            yield f"goto {result}"


def is_in_order(names: Iterable[str], taken: Iterable[Stop]) -> bool:
    """Whether these steps were taken in this order, with whatever between them."""
    rest = iter(taken)
    return all(any(stop.is_called(name) for stop in rest) for name in names)
