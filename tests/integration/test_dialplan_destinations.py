"""Destinations other than a queue, on real Asterisks: a ring at a phone, a mailbox, and what goes along with a call.

The phones are Local channels here; real ones ring in the acceptance tests.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from dialplan_stage import SLACK, Stage, until

GUARD = 4.0


async def ring(stage: Stage, endpoint: str, seconds: str = "1", **more: str) -> str:
    """A call that the daemon sends to ``endpoint``."""
    caller = await stage.call()
    await stage.next_start()
    await stage.decide(caller, ARIROUTE_DIAL=endpoint, ARIROUTE_RING=seconds, **more, ARIROUTE_DECIDED="1")
    return caller


async def channel(stage: Stage, caller: str) -> dict[str, Any]:
    """A call as ARI shows it."""
    status, answer = await stage.ari("GET", f"channels/{caller}")
    assert status == 200
    return dict(answer)


async def value(stage: Stage, caller: str, name: str) -> str | None:
    status, answer = await stage.ari("GET", f"channels/{caller}/variable", params={"variable": name})
    return str(answer["value"]) if status == 200 else None


@pytest.mark.parametrize(
    ("endpoint", "word"),
    [
        ("Local/s@test-rings", "NOANSWER"),
        ("Local/s@test-busy", "BUSY"),
        ("Local/s@test-refuses", "BUSY"),
        ("Local/s@test-congested", "CONGESTION"),
        ("PJSIP/nosuch", "CHANUNAVAIL"),
        ("Local/s@test-answers&Local/s@test-answers", "INVALIDARGS"),
        ("Local/s@test-answers,30,g", "INVALIDARGS"),
        ("PJSIP/${SHELL(id)}", "INVALIDARGS"),
    ],
)
async def test_when_nobody_takes_the_call_then_it_comes_back_with_asterisks_word_and_a_new_guard(
    daemon: Stage, endpoint: str, word: str
) -> None:
    caller = await ring(daemon, endpoint)

    back = await daemon.next_start()

    assert (back["channel"]["id"], back["args"]) == (caller, ["5551234", "ariroute-back", word])
    for name in ("ARIROUTE_DECIDED", "ARIROUTE_DIAL", "ARIROUTE_QUEUE"):
        assert not await value(daemon, caller, name)
    assert GUARD - SLACK < float(await value(daemon, caller, "TIMEOUT(absolute)") or 0) <= GUARD


async def test_when_the_daemon_is_silent_at_the_return_then_the_guard_takes_the_call_to_the_default_queue(
    daemon: Stage,
) -> None:
    caller = await ring(daemon, "Local/s@test-busy", ARIROUTE_DEFAULT="gold")
    await daemon.next_start()
    started = time.monotonic()

    assert await daemon.in_queue(caller, within=GUARD + SLACK) == ["gold"]
    assert time.monotonic() - started > GUARD - 0.5


async def test_when_a_call_is_back_then_it_can_be_sent_on_to_a_phone_and_to_a_queue(daemon: Stage) -> None:
    caller = await ring(daemon, "Local/s@test-busy")
    await daemon.next_start()
    await daemon.decide(caller, ARIROUTE_DIAL="Local/s@test-rings", ARIROUTE_RING="1", ARIROUTE_DECIDED="1")
    assert (await daemon.next_start())["args"] == ["5551234", "ariroute-back", "NOANSWER"]

    await daemon.decide(caller, ARIROUTE_QUEUE="gold", QUEUE_PRIO="7", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["gold"]
    assert (await daemon.waiting(caller))["QUEUE_PRIO"] == "7"


async def test_when_the_phone_answers_then_the_call_is_up_and_no_guard_ends_it(daemon: Stage) -> None:
    caller = await ring(daemon, "Local/s@test-answers", seconds="30")

    await until_up(daemon, caller)

    assert (await channel(daemon, caller))["dialplan"]["app_name"] == "Dial"
    assert await value(daemon, caller, "TIMEOUT(absolute)") == "0"


async def until_up(stage: Stage, caller: str) -> None:
    deadline = time.monotonic() + SLACK
    while (await channel(stage, caller))["state"] != "Up":
        assert time.monotonic() < deadline, "not answered"


async def test_while_the_phone_rings_the_caller_is_not_answered_and_may_hang_up(daemon: Stage) -> None:
    caller = await ring(daemon, "Local/s@test-rings", seconds="30")
    deadline = time.monotonic() + SLACK
    while (await channel(daemon, caller))["dialplan"]["app_name"] != "Dial":
        assert time.monotonic() < deadline, "no Dial()"
    assert (await channel(daemon, caller))["state"] != "Up"

    await daemon.ari("DELETE", f"channels/phone-{caller}")

    await daemon.gone(caller)
    assert daemon.rows(caller) == []


async def test_when_no_daemon_is_there_at_the_return_then_the_default_queue_of_the_channel_at_once(
    daemon: Stage,
) -> None:
    caller = await daemon.call()
    await daemon.next_start()
    await daemon.decide(
        caller, ARIROUTE_APP="nobody", ARIROUTE_DEFAULT="gold", ARIROUTE_DIAL="Local/s@test-busy", ARIROUTE_DECIDED="1"
    )

    assert await daemon.in_queue(caller, within=2 * SLACK) == ["gold"]


async def test_when_the_time_of_a_ring_is_no_number_then_it_ends_all_the_same(daemon: Stage) -> None:
    caller = await ring(daemon, "Local/s@test-rings", seconds="for ever")

    deadline = time.monotonic() + SLACK
    while not (await value(daemon, caller, "ARIROUTE_SECONDS")):
        assert time.monotonic() < deadline
    assert await value(daemon, caller, "ARIROUTE_SECONDS") == "20"


async def test_when_a_destination_is_older_than_the_entrance_then_it_is_void(stage: Stage) -> None:
    for name in ("ARIROUTE_DIAL", "ARIROUTE_VOICEMAIL", "ARIROUTE_RECORD"):
        caller = await stage.call(variables={name: "1", "ARIROUTE_DECIDED": "1"})
        assert await stage.in_queue(caller, within=SLACK) == ["standard"]


async def test_what_a_caller_has_set_for_the_return_never_reaches_the_application(daemon: Stage) -> None:
    await daemon.call("s", context="ariroute", variables={"ARIROUTE_BACK": ",ariroute-back,ANSWER", "ARIROUTE_TO": "x"})

    assert (await daemon.next_start())["args"] == ["x"]


async def voicemail(stage: Stage, box: str, greeting: str = "") -> str:
    caller = await stage.call()
    await stage.next_start()
    await stage.decide(caller, ARIROUTE_VOICEMAIL=box, ARIROUTE_GREETING=greeting, ARIROUTE_DECIDED="1")
    return caller


async def test_when_the_box_does_not_exist_then_the_default_queue(daemon: Stage) -> None:
    caller = await voicemail(daemon, "999")

    assert await daemon.in_queue(caller, within=2 * SLACK) == ["standard"]
    assert await value(daemon, caller, "VMSTATUS") == "FAILED"


async def test_when_the_name_of_a_box_carries_syntax_then_it_reaches_no_other_argument(daemon: Stage) -> None:
    caller = await voicemail(daemon, "100&200,s${SHELL(id)}")

    assert await daemon.in_queue(caller, within=2 * SLACK) == ["standard"]


@pytest.mark.parametrize("module", ["app_voicemail.so", "app_mixmonitor.so"])
async def test_when_an_application_is_not_loaded_then_the_call_is_not_lost(daemon: Stage, module: str) -> None:
    assert "Unloaded" in daemon.pbx.cli(f"module unload {module}")
    try:
        recorded = await daemon.call()
        await daemon.next_start()
        await daemon.decide(recorded, ARIROUTE_RECORD="1", ARIROUTE_QUEUE="gold", ARIROUTE_DECIDED="1")
        assert await daemon.in_queue(recorded, within=SLACK) == ["gold"]
        if module == "app_voicemail.so":
            boxed = await voicemail(daemon, "100")
            assert await daemon.in_queue(boxed, within=SLACK) == ["standard"]
    finally:
        daemon.pbx.cli(f"module load {module}")


@pytest.mark.parametrize("modules", [["app_userevent"], ["app_celgenuserevent"], ["app_userevent", "func_module"]])
async def test_when_records_cannot_be_made_then_the_call_is_not_lost(daemon: Stage, modules: list[str]) -> None:
    for module in modules:
        assert "Unloaded" in daemon.pbx.cli(f"module unload {module}.so")
    try:
        decided, undecided = await daemon.call(), await daemon.call(variables={"ARIROUTE_DEFAULT": "nosuch"})
        for _ in range(2):
            await daemon.next_start()
        await daemon.decide(decided, ARIROUTE_QUEUE="nosuch", ARIROUTE_DECIDED="1")
        await daemon.decide(undecided)
        assert await daemon.in_queue(decided, within=SLACK) == ["standard"]
        assert await daemon.in_queue(undecided, within=SLACK) == ["last"]
        refused = await daemon.call()
        await daemon.next_start()
        await daemon.decide(refused, ARIROUTE_HANGUP="21", ARIROUTE_DECIDED="1")
        assert await daemon.hangup_cause(refused) == 21
    finally:
        for module in modules:
            daemon.pbx.cli(f"module load {module}.so")


async def test_when_the_caller_agreed_then_the_talk_is_recorded_under_the_uniqueid(
    daemon: Stage, tmp_path: Path
) -> None:
    caller = await daemon.call()
    await daemon.next_start()
    await daemon.decide(
        caller,
        ARIROUTE_RECORDINGS=str(tmp_path),
        ARIROUTE_RECORD="1",
        ARIROUTE_DIAL="Local/s@test-answers",
        ARIROUTE_RING="30",
        ARIROUTE_DECIDED="1",
    )
    await until_up(daemon, caller)

    await until(lambda: [file.name for file in tmp_path.iterdir()] == [f"{caller}.wav"], SLACK, "a recording")


async def test_when_a_call_has_a_label_then_a_second_pass_begins_with_the_name_as_it_came(daemon: Stage) -> None:
    caller = await daemon.call(variables={"ARIROUTE_LABEL": "GOLD", "ARIROUTE_NAME": 'Ann "x", ${EXTEN}'})
    await daemon.next_start()

    assert await value(daemon, caller, "CALLERID(name)") == 'Ann "x", ${EXTEN}'
    assert not await value(daemon, caller, "ARIROUTE_LABEL")
