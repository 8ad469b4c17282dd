"""Calls of a daemon that is dead and stays dead: the rescue has them in their queue at once."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running_daemon import RunningDaemon, until

from ariroute import rescue
from ariroute.lab import audio
from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number

IN_THEIR_QUEUE = 10.0
"""Seconds, on a machine that is busy with all else; measured: 0.7 for 60, 1.2 where all of them hear a prompt."""
LONGER_GUARD = 30.0
SCRIPT = [sys.executable, "-I", "-S", rescue.__file__]


def callers(count: int, dialled: str) -> list[Caller]:
    return [Caller(number("gold", place), dialled=dialled) for place in range(count)]


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """The folder that systemd makes for a service."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return folder


def rescued(runtime: Path, *options: str, result: str = "success") -> subprocess.CompletedProcess[str]:
    environ = {"RUNTIME_DIRECTORY": str(runtime), "SERVICE_RESULT": result}
    return subprocess.run([*SCRIPT, *options], env=environ, capture_output=True, text=True, timeout=30, check=False)


def kill_with_calls_inside(
    site: Site, daemon: RunningDaemon, runtime: Path, count: int, dialled: str = "support"
) -> None:
    daemon.environ = {"RUNTIME_DIRECTORY": str(runtime)}
    daemon.start()
    site.place(callers(count, dialled), rate=60)
    site.accounts.in_application(count)
    until(lambda: daemon.in_flight == count, f"{count} calls in the daemon's hands")
    daemon.kill()


def test_sixty_calls_of_a_dead_daemon_are_in_the_default_queue_and_it_is_not_the_guard_that_has_them(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, runtime: Path
) -> None:
    crm.delay = 20.0
    daemon = new_daemon(site, timeout="15s", guard="20s")
    kill_with_calls_inside(site, daemon, runtime, 60, dialled="unguarded")
    assert stat.S_IMODE((runtime / rescue.FILE).stat().st_mode) == 0o600

    began = time.time()
    ended = rescued(runtime)

    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == f"rescue: pbx1: 60 calls were left in application {site.app}; they go on in the dialplan\n"
    calls = site.accounts.settled(60)
    assert {call.queue for call in calls} == {"standard"}
    assert max(call.in_queue or 0.0 for call in calls) - began < IN_THEIR_QUEUE


@pytest.mark.parametrize("site", ["22", "16"], indirect=True)
def test_callers_who_hear_a_long_prompt_need_not_hear_it_to_its_end(
    site: Site, new_daemon: NewDaemon, runtime: Path
) -> None:
    """Their guard is as much longer as the prompt may take. A number cannot be stopped, only skipped word by word."""
    audio.write_tone(site.pbx.sounds / "custom/long.wav", 1700, 30.0)
    daemon = new_daemon(site)
    prompt = "      - play: {prompt: [{number: 123456789}, custom/long], at_most: 30s}\n"
    edit(daemon, "      - lookup: crm\n", f"{prompt}      - lookup: crm\n")
    kill_with_calls_inside(site, daemon, runtime, 30)

    began = time.time()
    assert rescued(runtime).returncode == 0

    calls = site.accounts.settled(30)
    assert {call.queue for call in calls} == {"standard"}
    assert max(call.in_queue or 0.0 for call in calls) - began < IN_THEIR_QUEUE < LONGER_GUARD


@pytest.mark.parametrize("result", ["signal", "watchdog", "oom-kill"])
def test_when_the_daemon_is_started_again_then_its_calls_are_left_to_it(runtime: Path, result: str) -> None:
    (runtime / rescue.FILE).write_text("not even read")

    ended = rescued(runtime, result=result)

    assert (ended.returncode, ended.stderr) == (0, f"rescue: left to the daemon, which is started again ({result})\n")
