"""The staffing of one PBX over a fake app_queue: what it does, when it stands still, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fake_queues import Staffed, rules_of

from ariroute.asterisk.ami_connection import fields_of
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import QueueMember
from ariroute.asterisk.settings import AmiSettings
from ariroute.daemon.staffing import staffer as module
from ariroute.daemon.staffing import watch
from ariroute.errors import AmiError
from ariroute.staffing.proposal import Proposal
from ariroute.staffing.rules import NoAnswer, StaffedAgent, Tier
from ariroute.values import Secret

from ...asterisk.test_ami_mutated import broken

SETTINGS = AmiSettings(address="127.0.0.1:1", user="u", password=Secret("p"))
STORY = (
    b"Event: QueueMemberAdded\r\nQueue: gold\r\nInterface: PJSIP/x\r\nMemberName: x\r\nMembership: dynamic\r\n\r\n"
    b"Event: QueueCallerJoin\r\nUniqueid: 7.0\r\nQueue: standard\r\nPosition: 1\r\nCount: 1\r\n\r\n"
    b"Event: AgentCalled\r\nUniqueid: 7.0\r\nQueue: standard\r\nInterface: PJSIP/anna\r\n\r\n"
    b"Event: QueueMemberStatus\r\nQueue: standard\r\nInterface: PJSIP/anna\r\nMembership: dynamic\r\nStatus: 6\r\n\r\n"
    b"Event: AgentRingNoAnswer\r\nUniqueid: 7.0\r\nQueue: standard\r\nInterface: PJSIP/anna\r\nRingTime: 9\r\n\r\n"
    b"Event: QueueCallerLeave\r\nUniqueid: 7.0\r\nQueue: standard\r\n\r\n"
    b"Event: AgentConnect\r\nUniqueid: 7.0\r\nQueue: standard\r\nInterface: PJSIP/anna\r\nHoldTime: 1\r\n\r\n"
    b"Event: AgentComplete\r\nUniqueid: 7.0\r\nQueue: standard\r\nInterface: PJSIP/anna\r\nTalkTime: 6\r\n\r\n"
    b"Event: QueueMemberRemoved\r\nQueue: gold\r\nInterface: PJSIP/x\r\n\r\n"
)
"""What a call and a log-in are told by."""
ANNA, BOB = "PJSIP/anna", "PJSIP/bob"


@pytest.fixture
def staffed(tmp_path: Path) -> Staffed:
    staffed = Staffed(tmp_path)
    staffed.log_in("anna", "standard")
    staffed.log_in("bob", "standard")
    staffed.queues.told.clear()  # they logged in before
    return staffed


async def test_a_caller_brings_an_agent_new_queue_first_and_the_move_is_told(staffed: Staffed) -> None:
    await staffed.turn()
    assert staffed.queues.acts == []
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    assert staffed.queues.acts == [f"add platinum {ANNA} 0", f"remove standard {ANNA}"]
    (move,) = staffed.moves
    assert (move.agent, move.left, move.queue, move.done, move.failure) == ("anna", ("standard",), "platinum", True, "")
    agent = staffed.agent("anna")
    assert (agent["state"], agent["queue"], agent["home"], agent["by_hand"]) == ("free", "platinum", "standard", "")
    shown = staffed.status["moves"]
    assert [(each["agent"], each["from"], each["to"], each["why"]) for each in shown] == [
        ("anna", ["standard"], "platinum", "target")
    ]
    json.dumps(staffed.status)


async def test_until_asterisk_has_told_of_a_move_the_agent_is_on_the_way(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.enter("platinum", "7.0")
    staffed.tell()
    await staffed.staffer.turn()
    assert len(staffed.moves) == 1
    await staffed.staffer.turn()  # the events of the move have not come yet
    assert len(staffed.moves) == 1
    assert (staffed.agent("anna")["queue"], staffed.agent("anna")["by_hand"]) == ("platinum", "on the way")
    assert staffed.tier("platinum")["agents"] == 1
    await staffed.turn()
    assert staffed.agent("anna")["by_hand"] == ""


async def test_what_is_never_told_of_is_read(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.enter("platinum", "7.0")
    staffed.tell()
    await staffed.staffer.turn()
    staffed.queues.told.clear()  # lost
    reads = staffed.queues.reads
    await staffed.turn(watch.GIVES_UP + 0.1)
    await staffed.turn()
    assert staffed.queues.reads > reads
    assert staffed.agent("anna")["queue"] == "platinum"
    assert staffed.agent("anna")["by_hand"] == ""
    assert len(staffed.moves) == 1


async def test_who_talks_rings_or_is_away_stays(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.enter("standard", "7.0")
    staffed.queues.ring("7.0", ANNA)
    staffed.queues.status(BOB, 5)
    staffed.queues.enter("platinum", "7.1")
    await staffed.turn()
    assert (staffed.agent("anna")["state"], staffed.agent("bob")["state"]) == ("ringing", "away")
    staffed.queues.answer("7.0", ANNA)
    await staffed.turn()
    assert staffed.agent("anna")["state"] == "talking"
    assert staffed.tier("platinum")["short"] == 1
    assert staffed.moves == []
    staffed.queues.end("7.0", ANNA, "standard")
    await staffed.turn()
    assert staffed.serves("anna") == {"platinum"}  # in the same instant


async def test_each_reason_to_stand_still_is_said_and_nothing_is_done(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.enter("platinum", "7.0")
    staffed.idle = "another daemon has the calls"
    await staffed.turn()
    assert staffed.status["why"] == "another daemon has the calls"
    staffed.idle = ""
    assert staffed.rules is not None
    dynamic, staffed.rules = staffed.rules, replace(staffed.rules, mode="advise")
    await staffed.turn()
    assert (staffed.status["why"], staffed.status["mode"]) == ("advise", "advise")
    await staffed.turn()
    assert [(move.agent, move.done, move.mode) for move in staffed.moves] == [("anna", False, "advise")]  # once
    staffed.rules = None
    await staffed.turn()
    status = staffed.status
    assert (status["mode"], status["acting"], status["why"]) == ("", False, "no staffing in the flow file")
    assert (status["tiers"], status["agents"]) == ([], [])
    assert not staffed.queues.follows_members
    staffed.queues.is_up, staffed.queues.failure = False, "Connection refused"
    staffed.rules = dynamic
    await staffed.turn()
    assert staffed.status["why"] == "AMI is down: Connection refused"
    assert staffed.queues.acts == []
    staffed.queues.is_up = True
    assert staffed.status["why"] == "the queues are being read"
    await staffed.turn()
    assert staffed.status["acting"]
    assert staffed.serves("anna") == {"platinum"}


async def test_a_refused_move_is_told_and_not_tried_at_once_again(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.refuses = "Out of memory"
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    await staffed.turn()
    assert {(move.agent, move.done) for move in staffed.moves} == {
        ("anna", False),
        ("bob", False),
    }  # one, then the other
    assert all("Out of memory" in move.failure for move in staffed.moves)
    assert staffed.agent("anna")["by_hand"].startswith("could not be moved: ")
    assert staffed.status["acting"]
    staffed.queues.refuses = ""
    await staffed.turn(module.TRIES_AGAIN + 1)
    assert staffed.serves("anna") | staffed.serves("bob") == {"platinum", "standard"}


async def test_without_rights_all_stand_still_for_a_while(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.refuses = "Permission denied"
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    assert "the AMI user needs write = agent" in staffed.status["why"]
    tried = len(staffed.moves)
    await staffed.turn(1.0)
    assert len(staffed.moves) == tried
    staffed.queues.refuses = ""
    await staffed.turn(module.TRIES_AGAIN + 1)
    assert staffed.status["acting"]
    assert "platinum" in staffed.serves("anna") | staffed.serves("bob")


async def test_an_answer_that_never_comes_is_no_humans_change(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.is_deaf = True
    staffed.queues.enter("platinum", "7.0")
    staffed.tell()
    await staffed.staffer.turn()
    staffed.queues.is_deaf = False
    assert [move.done for move in staffed.moves] == [False]
    await staffed.turn(30.0)  # it was done all the same, and is told of late
    assert staffed.agent("anna")["by_hand"] in ("", "on the way") or "could not" in staffed.agent("anna")["by_hand"]
    await staffed.turn(module.TRIES_AGAIN)
    await staffed.turn()
    assert staffed.agent("anna")["by_hand"] == ""
    assert len(staffed.serves("anna")) == 1


async def test_what_was_lost_on_the_way_to_asterisk_is_tried_again_at_once(staffed: Staffed) -> None:
    await staffed.turn()
    staffed.queues.enter("platinum", "7.0")
    staffed.tell()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staffed.queues, "queue_add", lost)
        await staffed.staffer.turn()
    staffed.staffer.on_down("gone")
    staffed.queues.is_up = True
    staffed.staffer.on_up()
    await staffed.turn()
    assert staffed.serves("anna") == {"platinum"}


async def lost(_: QueueMember) -> None:
    raise AmiError("AMI: Asterisk closed the connection")


async def test_a_queue_that_is_not_there_keeps_nobody_from_the_others(staffed: Staffed) -> None:
    assert staffed.rules is not None
    nowhere = Tier("nowhere", 1.0, 2)
    agents = {
        name: replace(agent, queues={**agent.queues, "nowhere": 0}) for name, agent in staffed.rules.agents.items()
    }
    staffed.rules = replace(staffed.rules, tiers=(nowhere, *staffed.rules.tiers), agents=agents)
    await staffed.turn()
    tried = len(staffed.moves)
    assert {(move.queue, move.done) for move in staffed.moves} == {("nowhere", False)}
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    assert "platinum" in staffed.serves("anna") | staffed.serves("bob")
    assert [move for move in staffed.moves[tried:] if move.queue == "nowhere"] == []
    await staffed.turn(module.TRIES_AGAIN + 1)
    assert [move for move in staffed.moves[tried:] if move.queue == "nowhere"] != []


async def test_who_logs_out_in_the_middle_of_a_move_is_logged_out(staffed: Staffed) -> None:
    await staffed.turn()
    add = staffed.queues.queue_add

    async def added_when_they_leave(member: QueueMember) -> None:
        staffed.queues.drop("standard", member.interface)
        await add(member)
        staffed.tell()

    staffed.queues.enter("platinum", "7.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staffed.queues, "queue_add", added_when_they_leave)
        staffed.tell()
        await staffed.staffer.turn()
    (move,) = staffed.moves
    assert (move.agent, move.done, move.failure) == ("anna", False, "somebody has paused or removed them meanwhile")
    await staffed.turn()
    assert staffed.serves("anna") == set()
    assert staffed.agent("anna") == {}
    assert staffed.serves("bob") == {"platinum"}


async def test_who_pauses_in_the_middle_of_a_move_is_on_a_break(staffed: Staffed) -> None:
    await staffed.turn()
    add = staffed.queues.queue_add

    async def added_when_they_pause(member: QueueMember) -> None:
        staffed.queues.pause("standard", member.interface, "lunch")
        await add(member)
        staffed.tell()

    staffed.queues.enter("platinum", "7.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staffed.queues, "queue_add", added_when_they_pause)
        staffed.tell()
        await staffed.staffer.turn()
    await staffed.turn()
    assert (staffed.agent("anna")["state"], staffed.agent("anna")["by_hand"]) == ("paused", "paused: lunch")
    assert staffed.serves("anna") == set()
    assert staffed.serves("bob") == {"platinum"}


async def test_agents_are_paused_who_do_not_answer_and_come_back(staffed: Staffed) -> None:
    assert staffed.rules is not None
    staffed.rules = replace(staffed.rules, no_answer=NoAnswer(2, 60.0))
    await staffed.turn()
    staffed.queues.enter("standard", "7.0")
    for _ in range(2):
        assert staffed.queues.acts == []
        staffed.queues.ring("7.0", ANNA)
        staffed.queues.rings_in_vain("7.0", ANNA)
        await staffed.turn(0.2)
    await staffed.turn(0.2)
    assert staffed.queues.acts == [f"pause standard {ANNA} ariroute: no answer"]
    assert staffed.agent("anna")["state"] == "paused"
    await staffed.turn(61.0)
    assert staffed.serves("anna") == {"standard"}
    assert staffed.agent("anna")["by_hand"] == ""


async def test_a_pause_lasts_whatever_the_clock_of_asterisk_says(staffed: Staffed) -> None:
    assert staffed.rules is not None
    staffed.rules = replace(staffed.rules, no_answer=NoAnswer(1, 60.0))
    await staffed.turn()
    staffed.queues.clock = lambda: 1000.0  # years behind ours
    staffed.queues.enter("standard", "7.0")
    staffed.queues.rings_in_vain("7.0", ANNA)
    await staffed.turn(0.2)
    await staffed.turn(0.2)
    assert staffed.serves("anna") == set()
    await staffed.turn(58.0)
    assert staffed.serves("anna") == set()
    await staffed.turn(2.0)
    assert staffed.serves("anna") == {"standard"}


async def test_rings_between_answers_do_not_add_up(staffed: Staffed) -> None:
    assert staffed.rules is not None
    staffed.rules = replace(staffed.rules, no_answer=NoAnswer(2, 60.0))
    await staffed.turn()
    for contact in ("7.0", "7.1"):
        staffed.queues.enter("standard", contact)
        staffed.queues.ring(contact, ANNA)
        staffed.queues.rings_in_vain(contact, ANNA)
        await staffed.turn(0.2)
        staffed.queues.ring(contact, ANNA)
        staffed.queues.answer(contact, ANNA)
        staffed.queues.end(contact, ANNA, "standard")
        await staffed.turn(0.2)
    assert [act for act in staffed.queues.acts if "no answer" in act] == []


async def test_where_app_queue_paused_them_we_do_not(staffed: Staffed) -> None:
    assert staffed.rules is not None
    staffed.rules = replace(staffed.rules, no_answer=NoAnswer(1, 60.0))
    await staffed.turn()
    staffed.queues.enter("standard", "7.0")
    staffed.queues.ring("7.0", ANNA)
    staffed.queues.rings_in_vain("7.0", ANNA)
    staffed.queues.pause("standard", ANNA, "Auto-Pause")
    await staffed.turn(0.2)
    await staffed.turn(100.0)
    assert staffed.queues.acts == []
    assert staffed.agent("anna")["by_hand"] == "paused: Auto-Pause"


async def test_without_rules_nobody_stays_paused_for_having_not_answered(staffed: Staffed) -> None:
    assert staffed.rules is not None
    staffed.rules = replace(staffed.rules, no_answer=NoAnswer(1, 60.0))
    await staffed.turn()
    staffed.queues.enter("standard", "7.0")
    staffed.queues.rings_in_vain("7.0", ANNA)
    await staffed.turn(0.2)
    await staffed.turn(0.2)
    assert staffed.serves("anna") == set()
    staffed.rules = None
    await staffed.turn()
    assert staffed.serves("anna") == {"standard"}


async def test_a_skill_order_becomes_the_penalty_and_release_gives_the_old_one_back(tmp_path: Path) -> None:
    rules = rules_of(("anna",))
    agent = StaffedAgent("anna", ANNA, "standard", {"standard": 2, "platinum": 5})
    staffed = Staffed(tmp_path, replace(rules, agents={"anna": agent}))
    staffed.log_in("anna", "standard", penalty=9)
    staffed.queues.told.clear()
    await staffed.turn()
    assert staffed.queues.acts == [f"penalty standard {ANNA} 2"]
    assert staffed.agent("anna")["by_hand"] == ""
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    assert staffed.queues.members["platinum", ANNA].penalty == 5
    assert await staffed.staffer.release() == {
        "undone": [f"{ANNA} added to standard", f"{ANNA} removed from platinum"],
        "failed": [],
    }
    assert [*staffed.queues.members] == [("standard", ANNA)]
    assert staffed.queues.members["standard", ANNA].penalty == 9
    await staffed.turn()
    assert (staffed.status["acting"], staffed.status["why"]) == (False, "released by hand")


async def test_a_release_that_fails_for_one_can_be_asked_for_again(staffed: Staffed) -> None:
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    staffed.queues.refuses = "Out of memory"
    found = await staffed.staffer.release()
    assert found["undone"] == []
    assert "Out of memory" in found["failed"][0]
    staffed.queues.refuses = ""
    await staffed.turn()
    assert (await staffed.staffer.release())["failed"] == []
    staffed.tell()
    assert staffed.serves("anna") == {"standard"}


async def test_a_daemon_that_begins_knows_who_was_where_and_that_it_was_released(staffed: Staffed) -> None:
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    staffed.queues.abandon("7.0")
    staffed.tell()
    staffed.new()
    assert staffed.status["why"] == "the queues are being read"
    await staffed.turn()
    assert staffed.serves("anna") == {"platinum"}  # nobody knows what was needed of late: no wave of moves
    assert staffed.agent("anna")["by_hand"] == ""
    await staffed.turn(9.0)
    assert staffed.moves[1:] == []
    await staffed.turn(1.1)  # look_back is over
    assert staffed.serves("anna") == {"standard"}
    await staffed.staffer.release()
    staffed.new()
    await staffed.turn()
    assert staffed.status["why"] == "released by hand"
    await staffed.staffer.resume()
    await staffed.turn()
    assert staffed.status["acting"]


async def test_who_was_lent_to_a_daemon_before_is_moved_at_once_where_they_are_needed(staffed: Staffed) -> None:
    staffed.queues.enter("platinum", "7.0")
    staffed.queues.enter("platinum", "7.1")
    await staffed.turn()
    assert staffed.serves("anna") == staffed.serves("bob") == {"platinum"}
    for contact in ("7.0", "7.1"):
        staffed.queues.abandon(contact)
    staffed.tell()
    assert staffed.rules is not None
    staffed.rules = replace(staffed.rules, min_stay=60.0, look_back=600.0)
    staffed.new()
    staffed.queues.enter("gold", "7.2")
    staffed.queues.told.clear()  # it came while there was no daemon
    await staffed.turn()
    assert staffed.serves("anna") | staffed.serves("bob") == {"platinum", "gold"}
    assert len(staffed.moves) == 3


async def test_a_wrap_up_of_the_file_is_not_asked_for_and_nobody_is_moved_in_it(
    staffed: Staffed, caplog: pytest.LogCaptureFixture
) -> None:
    assert staffed.rules is not None
    staffed.rules = replace(staffed.rules, tiers=tuple(replace(tier, wrap_up=10.0) for tier in staffed.rules.tiers))
    await staffed.turn()
    staffed.queues.status(BOB, 5)
    staffed.queues.enter("standard", "7.0")
    staffed.queues.answer("7.0", ANNA)
    await staffed.turn()
    staffed.queues.end("7.0", ANNA, "standard")
    staffed.queues.enter("platinum", "7.1")
    await staffed.turn()
    assert staffed.agent("anna")["state"] == "wrap-up"
    await staffed.turn(9.9)
    assert staffed.moves == []
    await staffed.turn(0.2)
    assert staffed.serves("anna") == {"platinum"}
    assert "wrap-up" not in caplog.text


async def test_wrap_ups_that_nobody_tells_are_missed_once_and_come_with_a_reload(
    staffed: Staffed, caplog: pytest.LogCaptureFixture
) -> None:
    def missed() -> list[str]:
        return [record.getMessage() for record in caplog.records if "is not known" in record.getMessage()]

    await staffed.turn()
    (text,) = missed()
    assert text.startswith("pbx1: the wrap-up of platinum, gold, standard is not known: ")
    staffed.staffer.on_down("gone")
    staffed.staffer.on_up()
    await staffed.turn()
    assert len(missed()) == 1
    assert staffed.rules is not None
    platinum, *others = staffed.rules.tiers
    staffed.rules = replace(staffed.rules, tiers=(replace(platinum, wrap_up=5.0), *others))
    await staffed.turn()
    assert missed()[1].startswith("pbx1: the wrap-up of gold, standard is not known: ")
    staffed.queues.variables = {"AST_CONFIG(queues.conf,gold,wrapuptime)": "7"}
    staffed.rules = replace(staffed.rules)
    await staffed.turn()
    assert len(missed()) == 2
    assert staffed.staffer._floor.wrap_ups == {"platinum": 5.0, "gold": 7.0, "standard": 0.0}


async def test_who_wraps_up_while_a_daemon_begins_is_not_moved_before_its_end(staffed: Staffed) -> None:
    assert staffed.rules is not None
    tiers = tuple(replace(tier, wrap_up=10.0) for tier in staffed.rules.tiers)
    staffed.rules = replace(staffed.rules, tiers=tiers)
    staffed.queues.put(replace(staffed.queues.members["standard", ANNA], last_call=int(time.time()) - 3))
    staffed.queues.put(replace(staffed.queues.members["standard", BOB], last_call=int(time.time()) - 3, in_call=True))
    staffed.queues.enter("platinum", "7.0")
    staffed.queues.told.clear()
    staffed.new()
    await staffed.turn()
    assert (staffed.agent("anna")["state"], staffed.agent("bob")["state"]) == ("wrap-up", "talking")
    await staffed.turn(5.9)
    assert staffed.moves == []
    await staffed.turn(1.2)
    assert staffed.serves("anna") == {"platinum"}


async def test_a_release_without_a_connection_releases_nobody(staffed: Staffed) -> None:
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    staffed.queues.is_up = False
    staffed.staffer.on_down("gone")
    with pytest.raises(AmiError):
        await staffed.staffer.release()
    staffed.queues.is_up = True
    staffed.staffer.on_up()
    await staffed.turn()
    assert staffed.status["acting"]


async def test_nobody_is_moved_whose_way_back_cannot_be_kept(
    staffed: Staffed, caplog: pytest.LogCaptureFixture
) -> None:
    await staffed.turn()
    staffed.file.mkdir()  # nothing can be written there
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    assert staffed.queues.acts == []
    assert "what was before cannot be kept" in staffed.status["why"]
    for _ in range(9):
        await staffed.turn(1.0)
    assert caplog.text.count("cannot be kept") == 1  # and not at each event
    staffed.file.rmdir()
    await staffed.turn(module.TRIES_AGAIN + 1)
    assert staffed.serves("anna") == {"platinum"}


async def test_a_damaged_file_stands_in_the_way_until_somebody_has_looked(staffed: Staffed) -> None:
    staffed.file.write_text("{")
    staffed.new()
    await staffed.turn()
    assert "is damaged" in staffed.status["why"]
    released = await staffed.staffer.release()
    assert "is damaged" in released["failed"][0]
    assert staffed.file.read_text() == "{"
    await staffed.staffer.resume()
    await staffed.turn()
    assert staffed.status["acting"]


@pytest.mark.parametrize("is_new", [False, True])
async def test_a_reload_that_drops_why_somebody_is_paused_changes_nothing(tmp_path: Path, is_new: bool) -> None:
    staffed = Staffed(tmp_path)
    for queue in ("standard", "gold"):
        staffed.log_in("anna", queue, dynamic=False)
    staffed.queues.told.clear()
    await staffed.turn()
    assert staffed.queues.members["gold", ANNA].reason == "ariroute"
    for place, member in list(staffed.queues.members.items()):
        staffed.queues.members[place] = replace(member, reason="", login=9)  # reload_single_member(); nobody is told
    if is_new:
        staffed.new()
        staffed.queues.told.clear()
    else:
        staffed.queues.status(ANNA, 1)
    await staffed.turn()
    staffed.queues.enter("gold", "7.0")
    await staffed.turn()
    assert staffed.serves("anna") == {"gold"}
    await staffed.staffer.release()
    assert staffed.serves("anna") == {"standard", "gold"}


async def test_drift_is_noticed_by_the_summary_and_that_queue_is_read(staffed: Staffed) -> None:
    await staffed.turn()
    del staffed.queues.members["standard", BOB]  # and nobody told of it
    await staffed.turn(module.LOOKS + 1)
    await staffed.turn()
    assert staffed.agent("bob") == {}
    assert staffed.queues.reads == 2


@pytest.mark.parametrize("seconds", [10.0, watch.LONG_BREAK + 1])
async def test_what_was_changed_in_a_short_break_is_a_humans_change_and_in_a_long_one_a_new_login(
    staffed: Staffed, seconds: float
) -> None:
    staffed.queues.enter("platinum", "7.0")
    await staffed.turn()
    assert staffed.serves("anna") == {"platinum"}
    staffed.queues.is_up = False
    staffed.staffer.on_down("gone")
    staffed.log_in("anna", "gold")
    staffed.queues.drop("platinum", ANNA)
    staffed.queues.told.clear()
    staffed.now += seconds
    staffed.queues.is_up = True
    staffed.staffer.on_up()
    await staffed.turn()
    if seconds < watch.LONG_BREAK:
        assert staffed.agent("anna")["by_hand"] == "somebody removed them from platinum"
        assert staffed.serves("anna") == {"gold"}
    else:
        assert staffed.agent("anna")["by_hand"] == ""
        assert staffed.serves("anna") | staffed.serves("bob") == {"standard", "platinum"}


async def test_a_fault_of_the_controller_stops_nothing_but_the_staffing(
    staffed: Staffed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Proposal:
        raise ZeroDivisionError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(module, "propose", broken)
        life = asyncio.create_task(staffed.staffer.run())
        while "ZeroDivisionError" not in staffed.status["why"]:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)
    assert not staffed.status["acting"]
    assert "nobody foresaw" in caplog.text
    staffed.now += module.TRIES_AGAIN + 1
    staffed.queues.enter("platinum", "7.0")
    staffed.tell()
    async with asyncio.timeout(5):
        while staffed.serves("anna") != {"platinum"}:
            await asyncio.sleep(0.01)
            staffed.tell()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)


async def test_agents_as_asterisk_has_them_serve_where_they_logged_in(tmp_path: Path) -> None:
    staffed = Staffed(tmp_path, replace(rules_of(()), from_asterisk=True))
    staffed.log_in("anna", "gold", penalty=1)
    staffed.log_in("anna", "standard", penalty=1)
    staffed.queues.put(QueueMember("gold", "PJSIP/other", "anna"))  # another of that name
    staffed.queues.told.clear()
    await staffed.turn()
    assert {(each["agent"], each["home"]) for each in staffed.status["agents"]} == {
        ("anna", "standard"),
        ("PJSIP/other", "gold"),
    }
    assert staffed.serves("anna") == {"standard"}
    staffed.queues.enter("platinum", "7.0")
    staffed.queues.enter("gold", "7.1")
    staffed.queues.enter("gold", "7.2")
    await staffed.turn()
    assert staffed.serves("anna") == {"gold"}  # where they had logged in; to platinum nobody had
    assert staffed.tier("platinum")["short"] == 1


async def test_a_pause_in_one_queue_closes_that_queue_to_the_agent(tmp_path: Path) -> None:
    staffed = Staffed(tmp_path, rules_of(("anna",)))
    staffed.log_in("anna", "standard", dynamic=False)
    staffed.log_in("anna", "gold", dynamic=False, paused=True, reason="not today")
    staffed.queues.told.clear()
    staffed.queues.enter("gold", "7.0")
    await staffed.turn()
    assert staffed.queues.acts == []
    assert staffed.tier("gold")["short"] == 1
    staffed.queues.pause("gold", ANNA, paused=False)
    await staffed.turn()
    assert staffed.serves("anna") == {"gold"}


async def test_how_well_a_target_was_held_is_counted_by_time(staffed: Staffed) -> None:
    await staffed.turn()
    for contact in ("7.0", "7.1", "7.2"):
        staffed.queues.enter("platinum", contact)
    await staffed.turn()
    assert (staffed.tier("platinum")["needed"], staffed.tier("platinum")["short"]) == (3, 1)
    await staffed.turn(30.0)
    staffed.queues.abandon("7.2")
    await staffed.turn()
    await staffed.turn(10.0)
    tier = staffed.tier("platinum")
    assert tier["held"] == pytest.approx(25.0, abs=1)
    assert tier["average"] == pytest.approx((2 / 3 * 30 + 10) / 40, abs=0.02)
    staffed.staffer.on_down("gone")
    staffed.now += 60.0
    assert staffed.tier("platinum")["held"] == pytest.approx(25.0, abs=1)  # what nobody saw does not count


@pytest.mark.parametrize("seed", range(2))
async def test_no_bytes_in_place_of_events_do_harm(tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(seed)
    staffed = Staffed(tmp_path, replace(rules_of(("anna",)), from_asterisk=True))
    staffed.log_in("anna", "standard")
    await staffed.turn()
    told = staffed.staffer.on_event
    link = AmiLink(SETTINGS, on_event=told, on_member_event=told)
    for count in range(300):
        for message in broken(STORY.replace(b"7.0", b"7.%d" % count), dice).split(b"\r\n\r\n"):
            link._told(fields_of(message))
        if count % 50 == 0:
            await staffed.staffer.turn()
    for _ in range(3):
        await staffed.turn(module.LOOKS + 1)
    assert staffed.status["acting"]
    assert staffed.agent("anna")["state"] == "free"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
