"""Whose turn it is, with the other daemon as a process of its own: a lock does not hold against its own process."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ariroute.daemon.turn import Turn
from ariroute.errors import UnusableInput

OTHER = """
import asyncio, pathlib, sys
from ariroute.daemon.turn import Turn

async def main():
    turn = Turn(pathlib.Path(sys.argv[1]))
    come = asyncio.ensure_future(turn.come())
    while not turn.is_ours and not turn._stands_by:
        await asyncio.sleep(0.001)
    print("ours" if turn.is_ours else "stands by", flush=True)
    await come
    print("ours", flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


class Other:
    """The other daemon, as far as its turn is concerned."""

    def __init__(self, lock: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def other(lock: Path) -> Iterator[Other]:
    other = Other(lock)
    yield other
    other.kill()


async def test_when_the_one_that_routes_is_killed_then_it_is_our_turn(lock: Path, other: Other) -> None:
    assert other.says() == "ours"
    turn = Turn(lock)
    come = asyncio.ensure_future(turn.come())
    await asyncio.sleep(0.1)
    assert not come.done()
    assert not turn.is_ours

    other.kill()

    await asyncio.wait_for(come, 5)
    assert turn.is_ours
    turn.close()


async def test_a_turn_is_passed_on_only_where_somebody_stands_by(lock: Path) -> None:
    turn = Turn(lock)
    assert not turn.pass_on()  # it is not ours yet
    await turn.come()
    assert not turn.pass_on()
    assert turn.is_ours

    other = Other(lock)
    try:
        assert other.says() == "stands by"
        assert turn.pass_on()
        assert not turn.is_ours
        assert not turn.is_alone()
        assert other.says() == "ours"
        assert not turn.is_alone()
    finally:
        other.kill()
    assert turn.is_alone()
    turn.close()


def test_a_lock_that_cannot_be_opened_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"--standby .*nowhere/lock.*No such file.*folder that both"):
        Turn(tmp_path / "nowhere" / "lock")
