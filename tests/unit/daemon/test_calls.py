"""The calls of one PBX, against the fake."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_ari import FakeChannel, FakePbx

from ariroute.daemon.app import Daemon

from .conftest import Crm, Running

DECISION = ["ARIROUTE_QUEUE", "QUEUE_PRIO", "ARIROUTE_FLOW", "ARIROUTE_REASON", "ARIROUTE_DECIDED"]


def place(
    fake: FakePbx, caller: str, dialled: str = "support", *, name: str = "", announce: bool = True
) -> FakeChannel:
    """A call enters the application. The channel is kept, because the fake forgets one that goes on."""
    args = (dialled,) if dialled else ()
    channel = fake.channels[fake.call(caller, args, name=name, announce=announce)]
    channel.variables["ARIROUTE_TO"] = dialled
    return channel


def samples(daemon: Daemon, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(labels.values()): value for n, labels, value in daemon.metrics.samples() if n == name and value}


async def test_when_the_caller_is_platinum_then_the_channel_goes_on_with_that_decision(
    fake: FakePbx, running: Running
) -> None:
    async with running():
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.continued)
        written = channel
        assert written.variables["ARIROUTE_QUEUE"] == "platinum"
        assert written.variables["QUEUE_PRIO"] == "30"
        assert written.writes == DECISION


async def test_when_the_flow_sets_a_variable_then_the_channel_carries_it(fake: FakePbx, running: Running) -> None:
    async with running():
        channel = place(fake, "+46701000009")
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_VAR_SEGMENT"] == "ordinary"
        assert channel.variables["ARIROUTE_QUEUE"] == "standard"


@pytest.mark.parametrize(
    ("name", "written"),
    [("Bo Ek", None), ("Bo\x1b[2J\u202eEk", "Bo[2JEk"), ("\u200f", ""), ("\u0645\u200c\u062e", None)],
)
async def test_when_a_telephone_may_obey_the_callers_name_then_it_is_cleaned_on_the_channel_too(
    fake: FakePbx, running: Running, name: str, written: str | None
) -> None:
    async with running():
        channel = place(fake, "+46701000001", name=name)
        await fake.until(lambda: channel.continued)
    assert channel.variables.get("CALLERID(name)") == written
    assert channel.variables["ARIROUTE_QUEUE"] == "platinum"


async def test_when_the_crm_hangs_then_the_flow_goes_on_at_the_deadline(
    fake: FakePbx, crm: Crm, running: Running
) -> None:
    crm.hold = True
    async with running(timeout="100ms") as daemon:
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "standard"
        assert samples(daemon, "ariroute_lookups_total") == {("crm", "failed", "timeout", "source"): 1.0}


async def test_when_nothing_answers_to_what_was_dialled_then_it_is_passed_on_undecided(
    fake: FakePbx, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running():
        channel = place(fake, "+46701000001", "nobody")
        await fake.until(lambda: channel.continued)
        assert channel.writes == []
        assert "no flow answers to 'nobody'" in caplog.text


async def test_when_the_engine_breaks_then_the_default_queue_takes_the_call(
    fake: FakePbx, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    async with running():
        monkeypatch.setattr("ariroute.daemon.calls.drive", broken)
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "standard"
        assert "ZeroDivisionError" in channel.variables["ARIROUTE_REASON"]


async def test_when_no_decision_comes_before_the_guard_then_the_default_queue_takes_the_call(
    fake: FakePbx, crm: Crm, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.hold = True
    async with running(guard="2s", timeout="900ms"):
        monkeypatch.setattr("ariroute.daemon.calls.MARGIN", 1.8)
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.continued)
        assert "no decision in time" in channel.variables["ARIROUTE_REASON"]


async def test_when_an_event_was_lost_then_the_sweep_finds_the_channel(fake: FakePbx, running: Running) -> None:
    async with running() as daemon:
        channel = place(fake, "+46701000002", announce=False)
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"
        assert samples(daemon, "ariroute_calls_total") == {("pbx1", "sweep"): 1.0}


async def test_when_calls_wait_before_the_daemon_starts_then_it_takes_them_on_connect(
    fake: FakePbx, running: Running
) -> None:
    channel = place(fake, "+46701000002", announce=False)
    async with running():
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"


async def test_when_an_earlier_daemon_died_in_the_midst_of_writing_then_nothing_of_its_decision_is_left(
    fake: FakePbx, running: Running
) -> None:
    """It had meant to hang up; a caller whom the customer service now knows must not be."""
    left = {"ARIROUTE_HANGUP": "17", "ARIROUTE_DIAL": "PJSIP/anna", "ARIROUTE_VOICEMAIL": "100", "ARIROUTE_RECORD": "1"}
    channel = place(fake, "+46701000002", announce=False)
    channel.variables |= {**left, "__ARIROUTE_HEADERS": "1"}
    async with running():
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"
        assert {channel.variables[name] for name in (*left, "__ARIROUTE_HEADERS")} == {""}
        assert channel.writes[-1] == "ARIROUTE_DECIDED"


async def test_when_the_caller_hangs_up_meanwhile_then_it_is_counted_and_nothing_is_logged_as_an_error(
    fake: FakePbx, crm: Crm, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    crm.hold = True
    async with running() as daemon:
        channel = place(fake, "+46701000001")
        await fake.until(lambda: crm.asked)
        fake.hang_up(channel.id)
        await fake.until(lambda: samples(daemon, "ariroute_calls_ended_total"))
        assert samples(daemon, "ariroute_calls_ended_total") == {("pbx1", "hung up"): 1.0}
        assert daemon.pbxs["pbx1"].calls.in_flight == 0
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_when_the_channel_is_gone_at_the_hand_off_then_it_is_an_ordinary_outcome(
    fake: FakePbx, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as daemon:
        channel = place(fake, "+46701000001")
        del fake.channels[channel.id]
        await fake.until(lambda: samples(daemon, "ariroute_calls_ended_total"))
        assert samples(daemon, "ariroute_calls_ended_total") == {("pbx1", "gone"): 1.0}
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_when_asterisk_fails_at_the_hand_off_then_the_guard_keeps_the_call(
    fake: FakePbx, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as daemon:
        fake.misbehave(500, uri="continue")
        place(fake, "+46701000001")
        await fake.until(lambda: samples(daemon, "ariroute_calls_ended_total"))
        assert samples(daemon, "ariroute_calls_ended_total") == {("pbx1", "left to the guard"): 1.0}
        assert "the guard in the dialplan has the call" in caplog.text


async def test_when_every_connection_breaks_at_the_hand_off_then_it_is_tried_again(
    fake: FakePbx, running: Running
) -> None:
    async with running():
        fake.misbehave("close", uri="channels/")
        channel = place(fake, "+46701000001")
        await fake.until(lambda: len([seen for seen in fake.seen if f"{channel.id}/variables" in seen.uri]) == 2)
        fake.behave()
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "platinum"


async def test_when_connections_go_on_breaking_then_the_guard_keeps_the_call(fake: FakePbx, running: Running) -> None:
    async with running() as daemon:
        fake.misbehave("close", uri="channels/")
        place(fake, "+46701000001")
        await fake.until(lambda: samples(daemon, "ariroute_calls_ended_total"))
        assert samples(daemon, "ariroute_calls_ended_total") == {("pbx1", "left to the guard"): 1.0}


async def test_when_asterisk_fails_as_a_call_is_passed_on_then_it_is_not_counted_as_gone(
    fake: FakePbx, running: Running
) -> None:
    async with running() as daemon:
        fake.misbehave(500, uri="continue")
        place(fake, "+46701000001", "nobody")
        await fake.until(lambda: samples(daemon, "ariroute_calls_ended_total"))
        assert samples(daemon, "ariroute_calls_ended_total") == {("pbx1", "left to the guard"): 1.0}


async def test_a_sip_message_is_not_treated_as_a_call(fake: FakePbx, crm: Crm, running: Running) -> None:
    async with running():
        channel = place(fake, "+46701000001", announce=False)
        fake.send(
            {
                "type": "StasisStart",
                "timestamp": "2026-01-05T09:00:00.000+0000",
                "args": [],
                "channel": {"id": channel.id, "name": "Message/ast_msg_queue", "state": "Up"},
            }
        )
        await fake.until(lambda: channel.continued)
        assert channel.writes == []
        assert crm.asked == []


async def test_when_too_many_calls_are_being_decided_then_the_next_one_goes_to_its_flows_default_at_once(
    fake: FakePbx, crm: Crm, running: Running
) -> None:
    crm.hold = True
    async with running(daemon="max_in_flight: 1"):
        first = place(fake, "+46701000001")
        await fake.until(lambda: crm.asked)
        second = place(fake, "+46701000002")
        await fake.until(lambda: second.continued)
        assert second.variables["ARIROUTE_QUEUE"] == "standard"
        assert "overload" in second.variables["ARIROUTE_REASON"]
        assert not first.continued
        assert len(crm.asked) == 1


async def test_when_another_daemon_takes_the_application_then_nothing_new_is_taken_and_what_is_held_is_finished(
    fake: FakePbx, crm: Crm, flow_file: Callable[..., Path]
) -> None:
    crm.hold = True
    daemon = Daemon(flow_file(timeout="300ms"))
    await daemon.start()
    await fake.until(lambda: daemon.is_ready)
    held = place(fake, "+46701000001")
    await fake.until(lambda: crm.asked)
    fake.send({"type": "ApplicationReplaced", "application": "ariroute"})
    with pytest.raises(Exception, match="another program has registered the same Stasis application"):
        await daemon.run()
    later = place(fake, "+46701000002")
    await daemon.stop()
    assert held.continued
    assert not later.continued


async def test_when_stopped_then_what_cannot_finish_is_given_to_the_dialplan(
    fake: FakePbx, crm: Crm, running: Running
) -> None:
    crm.hold = True
    async with running(guard="9s", timeout="7s"):
        channel = place(fake, "+46701000001")
        await fake.until(lambda: crm.asked)
    assert channel.continued
    assert "ARIROUTE_DECIDED" not in channel.variables


async def test_a_hostile_caller_id_reaches_neither_the_lookup_nor_the_channel_as_syntax(
    fake: FakePbx, crm: Crm, running: Running
) -> None:
    hostile: list[dict[str, Any]] = [
        {"caller": "${SHELL(id)}", "name": "x\r\nX-Evil: 1"},
        {"caller": "../../admin", "name": '"; DROP TABLE'},
        {"caller": "4" * 200, "name": "n" * 500},
        {"caller": "", "name": ""},
    ]
    async with running():
        channels = [place(fake, each["caller"], name=each["name"]) for each in hostile]
        await fake.until(lambda: all(channel.continued for channel in channels))
        assert crm.asked == []
        for channel in channels:
            assert channel.variables["ARIROUTE_QUEUE"] == "standard"
            assert all(value.isprintable() for value in channel.variables.values())
