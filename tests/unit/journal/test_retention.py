"""Old records go, and the oldest when all take too much room; in pieces, and never the rules in force."""

from __future__ import annotations

import pytest

from ariroute.errors import JournalError
from ariroute.journal.record import new_id
from ariroute.journal.retention import EVERY, MISTRUST, PIECE, Limits, Retention
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Statement

DAY = 86400.0
NOW = 1_800_000_000.0
LARGE = 1 << 40
CONTACT = (
    "INSERT INTO contacts (id, pbx, contact, medium, arrived, caller, caller_key, dialled, flow, destination, "
    "by_default, reason, handed, took, digest, detail) "
    "VALUES ($1, 'pbx1', 'c', 'call', $2, 'x', 'k', '600', 'f', 'q', 0, 'r', 'h', 0.1, $3, $4)"
)

SHADOW = (
    "INSERT INTO shadows (contact_id, digest, decided, destination, flow, by_default, differs) "
    "SELECT max(id), 'shadow', 1, 'queue gold', 'f', 0, 'destination' FROM contacts"
)


class Clock:
    """Stands still; ``set`` is how far the wall clock was set forward."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.set = 0.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        return NOW + self.now - 1000.0 + self.set


def put(store: SqliteStore, arrived: float, count: int = 1, digest: str = "d", detail: str = "{}") -> None:
    store.write([Statement(CONTACT, (new_id(arrived), arrived, digest, detail)) for _ in range(count)])


def rules(store: SqliteStore, digest: str, since: float) -> None:
    store.write([Statement("INSERT INTO configs (digest, first_seen, rules) VALUES ($1, $2, '{}')", (digest, since))])


def left(store: SqliteStore) -> dict[float, int]:
    """How many contacts are left of each time."""
    return dict(store.read("SELECT arrived, count(*) FROM contacts GROUP BY arrived"))


def done(retention: Retention, store: SqliteStore) -> int:
    """The pieces that it takes until there is nothing to be done."""
    pieces = 0
    while retention._clock() >= retention._due:
        retention.step(store)
        pieces += 1
    return pieces


def of(keep: float, largest: int = LARGE) -> tuple[Retention, Clock]:
    clock = Clock()
    return Retention(Limits(keep, largest), clock.wall, clock), clock


def test_what_is_older_than_its_time_goes_to_the_second(store: SqliteStore) -> None:
    for age in (91 * DAY, 90 * DAY + 1, 90 * DAY - 1, 0.0):
        put(store, NOW - age)
    retention, _ = of(90 * DAY)
    done(retention, store)
    assert left(store) == {NOW - 90 * DAY + 1: 1, NOW: 1}


def test_it_is_done_in_pieces_and_looked_at_again_after_a_while(store: SqliteStore) -> None:
    put(store, NOW - 2 * DAY, 2 * PIECE + 1)
    put(store, NOW)
    retention, clock = of(DAY)
    retention.step(store)
    assert left(store)[NOW - 2 * DAY] == PIECE + 1
    assert done(retention, store) == 3
    assert left(store) == {NOW: 1}
    put(store, NOW - 2 * DAY)
    retention.step(store)
    assert len(left(store)) == 2, "it is not due yet"
    clock.now += EVERY
    done(retention, store)
    assert left(store) == {NOW: 1}


def test_a_shorter_time_holds_from_the_next_look_on(store: SqliteStore) -> None:
    put(store, NOW - 2 * DAY)
    retention, clock = of(90 * DAY)
    done(retention, store)
    assert left(store)
    retention.limits = Limits(DAY, LARGE)
    clock.now += EVERY
    done(retention, store)
    assert not left(store)


def test_the_oldest_go_until_the_rest_has_room_and_the_file_shrinks(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ariroute.journal.retention.PIECE", 50)
    for day in range(10):
        put(store, NOW - (10 - day) * DAY, 200, detail="x" * 2000)
    size, disk = store.size(), store.on_disk()
    retention, _ = of(90 * DAY, size // 2)
    done(retention, store)
    assert size // 2 * 0.9 < store.size() <= size // 2
    assert min(left(store)) >= NOW - 5 * DAY
    assert left(store)[NOW - DAY] == 200, "the newest are all there"
    store.read("PRAGMA wal_checkpoint(TRUNCATE)")
    assert store.on_disk() < disk * 0.6
    assert retention.on_disk > 0


def test_rules_go_with_the_last_contact_that_they_or_a_shadow_decided_but_never_the_newest(store: SqliteStore) -> None:
    for digest, since in (("unused", NOW - 300 * DAY), ("used", NOW - 200 * DAY), ("new", NOW - 100 * DAY)):
        rules(store, digest, since)
    put(store, NOW - 150 * DAY, digest="unused")
    put(store, NOW - DAY, digest="used")
    rules(store, "shadow", NOW - 250 * DAY)
    store.write([Statement(SHADOW)])
    retention, clock = of(90 * DAY)
    done(retention, store)
    assert store.read("SELECT digest FROM configs ORDER BY digest") == [("new",), ("shadow",), ("used",)]
    retention.limits = Limits(0.5 * DAY, LARGE)
    clock.now += EVERY
    done(retention, store)
    assert store.read("SELECT digest FROM configs") == [("new",)]


def test_a_journal_that_cannot_forget_is_not_asked_all_the_time(store: SqliteStore) -> None:
    put(store, NOW - 2 * DAY)
    store.write([Statement("CREATE TRIGGER no BEFORE DELETE ON contacts BEGIN SELECT raise(ABORT, 'no'); END")])
    retention, clock = of(DAY)
    with pytest.raises(JournalError):
        retention.step(store)
    retention.step(store)
    clock.now += EVERY
    with pytest.raises(JournalError):
        retention.step(store)


def test_a_clock_that_was_set_forgets_nothing_for_an_hour(store: SqliteStore) -> None:
    put(store, NOW - 2 * DAY)
    put(store, NOW)
    retention, clock = of(DAY)
    clock.set = 365 * DAY
    done(retention, store)
    assert len(left(store)) == 2
    clock.now += MISTRUST - 1
    done(retention, store)
    assert len(left(store)) == 2
    clock.set = 0.0  # somebody has seen it, and the hour begins anew
    clock.now += EVERY
    done(retention, store)
    assert len(left(store)) == 2
    clock.now += MISTRUST
    done(retention, store)
    assert left(store) == {NOW: 1}


def test_a_clock_at_the_beginning_of_time_forgets_nothing(store: SqliteStore) -> None:
    put(store, 10.0)
    retention = Retention(Limits(DAY, LARGE), now=lambda: 100.0)
    done(retention, store)
    assert left(store) == {10.0: 1}
