"""What calls leave behind when they have gone: nothing that is kept, nothing that waits for the collector."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator

import pytest
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.daemon.call import Call

from .conftest import Crm, Running
from .test_calls import place

CALLS = 20


@pytest.fixture
def idle_collector() -> Iterator[None]:
    """The collector runs only where the test says so, and keeps what it finds."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def found_by_the_collector() -> Counter[str]:
    """Objects of ariroute's own types that hold each other, by type."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    return Counter(type(each).__name__ for each in gc.garbage if type(each).__module__.startswith("ariroute."))


@pytest.mark.usefixtures("idle_collector")
@pytest.mark.parametrize("crm_answers", [True, False])
async def test_calls_that_have_gone_leave_nothing(fake: FakePbx, crm: Crm, running: Running, crm_answers: bool) -> None:
    crm.hold = not crm_answers
    async with running(timeout="50ms") as daemon:
        found_by_the_collector()
        gc.garbage.clear()
        for number in range(CALLS):
            channel = place(fake, f"+4670100{number:04}")
            if number % 2:
                await fake.until(lambda: channel.continued)  # noqa: B023  # it is waited for here
            else:
                await fake.until(lambda: calls_of(daemon))
            fake.hang_up(channel.id)
        await fake.until(lambda: not calls_of(daemon) and not daemon.pbxs["pbx1"].calls.in_flight)
        await fake.until(lambda: not any(state.in_flight for state in daemon._routing.lookups.states().values()))
        assert found_by_the_collector() == {}


@pytest.mark.usefixtures("idle_collector")
async def test_calls_that_could_not_be_handed_over_leave_nothing(fake: FakePbx, running: Running) -> None:
    async with running() as daemon:
        found_by_the_collector()
        gc.garbage.clear()
        fake.misbehave(500, uri="/variables")
        fake.misbehave(500, uri="/continue")
        channel = place(fake, "+46701000001")
        await fake.until(lambda: calls_of(daemon) and not daemon.pbxs["pbx1"].calls.in_flight)
        fake.hang_up(channel.id)
        await fake.until(lambda: not calls_of(daemon))
        assert found_by_the_collector() == {}


def calls_of(daemon: Daemon) -> dict[str, Call]:
    return daemon.pbxs["pbx1"].calls._calls
