"""Our dialplan on real Asterisks: whatever becomes of the daemon, each call reaches a queue, and the right one.

The verdict comes from queue_log and from the channels that are there, never from the client that plays the daemon.
"""

from __future__ import annotations

import time

from dialplan_stage import SLACK, Stage

from ariroute.lab.records import QueueEvent

GUARD = 4.0


async def test_when_no_daemon_is_connected_then_the_call_is_in_the_default_queue_at_once(stage: Stage) -> None:
    caller = await stage.call()

    assert await stage.in_queue(caller, within=SLACK) == ["standard"]
    assert await stage.waiting(caller) == {"QUEUE_PRIO": "0", "ARIROUTE_QUEUE": "", "QUEUESTATUS": ""}


async def test_when_the_daemon_is_silent_then_the_guard_takes_the_call_to_the_default_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()
    started = time.monotonic()

    assert await daemon.in_queue(caller, within=GUARD + SLACK) == ["standard"]
    assert time.monotonic() - started > GUARD - 0.5


async def test_when_decided_then_the_call_is_in_that_queue_with_that_priority(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="gold", QUEUE_PRIO="7", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["gold"]
    assert (await daemon.waiting(caller))["QUEUE_PRIO"] == "7"


async def test_when_the_name_of_a_queue_has_every_kind_of_character_then_it_is_found(daemon: Stage) -> None:
    decided = await daemon.call(variables={"ARIROUTE_DEFAULT": "gold"})
    await daemon.next_start()
    await daemon.decide(decided, ARIROUTE_QUEUE="Night-shift_2", ARIROUTE_DECIDED="1")
    undecided = await daemon.call(variables={"ARIROUTE_DEFAULT": "Night-shift_2"})
    await daemon.next_start()
    await daemon.decide(undecided)

    assert await daemon.in_queue(decided, within=SLACK) == ["Night-shift_2"]
    assert await daemon.in_queue(undecided, within=SLACK) == ["Night-shift_2"]


async def test_when_two_callers_wait_then_the_higher_priority_is_first_in_line(daemon: Stage) -> None:
    low, high = await daemon.call(), await daemon.call()
    await daemon.next_start()
    await daemon.next_start()

    for caller, priority in ((low, "1"), (high, "9")):
        await daemon.decide(caller, ARIROUTE_QUEUE="platinum", QUEUE_PRIO=priority, ARIROUTE_DECIDED="1")
        await daemon.in_queue(caller, within=SLACK)

    assert [row.parameters[-1] for row in daemon.rows(high) if row.event is QueueEvent.ENTERQUEUE] == ["1"]


async def test_when_the_guard_of_a_later_call_has_fired_then_a_decided_call_still_waits(daemon: Stage) -> None:
    decided = await daemon.call()
    await daemon.next_start()
    await daemon.decide(decided, ARIROUTE_QUEUE="gold", QUEUE_PRIO="0", ARIROUTE_DECIDED="1")
    await daemon.in_queue(decided, within=SLACK)

    undecided = await daemon.call()
    await daemon.in_queue(undecided, within=GUARD + 2 * SLACK)

    assert await daemon.is_up(decided)
    assert [row.name for row in daemon.rows(decided)] == ["ARIROUTE", "ENTERQUEUE"]


async def test_when_the_decided_queue_is_missing_then_the_default_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="nosuch", QUEUE_PRIO="30", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["standard"]
    assert (await daemon.waiting(caller))["QUEUE_PRIO"] == "0"


async def test_when_the_default_queue_is_missing_too_then_the_last_queue(daemon: Stage) -> None:
    caller = await daemon.call(variables={"ARIROUTE_DEFAULT": "nosuch-default"})
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="nosuch", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["last"]


async def test_when_no_queue_exists_then_the_call_is_hung_up(stage: Stage) -> None:
    caller = await stage.call(variables={"ARIROUTE_DEFAULT": "nosuch", "ARIROUTE_LAST": "nosuch"})

    await stage.gone(caller, within=SLACK)

    assert [row.name for row in stage.rows(caller)] == ["ARIROUTE"]


async def test_when_a_decision_is_half_written_then_the_default_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="gold", QUEUE_PRIO="30")

    assert await daemon.in_queue(caller, within=SLACK) == ["standard"]
    assert (await daemon.waiting(caller))["QUEUE_PRIO"] == "0"


async def test_when_a_decision_is_older_than_the_entrance_then_it_is_void(stage: Stage) -> None:
    caller = await stage.call(variables={"ARIROUTE_QUEUE": "gold", "ARIROUTE_DECIDED": "1", "QUEUE_PRIO": "9"})

    assert await stage.in_queue(caller, within=SLACK) == ["standard"]
    assert (await stage.waiting(caller))["QUEUE_PRIO"] == "0"


async def test_when_the_decision_is_a_cause_then_the_call_ends_with_it_and_enters_no_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_HANGUP="21", ARIROUTE_DECIDED="1")

    await daemon.gone(caller)
    assert daemon.rows(caller) == []
    assert await daemon.hangup_cause(caller) == 21


async def test_when_a_queue_name_carries_syntax_then_it_reaches_no_option_of_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="gold,r,,,1${SHELL(id)}", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["standard"]


async def test_when_the_number_was_set_by_the_context_before_then_the_application_is_told(daemon: Stage) -> None:
    await daemon.call("+46850000000")

    assert (await daemon.next_start())["args"] == ["+46850000000"]


async def test_when_what_was_dialled_carries_syntax_then_the_application_gets_one_clean_argument(daemon: Stage) -> None:
    await daemon.call("s", context="ariroute", variables={"ARIROUTE_TO": 'a,b${EXTEN}"|*12#_-x'})

    assert (await daemon.next_start())["args"] == ["abEXTEN*12#_-x"]


async def test_when_the_caller_hangs_up_in_the_application_then_nothing_is_left(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.ari("DELETE", f"channels/phone-{caller}")

    await daemon.gone(caller)
    assert daemon.rows(caller) == []


async def test_when_the_caller_hangs_up_in_the_queue_then_the_call_is_counted_once_as_abandoned(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()
    await daemon.decide(caller, ARIROUTE_QUEUE="gold", ARIROUTE_DECIDED="1")
    await daemon.in_queue(caller, within=SLACK)

    await daemon.ari("DELETE", f"channels/phone-{caller}")

    await daemon.gone(caller)
    assert [(row.name, row.queue) for row in daemon.rows(caller)] == [
        *(("ARIROUTE", "gold"), ("ENTERQUEUE", "gold"), ("ABANDON", "gold"))
    ]


async def test_when_a_call_has_been_routed_then_asterisk_has_nothing_to_complain_of(daemon: Stage) -> None:
    before = daemon.pbx.log.read_text()
    caller = await daemon.call()
    await daemon.next_start()
    await daemon.decide(caller, ARIROUTE_QUEUE="gold", QUEUE_PRIO="7", ARIROUTE_DECIDED="1")
    await daemon.in_queue(caller, within=SLACK)

    assert daemon.pbx.log.read_text() == before
