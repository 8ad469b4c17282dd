"""The daemon of a proof, kept alive as systemd would: it is started again when it ends, however that came."""

from __future__ import annotations

import signal
import time
from typing import Final

from ariroute.errors import UnusableInput
from ariroute.lab.daemon import DaemonProcess
from ariroute.lab.waiting import DEADLINE, until

PAUSE: Final = 0.2
"""Seconds until it is started again: RestartSec of packaging/systemd."""


class DaemonFailed(UnusableInput):
    """The daemon does not run with this flow file; the text is what it said."""


class Supervised:
    """Two places for a daemon, each with a flow file of its own; one runs, the other is for an upgrade."""

    def __init__(self, first: DaemonProcess, second: DaemonProcess) -> None:
        self.current = first
        self.spare = second
        self.deaths: list[float] = []
        """When one ended or another took over, in seconds since 1970."""
        self._heir: DaemonProcess | None = None
        self._due: float | None = None
        """When it is to be started again, in monotonic seconds; None while one runs."""

    def start(self) -> None:
        """Start it and wait until it serves. Raises DaemonFailed."""
        self.launch()
        daemon = self.current
        try:
            until(lambda: daemon.is_ready or daemon.has_ended, "a daemon that serves", DEADLINE)
        except AssertionError:
            raise DaemonFailed(f"ariroute run did not get ready: {_end(daemon)}") from None
        if daemon.has_ended:
            raise DaemonFailed(f"ariroute run ended: {_end(daemon)}")

    def launch(self) -> None:
        """Start it and do not wait."""
        self._due = None
        self.current.close()
        self.current.launch()

    def tend(self) -> None:
        """To be called often: starts again what has ended, and lets an heir take its place."""
        if self._heir is not None and self._heir.has_ended:
            self._heir = None
        if self._heir is not None and self.current.has_ended:
            self.current, self.spare, self._heir = self._heir, self.current, None
            self.deaths.append(time.time())
            return
        if self._due is None and self.current.has_ended:
            self._due = time.monotonic() + PAUSE
            self.deaths.append(time.time())
        if self._due is not None and time.monotonic() >= self._due:
            self.launch()

    @property
    def serves(self) -> bool:
        """Whether one daemon is there, connected with Asterisk, and none is on its way in or out."""
        return self._heir is None and self._due is None and not self.current.has_ended and self.current.is_ready

    # What is done to it

    def kill(self, down: float) -> None:
        """SIGKILL; it is started again after ``down`` seconds."""
        self.current.kill()
        self.deaths.append(time.time())
        self._due = time.monotonic() + max(down, PAUSE)

    def stop(self) -> None:
        """SIGTERM: it hands its calls over, and ends."""
        self.current.signal(signal.SIGTERM)

    def hold(self) -> None:
        """SIGSTOP: it does nothing any more, and its connections stay."""
        self.current.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self.current.signal(signal.SIGCONT)

    def reload(self) -> None:
        """SIGHUP: it reads its flow file again."""
        self.current.signal(signal.SIGHUP)

    def upgrade(self) -> None:
        """A second daemon takes the application over; the first one finishes its calls and ends."""
        if self._heir is None and self._due is None:
            self._heir = self.spare
            self._heir.launch()

    def close(self) -> None:
        """Whatever state they are in: gone."""
        self.current.close()
        self.spare.close()


def _end(daemon: DaemonProcess) -> str:
    said = daemon.said()[-12:] or [str(line["message"]) for line in daemon.logs()[-6:]]
    return "\n".join(said) or "it said nothing"
