"""What AMI tells of queues, as typed events: as both Asterisks send it, and as nobody should."""

from __future__ import annotations

import pytest

from ariroute.asterisk.ami_connection import fields_of
from ariroute.asterisk.queue_events import (
    Abandoned,
    Answered,
    Ended,
    Entered,
    LetGo,
    QueueEvent,
    RangInVain,
    Undecided,
    queue_event,
)

CALLER = b"Timestamp: 1795323387.166084\r\nUniqueid: 7.0\r\nLinkedid: 6.9\r\nQueue: gold\r\n"
MEMBER = b"Interface: PJSIP/alice\r\nMemberName: Alice \xc3\x85\r\n"
AT = 1795323387.166084


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            b"Event: QueueCallerJoin\r\n" + CALLER + b"Position: 2\r\nCount: 3\r\n",
            Entered(AT, "7.0", "gold", "6.9", 2, 3),
        ),
        (
            b"Event: AgentRingNoAnswer\r\n" + CALLER + MEMBER + b"RingTime: 1500\r\n",
            RangInVain(AT, "7.0", "gold", "Alice Å", 1.5, "PJSIP/alice"),
        ),
        (
            b"Event: AgentConnect\r\n" + CALLER + MEMBER + b"RingTime: 1\r\nHoldTime: 4\r\n",
            Answered(AT, "7.0", "gold", "Alice Å", 4, 1, "PJSIP/alice"),
        ),
        (
            b"Event: AgentComplete\r\n" + CALLER + MEMBER + b"HoldTime: 4\r\nTalkTime: 61\r\nReason: caller\r\n",
            Ended(AT, "7.0", "gold", "Alice Å", 4, 61, "caller", "PJSIP/alice"),
        ),
        (
            b"Event: QueueCallerAbandon\r\n" + CALLER + b"Position: 1\r\nOriginalPosition: 2\r\nHoldTime: 9\r\n",
            Abandoned(AT, "7.0", "gold", 9, 1),
        ),
        (
            b"Event: UserEvent\r\nUserEvent: ariroute\r\n" + CALLER + b"What: letgo\r\nStatus: LEAVEEMPTY\r\n",
            LetGo(AT, "7.0", "gold", "leaveempty"),
        ),
        (
            b"Event: UserEvent\r\nUserEvent: ariroute\r\n" + CALLER + b"What: letgo\r\nStatus: \r\n",
            LetGo(AT, "7.0", "gold", "unknown"),
        ),
        (
            b"Event: UserEvent\r\nUserEvent: ariroute\r\nCallerIDNum: 0701\r\nCallerIDName: <unknown>\r\n"
            + CALLER
            + b"What: undecided\r\nApp: mine\r\nTo: support\r\n",
            Undecided(AT, "7.0", "gold", "mine", "support", "0701", ""),
        ),
    ],
)
def test_what_app_queue_and_the_dialplan_send_is_read(message: bytes, expected: QueueEvent) -> None:
    assert queue_event(fields_of(message + b"\r\n"), now=1.0) == expected


@pytest.mark.parametrize(
    "message",
    [
        b"Event: UserEvent\r\nUserEvent: other\r\n" + CALLER + b"What: letgo\r\n",
        b"Event: UserEvent\r\nUserEvent: ariroute\r\n" + CALLER + b"What: dance\r\n",
        b"Event: QueueCallerJoin\r\nQueue: gold\r\nPosition: 1\r\n",
        b"Event: QueueCallerJoin\r\nUniqueid: 7.0\r\nQueue: a\x01b\r\n",
        b"Event: QueueCallerJoin\r\nUniqueid: 7.0\r\nQueue: " + b"x" * 200 + b"\r\n",
        b"Event: QueueMemberStatus\r\nQueue: gold\r\nMemberName: alice\r\n",
        b"Event",
        b"\xff\xfe: \x00\r\n\r\n",
    ],
)
def test_what_is_none_of_ours_is_nothing(message: bytes) -> None:
    assert queue_event(fields_of(message), now=1.0) is None


def test_a_figure_that_is_none_counts_as_zero_and_a_time_that_is_none_as_now() -> None:
    begin = b"Event: QueueCallerAbandon\r\nTimestamp: soon\r\nUniqueid: 7.0\r\nQueue: gold\r\n"
    assert queue_event(fields_of(begin + b"HoldTime: -1\r\nPosition: \xd9\xa3\r\n"), now=5.0) == Abandoned(
        5.0, "7.0", "gold", 0, 0
    )
