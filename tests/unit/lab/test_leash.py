"""Programs that do not outlive us."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from ariroute.lab import leash

SLEEP = ["sleep", "60"]


@pytest.fixture
def output(tmp_path: Path) -> Iterator[IO[bytes]]:
    with (tmp_path / "output").open("wb") as file:
        yield file


def wait_until_gone(pid: int) -> None:
    """Returns when the process has ended; a zombie counts as ended."""
    try:
        ended = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = select.select([ended], [], [], 5)
    os.close(ended)
    assert ready, f"process {pid} is still there"


def test_a_signal_reaches_the_program_itself(output: IO[bytes]) -> None:
    program = leash.spawn(SLEEP, output=output)

    program.send_signal(signal.SIGUSR1)

    assert program.wait(5) == -signal.SIGUSR1
    program.kill()


def test_the_exit_code_is_the_programs(output: IO[bytes]) -> None:
    program = leash.spawn(["sh", "-c", "exit 7"], output=output)

    assert program.wait(5) == 7
    program.stop()


def test_what_it_prints_goes_to_the_output(output: IO[bytes]) -> None:
    program = leash.spawn(["sh", "-c", "echo out; echo err >&2"], output=output)
    program.wait(5)
    program.stop()

    assert Path(output.name).read_text() == "out\nerr\n"


def test_when_it_ignores_the_polite_signal_then_it_is_killed(output: IO[bytes]) -> None:
    program = leash.spawn(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], output=output)
    while "ready" not in Path(output.name).read_text():
        assert program.returncode is None

    program.stop(timeout=0.2)

    assert program.returncode == -signal.SIGKILL


def test_when_it_has_ended_already_then_stopping_it_does_nothing(output: IO[bytes]) -> None:
    program = leash.spawn(["true"], output=output)
    program.wait(5)

    program.stop()
    program.kill()

    assert program.returncode == 0


def test_a_program_that_is_not_there_is_an_error(output: IO[bytes]) -> None:
    with pytest.raises(FileNotFoundError, match="cannot run /no/such/program"):
        leash.spawn(["/no/such/program"], output=output)


def test_it_survives_the_thread_that_started_it(output: IO[bytes]) -> None:
    started: list[leash.Leashed] = []
    thread = threading.Thread(target=lambda: started.append(leash.spawn(SLEEP, output=output)))
    thread.start()
    thread.join()

    with pytest.raises(subprocess.TimeoutExpired):
        started[0].wait(0.2)
    started[0].kill()


def test_when_we_are_killed_then_it_dies_too() -> None:
    code = "import sys\nfrom ariroute.lab import leash\n" + (
        "p = leash.spawn(['sleep', '60'], output=sys.stderr.buffer)\nprint(p.pid, flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    wait_until_gone(pid)


def test_when_the_holder_of_the_leash_is_killed_then_it_dies_too(output: IO[bytes]) -> None:
    program = leash.spawn(SLEEP, output=output)

    program._holder.kill()

    wait_until_gone(program.pid)
    program.kill()
