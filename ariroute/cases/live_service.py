"""A service in the place of every lookup, which answers what the case says that is being played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ariroute.cases.case import Mock
from ariroute.flow.facts import Failure, FieldType, Outcome
from ariroute.lab.rest import Asked, Reply, RestService

LATE: Final = 1.0
"""Seconds beyond a lookup's timeout after which an answer comes that is to be too late."""
HUGE: Final = 1024 * 1024
WRONG: Final[Mapping[FieldType, Any]] = {"string": 1, "number": "many", "bool": "perhaps"}
"""A value that is not of the type."""
MADE_INSIDE: Final = frozenset({Failure.BREAKER_OPEN, Failure.OVERLOADED, Failure.ERROR})
"""Failures that are the daemon's own doing: no answer of a source makes them."""


@dataclass(frozen=True, slots=True)
class Raw(Reply):
    """What is no JSON."""

    text: bytes = b""

    def encoded(self) -> bytes:
        """The whole response."""
        head = f"HTTP/1.1 {self.status} OK\r\nContent-Type: {self.content_type}\r\nContent-Length: {len(self.text)}\r\n"
        return head.encode() + b"\r\n" + self.text


class CaseLookups(RestService):
    """Answers ``/lookups/NAME`` as the mock of that name says; ``timeouts`` and ``fields`` are those of the lookups."""

    def __init__(self, timeouts: Mapping[str, float], fields: Mapping[str, Mapping[str, FieldType]]) -> None:
        super().__init__()
        self.mocks: Mapping[str, Mock] = {}
        """Of the case that is being played."""
        self._timeouts = timeouts
        self._fields = fields

    def delay(self, asked: Asked) -> float:
        """How long the answer takes; one that is to be too late takes longer than the lookup waits."""
        name = asked.path.rpartition("/")[2]
        if (mock := self.mocks.get(name)) is None:
            return 0.0
        too_late = mock.answer.failure is Failure.TIMEOUT and not mock.takes
        return self._timeouts[name] + LATE if too_late else mock.takes

    def reply(self, asked: Asked) -> Reply:
        """Found, missing, or broken in the way that the mock says."""
        self.asked.clear()  # nobody reads them
        name = asked.path.rpartition("/")[2]
        mock = self.mocks.get(name)
        if mock is None:  # also every notice
            return Reply(200, {})
        match mock.answer.outcome:
            case Outcome.FOUND:
                return Reply(200, dict(mock.answer.fields))
            case Outcome.MISSING:
                return Reply(404, {"error": "no such record"})
            case Outcome.FAILED:
                return self._broken(name, mock.answer.failure)

    def _broken(self, name: str, failure: Failure | None) -> Reply:
        match failure:
            case Failure.NOT_JSON:
                return Raw(200, None, text=b"<html>this is no JSON</html>")
            case Failure.TOO_LARGE:
                return Raw(200, None, text=b'{"x": "' + b"x" * HUGE + b'"}')
            case Failure.WRONG_TYPE:
                return Reply(200, {field: WRONG[kind] for field, kind in self._fields[name].items()})
            case Failure.REFUSED:
                raise ConnectionAbortedError("the case wants no answer")  # closes the connection
            case _:
                return Reply(500, {"error": "the case wants a failure"})
