"""SQLite and PostgreSQL give the same answers to everything that is asked of a journal, and forget the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from functools import partial
from pathlib import Path

import pytest
from fixtures_databases import PASSWORD
from recorded_calls import BEGIN, Placed, decided

from ariroute.config.kept import rules_of
from ariroute.config.load import Config
from ariroute.flow.again import walk_again
from ariroute.flow.contact import party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Failure
from ariroute.journal.erasing import Whose, count, erase
from ariroute.journal.keeping import caller_key
from ariroute.journal.moves import Moved, MovesWanted, moves
from ariroute.journal.opening import open_store
from ariroute.journal.reader import Reader, Recorded, Wanted
from ariroute.journal.record import Happened, OutOfSight
from ariroute.journal.retention import Limits, Retention
from ariroute.journal.settings import JournalSettings
from ariroute.journal.store import Statement, Store
from ariroute.lab.database import PrivateDatabase
from ariroute.values import Secret

KEY = Secret("k" * 32)
FLOWS = """\
version: 1
region: SE
lookups:
  crm:
    http: {url: "http://127.0.0.1:9/{caller.e164}"}
    fields: {name: string, loyalty: string, orders: number}
queues: {gold: {priority: 20}, standard: {}}
journal: {url: "sqlite:journal.db", key: "${env:KEY}"}
flows:
  support:
    trigger: {call: {to: [support]}}
    default: standard
    steps:
      - lookup: crm
      - branch:
          - when: crm.loyalty == "gold" && crm.orders > 2
            queue: gold
      - queue: {name: standard, priority: 5}
"""
CALLS = [
    Placed({"crm": {"name": "Ånna \\ 'Ek'", "loyalty": "gold", "orders": 3.0}}, caller="+46701000001"),
    Placed({"crm": {"name": "Bo", "loyalty": "silver", "orders": 0.0}}, caller="+46701000002"),
    Placed({"crm": Failure.TIMEOUT}, caller="+46701000003"),
    Placed({"crm": {"name": "Ånna", "loyalty": "gold", "orders": 9.0}}, caller="+46701000001"),
    Placed({}, caller="anonymous"),
]
AFTERWARDS: list[Happened | OutOfSight] = [
    Happened("call.0", "pbx1", {"what": "entered", "at": 1.5}, {"outcome": "waiting", "position": 2}),
    Happened("call.0", "pbx1", {"what": "answered", "at": 9.5}, {"outcome": "answered", "wait": 8.0, "agent": "anna"}),
    Happened("call.1", "pbx1", {"what": "entered", "at": 70.0}, {"outcome": "waiting"}),
    Happened("call.9", "pbx1", {"what": "entered", "at": 70.0}, {"outcome": "waiting"}),
    OutOfSight("pbx1", 0.0, {"what": "unwatched", "at": 80.0}),
]


@pytest.fixture
def config(tmp_path: Path) -> tuple[Config, list[Statement]]:
    file = tmp_path / "ariroute.yaml"
    file.write_text(FLOWS, encoding="utf-8")
    return decided(file, CALLS)


@pytest.fixture
def both(postgres: PrivateDatabase, tmp_path: Path, config: tuple[Config, list[Statement]]) -> Iterator[list[Store]]:
    """A journal in SQLite and one in PostgreSQL with the same calls."""
    postgres.sql("CREATE DATABASE journal OWNER ariroute")
    in_postgres = JournalSettings(url=postgres.url("journal"), password=Secret(PASSWORD), key=KEY)
    stores = [open_store(JournalSettings(url="sqlite:journal.db"), tmp_path), open_store(in_postgres, tmp_path)]
    statements = [*config[1], *(statement for item in AFTERWARDS for statement in item.statements())]
    for store in stores:
        store.write(statements)
        store.write(statements)  # a second try
    yield stores
    for store in stores:
        store.close()
    postgres.sql("DROP DATABASE journal WITH (FORCE)")


def same(both: list[Store], ask: Callable[[Reader], object]) -> object:
    """The one answer that both give."""
    one, other = (ask(Reader(store)) for store in both)
    assert one == other
    return one


def found(wanted: Wanted, reader: Reader) -> list[str]:
    return contacts(reader.find(wanted))


def contacts(records: Iterator[Recorded]) -> list[str]:
    return [record.contact for record in records]


def test_the_same_questions_have_the_same_answers(both: list[Store], config: tuple[Config, list[Statement]]) -> None:
    begin = BEGIN.timestamp()
    for wanted, expected in (
        (Wanted(), ["call.4", "call.3", "call.2", "call.1", "call.0"]),
        (Wanted(since=begin + 60, until=begin + 180), ["call.2", "call.1"]),
        (Wanted(queue="gold"), ["call.3", "call.0"]),
        (Wanted(keys=(caller_key(b"", party("+46701000001", "", "SE")), "other")), ["call.3", "call.0"]),
        (Wanted(outcome="answered"), ["call.0"]),
        (Wanted(pbx="pbx1", flow="support", handed="handed over", slow=0.1, until=begin + 1), ["call.0"]),
        (Wanted(by_default=True), []),
    ):
        assert same(both, partial(found, wanted)) == expected
    whole = same(both, lambda reader: [astuple(record) for record in reader.between(begin, begin + 3600)])
    assert isinstance(whole, list)
    assert len(whole) == 5
    assert same(both, lambda reader: contacts(reader.find(Wanted(), limit=2, oldest_first=True))) == [
        "call.0",
        "call.1",
    ]
    assert same(both, lambda reader: reader.rules(config[0].digest))
    assert same(both, lambda reader: reader.rules("nothing")) is None


def test_what_asterisk_did_is_there_once_though_it_was_written_twice(both: list[Store]) -> None:
    first = same(both, lambda reader: reader.by_contact("call.0", "pbx1"))
    assert isinstance(first, Recorded)
    assert (first.outcome, first.position, first.wait, first.agent) == ("answered", 2, 8.0, "anna")
    assert [event["what"] for event in first.events()] == ["entered", "answered"]
    second = same(both, lambda reader: reader.by_contact("call.1"))
    assert isinstance(second, Recorded)
    assert [event["what"] for event in second.events()] == ["entered", "unwatched"]


def test_what_was_recorded_is_decided_again_as_it_was(
    both: list[Store], config: tuple[Config, list[Statement]]
) -> None:
    fields = {name: common.fields for name, (common, _) in config[0].lookups.items()}
    for store in both:
        reader = Reader(store)
        text = reader.rules(config[0].digest)
        assert text is not None
        rules = rules_of(text, config[0].digest)
        for record in reader.find(Wanted()):
            again = walk_again(rules, rules.flows[record.plain()["flow"]], record.past(fields))
            assert isinstance(again, Decision)
            assert again.to_plain() == record.plain()["decision"]


def test_moves_of_agents_are_found_and_forgotten_alike(both: list[Store]) -> None:
    anna = Moved(1e9, "pbx1", "Ånna \\ 'Ek'", ("gold", "a_b"), "platinum", "target", "why", "dynamic", True, "")
    bob = anna._replace(at=1e9 + 0.5, agent="bob", left=(), queue="a_b", done=False, failure="no such interface")
    for store in both:
        rows = [*anna.statements(), *bob.statements()]
        store.write(rows)
        store.write(rows)  # a second try
        for wanted, expected in (
            (MovesWanted(), [bob, anna]),
            (MovesWanted(queue="a_b"), [bob, anna]),
            (MovesWanted(queue="aXb"), []),
            (MovesWanted(agent=anna.agent, queue="gold", pbx="pbx1", since=1e9, until=1e9 + 1), [anna]),
            (MovesWanted(since=1e9 + 0.5), [bob]),
        ):
            assert moves(store, wanted, 10) == expected
        size = store.size()
        Retention(Limits(BEGIN.timestamp() - 1e9, 1 << 40), lambda: BEGIN.timestamp() + 1, lambda: 1e6).step(store)
        assert moves(store, MovesWanted(), 10) == []
        assert 0 < store.size() <= size
    assert len(contacts(Reader(both[0]).find(Wanted()))) == len(contacts(Reader(both[1]).find(Wanted()))) == 5


@pytest.mark.parametrize(
    ("whose", "left"),
    [
        (Whose(keys=(caller_key(b"", party("+46701000001", "", "SE")),)), ["call.4", "call.2", "call.1"]),
        (Whose(numbers=("+46******002",)), ["call.4", "call.3", "call.2", "call.0"]),
        (Whose(contact="call.2"), ["call.4", "call.3", "call.1", "call.0"]),
    ],
)
def test_who_is_erased_from_one_is_erased_from_the_other(both: list[Store], whose: Whose, left: list[str]) -> None:
    for store in both:
        assert count(store, whose) == 5 - len(left)
        done = erase(store, whose)
        assert (done.before, done.after) == (5 - len(left), 0)
    assert same(both, lambda reader: contacts(reader.find(Wanted()))) == left
