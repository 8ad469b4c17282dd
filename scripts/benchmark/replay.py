"""`scripts/bench replay`: recorded contacts that one core replays in a second, by the flow of docs/examples/demo."""

from __future__ import annotations

import gc
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ariroute.config.load import Config, load_text
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.run import Run
from ariroute.journal.keeping import Keeping
from ariroute.journal.reader import Reader
from ariroute.journal.record import Decided
from ariroute.journal.sqlite import SqliteStore
from ariroute.replay.changes import Changes
from ariroute.replay.comparison import Comparison
from ariroute.replay.walker import QuickWalker, Walker
from scripts.benchmark.report import Table

CONTACTS: Final = 20_000
ROUNDS: Final = 3
EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "demo" / "ariroute.yaml"
BEGIN: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Speed:
    """Contacts a second of one core's time, the best round: read alone, read and parsed, replayed, each walked."""

    read: float
    parsed: float
    replayed: float
    walked: float


def measure(folder: Path, contacts: int = CONTACTS) -> Speed:
    """Record made-up calls in `folder`, and replay them by changed rules."""
    text = EXAMPLE.read_text(encoding="utf-8")
    store = SqliteStore(folder / "journal.db")
    store.migrate()
    store.write([statement for decided in _decided(load_text(text), contacts) for statement in decided.statements()])
    changed = load_text(text.replace("crm.orders >= 10", "crm.orders >= 5"))
    reader = Reader(store)
    usual = gc.get_threshold()
    gc.set_threshold(50_000)  # as the command does
    try:
        return Speed(
            _rate(contacts, lambda: sum(1 for _ in reader.between(0, 1e12))),
            _rate(contacts, lambda: sum(1 for recorded in reader.between(0, 1e12) if recorded.plain())),
            _rate(contacts, lambda: _replay(reader, QuickWalker(changed))),
            _rate(contacts, lambda: _replay(reader, Walker(changed))),
        )
    finally:
        gc.set_threshold(*usual)
        store.close()


def _rate(contacts: int, work: object) -> float:
    assert callable(work)
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        found = work()
        rounds.append(time.process_time() - begun)
        assert found == contacts
    return contacts / min(rounds)


def _replay(reader: Reader, walker: Walker) -> int:
    changes = Changes(5)
    for _ in Comparison(walker, changes, reader.rules).play(reader.between(0, 1e12)):
        pass
    assert 0 < changes.moved < changes.told
    return changes.told


def _decided(config: Config, contacts: int) -> Iterator[Decided]:
    dice = random.Random(1)  # noqa: S311  # made-up customers
    keeping = Keeping("full", lambda: b"a key", {"crm": frozenset(config.lookups["crm"][0].fields)})
    flow = config.ruleset.flows["support"]
    for number in range(contacts):
        at = BEGIN + timedelta(seconds=number)
        caller = party(f"+4670{number:07}", "", "SE")
        contact = Contact(f"1.{number}", at, caller, dialled_party("support", "SE"), pbx="pbx1")
        run = Run(config.ruleset, flow, contact)
        run.start(at)
        decision = run.receive([_answer(dice)], at)
        assert isinstance(decision, Decision)
        yield Decided(contact, flow.name, run.history, decision, "handed over", 0.01, keeping)


def _answer(dice: random.Random) -> Answer:
    end = dice.random()
    if end > 0.95:
        return Answer("crm", Outcome.FAILED, failure=Failure.TIMEOUT, took=0.8)
    if end > 0.9:
        return Answer("crm", Outcome.MISSING, took=0.01)
    fields = {
        "loyalty": dice.choice(["platinum", "gold", "none", None]),
        "orders": float(dice.randrange(20)),
        "lifetime_value": float(dice.randrange(10_000)),
    }
    return Answer("crm", Outcome.FOUND, fields, took=0.01)


def run(folder: Path, file: Path | None) -> Table:
    """Measure; write it to `file` as JSON where given."""
    speed = measure(folder)
    if file:
        file.write_text(json.dumps(asdict(speed), indent=1) + "\n")
    rows = [
        ["read from SQLite", f"{speed.read:,.0f}"],
        ["read and parsed", f"{speed.parsed:,.0f}"],
        ["replayed", f"{speed.replayed:,.0f}"],
        ["replayed, each of them walked", f"{speed.walked:,.0f}"],
    ]
    return Table(
        f"Replay of {CONTACTS:,} contacts by the flow of docs/examples/demo", ["", "a second of one core"], rows
    )
