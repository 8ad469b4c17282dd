"""Calls walked by a flow file and put into a journal, as the daemon does it, without a daemon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ariroute.config.kept import rules_text
from ariroute.config.load import Config, load_rules
from ariroute.daemon.recording import keeping_of
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.flow.run import Run
from ariroute.flow.wants import RingOutcome
from ariroute.journal.record import Decided, Rules
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Statement
from ariroute.testing import FakeCaller, FakeLookups, Given, drive

BEGIN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
"""When the first call comes: nine o'clock on a Monday in Stockholm. One follows each minute."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A call, what the lookups answer it, the keys that the caller presses, and how rings end."""

    answers: Mapping[str, Given] = field(default_factory=dict)
    caller: str = "+46701234567"
    dialled: str = "support"
    press: tuple[str, ...] = ()
    ring: tuple[RingOutcome | None, ...] = ()


def record(journal: Path, flow_file: Path, calls: Iterable[Placed], begin: datetime = BEGIN) -> Config:
    """Decide ``calls`` by the file and write them to ``journal``; their uniqueids are ``call.0``, ``call.1`` ..."""
    config, statements = decided(flow_file, calls, begin)
    store = SqliteStore(journal)
    store.migrate()
    store.write(statements)
    store.close()
    return config


def decided(flow_file: Path, calls: Iterable[Placed], begin: datetime = BEGIN) -> tuple[Config, list[Statement]]:
    """As :func:`record`; what is to be written."""
    config = load_rules(flow_file)
    assert config.journal is not None
    keeping = keeping_of(config, config.journal)
    statements = list(Rules(config.digest, begin.timestamp(), rules_text(config)).statements())
    for number, call in enumerate(calls):
        at = begin + timedelta(minutes=number)
        caller = party(call.caller, "Ann", config.ruleset.region)
        dialled = dialled_party(call.dialled, config.ruleset.region)
        contact = Contact(f"call.{number}", at, caller, dialled, "call", "pbx1")
        flow = config.ruleset.flow_for(contact)
        assert flow is not None
        run = Run(config.ruleset, flow, contact)
        decision = drive(run, FakeLookups(call.answers), at, FakeCaller(call.press, call.ring))
        statements += Decided(contact, flow.name, run.history, decision, "handed over", 0.1, keeping).statements()
    return config, statements
