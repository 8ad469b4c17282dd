"""Who watches a proof while it runs: the conductor tells, a watcher shows. Called from one thread, in order."""

from __future__ import annotations

from typing import Protocol

from ariroute.proof.result import InjectedFault, Run


class Watcher(Protocol):
    """What a proof tells of itself. No method may raise or take long: the calls do not wait."""

    def stage(self, words: str) -> None:
        """A part begins, in words for a line of its own: ``starting a private Asterisk 22.10.1``."""

    def calls(self, placed: int, settled: int, of: int) -> None:
        """So many calls were placed, and so many of them are settled, by Asterisk's records; told now and again."""

    def fault(self, fault: InjectedFault) -> None:
        """A fault begins; ``fault.lasted`` is what was planned."""

    def control_done(self, run: Run) -> None:
        """The control without a guard is over; the run itself comes next."""


class Silent:
    """Shows nothing."""

    def stage(self, words: str) -> None:
        """Nothing."""

    def calls(self, placed: int, settled: int, of: int) -> None:
        """Nothing."""

    def fault(self, fault: InjectedFault) -> None:
        """Nothing."""

    def control_done(self, run: Run) -> None:
        """Nothing."""
