"""The daemon of a proof, kept alive: what is started when, told by a daemon that does nothing."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from ariroute.proof import supervised
from ariroute.proof.supervised import DaemonFailed, Supervised


class FakeDaemon:
    """Ends and gets ready as a test says."""

    def __init__(self, *, ready: bool = True) -> None:
        self.has_ended = True
        self.will_be_ready = ready
        self.starts = 0
        self.signals: list[signal.Signals] = []

    @property
    def is_ready(self) -> bool:
        return self.will_be_ready and not self.has_ended

    def launch(self) -> None:
        self.starts += 1
        self.has_ended = not self.will_be_ready

    def kill(self) -> None:
        self.has_ended = True

    close = kill

    def signal(self, number: signal.Signals) -> None:
        self.signals.append(number)

    def said(self) -> list[str]:
        return ["f.yaml:3:1: something is wrong"]

    def logs(self) -> list[dict[str, Any]]:
        return []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Monotonic seconds, to be set."""
    now = [100.0]
    monkeypatch.setattr("ariroute.proof.supervised.time.monotonic", lambda: now[0])
    return now


def made(**first: bool) -> tuple[Supervised, FakeDaemon, FakeDaemon]:
    one, other = FakeDaemon(**first), FakeDaemon()
    return Supervised(one, other), one, other  # type: ignore[arg-type]


def test_when_a_daemon_ends_by_itself_then_it_is_started_again_after_a_pause(clock: list[float]) -> None:
    daemon, one, _ = made()
    daemon.start()

    one.has_ended = True
    daemon.tend()
    assert (one.starts, len(daemon.deaths), daemon.serves) == (1, 1, False)
    clock[0] += supervised.PAUSE
    daemon.tend()

    assert (one.starts, len(daemon.deaths), daemon.serves) == (2, 1, True)


def test_when_it_is_killed_then_it_stays_away_for_as_long_as_was_planned(clock: list[float]) -> None:
    daemon, one, _ = made()
    daemon.start()

    daemon.kill(3.0)
    clock[0] += 2.9
    daemon.tend()
    assert one.starts == 1
    clock[0] += 0.1
    daemon.tend()

    assert (one.starts, len(daemon.deaths)) == (2, 1)


@pytest.mark.usefixtures("clock")
def test_when_another_takes_over_then_the_first_is_not_started_again() -> None:
    daemon, one, other = made()
    daemon.start()

    daemon.upgrade()
    assert (other.starts, daemon.serves) == (1, False)
    one.has_ended = True
    daemon.tend()
    daemon.tend()

    current: object = daemon.current
    assert current is other
    assert (one.starts, len(daemon.deaths)) == (1, 1)
    assert daemon.serves


@pytest.mark.usefixtures("clock")
def test_when_the_one_that_takes_over_ends_then_the_first_goes_on() -> None:
    daemon, one, other = made()
    daemon.start()
    daemon.upgrade()

    other.has_ended = True
    daemon.tend()

    current: object = daemon.current
    assert current is one
    assert daemon.serves


def test_when_it_does_not_run_with_the_file_then_its_words_are_told() -> None:
    daemon, _, _ = made(ready=False)

    with pytest.raises(DaemonFailed, match="something is wrong"):
        daemon.start()


def test_when_faults_are_signals_then_the_daemon_gets_them() -> None:
    daemon, one, _ = made()
    daemon.start()

    daemon.hold()
    daemon.go_on()
    daemon.reload()
    daemon.stop()

    assert one.signals == [signal.SIGSTOP, signal.SIGCONT, signal.SIGHUP, signal.SIGTERM]
