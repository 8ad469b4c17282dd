"""A flood of AMI's events: read a few at a time, those of others by their name alone, and answers go on between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ariroute.asterisk.ami import Ami, Message
from ariroute.asterisk.ami_connection import AT_ONCE, OneConnection, WholeMessages
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import QueueEvent, is_wanted
from ariroute.asterisk.settings import AmiSettings
from ariroute.daemon.outcomes import Outcomes
from ariroute.daemon.queue_metrics import QueueMetrics
from ariroute.journal.record import Happened
from ariroute.values import Secret

from .test_ami_mutated import broken

SETTINGS = AmiSettings(address="127.0.0.1:1", user="u", password=Secret("p"), timeout=1.0)
JOIN = b"Event: QueueCallerJoin\r\nUniqueid: 7.%d\r\nQueue: gold\r\nPosition: 1\r\nCount: 1\r\n\r\n"
STATUS = b"Event: QueueMemberStatus\r\nQueue: gold\r\nMemberName: alice\r\n\r\n"
STORY = (
    b"Event: QueueCallerJoin\r\nTimestamp: 100.5\r\nUniqueid: 7.%d\r\nLinkedid: 7.%d\r\nQueue: gold\r\n\r\n",
    b"Event: AgentRingNoAnswer\r\nUniqueid: 7.%d\r\nQueue: gold\r\nMemberName: %d\r\nRingTime: 1000\r\n\r\n",
    b"Event: AgentConnect\r\nTimestamp: 103.5\r\nUniqueid: 7.%d\r\nQueue: gold\r\nMemberName: %d\r\n\r\n",
    b"Event: AgentComplete\r\nUniqueid: 7.%d\r\nQueue: gold\r\nMemberName: %d\r\nTalkTime: 60\r\n\r\n",
)
"""What a call is told by."""


class Wire(asyncio.Transport):
    """Where the client writes; it notes whether it is to read on."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.paused = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None: ...

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Connected:
    """A connection that is fed by the test, after the banner."""

    def __init__(self, on_event: Callable[[Message], None] | None = None) -> None:
        self.told: list[Message] = []
        on_event = on_event or self.told.append
        self.ami = Ami(SETTINGS, on_event)
        self.ami._manager = manager = OneConnection(on_event, host="127.0.0.1", port=1)
        self.wire, self.protocol = Wire(), WholeMessages(manager)
        attempt: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.protocol.connection_made(self.wire)
        attempt.set_result((self.wire, self.protocol))
        manager.connection_made(attempt)
        self.protocol.data_received(b"Asterisk Call Manager/9.0.0\r\n")


async def test_one_turn_of_the_loop_reads_a_few_events_and_the_rest_waits_in_asterisk() -> None:
    connected = Connected()
    connected.protocol.data_received(b"".join(JOIN % count for count in range(5 * AT_ONCE)))
    turns = []
    for _ in range(5):
        turns.append((len(connected.told), connected.wire.paused))
        await asyncio.sleep(0)
    assert turns == [(AT_ONCE * (count + 1), count < 4) for count in range(5)]
    assert [message["uniqueid"] for message in connected.told] == [f"7.{count}" for count in range(5 * AT_ONCE)]


async def test_events_of_others_are_passed_over_and_answers_come_through_between() -> None:
    connected = Connected()
    asked = asyncio.ensure_future(connected.ami.queue_summary())
    await asyncio.sleep(0)
    identifier = connected.wire.written.rpartition(b"ActionID: ")[2].partition(b"\r\n")[0]
    answer = (
        b"Response: Success\r\nActionID: %b\r\nEventList: start\r\nMessage: Queue summary will follow\r\n\r\n"
        b"%b"
        b"Event: QueueSummary\r\nQueue: gold\r\nCallers: 3\r\nActionID: %b\r\n\r\n"
        b"%b"
        b"Event: QueueSummaryComplete\r\nActionID: %b\r\nEventList: Complete\r\nListItems: 1\r\n\r\n"
    )
    noise = STATUS * 200
    connected.protocol.data_received(answer % (identifier, noise + JOIN % 1, identifier, noise + JOIN % 2, identifier))
    assert [(each.queue, each.callers) for each in await asked] == [("gold", 3)]
    assert [message["uniqueid"] for message in connected.told] == ["7.1", "7.2"]


async def test_an_event_cut_in_pieces_is_whole_again() -> None:
    connected = Connected()
    for byte in JOIN % 1:
        connected.protocol.data_received(bytes([byte]))
    assert [message["queue"] for message in connected.told] == ["gold"]


@pytest.mark.parametrize("seed", range(2))
async def test_no_bytes_in_place_of_events_do_harm(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(seed)
    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
    offered: list[Happened] = []
    outcomes = Outcomes("pbx1", offered.append, QueueMetrics(CollectorRegistry()), "")  # type: ignore[arg-type]
    link = AmiLink(SETTINGS, on_event=outcomes.on_event)
    for count in range(250):
        connected = Connected(link._told)
        text = broken(b"".join(each % (count, count) for each in STORY), dice)
        cut = dice.randrange(len(text) + 1)
        connected.protocol.data_received(text[:cut])
        connected.protocol.data_received(text[cut:])
    assert failures == []
    assert caplog.records == []
    assert len(offered) > 250  # many accidents leave an event that can be read
    for happened in offered:
        sql, values = next(happened.statements())
        assert sql.startswith("UPDATE contacts")
        assert {type(value) for value in values} <= {str, int, float}
        assert happened.columns.get("wait", 0) >= 0
        assert happened.columns.get("talk", 0) >= 0


def test_user_events_of_others_are_not_wanted() -> None:
    assert is_wanted(b"Event: UserEvent\r\nUniqueid: 1.0\r\nUserEvent: ariroute\r\nWhat: letgo\r\n\r\n")
    assert not is_wanted(b"Event: UserEvent\r\nUniqueid: 1.0\r\nUserEvent: ariroute2\r\nWhat: letgo\r\n\r\n")
    assert not is_wanted(b"Event: ")
    assert not is_wanted(STATUS)


def test_an_event_that_cannot_be_used_costs_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: QueueEvent) -> None:
        raise RuntimeError("a mistake of ours")

    link = AmiLink(SETTINGS, on_event=broken)
    link._told({"event": "QueueCallerJoin", "uniqueid": "7.0", "queue": "gold"})
    assert "an event of AMI could not be used" in caplog.text
