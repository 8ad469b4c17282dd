"""Other rules in their shadow: what differs is recorded beside the contact, and goes when the contact goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from recorded_calls import BEGIN, Placed, record

from ariroute.config.load import load_rules
from ariroute.errors import JournalError
from ariroute.journal.opening import open_store
from ariroute.journal.settings import JournalSettings
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Statement, Store
from ariroute.replay.shadow import MOST_WAITING, Shadow, written

FLOW_FILE = """\
version: 1
region: SE
journal: {url: "sqlite:journal.db"}
lookups:
  crm:
    csv: {path: crm.csv, key: phone}
    fields: {orders: number}
queues: {gold: {priority: 20}, standard: {}}
flows:
  support:
    trigger: {call: {to: [support]}}
    default: standard
    steps:
      - lookup: [crm]
      - branch:
          - when: crm.orders >= 10.0
            queue: gold
"""
STRICTER = FLOW_FILE.replace("10.0", "5.0")
ASKS_MORE = FLOW_FILE.replace("crm.orders >= 10.0", 'caller.e164 == "+46701234567"')
NOW = BEGIN.timestamp() + 1
FEW, SOME, MANY = (Placed({"crm": {"orders": orders}}) for orders in (1.0, 7.0, 12.0))


class Stage:
    """A journal, a shadow of it, and a database that can be told to take nothing."""

    def __init__(self, place: Path, rules: str = STRICTER) -> None:
        (place / "ariroute.yaml").write_text(FLOW_FILE, encoding="utf-8")
        (place / "new.yaml").write_text(rules, encoding="utf-8")
        self.place, self.count = place, 0
        self.calls()
        self.refuses = ""
        self.read = partial(open_store, JournalSettings(url=f"sqlite:{place / 'journal.db'}"), place, only_read=True)
        self.config = load_rules(place / "new.yaml")
        self.shadow = Shadow(self.config, self.read, self.write, lambda: NOW)

    def write(self) -> Store:
        if self.refuses:
            raise JournalError(self.refuses)
        return open_store(JournalSettings(url=f"sqlite:{self.place / 'journal.db'}"), self.place)

    def calls(self, *placed: Placed) -> None:
        """Record these calls, decided by the old rules."""
        self.count += 1
        record(
            self.place / "journal.db", self.place / "ariroute.yaml", placed, BEGIN + timedelta(microseconds=self.count)
        )

    def rows(self) -> list[tuple[object, ...]]:
        """The table of shadows, with the contacts that they belong to."""
        return self.ask(
            "SELECT c.contact, s.destination, s.queue, s.priority, s.flow, s.by_default, s.differs FROM shadows s "
            "JOIN contacts c ON c.id = s.contact_id ORDER BY c.id"
        )

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        store = self.read()
        try:
            return list(store.read(sql))
        finally:
            store.close()


async def test_what_would_go_elsewhere_is_told_and_recorded_and_nothing_else(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.calls(FEW, SOME, MANY)
    (found,) = await stage.shadow.look()
    assert found.move == ("queue standard, priority 0", "queue gold, priority 20")
    assert stage.rows() == [("call.1", "queue gold, priority 20", "gold", 20, "support", 0, "destination")]
    assert (stage.shadow.changes.read, stage.shadow.changes.moved) == (3, 1)
    assert stage.ask("SELECT count(*) FROM contacts") == [(3,)]
    assert await stage.shadow.look() == []


async def test_the_rules_in_the_shadow_are_kept_so_that_they_can_be_read_later(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    (kept,) = stage.ask(f"SELECT rules FROM configs WHERE digest = '{stage.config.digest}'")
    assert "crm.orders >= 5.0" in str(kept[0])
    stage.calls(SOME)
    await stage.shadow.look()
    assert stage.ask("SELECT digest, decided FROM shadows") == [(stage.config.digest, NOW)]


async def test_a_shadow_that_is_started_again_tells_nothing_twice(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.calls(SOME)
    assert len(await stage.shadow.look()) == 1
    stage.shadow = Shadow(stage.config, stage.read, stage.write, lambda: NOW)
    assert await stage.shadow.look() == []
    assert len(stage.rows()) == 1


async def test_who_cannot_be_told_is_counted_by_what_is_lacking(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ASKS_MORE)
    stage.calls(FEW, MANY)
    assert await stage.shadow.look() == []
    assert stage.shadow.changes.untold == {"caller.e164 was not recorded": 2}
    assert stage.rows() == []


async def test_a_contact_that_is_erased_takes_its_shadow_with_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.calls(SOME, SOME)
    await stage.shadow.look()
    store = stage.write()
    store.write([Statement("DELETE FROM contacts WHERE contact = $1", ("call.0",))])
    store.close()
    assert stage.ask("SELECT count(*) FROM shadows") == [(1,)]


async def test_differences_wait_while_the_journal_cannot_be_written(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.refuses = "the disk is full"
    stage.calls(SOME)
    assert len(await stage.shadow.look()) == 1
    assert (stage.shadow.trouble, stage.shadow.waiting, stage.rows()) == ("the disk is full", 1, [])
    stage.refuses = ""
    assert await stage.shadow.look() == []
    assert (stage.shadow.trouble, stage.shadow.waiting, len(stage.rows())) == ("", 0, 1)


async def test_no_more_than_so_many_wait_and_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_WAITING >= 1000
    monkeypatch.setattr("ariroute.replay.shadow.MOST_WAITING", 2)
    stage = Stage(tmp_path)
    stage.refuses = "the disk is full"
    stage.calls(SOME, SOME, SOME)
    assert len(await stage.shadow.look()) == 3
    assert (stage.shadow.waiting, stage.shadow.unrecorded) == (2, 1)


def test_a_journal_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.refuses = "it is read-only"
    with pytest.raises(JournalError, match="it is read-only"):
        Shadow(stage.config, stage.read, stage.write, lambda: NOW)


def test_one_statement_that_is_refused_does_not_keep_the_others_out(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    store = SqliteStore(tmp_path / "journal.db")
    insert = "INSERT INTO configs (digest, first_seen, rules) VALUES ($1, $2, $3)"
    good: Sequence[Statement] = [Statement(insert, (name, 1.0, "")) for name in ("a", "b")]
    assert written(store, [good[0], Statement(insert, ("c", None, "")), good[1]]) == 1
    store.close()
    assert stage.ask("SELECT digest FROM configs WHERE digest IN ('a', 'b')") == [("a",), ("b",)]
