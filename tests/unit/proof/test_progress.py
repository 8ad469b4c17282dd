"""How a proof tells of itself while it runs."""

from __future__ import annotations

import io

import pytest

from ariroute.proof.progress import EVERY, Bar, Lines, progress
from ariroute.proof.watcher import Watcher
from unit.proof.made import CONTROL, cut, kill


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_tell_stages_faults_and_the_control() -> None:
    out = io.StringIO()
    watcher: Watcher = Lines(out)

    watcher.stage("starting a private Asterisk\x1b[2J")
    watcher.fault(kill(2.14, 1.2))
    watcher.fault(cut(3.0))
    watcher.control_done(CONTROL)

    assert out.getvalue().splitlines() == [
        "starting a private Asterisk [2J",
        "kill at 2.1 s: SIGKILL to the daemon for 1.2 s",
        "cut at 3.0 s: the ARI connection is reset",
        "control without a guard: 1 of 4 calls lost",
    ]


def test_lines_about_calls_come_now_and_then_and_at_the_end() -> None:
    out = io.StringIO()
    now = 100.0
    lines = Lines(out, lambda: now)

    lines.calls(1, 0, 20)
    lines.calls(2, 1, 20)
    now += EVERY
    lines.calls(9, 8, 20)
    lines.calls(20, 20, 20)
    lines.calls(20, 20, 20)

    assert out.getvalue().splitlines() == [
        "1 of 20 calls placed, 0 settled",
        "9 of 20 calls placed, 8 settled",
        "20 of 20 calls placed, 20 settled",
    ]


def test_a_closed_stream_does_not_end_the_proof() -> None:
    out = io.StringIO()
    out.close()

    Lines(out).stage("the run")


def test_on_a_terminal_a_bar_is_drawn() -> None:
    out = Terminal()
    with progress(out) as watcher:
        assert isinstance(watcher, Bar)
        watcher.stage("the run [bold]")
        watcher.fault(kill(2.0))
        watcher.calls(10, 9, 20)
        watcher.control_done(CONTROL)

    text = out.getvalue()
    assert "the run [bold]" in text
    assert "10 of 20 calls placed, 9 settled; kill at 2.0 s: SIGKILL to the daemon for 1 s" in text
    assert "1 of 4 calls lost" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_a_watcher_is_a_context(terminal: bool) -> None:
    with progress(Terminal() if terminal else io.StringIO()) as watcher:
        assert isinstance(watcher, Bar if terminal else Lines)
