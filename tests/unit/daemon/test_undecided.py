"""Every contact that is taken leaves one record, whatever becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.flow.again import Untold, walk_again
from ariroute.journal.opening import open_store
from ariroute.journal.reader import Reader, Recorded
from ariroute.journal.settings import JournalSettings

from .conftest import Crm, Running


def records(folder: Path) -> list[Recorded]:
    settings = JournalSettings(url=f"sqlite:{folder / 'journal.db'}")
    store = open_store(settings, folder, only_read=True)
    try:
        return list(Reader(store).between(0, 2**40))
    finally:
        store.close()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110  # what it waits for has no event
            await asyncio.sleep(0.005)


def in_flight(daemon: Daemon) -> int:
    return sum(pbx.calls.in_flight for pbx in daemon.pbxs.values())


def ended(daemon: Daemon, how: str) -> float:
    return sum(value for _, labels, value in daemon.metrics.samples() if labels.get("how") == how)


def url(folder: Path) -> str:
    return f"sqlite:{folder / 'journal.db'}"


async def test_a_caller_who_hangs_up_before_the_decision_is_recorded_with_what_was_done_until_then(
    fake: FakePbx, running: Running, crm: Crm, tmp_path: Path
) -> None:
    crm.hold = True
    async with running(journal=url(tmp_path)) as daemon:
        channel = fake.call("+46701000001", ("support",), name="Ann")
        await until(lambda: bool(crm.asked))
        fake.hang_up(channel)
        await until(lambda: not in_flight(daemon))
    (found,) = records(tmp_path)
    assert (found.contact, found.handed, found.destination, found.flow) == (channel, "hung up", "", "support")
    assert found.caller_key
    assert found.plain()["decision"] is None
    assert [entry["what"] for entry in found.plain()["trace"]] == ["flow"]
    rules = daemon.config.ruleset
    again = walk_again(rules, rules.flows["support"], found.past({"crm": {"loyalty": "string"}}))
    assert again == Untold("lookup crm was not asked then")


async def test_a_call_that_no_flow_answers_to_is_recorded(fake: FakePbx, running: Running, tmp_path: Path) -> None:
    async with running(journal=url(tmp_path)) as daemon:
        channel = fake.channels[fake.call("+46701000001", ("elsewhere",))]
        await fake.until(lambda: channel.continued)
        await until(lambda: not in_flight(daemon))
    (found,) = records(tmp_path)
    assert (found.handed, found.flow, found.destination) == ("passed on", "", "")
    assert found.reason == "no flow answers to 'elsewhere': add one, or a flow without 'to'"


async def test_a_call_that_cannot_be_handed_over_is_recorded_with_its_decision(
    fake: FakePbx, running: Running, tmp_path: Path
) -> None:
    fake.misbehave(500, "POST", "/continue")
    async with running(journal=url(tmp_path)) as daemon:
        fake.call("+46701000001", ("support",))
        await until(lambda: ended(daemon, "left to the guard") > 0)
    (found,) = records(tmp_path)
    assert (found.handed, found.queue) == ("left to the guard", "platinum")


async def test_an_overload_is_recorded_as_decided_by_default(
    fake: FakePbx, running: Running, crm: Crm, tmp_path: Path
) -> None:
    crm.hold = True
    async with running(journal=url(tmp_path), daemon="max_in_flight: 1") as daemon:
        first = fake.call("+46701000001", ("support",))
        second = fake.channels[fake.call("+46701000002", ("support",))]
        await fake.until(lambda: second.continued)
        fake.hang_up(first)
        await until(lambda: not in_flight(daemon))
    by_contact = {found.contact: found for found in records(tmp_path)}
    assert by_contact[second.id].by_default
    assert "overload" in by_contact[second.id].reason
    assert by_contact[first].handed == "hung up"


async def test_a_call_that_is_given_back_at_a_stop_is_recorded(
    fake: FakePbx, running: Running, crm: Crm, tmp_path: Path
) -> None:
    crm.hold = True
    async with running(journal=url(tmp_path), timeout="3s"):
        fake.call("+46701000001", ("support",))
        await until(lambda: bool(crm.asked))
    (found,) = records(tmp_path)
    assert (found.handed, found.reason) == ("passed on", "the daemon is stopping")
