"""`scripts/bench sql`: what one lookup in a database takes, the runner included, engine by engine on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ariroute.flow.facts import FieldType, Outcome
from ariroute.lab.database import PrivateDatabase
from ariroute.lab.mariadb import PrivateMariadb
from ariroute.lab.postgres import PrivatePostgres
from ariroute.lookups.base import LookupSettings, Surroundings
from ariroute.lookups.runner import LookupRunner
from ariroute.lookups.sql import SqlSettings, SqlSource
from ariroute.values import Secret
from scripts.benchmark.report import Table
from scripts.benchmark.steps import percentile

CUSTOMERS: Final = 100_000
LOOKUPS: Final = 5_000
ROUNDS: Final = 3
TOGETHER: Final = 50
QUERY: Final = "SELECT loyalty, orders FROM customers WHERE phone = :caller.e164"
FIELDS: Final[dict[str, FieldType]] = {"loyalty": "string", "orders": "number"}
_TABLE: Final = "CREATE TABLE customers (phone varchar(20) PRIMARY KEY, loyalty varchar(20), orders integer);\n"


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds of a lookup one after the other, of the very first, and lookups per second many together."""

    engine: str
    first: float
    median: float
    p99: float
    per_second: float


def phone(number: int) -> str:
    """Of the customer with this number."""
    return f"+4670{number % CUSTOMERS:07}"


def _rows() -> Iterator[tuple[str, str, int]]:
    return ((phone(number), ("gold", "standard")[number % 2], number % 50) for number in range(CUSTOMERS))


def _filled(server: PrivateDatabase, user: str, password: str) -> None:
    server.sql(user.format(password=password))
    values = ",\n".join(f"('{key}', '{loyalty}', {orders})" for key, loyalty, orders in _rows())
    server.sql(f"{_TABLE}INSERT INTO customers VALUES {values};", "crm")  # noqa: S608 - rows of our own making
    server.sql(f"ANALYZE {ANALYSED[server.scheme]};", "crm")
    if server.scheme == "postgresql":
        server.sql("GRANT SELECT ON customers TO ariroute", "crm")


ANALYSED: Final = {"postgresql": "customers", "mariadb": "TABLE customers"}
SERVERS: Final[dict[str, tuple[type[PrivateDatabase], str]]] = {
    "PostgreSQL": (PrivatePostgres, "CREATE ROLE ariroute LOGIN PASSWORD '{password}'; CREATE DATABASE crm;"),
    "MariaDB": (
        PrivateMariadb,
        "CREATE DATABASE crm; CREATE USER ariroute@'127.0.0.1' IDENTIFIED BY '{password}';"
        "GRANT SELECT ON crm.* TO ariroute@'127.0.0.1';",
    ),
}


async def measure(engine: str, url: str, folder: Path, password: str = "") -> Taken:
    """Ask for customers that are all there: one after the other, then many together."""
    settings = SqlSettings.model_validate(
        {"url": url, "query": QUERY, "timeout": 5.0, **({"password": Secret(password)} if password else {})}
    )
    common = LookupSettings(fields=FIELDS, timeout=settings.timeout, at_once=settings.at_once)
    runner = LookupRunner({"crm": (common, SqlSource(settings, Surroundings("crm", FIELDS, folder=folder)))})
    await runner.start()
    try:
        first = await _ask(runner, 0)
        times = sorted([await _ask(runner, number * 7919) for number in range(LOOKUPS * ROUNDS)])
        begun = time.perf_counter()
        for start in range(0, LOOKUPS, TOGETHER):
            await asyncio.gather(*(_ask(runner, number) for number in range(start, start + TOGETHER)))
        rate = LOOKUPS / (time.perf_counter() - begun)
    finally:
        await runner.close()
    return Taken(engine, first * 1e3, percentile(times, 50) * 1e3, percentile(times, 99) * 1e3, rate)


async def _ask(runner: LookupRunner, number: int) -> float:
    begun = time.perf_counter()
    (answer,) = await runner.fetch(["crm"], {"caller.e164": phone(number)})
    assert answer.outcome is Outcome.FOUND, answer
    return time.perf_counter() - begun


def measure_all(folder: Path) -> Iterator[Taken]:
    """Each engine in turn, its server fresh. Raises LabError where one cannot be had."""
    with contextlib.closing(sqlite3.connect(folder / "crm.db")) as database, database:
        database.execute(_TABLE)
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", _rows())
    yield asyncio.run(measure("SQLite", "sqlite:crm.db", folder))
    for engine, (kind, user) in SERVERS.items():
        with kind(folder / engine) as server:
            password = secrets.token_hex(16)
            _filled(server, user, password)
            yield asyncio.run(measure(engine, server.url("crm"), folder, password))


def table(taken: list[Taken]) -> Table:
    """For people."""
    rows = [
        [each.engine, *(f"{value:.2f}" for value in (each.first, each.median, each.p99)), f"{each.per_second:.0f}"]
        for each in taken
    ]
    head = ["engine", "first ms", "p50 ms", "p99 ms", f"lookups/s, {TOGETHER} at once"]
    return Table(f"One row of {CUSTOMERS:,} by its key, through the runner", head, rows)


def run(file: Path | None) -> Table:
    """Measure all engines; write the figures to `file` as JSON where one is given."""
    with tempfile.TemporaryDirectory(prefix="ariroute-bench-") as folder:
        taken = list(measure_all(Path(folder)))
    if file:
        file.write_text(json.dumps([asdict(each) for each in taken], indent=1) + "\n")
    return table(taken)
