"""SIP callers and agents against a real Asterisk, judged by Asterisk's own records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.debian import sipp_program
from ariroute.lab.records import QueueEvent, QueueRow, RecordFile, cel, queue_log
from ariroute.lab.sip import Agent, AgentEvent, Agents, Caller, Callers, Identity, Outcome
from ariroute.lab.verdict import CallVerdict, census, verdicts

QUEUES = """
[gold]
strategy = rrmemory
timeout = 15
retry = 1
ringinuse = no
joinempty = yes
[lonely]
timeout = 15
joinempty = yes
"""
DIALPLAN = """
[ariroute-demo]
exten => gold,1,Answer(0,i)
 same => n,Queue(gold)
 same => n,Hangup()
exten => unanswered,1,Queue(gold)
 same => n,Hangup()
exten => lonely,1,Queue(lonely)
 same => n,Hangup()
exten => refused,1,Hangup(21)
exten => noqueue,1,Wait(60)
"""


class Floor:
    """A call centre of one test: the PBX, its phones, its callers, its records."""

    def __init__(self, pbx: PrivateAsterisk, agents: Agents, callers: Callers) -> None:
        self.pbx = pbx
        self.agents = agents
        self.callers = callers
        self.queue: RecordFile[QueueRow] = queue_log(pbx.queue_log)

    def verdicts_once(self, ending: QueueEvent, calls: int) -> dict[str, CallVerdict]:
        """Wait until `calls` calls have ended so, then give all verdicts, by caller."""

        def ended(rows: list[QueueRow]) -> bool:
            return sum(call.ending is ending for call in verdicts(rows).values()) >= calls

        return {call.caller: call for call in verdicts(self.queue.wait_for(ended, timeout=15)).values()}


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    phones = [Agent("agent1", handles=0.5), Agent("agent2", handles=0.5), Agent.silent("agent3")]
    sipp = sipp_program()
    with (
        Agents(sipp, phones, tmp_path / "sip") as agents,
        PrivateAsterisk(
            tmp_path / "pbx",
            agents=dict.fromkeys(agents.agents, agents.port),
            queues=QUEUES,
            extra_dialplan=DIALPLAN,
        ) as pbx,
        Callers(sipp, ("127.0.0.1", pbx.sip_port), tmp_path / "sip") as callers,
    ):
        yield Floor(pbx, agents, callers)


def test_when_three_call_and_two_agents_are_in_then_each_is_answered_in_the_queue(floor: Floor) -> None:
    for agent in ("agent1", "agent2"):
        floor.agents.log_in(floor.pbx, "gold", agent)
    numbers = ["+46701000001", "+46701000002", "+46701000003"]

    results = floor.callers.place([Caller(number, dialled="gold") for number in numbers], rate=10).wait(30)
    calls = floor.verdicts_once(QueueEvent.COMPLETEAGENT, 3)

    assert [result.outcome for result in results] == [Outcome.HUNG_UP_BY_PBX] * 3
    assert sorted(calls) == numbers
    assert {call.queues for call in calls.values()} == {("gold",)}
    answered = {record.agent for record in floor.agents.records() if record.event is AgentEvent.ANSWERED}
    assert {call.answered_by for call in calls.values()} == answered == {"agent1", "agent2"}


def test_when_a_caller_is_short_of_patience_then_the_queue_log_says_abandoned(floor: Floor) -> None:
    floor.agents.log_in(floor.pbx, "lonely", "agent3")

    result, *_ = floor.callers.place_one("+46701000009", dialled="lonely", patience=1.0).wait(15)
    calls = floor.verdicts_once(QueueEvent.ABANDON, 1)

    assert (result.outcome, result.code, result.answered) == (Outcome.GAVE_UP, 487, False)
    assert calls["+46701000009"].answered_by is None
    assert [record.event for record in floor.agents.records()] == [AgentEvent.RUNG, AgentEvent.CANCELLED]


def test_when_the_line_is_answered_late_then_the_caller_talks_and_hangs_up(floor: Floor) -> None:
    floor.agents.log_in(floor.pbx, "gold", "agent2")

    result, *_ = floor.callers.place_one("+46701000004", dialled="unanswered", stay=0.2).wait(15)
    calls = floor.verdicts_once(QueueEvent.COMPLETECALLER, 1)

    assert (result.outcome, result.answered) == (Outcome.HUNG_UP_BY_CALLER, True)
    assert calls["+46701000004"].answered_by == "agent2"


def test_when_the_pbx_refuses_then_the_caller_knows_the_status(floor: Floor) -> None:
    result, *_ = floor.callers.place_one("+46701000005", dialled="refused").wait(15)

    assert (result.outcome, result.code) == (Outcome.REFUSED, 403)


def test_when_a_name_is_hostile_then_the_call_and_its_name_arrive(floor: Floor) -> None:
    floor.agents.log_in(floor.pbx, "gold", "agent1")
    hostile = Caller("", raw_from='"${SHELL(id)};[x]|]]>" <sip:+46701000006@127.0.0.1>', dialled="gold")

    floor.callers.place([hostile]).wait(15)

    assert "+46701000006" in floor.verdicts_once(QueueEvent.COMPLETEAGENT, 1)
    assert '"${SHELL(id)};[x]|]]>"' in floor.agents.records()[0].from_header


def test_when_the_number_is_asserted_then_from_stays_anonymous(floor: Floor) -> None:
    caller = Caller("+46701000007", "Ann", dialled="lonely", patience=0.5)

    floor.callers.place([caller], identity=Identity.ASSERTED).wait(15)

    assert list(floor.verdicts_once(QueueEvent.ABANDON, 1)) == ["anonymous"]  # the caller's endpoint is not trusted


def test_when_calls_reach_no_queue_then_the_census_tells_lost_from_left(floor: Floor) -> None:
    records = cel(floor.pbx.cel_log)

    floor.callers.place(
        [
            Caller("1001", dialled="lonely", patience=0.5),
            Caller("1002", dialled="noqueue", patience=0.5),
            Caller("1003", dialled="refused"),
        ]
    ).wait(15)
    rows = records.wait_for(lambda rows: sum(row.name == "CHAN_END" for row in rows) == 3, timeout=10)
    count = census(rows, floor.queue.rows(), {"ariroute-demo"})

    caller = {row.uniqueid: row.caller for row in rows}
    assert sorted(caller[one] for one in count.placed) == ["1001", "1002", "1003"]
    assert [caller[one] for one in count.queued] == ["1001"]
    assert [caller[one] for one in count.left_first] == ["1002"]
    assert [caller[one] for one in count.lost] == ["1003"]
    assert count.twice == frozenset()


def test_when_an_agent_logs_out_then_nobody_rings_there(floor: Floor) -> None:
    floor.agents.log_in(floor.pbx, "gold", "agent1")
    floor.agents.log_out(floor.pbx, "gold", "agent1")

    floor.callers.place_one("+46701000008", dialled="unanswered", patience=1.0).wait(15)

    floor.verdicts_once(QueueEvent.ABANDON, 1)
    assert floor.agents.records() == []
