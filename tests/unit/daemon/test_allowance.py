"""How long a caller may be talked to when daemons die meanwhile, against the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fake_ari import FakeChannel, FakePbx

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.variables import TALKING_SINCE
from ariroute.daemon.allowance import Allowance
from ariroute.errors import AriError, ArirouteError
from ariroute.flow.wants import Gather, PickUp, Play, Sound

GUARD = 4.0
HELLO = (Sound("hello"),)
FIVE = Play(HELLO, at_most=5.0)


class Line:
    """One channel, whose daemons come one after the other; ``now`` is in seconds since 1970."""

    def __init__(self, ari: Ari, channel: FakeChannel) -> None:
        self._ari = ari
        self.channel = channel
        self.now = 1000.0

    def daemon(self, *, found: bool = True) -> Allowance:
        return Allowance(self._ari, self.channel.id, GUARD, found=found, clock=lambda: self.now)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with FakePbx() as fake:
        ari = Ari(fake.settings(), on_event=lambda event: None)
        running = asyncio.create_task(ari.run())
        await fake.until(lambda: ari.is_up)
        yield Line(ari, fake.channels[fake.call()])
        await ari.close()
        await running


async def test_the_first_daemon_writes_when_it_began_and_is_granted_whatever_it_wants(line: Line) -> None:
    first = line.daemon(found=False)
    assert await first.grant(FIVE) is FIVE
    line.now += 100
    assert await first.grant(FIVE) is FIVE
    assert line.channel.variables[TALKING_SINCE] == "1000.000"
    assert line.channel.writes == [TALKING_SINCE]


async def test_whoever_finds_a_caller_with_whom_nobody_has_talked_is_the_first(line: Line) -> None:
    assert await line.daemon().grant(FIVE) is FIVE
    assert line.channel.variables[TALKING_SINCE] == "1000.000"


async def test_daemons_that_die_in_a_prompt_hold_the_caller_no_longer_than_one_could_have(line: Line) -> None:
    await line.daemon(found=False).grant(FIVE)
    last_moment = line.now + GUARD + FIVE.at_most + GUARD  # lookups before it, the prompt, and the guard
    for at_most in (5.0, 5.0, 3.0, 1.0):
        line.now += 2.0
        granted = await line.daemon().grant(FIVE)
        assert granted.bound == at_most
        assert line.now + at_most + GUARD <= last_moment
    line.now += 2.0
    with pytest.raises(ArirouteError, match="earlier daemons"):
        await line.daemon().grant(FIVE)
    assert line.channel.writes == [TALKING_SINCE]


async def test_a_shorter_prompt_is_one_that_is_worth_hearing(line: Line) -> None:
    await line.daemon(found=False).grant(FIVE)
    line.now += 7.5
    assert await line.daemon().grant(FIVE) == Play(HELLO, at_most=1.5)
    line.now += 1.0
    with pytest.raises(ArirouteError, match="as long as the flow may"):
        await line.daemon().grant(FIVE)


async def test_each_further_step_brings_its_own_time(line: Line) -> None:
    await line.daemon(found=False).grant(FIVE)
    line.now += 10.0
    second = line.daemon()
    with pytest.raises(ArirouteError):
        await second.grant(FIVE)
    menu = Gather(HELLO, at_most=5.0, most=1, first=5.0, between=2.0)
    assert await second.grant(menu) == menu


async def test_a_call_is_not_answered_in_no_time(line: Line) -> None:
    await line.daemon(found=False).grant(PickUp())
    line.now += 4.0
    await line.daemon().grant(PickUp())
    line.now += 0.5
    with pytest.raises(ArirouteError):
        await line.daemon().grant(PickUp())


async def test_the_time_of_a_ring_is_not_taken_from_the_talk(line: Line) -> None:
    await line.daemon(found=False).grant(FIVE)
    line.now += 30.0
    second = line.daemon()
    second.spend(26.0)
    assert await second.grant(FIVE) is FIVE


@pytest.mark.parametrize("written", ["", "soon", "nan", "-inf", "99999999"])
async def test_a_time_that_is_none_or_still_to_come_is_now(line: Line, written: str) -> None:
    line.channel.variables[TALKING_SINCE] = written
    line.now += 2.0
    assert await line.daemon().grant(FIVE) is FIVE


async def test_when_nobody_can_tell_then_nothing_is_granted(line: Line) -> None:
    line.channel.variables.clear()
    gone = Allowance(line.daemon()._ari, "nobody", GUARD, found=True)
    with pytest.raises(AriError):
        await gone.grant(FIVE)
