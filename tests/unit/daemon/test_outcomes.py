"""What becomes of contacts: each record in its place, whatever order or gap the events come in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ariroute.asterisk.ami import Waiting
from ariroute.asterisk.queue_events import Abandoned, Answered, Ended, Entered, LetGo, QueueEvent, RangInVain, Undecided
from ariroute.daemon.outcomes import HEARD_WITHIN, MOST, MOST_RINGS, Outcomes
from ariroute.daemon.queue_metrics import MOST_QUEUES, QueueMetrics
from ariroute.journal.record import Happened, OutOfSight


class Stage:
    """Outcomes with a journal that is a list, and a clock that the test moves."""

    def __init__(self, unwatched: str = "") -> None:
        self.offered: list[Happened] = []
        self.out_of_sight: list[OutOfSight] = []
        self.now = 0.0
        self.registry = CollectorRegistry()
        self.metrics = QueueMetrics(self.registry, lambda: self.now)
        self.due: list[Callable[[], None]] = []
        self.unseen: list[Undecided] = []
        self.outcomes = Outcomes(
            "pbx1",
            self._offer,
            self.metrics,
            unwatched,
            unseen=self.unseen.append,
            later=self._later,
            clock=lambda: self.now,
        )

    def _offer(self, item: Happened | OutOfSight) -> None:
        if isinstance(item, Happened):
            self.offered.append(item)
        else:
            self.out_of_sight.append(item)

    def _later(self, within: float, call: Callable[[str], None], contact: str) -> None:
        assert within == HEARD_WITHIN
        self.due.append(lambda: call(contact))

    def happens(self, event: QueueEvent) -> None:
        """The event comes as soon as it happened."""
        self.now = event.at
        self.outcomes.on_event(event)

    def told(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(happened.event.get(name) for name in ("what", *names)) for happened in self.offered]

    def columns(self) -> dict[str, Any]:
        """The row's columns after all that was offered."""
        row: dict[str, Any] = {}
        for happened in self.offered:
            row |= happened.columns
        return row

    def count(self, name: str, **labels: str) -> float:
        self.metrics.settle()
        return sum(
            sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


def entered(at: float, queue: str = "gold", contact: str = "7.0") -> Entered:
    return Entered(at, contact, queue, "6.9", 2, 3)


def test_a_call_that_was_answered() -> None:
    stage = Stage()
    for event in (
        entered(100.0),
        RangInVain(101.0, "7.0", "gold", "bob", 1.0),
        Answered(103.5, "7.0", "gold", "alice", 3, 0),
        Ended(163.75, "7.0", "gold", "alice", 3, 60, "caller"),
    ):
        stage.happens(event)
    assert stage.told("at", "queue", "agent", "wait", "talk", "by") == [
        ("entered", 100.0, "gold", None, None, None, None),
        ("rang in vain", 101.0, "gold", "bob", None, None, None),
        ("answered", 103.5, "gold", "alice", 3.5, None, None),
        ("ended", 163.75, "gold", "alice", None, 60.25, "caller"),
    ]
    row = stage.columns()
    assert [row[name] for name in ("outcome", "outcome_queue", "position", "linked")] == ["answered", "gold", 2, "6.9"]
    assert [row[name] for name in ("agent", "wait", "talk")] == ["alice", 3.5, 60.25]
    assert {(happened.contact, happened.pbx) for happened in stage.offered} == {("7.0", "pbx1")}
    assert stage.count("ariroute_queue_left_total", queue="gold", how="answered") == 1
    assert stage.count("ariroute_queue_talk_seconds_sum", queue="gold") == 60.25


def test_whoever_hangs_up_has_abandoned_and_is_counted_when_nothing_more_is_heard() -> None:
    stage = Stage()
    stage.happens(entered(100.0))
    stage.happens(Abandoned(104.0, "7.0", "gold", 4, 1))
    assert (stage.columns()["outcome"], stage.columns()["wait"]) == ("abandoned", 4.0)
    assert stage.count("ariroute_queue_left_total") == 0
    stage.now += 2.5
    assert stage.count("ariroute_queue_left_total", queue="gold", how="abandoned") == 1


def test_whoever_is_let_go_has_not_abandoned_and_waits_on_in_the_next_queue() -> None:
    stage = Stage()
    for event in (
        entered(100.0),
        Abandoned(110.0, "7.0", "gold", 10, 1),
        LetGo(110.0, "7.0", "gold", "leaveempty"),
        entered(110.0, "standard"),
        Answered(112.0, "7.0", "standard", "alice", 2, 0),
    ):
        stage.happens(event)
    assert [what for (what,) in stage.told()] == ["entered", "abandoned", "let go", "entered", "answered"]
    row = stage.columns()
    assert (row["outcome"], row["outcome_queue"], row["wait"]) == ("answered", "standard", 12.0)
    stage.now += 60.0
    assert stage.count("ariroute_queue_left_total", how="abandoned") == 0
    assert stage.count("ariroute_queue_left_total", queue="gold", how="leaveempty") == 1
    assert stage.count("ariroute_queue_wait_seconds_sum", queue="gold", how="let_go") == 10.0
    assert stage.count("ariroute_queue_wait_seconds_sum", queue="standard", how="answered") == 2.0


def test_a_queue_that_lets_nobody_in_is_told() -> None:
    stage = Stage()
    stage.happens(LetGo(100.0, "7.0", "gold", "joinempty"))
    assert stage.told("status") == [("let go", "joinempty")]
    assert stage.columns() == {"outcome": "joinempty", "outcome_queue": "gold"}


def test_a_call_without_a_decision_is_told_and_counted() -> None:
    stage = Stage()
    stage.outcomes.began("8.0")
    taken, never, others = (
        Undecided(100.0, contact, "standard", app, "support", "0701", "Ann")
        for contact, app in (("8.0", ""), ("7.0", "ariroute"), ("9.0", "another"))
    )
    stage.happens(taken)
    assert stage.offered == []
    stage.outcomes.settled("8.0", queued=True)
    stage.happens(never)
    stage.happens(others)
    assert stage.unseen == [never]
    assert stage.told("queue") == [("undecided", "standard")] * 2
    assert [happened.contact for happened in stage.offered] == ["8.0", "7.0"]
    assert stage.count("ariroute_calls_undecided_total", pbx="pbx1") == 2


def test_what_happens_before_the_record_is_there_comes_after_it() -> None:
    stage = Stage()
    stage.outcomes.began("7.0")
    stage.happens(entered(100.0))
    assert stage.offered == []
    stage.outcomes.settled("7.0", queued=True)
    stage.happens(Abandoned(104.0, "7.0", "gold", 4, 1))
    assert [what for (what,) in stage.told()] == ["entered", "abandoned"]


def test_what_is_heard_late_of_the_queue_before_belongs_to_the_decision_before() -> None:
    stage = Stage()
    stage.happens(entered(100.0))
    stage.outcomes.began("7.0")  # it is decided again: ARI was faster than AMI
    stage.happens(Abandoned(110.0, "7.0", "gold", 10, 1))
    stage.happens(LetGo(110.0, "7.0", "gold", "timeout"))
    assert stage.columns()["outcome"] == "timeout"
    stage.happens(entered(111.0, "standard"))
    stage.happens(Answered(112.0, "7.0", "standard", "alice", 1, 0))
    assert [what for (what,) in stage.told()] == ["entered", "abandoned", "let go"]
    stage.outcomes.settled("7.0", queued=True)
    assert [what for (what,) in stage.told()][3:] == ["entered", "answered"]


def test_of_a_queue_that_lets_nobody_in_the_new_decision_is_told() -> None:
    stage = Stage()
    stage.outcomes.began("7.0")
    stage.happens(LetGo(100.0, "7.0", "gold", "joinempty"))
    assert stage.offered == []
    stage.outcomes.settled("7.0", queued=True)
    assert stage.columns()["outcome"] == "joinempty"


def test_a_call_that_was_decided_again_and_of_which_no_queue_tells_is_unknown() -> None:
    stage = Stage()
    stage.happens(entered(100.0))
    stage.happens(Abandoned(110.0, "7.0", "gold", 10, 1))
    stage.happens(LetGo(110.0, "7.0", "gold", "timeout"))
    stage.outcomes.began("7.0")
    stage.outcomes.settled("7.0", queued=True)
    (give_up,) = stage.due
    give_up()
    assert stage.columns()["outcome"] == "unknown"


def test_without_ami_the_outcome_is_unknown_and_says_why() -> None:
    stage = Stage("no asterisk.pbx1.ami in the flow file")
    for contact, queued in (("7.0", True), ("8.0", False)):
        stage.outcomes.began(contact)
        stage.outcomes.settled(contact, queued=queued)
    assert stage.told("why") == [("unwatched", "no asterisk.pbx1.ami in the flow file")]
    assert stage.offered[0].contact == "7.0"
    assert stage.columns() == {"outcome": "unknown"}


def test_when_ami_goes_away_those_in_the_queues_are_unknown_and_those_who_left_are_not() -> None:
    stage = Stage("AMI was not connected yet")
    stage.outcomes.on_up()
    for contact in ("7.0", "8.0"):
        stage.happens(entered(100.0, contact=contact))
    stage.happens(Abandoned(104.0, "8.0", "gold", 4, 1))
    stage.offered.clear()
    stage.outcomes.on_down("Asterisk closed the connection")
    assert [(happened.contact, happened.columns) for happened in stage.offered] == [("7.0", {"outcome": "unknown"})]
    stage.outcomes.on_up()
    stage.happens(Ended(200.0, "7.0", "gold", "alice", 30, 60, "agent"))
    row = stage.columns()
    assert [row[name] for name in ("outcome", "agent", "wait", "talk")] == ["answered", "alice", 30.0, 60.0]


def test_a_flood_of_rings_or_of_queues_fills_nothing() -> None:
    stage = Stage()
    stage.happens(entered(100.0))
    for count in range(1000):
        stage.happens(RangInVain(101.0 + count, "7.0", "gold", "bob", 1.0))
    assert len(stage.offered) == 1 + MOST_RINGS
    assert stage.count("ariroute_queue_rings_in_vain_total") == 1000
    for count in range(MOST_QUEUES + 50):
        stage.happens(entered(100.0, f"q{count}", f"9.{count}"))
    assert stage.count("ariroute_queue_entered_total", queue="(other)") == 51


def test_no_more_contacts_are_followed_than_there_is_room_for_and_those_who_left_go_first() -> None:
    stage = Stage()
    stage.happens(entered(0.0, contact="stays"))
    stage.happens(entered(0.0, contact="left"))
    stage.happens(Abandoned(1.0, "left", "gold", 1, 1))
    for count in range(MOST - 1):
        stage.happens(entered(1.0, contact=f"9.{count}"))
    stage.offered.clear()
    stage.outcomes.on_down("gone")
    assert len(stage.offered) == MOST
    assert stage.offered[0].contact == "stays"


def test_a_call_of_which_no_queue_tells_is_unknown_and_the_log_says_once_what_may_be_wrong(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.outcomes.on_up()
    for contact in ("7.0", "8.0", "9.0"):
        stage.outcomes.began(contact)
    stage.happens(entered(100.0, contact="9.0"))
    with caplog.at_level(logging.WARNING):
        for contact in ("7.0", "8.0", "9.0"):
            stage.outcomes.settled(contact, queued=True)
        for call in stage.due:
            call()
    assert len(stage.due) == 2
    assert [(each.contact, each.columns["outcome"]) for each in stage.offered] == [
        *(("9.0", "waiting"), ("7.0", "unknown"), ("8.0", "unknown"))
    ]
    assert caplog.records == []  # of the third it has told: the others hung up before


def test_when_ami_tells_nothing_at_all_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.outcomes.on_up()
    for contact in ("7.0", "8.0"):
        stage.outcomes.began(contact)
        stage.outcomes.settled(contact, queued=True)
    with caplog.at_level(logging.WARNING):
        for call in stage.due:
            call()
    (said,) = caplog.records
    assert "AMI has told nothing yet" in said.getMessage()
    assert "read = agent,user" in said.getMessage()


def test_who_waits_when_ami_is_there_again_is_known_with_the_time_before() -> None:
    stage = Stage("AMI was not connected yet")
    assert stage.outcomes.waits() is None
    assert stage.count("ariroute_queue_waiting") == 0
    stage.outcomes.on_up()
    (blanket,) = stage.out_of_sight
    assert (blanket.pbx, blanket.event["what"]) == ("pbx1", "unwatched")
    now = time.time()
    stage.happens(entered(now - 1, contact="8.0"))
    stage.now = now
    stage.offered.clear()
    stage.outcomes.found([Waiting("gold", "7.0", 1, 60), Waiting("gold", "8.0", 2, 1)])
    assert stage.told("queue", "position", "wait") == [("found waiting", "gold", 1, 60)]
    assert stage.count("ariroute_queue_waiting", queue="gold") == 2
    assert 60 <= stage.count("ariroute_queue_longest_wait_seconds", queue="gold") < 62
    stage.happens(Answered(now + 5, "7.0", "gold", "alice", 65, 0))
    assert 65 <= stage.columns()["wait"] < 66
    assert stage.count("ariroute_queue_waiting", queue="gold") == 1
    stage.happens(Abandoned(now + 5, "8.0", "gold", 6, 1))
    assert stage.count("ariroute_queue_waiting", queue="gold") == 0


def test_a_clock_that_is_set_meanwhile_makes_no_wait_wrong() -> None:
    for jump in (-3600.0, 3600.0):
        stage = Stage()
        stage.happens(entered(10_000.0))
        stage.now += 4.0
        stage.outcomes.on_event(Answered(10_004.0 + jump, "7.0", "gold", "alice", 0, 0))
        stage.now += 60.0
        stage.outcomes.on_event(Ended(10_064.0 + jump, "7.0", "gold", "alice", 0, 60, "agent"))
        assert (stage.columns()["wait"], stage.columns()["talk"]) == (4.0, 60.0)
        assert stage.count("ariroute_queue_wait_seconds_sum") == 4.0


def test_events_that_reach_us_late_are_measured_by_their_own_time() -> None:
    stage = Stage()
    stage.happens(entered(100.0))
    stage.now += 1.5
    stage.outcomes.on_event(Answered(100.5, "7.0", "gold", "alice", 0, 0))
    assert stage.columns()["wait"] == 0.5
