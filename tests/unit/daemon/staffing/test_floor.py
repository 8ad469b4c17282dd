"""The floor: from events and lists to who does what, in whatever order these come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ariroute.asterisk.ami import QueueStatus, Waiting
from ariroute.asterisk.queue_events import (
    Abandoned,
    Answered,
    Called,
    Ended,
    Entered,
    Left,
    MemberChanged,
    MemberEvent,
    QueueEvent,
    QueueMember,
    RangInVain,
)
from ariroute.daemon.staffing.floor import DOUBTS, LEAVES, SETTLES, Doing, Floor
from ariroute.daemon.staffing.held import WINDOW, Held
from ariroute.staffing.recent import Recent
from ariroute.staffing.snapshot import QueueNow, State

ANNA = "PJSIP/anna"
MEMBER = QueueMember("gold", ANNA, "anna")
ENTERED = Entered(0.0, "7.0", "gold", "7.0", 1, 1)
CALLED = Called(0.0, "7.0", "gold", ANNA)
LEFT = Left(0.0, "7.0", "gold")
ANSWERED = Answered(0.0, "7.0", "gold", "anna", 4, 1, ANNA)
ENDED = Ended(0.25, "7.0", "gold", "anna", 4, 60, "caller", ANNA)


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.sync(QueueStatus((MEMBER,), (), {"gold": 0}), 0.0)
    return floor


def tell(floor: Floor, now: float, *events: QueueEvent | MemberEvent) -> None:
    for event in events:
        floor.on_event(event, now)


def status(status: int, *, in_call: bool = False) -> MemberChanged:
    return MemberChanged(0.0, "status", replace(MEMBER, status=status, in_call=in_call))


def gold(floor: Floor, now: float) -> QueueNow:
    return floor.queue_now("gold", now, 10.0, 600.0)


def state(floor: Floor, now: float) -> State:
    return floor.doing(ANNA, now).state


def test_a_call_from_its_entry_to_its_end(floor: Floor) -> None:
    assert state(floor, 0.0) is State.FREE
    tell(floor, 1.0, ENTERED)
    assert gold(floor, 5.0) == QueueNow("gold", 1, 0, 4.0, None, None)
    tell(floor, 5.0, status(6), CALLED)
    assert floor.doing(ANNA, 5.0) == Doing(State.RINGING, "gold")
    tell(floor, 8.0, status(2), LEFT)
    assert gold(floor, 8.0).calls == 1  # who waits no more is still there until we hear what became of them
    tell(floor, 8.0, ANSWERED)
    assert floor.doing(ANNA, 8.0) == Doing(State.TALKING, "gold")
    assert gold(floor, 8.0) == QueueNow("gold", 0, 1, 0.0, None, 100.0)
    tell(floor, 68.0, ENDED, status(1))
    assert state(floor, 68.0) is State.FREE
    assert gold(floor, 68.0) == QueueNow("gold", 0, 0, 0.0, 60.0, 100.0)


def test_a_phone_that_is_still_said_to_be_in_use_is_free_once_the_talk_has_ended(floor: Floor) -> None:
    tell(floor, 1.0, ENTERED, status(2), LEFT, ANSWERED)
    tell(floor, 60.0, ENDED)
    assert floor.doing(ANNA, 60.0) == Doing(State.FREE, "", 60.0 + SETTLES)
    assert state(floor, 60.0 + SETTLES) is State.BUSY  # a talk of their own since


def test_a_phone_in_use_without_a_caller_is_busy_soon(floor: Floor) -> None:
    tell(floor, 10.0, status(2))
    assert floor.doing(ANNA, 10.5) == Doing(State.RINGING, "", 11.0)  # AgentCalled may be under way
    assert state(floor, 11.0) is State.BUSY
    tell(floor, 20.0, status(1))
    assert state(floor, 20.0) is State.FREE


@pytest.mark.parametrize(("number", "expected"), [(0, State.FREE), (1, State.FREE), (4, State.AWAY), (5, State.AWAY)])
def test_what_the_state_of_a_phone_means(floor: Floor, number: int, expected: State) -> None:
    tell(floor, 1.0, status(number))
    assert state(floor, 1.0) is expected


def test_a_pause_everywhere_is_a_pause(floor: Floor) -> None:
    tell(floor, 1.0, MemberChanged(0.0, "added", replace(MEMBER, queue="platinum")))
    tell(floor, 2.0, MemberChanged(0.0, "pause", replace(MEMBER, paused=True)))
    assert state(floor, 2.0) is State.FREE
    tell(floor, 2.0, MemberChanged(0.0, "pause", replace(MEMBER, queue="platinum", paused=True)))
    assert state(floor, 2.0) is State.PAUSED


def test_wrap_up_counts_from_the_begin_of_the_second_in_which_the_talk_ended(floor: Floor) -> None:
    floor.wrap_ups["gold"] = 10.0
    tell(floor, 1.0, ENTERED, LEFT, ANSWERED)
    tell(floor, 60.0, ENDED)  # at .25 of Asterisk's second
    assert floor.doing(ANNA, 60.0) == Doing(State.WRAP_UP, "gold", 69.75)
    assert state(floor, 69.75) is State.FREE
    assert gold(floor, 70.0).handling_time == 70.0


def test_a_members_own_wrap_up_beats_the_queues(floor: Floor) -> None:
    floor.wrap_ups["gold"] = 10.0
    tell(floor, 0.0, MemberChanged(0.0, "status", replace(MEMBER, wrap_up=3)))
    tell(floor, 1.0, ENTERED, LEFT, ANSWERED)
    tell(floor, 60.0, ENDED)
    assert floor.doing(ANNA, 60.0).until == 62.75


def test_who_is_heard_of_no_more_has_left(floor: Floor) -> None:
    tell(floor, 1.0, ENTERED, CALLED)
    tell(floor, 2.0, LEFT)
    assert floor.settle(2.0) == 2.0 + LEAVES
    assert gold(floor, 2.0).waiting == 1
    floor.settle(2.0 + LEAVES)
    assert gold(floor, 3.0).waiting == 0
    assert state(floor, 3.0) is State.FREE  # no phone rings for them any more


def test_a_caller_who_hangs_up_silences_every_phone_and_counts(floor: Floor) -> None:
    tell(floor, 1.0, ENTERED, CALLED, Called(0.0, "7.0", "gold", "PJSIP/bob"))
    tell(floor, 31.0, Abandoned(0.0, "7.0", "gold", 30, 1), LEFT)
    assert state(floor, 31.0) is State.FREE
    assert gold(floor, 31.0) == QueueNow("gold", 0, 0, 0.0, None, 0.0)


def test_a_ring_in_vain_is_over(floor: Floor) -> None:
    tell(floor, 1.0, ENTERED, CALLED)
    tell(floor, 16.0, RangInVain(0.0, "7.0", "gold", "anna", 15.0, ANNA))
    assert state(floor, 16.0) is State.FREE
    assert gold(floor, 16.0).waiting == 1


def test_a_talk_or_a_ring_whose_end_nobody_told_is_over_when_the_phone_is_idle(floor: Floor) -> None:
    floor.wrap_ups["gold"] = 10.0
    tell(floor, 1.0, ENTERED, LEFT, ANSWERED, status(2, in_call=True))
    tell(floor, 60.0, status(1))
    assert state(floor, 60.5) is State.TALKING
    assert floor.settle(60.5) == 60.0 + DOUBTS
    floor.settle(60.0 + DOUBTS)
    assert floor.doing(ANNA, 61.0) == Doing(State.WRAP_UP, "gold", 70.0)
    assert gold(floor, 61.0).talking == 0
    tell(floor, 80.0, replace(ENTERED, contact="7.1"), replace(CALLED, contact="7.1"), status(6))
    tell(floor, 81.0, status(1))
    floor.settle(81.0 + DOUBTS)
    assert state(floor, 82.0) is State.FREE


def test_a_call_of_which_no_more_is_told_is_doubted_when_somebody_looks(floor: Floor) -> None:
    tell(floor, 1.0, ENTERED, LEFT, ANSWERED)
    floor.doubt(500.0)
    floor.settle(500.0 + DOUBTS)
    assert state(floor, 502.0) is State.FREE
    tell(floor, 600.0, replace(ENTERED, contact="7.1"), LEFT, replace(ANSWERED, contact="7.1"))
    tell(floor, 600.0, status(2, in_call=True))
    floor.doubt(900.0)
    floor.settle(900.0 + DOUBTS)
    assert state(floor, 902.0) is State.TALKING


def test_a_list_is_believed_but_for_what_an_event_tells_sooner(floor: Floor) -> None:
    talks = replace(MEMBER, status=2, in_call=True)
    changes = floor.sync(QueueStatus((talks,), (Waiting("gold", "7.1", 1, 30),), {"gold": 90}), 100.0)
    assert [(change.before, change.after) for change in changes] == [(MEMBER, talks)]
    assert floor.doing(ANNA, 100.0) == Doing(State.TALKING, "gold")
    assert gold(floor, 100.0) == QueueNow("gold", 1, 1, 30.0, 90.0, None)
    tell(floor, 101.0, ANSWERED)  # told before the list was made, and after it came: the same talk
    assert gold(floor, 101.0).talking == 1
    tell(floor, 110.0, ENDED)
    assert gold(floor, 110.0).talking == 0
    floor.sync(QueueStatus((talks,), (), {"gold": 90}), 110.1, "gold")  # it still has the talk
    assert gold(floor, 110.1).calls == 0
    floor.sync(QueueStatus((), (), {}), 120.0)
    assert floor.members == {}


def test_a_list_of_one_queue_leaves_the_others_alone(floor: Floor) -> None:
    tell(floor, 1.0, MemberChanged(0.0, "added", replace(MEMBER, queue="platinum")), replace(ENTERED, queue="platinum"))
    floor.sync(QueueStatus((), (), {"gold": 0}), 2.0, "gold")
    assert set(floor.members[ANNA]) == {"platinum"}
    assert floor.callers("platinum") == 1


def test_the_state_of_a_member_who_was_removed_brings_nobody_back(floor: Floor) -> None:
    tell(floor, 1.0, MemberChanged(0.0, "removed", MEMBER), status(1))
    assert floor.members == {}
    tell(floor, 1.0, MemberChanged(0.0, "removed", MEMBER))
    assert floor.on_event(MemberChanged(0.0, "added", MEMBER), 1.0) == (None, MEMBER)


def test_members_are_counted_as_app_queue_counts_them(floor: Floor) -> None:
    for name, number, paused in (("b", 1, True), ("c", 2, False), ("d", 5, False), ("e", 0, False)):
        member = replace(MEMBER, interface=name, status=number, paused=paused)
        tell(floor, 1.0, MemberChanged(0.0, "added", member))
    assert floor.logged_in("gold") == (4, 2)


def test_of_late_is_as_long_as_it_is_said_to_be() -> None:
    recent = Recent()
    recent.answered(1.0, 5.0)
    recent.answered(50.0, 15.0)
    recent.abandoned(90.0, 3.0)
    recent.talked(1.0, 100.0)
    recent.talked(95.0, 20.0)
    assert recent.answered_in_time(10.0) == pytest.approx(100 / 3)
    assert recent.handling_time(5.0) == 65.0
    recent.forget(40.0)
    assert recent.answered_in_time(10.0) == 0.0
    assert recent.answered_in_time(20.0) == 50.0
    assert recent.answered_in_time(None) is None
    assert recent.handling_time(0.0) == 20.0
    recent.usual_talk = 70.0
    recent.forget(100.0)
    assert (recent.answered_in_time(20.0), recent.handling_time(0.0)) == (None, 70.0)


def test_what_was_held_is_forgotten_after_a_while() -> None:
    held = Held()
    assert (held.percent, held.average) == (None, None)
    held.add(0.0, 30.0, 0.5, holds=False)
    held.add(30.0, 120.0, 1.0, holds=True)
    assert held.percent == 75.0
    assert held.average == pytest.approx((15 + 90) / 120)
    held.forget(10.0 + WINDOW)
    assert held.percent == 100.0
    held.forget(1e6)
    assert held.percent is None
