"""What a case expects, against what came: each thing that differs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ariroute.cases.case import Expected, Mismatch
from ariroute.cases.path import Stop, is_in_order, stops
from ariroute.flow.decision import Decision, Label, QueueDestination, VoicemailDestination

EMPTY = "nothing"


def judged(expected: Expected, decision: Decision, after: float) -> Iterator[Mismatch]:
    """What is not as expected of ``decision``, which came ``after`` seconds."""
    yield from _ended(expected, decision)
    if expected.flow is not None and expected.flow != decision.flow:
        yield Mismatch("flow", expected.flow, decision.flow)
    if expected.by_default is not None and expected.by_default != decision.by_default:
        yield Mismatch("by_default", _truth(expected.by_default), _truth(decision.by_default))
    if expected.reason is not None and expected.reason not in decision.reason:
        yield Mismatch("reason", f"a text with '{expected.reason}'", f"'{decision.reason}'")
    if expected.within is not None and after > expected.within:
        yield Mismatch("within", _lasting(expected.within), _lasting(after))
    yield from _walked(expected, stops(decision.trace))
    yield from _values("vars", expected.variables, decision.variables)
    yield from _beside(expected, decision)


def _ended(expected: Expected, decision: Decision) -> Iterator[Mismatch]:
    ending, got = expected.ending, decision.destination
    if ending is not None and not ending.met_by(got):
        same_queue = isinstance(got, QueueDestination) and ending.kind == "queue" and ending.name in ("", got.queue)
        if same_queue and isinstance(got, QueueDestination):
            yield Mismatch("priority", str(ending.number), str(got.priority))
        else:
            yield Mismatch("end", str(ending), str(got))
    if expected.greeting is not None and isinstance(got, VoicemailDestination) and got.greeting != expected.greeting:
        yield Mismatch("greeting", expected.greeting, got.greeting)


def _walked(expected: Expected, taken: list[Stop]) -> Iterator[Mismatch]:
    got = ", ".join(map(str, taken)) or EMPTY
    path = expected.path
    if path is not None:
        same = len(path) == len(taken) and all(stop.is_called(name) for name, stop in zip(path, taken, strict=True))
        if not same:
            yield Mismatch("path", ", ".join(path) or EMPTY, got)
    if not is_in_order(expected.path_has, taken):
        yield Mismatch("path_has", ", ".join(expected.path_has), got)


def _beside(expected: Expected, decision: Decision) -> Iterator[Mismatch]:
    label = decision.label or Label()
    if expected.name_prefix is not None and expected.name_prefix != label.name_prefix:
        yield Mismatch("label.name_prefix", expected.name_prefix or EMPTY, label.name_prefix or EMPTY)
    yield from _values("label.headers", expected.headers, label.headers)
    yield from _values("label.variables", expected.channel_variables, label.variables)
    notices = tuple(notice.name for notice in decision.notices)
    if expected.notices is not None and sorted(expected.notices) != sorted(notices):
        yield Mismatch("notify", ", ".join(expected.notices) or EMPTY, ", ".join(notices) or EMPTY)
    if expected.record is not None and expected.record != decision.record:
        yield Mismatch("record", _truth(expected.record), _truth(decision.record))


def _values(what: str, expected: Mapping[str, str], got: Mapping[str, str]) -> Iterator[Mismatch]:
    for name, value in expected.items():
        if got.get(name, "") != value:
            yield Mismatch(f"{what}.{name}", value or EMPTY, got.get(name) or EMPTY)


def _lasting(seconds: float) -> str:
    return f"{round(seconds, 3):g}s" if seconds >= 1 else f"{round(seconds * 1000, 3):g}ms"


def _truth(value: bool) -> str:
    return "true" if value else "false"
