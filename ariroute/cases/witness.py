"""Asterisk as a witness of one call: which channel it is, and where it really went."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Final

from ariroute.cases.case import Mismatch
from ariroute.flow.decision import (
    Destination,
    EndpointDestination,
    HangUpDestination,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.phone import CallState, Phone
from ariroute.lab.records import CelEvent, CelRow, QueueEvent, cel, queue_log
from ariroute.proof.dialplan import INBOUND

PATIENCE: Final = 3.0
"""Seconds from the decision until Asterisk has carried it out, at most."""
PRIORITY: Final = re.compile(r"prio: (\d+)")


class Witness:
    """Reads Asterisk's records, and asks its console; :meth:`begin` before each call."""

    def __init__(self, pbx: PrivateAsterisk) -> None:
        self._pbx = pbx
        self._cel = cel(pbx.cel_log)
        self._queue_log = queue_log(pbx.queue_log)
        self._rows: list[CelRow] = []
        self._channel = ""

    def begin(self) -> None:
        """A call is about to be placed: what was before is of no interest."""
        self._cel.new_rows()
        self._cel.forget()
        self._queue_log.new_rows()
        self._queue_log.forget()
        self._rows, self._channel = [], ""

    def channel(self) -> str:
        """The uniqueid of the call; empty until Asterisk has seen it."""
        self._rows += self._cel.new_rows()
        if not self._channel:
            started = (row for row in self._rows if row.event is CelEvent.CHAN_START and row.context == INBOUND)
            self._channel = next((row.uniqueid for row in started), "")
        return self._channel

    def place(self) -> str:
        """Where the call is by Asterisk's records, in words."""
        channel = self.channel()
        queues = [row.queue for row in self._queue_log.rows() if self._entered(row.event, row.uniqueid)]
        applications = [row.application for row in self._rows if row.uniqueid == channel and row.application]
        return f"queue {queues[-1]}" if queues else applications[-1] if applications else "no application"

    def objections(self, destination: Destination, phone: Phone) -> Iterator[Mismatch]:
        """What Asterisk says against the call having ended at ``destination``."""
        match destination:
            case QueueDestination(queue, priority):
                yield from self._queued(queue, priority)
            case VoicemailDestination():
                seen = self._soon(lambda: self._ran("VoiceMail"))
                yield from self._unless(seen, f"{destination}")
            case HangUpDestination():
                seen = self._soon(lambda: phone.state is CallState.ENDED and not self._ran("Queue"))
                yield from self._unless(seen, f"{destination}")
            case EndpointDestination():
                seen = self._soon(
                    lambda: any(row.event is CelEvent.ANSWER and self._is_rung(row) for row in self._seen())
                )
                yield from self._unless(seen, f"{destination}")

    def _queued(self, queue: str, priority: int) -> Iterator[Mismatch]:
        def is_in() -> bool:
            rows = self._queue_log.rows()
            return any(row.queue == queue and self._entered(row.event, row.uniqueid) for row in rows)

        if not self._soon(is_in):
            yield Mismatch("asterisk", f"queue {queue}", self.place())
            return
        shown = PRIORITY.search(self._pbx.cli(f"queue show {queue}"))
        if shown is None or int(shown[1]) != priority:
            yield Mismatch("asterisk", f"priority {priority} in queue {queue}", shown[0] if shown else "no such caller")

    def _unless(self, seen: bool, expected: str) -> Iterator[Mismatch]:
        if not seen:
            yield Mismatch("asterisk", expected, self.place())

    def _soon(self, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _seen(self) -> list[CelRow]:
        self.channel()
        return self._rows

    def _ran(self, application: str) -> bool:
        return any(row.uniqueid == self._channel and row.application == application for row in self._seen())

    def _entered(self, event: QueueEvent, uniqueid: str) -> bool:
        return event is QueueEvent.ENTERQUEUE and uniqueid == self._channel

    def _is_rung(self, row: CelRow) -> bool:
        """Whether it is a leg to somebody whom the flow rang."""
        return row.uniqueid != self._channel and row.linkedid == self._channel
