"""`scripts/bench journal`: what the journal costs a call, and how many decisions a second it takes without loss.

Decisions of the example flow are made by the real engine in an event loop, as many a second as given, with a journal
and without one; how late the loop's own timer comes tells what the journal's thread takes from the calls' thread. Then
as many records as may wait are offered at once, and the time until all are written tells how fast it can be.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ariroute.config.load import Config, load_rules
from ariroute.daemon.recording import Recording, journal_of
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Outcome, Scalar
from ariroute.flow.run import Run
from ariroute.journal.opening import open_store
from ariroute.journal.settings import JournalSettings
from ariroute.journal.writer import Journal
from ariroute.lab.debian import LabError
from ariroute.lab.postgres import PrivatePostgres
from ariroute.values import Secret
from scripts.benchmark.report import Table, Wish
from scripts.benchmark.steps import percentile

EXAMPLE: Final = Path(__file__).resolve().parents[2] / "docs" / "examples" / "demo" / "ariroute.yaml"
PER_SECOND: Final = 500
SECONDS: Final = 10.0
AT_ONCE: Final = 20_000
ON_THE_PATH_US: Final = 50.0
_PATIENCE: Final = 60.0
_NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one journal cost. Times in microseconds, but for ``late_ms``; nan where there is no journal.

    ``offer`` is a call's own work for its record; ``decision`` from a contact to its decision and record; ``late_ms``
    how late a timer of the calls' loop came.
    """

    journal: str
    offer: float
    offer_p99: float
    decision: float
    decision_p99: float
    late_ms: float
    lost: int
    records: int
    per_second: float
    bytes_each: float


def wishes(costs: Sequence[Cost]) -> list[Wish]:
    """What is wanted, and what was measured."""
    kept = [cost for cost in costs if cost.journal != _NONE]
    return [
        wish
        for cost in kept
        for wish in (
            Wish(cost.journal, "us on the call path, 99th percentile", cost.offer_p99, ON_THE_PATH_US),
            Wish(cost.journal, f"records lost at {PER_SECOND} decisions/s", cost.lost, 0),
            Wish(cost.journal, "records/s at most", cost.per_second, PER_SECOND, at_least=True),
        )
    ]


def measure(name: str, config: Config) -> Cost:
    """Decide with the journal of ``config``, which may have none."""
    journal = journal_of(config)
    recording = Recording(journal, config)
    if journal:
        journal.start()
    offers, decisions, late = asyncio.run(_decide(config, recording))
    per_second = _flooded(journal, config, recording) if journal else float("nan")
    if journal:
        journal.close(_PATIENCE)
    size = _size(config) if journal else float("nan")
    return Cost(
        name,
        percentile(offers, 50) if journal else float("nan"),
        percentile(offers, 99) if journal else float("nan"),
        percentile(decisions, 50),
        percentile(decisions, 99),
        percentile(late, 99) / 1e3,
        journal.dropped + journal.refused + journal.waiting if journal else 0,
        journal.written if journal else 0,
        per_second,
        size,
    )


async def _decide(config: Config, recording: Recording) -> tuple[list[float], list[float], list[float]]:
    """Sorted microseconds: of the offers, of the whole decisions, and by which the loop's timer was late."""
    offers, decisions, late = [], [], []
    count = int(PER_SECOND * SECONDS)
    begun = time.perf_counter()
    for number in range(count):
        due = begun + number / PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        came = time.perf_counter()
        late.append(max(0.0, came - due) * 1e6)
        contact, run, decision = _decided(config, number)
        decided = time.perf_counter()
        recording.decided(contact, run, decision, "handed over", 0.001)
        done = time.perf_counter()
        offers.append((done - decided) * 1e6)
        decisions.append((done - came) * 1e6)
    return sorted(offers), sorted(decisions), sorted(late)


def _flooded(journal: Journal, config: Config, recording: Recording) -> float:
    """Records a second, when as many as may wait come at once."""
    _until_written(journal)
    ready = [_decided(config, number) for number in range(AT_ONCE)]
    before, begun = journal.written, time.perf_counter()
    for contact, run, decision in ready:
        recording.decided(contact, run, decision, "handed over", 0.001)
    _until_written(journal)
    return (journal.written - before) / (time.perf_counter() - begun)


def _size(config: Config) -> float:
    """Bytes that a record takes."""
    assert config.journal is not None
    store = open_store(config.journal, config.journal_folder, only_read=True)
    try:
        return float(store.size() / store.read("SELECT count(*) FROM contacts")[0][0])
    finally:
        store.close()


def _until_written(journal: Journal) -> None:
    end = time.monotonic() + _PATIENCE
    while journal.waiting:
        if time.monotonic() > end:
            raise LabError(f"{journal.waiting} records are not written after {_PATIENCE:g} s: {journal.failure}")
        time.sleep(0.01)


def _decided(config: Config, number: int) -> tuple[Contact, Run, Decision]:
    caller = party(f"+4670{number:07}", f"Caller {number}", "SE")
    now = datetime.now(UTC) - timedelta(seconds=0.001)
    contact = Contact(f"1771234567.{number}", now, caller=caller, dialled=dialled_party("support", "SE"), pbx="pbx1")
    flow = config.ruleset.flow_for(contact)
    assert flow is not None
    run = Run(config.ruleset, flow, contact)
    run.start(now)
    fields: dict[str, Scalar] = {"name": "Ann Example", "loyalty": "standard", "orders": 12.0, "lifetime_value": 1234.5}
    decision = run.receive([Answer("crm", Outcome.FOUND, fields, took=0.004, origin="source")], now)
    assert isinstance(decision, Decision)
    return contact, run, decision


def measure_all(folder: Path) -> Iterator[Cost]:
    """Without a journal, in SQLite, in PostgreSQL. Raises LabError where a server cannot be had."""
    config = replace(load_rules(EXAMPLE), journal=None, journal_folder=folder)
    _decided(config, 1)
    yield measure(_NONE, config)
    yield measure("SQLite", replace(config, journal=JournalSettings(url="sqlite:journal.db")))
    with PrivatePostgres(folder / "postgres") as server:
        password = secrets.token_hex(16)
        server.sql(f"CREATE ROLE ariroute LOGIN PASSWORD '{password}'; CREATE DATABASE journal OWNER ariroute;")
        settings = JournalSettings(url=server.url("journal"), password=Secret(password), key=Secret("k" * 32))
        yield measure("PostgreSQL", replace(config, journal=settings))


def tables(costs: Sequence[Cost]) -> list[Table]:
    """For people."""
    head = [
        *("journal", "offer median us", "p99", "decision median us", "p99", "loop late p99 ms"),
        *("lost", "written", "records/s at most", "bytes/record"),
    ]
    rows = [
        [
            cost.journal,
            *(f"{value:.1f}" for value in (cost.offer, cost.offer_p99)),
            *(f"{value:.0f}" for value in (cost.decision, cost.decision_p99)),
            f"{cost.late_ms:.2f}",
            *(str(value) for value in (cost.lost, cost.records)),
            *(f"{value:.0f}" for value in (cost.per_second, cost.bytes_each)),
        ]
        for cost in costs
    ]
    wanted = [[w.contender, w.what, f"{w.got:.1f}", w.bound, w.verdict] for w in wishes(costs)]
    title = f"The journal at {PER_SECOND} decisions a second for {SECONDS:g} s, then {AT_ONCE} at once"
    return [Table(title, head, rows), Table("Wanted", ["journal", "what", "measured", "wanted", ""], wanted)]


def run(file: Path | None) -> list[Table]:
    """Measure, print, and write it to `file` as JSON where given."""
    with tempfile.TemporaryDirectory() as folder:
        costs = list(measure_all(Path(folder)))
    if file:
        file.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n")
    return tables(costs)
