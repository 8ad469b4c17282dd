"""Questions to a journal: one contact, and those that have something in common."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from ariroute.journal.reader import ANY, Reader, Wanted
from ariroute.journal.store import Statement, Store

USUAL: dict[str, Any] = {
    "pbx": "pbx1",
    "medium": "call",
    "caller": "+46******567",
    "caller_key": "k567",
    "dialled": "support",
    "flow": "support",
    "destination": "queue gold, priority 20",
    "queue": "gold",
    "priority": 20,
    "by_default": 0,
    "reason": "why",
    "handed": "handed over",
    "took": 0.01,
    "digest": "d1",
    "detail": "{}",
}

Put = Callable[..., None]


@pytest.fixture
def put(store: Store) -> Put:
    """Writes one record, with the usual values for what is not given."""
    numbers = count(1)

    def write(contact: str, arrived: float, **columns: Any) -> None:
        row = {"id": next(numbers), "contact": contact, "arrived": arrived, **USUAL, **columns}
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        store.write([Statement(f"INSERT INTO contacts ({', '.join(row)}) VALUES ({places})", tuple(row.values()))])

    return write


@pytest.fixture
def reader(store: Store) -> Reader:
    return Reader(store)


def found(reader: Reader, wanted: Wanted, **how: Any) -> list[str]:
    return [each.contact for each in reader.find(wanted, **how)]


def test_the_latest_comes_first_unless_the_oldest_is_asked_for(reader: Reader, put: Put) -> None:
    for contact, arrived in (("b", 20.0), ("c", 30.0), ("a", 10.0)):
        put(contact, arrived)

    assert found(reader, ANY) == ["c", "b", "a"]
    assert found(reader, ANY, limit=2) == ["c", "b"]
    assert found(reader, ANY, limit=2, oldest_first=True) == ["a", "b"]
    last = reader.last()
    assert last is not None
    assert last.contact == "c"


def test_a_time_is_from_its_beginning_to_before_its_end(reader: Reader, put: Put) -> None:
    for contact, arrived in (("a", 10.0), ("b", 20.0), ("c", 30.0)):
        put(contact, arrived)

    assert found(reader, Wanted(since=10.0, until=30.0)) == ["b", "a"]
    assert found(reader, Wanted(since=0.0)) == ["c", "b", "a"]
    assert [each.contact for each in reader.between(10.0, 30.0)] == ["a", "b"]


@pytest.mark.parametrize(
    ("wanted", "columns"),
    [
        (Wanted(pbx="pbx2"), {"pbx": "pbx2"}),
        (Wanted(flow="sales"), {"flow": "sales"}),
        (Wanted(queue="platinum"), {"queue": "platinum"}),
        (Wanted(keys=("k2", "k1")), {"caller_key": "k1"}),
        (Wanted(outcome="abandoned"), {"outcome": "abandoned"}),
        (Wanted(handed="gone"), {"handed": "gone"}),
        (Wanted(slow=0.5), {"took": 0.5}),
        (Wanted(by_default=True), {"by_default": 1}),
        (Wanted(5.0, 15.0, "pbx2", "sales", "vip", ("y",), "full", "gone", 1.0, True), {
            "pbx": "pbx2", "flow": "sales", "queue": "vip", "caller": "x", "caller_key": "y", "outcome": "full",
                "handed": "gone",
            "took": 2.0, "by_default": 1,
        }),
    ],
    ids=str,
)  # fmt: skip
def test_only_what_is_wanted_is_found(reader: Reader, put: Put, wanted: Wanted, columns: dict[str, Any]) -> None:
    put("other", 9.0)
    put("it", 10.0, **columns)
    put("another", 11.0)

    assert found(reader, wanted) == ["it"]


def test_nothing_is_found_in_an_empty_journal(reader: Reader) -> None:
    assert reader.last() is None
    assert reader.by_contact("1.1") is None
    assert found(reader, ANY) == []
    assert reader.rules("d1") is None


def test_of_a_contact_that_was_taken_twice_the_latest_record_counts(reader: Reader, put: Put) -> None:
    put("1.1", 10.0, queue="gold")
    put("1.1", 10.5, queue="standard")
    put("1.2", 11.0)

    record = reader.by_contact("1.1")
    assert record is not None
    assert record.queue == "standard"


def test_two_pbxs_may_have_the_same_uniqueid(reader: Reader, put: Put) -> None:
    put("1.1", 10.0)
    put("1.1", 11.0, pbx="pbx2")

    record = reader.by_contact("1.1", "pbx1")
    assert record is not None
    assert record.pbx == "pbx1"
    assert reader.by_contact("1.1", "pbx3") is None


def test_the_rare_ones_are_found_without_reading_the_others(store: Store) -> None:
    sql, values = Wanted(outcome="full", flow="support", slow=1.0, by_default=True).where()
    plan = store.read(f"EXPLAIN QUERY PLAN SELECT arrived FROM contacts {sql} ORDER BY arrived DESC", tuple(values))

    assert "USING COVERING INDEX contacts_arrived" in plan[0][-1]
