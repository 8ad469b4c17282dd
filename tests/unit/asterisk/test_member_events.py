"""What AMI tells of members of queues, as typed events: as both Asterisks send it, and as nobody should."""

from __future__ import annotations

import pytest

from ariroute.asterisk.ami_connection import fields_of
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import (
    Called,
    Left,
    MemberChanged,
    MemberEvent,
    QueueMember,
    is_of_members,
    is_wanted,
    listed_member,
    member_event,
)
from ariroute.asterisk.settings import AmiSettings
from ariroute.values import Secret

MEMBER = (
    b"Timestamp: 100.25\r\nQueue: gold\r\nMemberName: Alice \xc3\x85\r\nInterface: PJSIP/alice\r\n"
    b"StateInterface: PJSIP/alice\r\nMembership: dynamic\r\nPenalty: 2\r\nCallsTaken: 7\r\nLastCall: 90\r\n"
    b"LastPause: 80\r\nLoginTime: 70\r\nInCall: 1\r\nStatus: 2\r\nPaused: 1\r\nPausedReason: lunch\r\nRinginuse: 0\r\n"
    b"Wrapuptime: 15\r\n"
)
ALICE = QueueMember(
    *("gold", "PJSIP/alice", "Alice Å", "PJSIP/alice"),
    dynamic=True,
    penalty=2,
    paused=True,
    reason="lunch",
    status=2,
    in_call=True,
    last_call=90,
    last_pause=80,
    login=70,
    wrap_up=15,
)
CALLER = b"Timestamp: 100.25\r\nUniqueid: 7.0\r\nLinkedid: 7.0\r\nQueue: gold\r\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"Event: QueueMemberAdded\r\n" + MEMBER, MemberChanged(100.25, "added", ALICE)),
        (b"Event: QueueMemberRemoved\r\n" + MEMBER, MemberChanged(100.25, "removed", ALICE)),
        (b"Event: QueueMemberStatus\r\n" + MEMBER, MemberChanged(100.25, "status", ALICE)),
        (b"Event: QueueMemberPause\r\n" + MEMBER, MemberChanged(100.25, "pause", ALICE)),
        (b"Event: QueueMemberPenalty\r\n" + MEMBER, MemberChanged(100.25, "penalty", ALICE)),
        (
            b"Event: AgentCalled\r\n" + CALLER + b"Interface: PJSIP/alice\r\nMemberName: alice\r\n",
            Called(100.25, "7.0", "gold", "PJSIP/alice"),
        ),
        (b"Event: QueueCallerLeave\r\n" + CALLER + b"Position: 1\r\nCount: 0\r\n", Left(100.25, "7.0", "gold")),
    ],
)
def test_what_app_queue_sends_is_read(message: bytes, expected: MemberEvent) -> None:
    assert is_of_members(message)
    assert not is_wanted(message)
    assert member_event(fields_of(message + b"\r\n"), now=1.0) == expected


def test_a_listed_member_is_the_same_though_its_fields_have_other_names() -> None:
    line = MEMBER.replace(b"MemberName", b"Name").replace(b"Interface: PJSIP/alice", b"Location: PJSIP/alice", 1)
    assert listed_member(fields_of(b"Event: QueueMember\r\n" + line + b"\r\n")) == ALICE
    assert listed_member({"event": "QueueMember", "queue": "gold"}) is None
    assert listed_member({"event": "QueueMember", "queue": "\x00", "location": "PJSIP/a"}) is None


@pytest.mark.parametrize(
    "message",
    [
        b"Event: QueueMemberAdded\r\nQueue: gold\r\n",
        b"Event: QueueMemberAdded\r\nQueue: gold\r\nInterface: " + b"x" * 300 + b"\r\n",
        b"Event: QueueMemberAdded\r\nInterface: PJSIP/alice\r\n",
        b"Event: QueueMemberRinginuse\r\n" + MEMBER,
        b"Event: AgentCalled\r\nQueue: gold\r\nInterface: PJSIP/alice\r\n",
        b"Event: QueueCallerLeave\r\nQueue: gold\r\n",
        b"Event: Newchannel\r\n" + CALLER,
    ],
)
def test_what_is_none_of_ours_is_nothing(message: bytes) -> None:
    assert member_event(fields_of(message + b"\r\n"), now=1.0) is None


def test_members_are_told_of_only_while_somebody_follows_them() -> None:
    told: list[MemberEvent] = []
    settings = AmiSettings(address="127.0.0.1:1", user="u", password=Secret("p"))
    link = AmiLink(settings, on_event=lambda event: None, on_member_event=told.append)
    message = b"Event: QueueMemberStatus\r\n" + MEMBER
    assert not link._wants(message)
    link.follows_members = True
    assert link._wants(message)
    link._told(fields_of(message))
    assert told == [MemberChanged(100.25, "status", ALICE)]
    assert link.events == 0  # it counts those of callers
