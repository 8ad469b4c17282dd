"""Callers who press keys, for flows that ask for some: each a telephone of the lab in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ariroute.lab.phone import CallState, Phone
from ariroute.proof.plan import PlannedCall

SHARE: Final = 3
"""Of the calls to a flow that asks for keys every third presses some."""
AT_MOST: Final = 4
"""So many in an act: each telephone has ears, which cost time."""
BETWEEN: Final = 1.5
"""Seconds from one press to the next."""


@dataclass(frozen=True, slots=True)
class Pressing:
    """One such call. ``stays`` is in seconds from dialling."""

    planned: PlannedCall
    extension: str
    stays: float


def choose(calls: Sequence[PlannedCall], asking: Sequence[bool]) -> tuple[list[PlannedCall], list[PlannedCall]]:
    """Those who press keys, and all others. ``asking`` says for each entry whether its flow asks for keys."""
    asked = [call for call in calls if asking[call.entry]]
    pressing = asked[::SHARE][:AT_MOST]
    return pressing, [call for call in calls if not any(call is each for each in pressing)]


class Keypads:
    """Places these calls at their times, and presses keys until the call or the caller's stay ends."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._waiting: list[tuple[float, Pressing]] = []  # by monotonic seconds
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def place(self, calls: Sequence[Pressing]) -> None:
        """Take these calls, in the order of their times from now, which are later than those of all before."""
        now = time.monotonic()
        self._waiting += [(now + call.planned.at, call) for call in calls]

    def tick(self) -> None:
        """Begin the calls that are due."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, call = self._waiting.pop(0)
            thread = threading.Thread(target=self._call, args=(call,), name="keypad", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End all of them."""
        self._waiting.clear()
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._over.clear()

    def _call(self, call: Pressing) -> None:
        with Phone(self._server, call.planned.number or "anonymous", call.planned.name) as phone:
            phone.call(call.extension)
            presses = iter(call.planned.keys)
            for _ in range(max(1, int(call.stays / BETWEEN))):
                if self._over.wait(BETWEEN) or phone.state is CallState.ENDED:
                    return
                if phone.state is CallState.ANSWERED and (keys := next(presses, "")):
                    with contextlib.suppress(TimeoutError):
                        phone.press(keys)
