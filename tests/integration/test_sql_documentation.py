"""What docs/lookups/sql.md says works: its users can ask and no more, its queries give their fields."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures_databases import running_server
from ruamel.yaml import YAML
from sql_lookups import ANNA, asking, one

from ariroute.flow.facts import Failure, Outcome
from ariroute.lab.database import PrivateDatabase
from ariroute.values import Secret

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "lookups/sql.md").read_text()
BLOCKS = {kind: re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("sql", "yaml")}
CHOSEN = Secret("choose-one")

CUSTOMERS = "CREATE TABLE customers (phone varchar(16) PRIMARY KEY, loyalty varchar(20), orders integer, secret text);"
ANNAS = f"INSERT INTO customers VALUES ('{ANNA}', 'gold', 3, 'hers');"
CALL_RECORDS = """
CREATE DATABASE asteriskcdrdb;
CREATE TABLE asteriskcdrdb.cdr (calldate datetime NOT NULL, src varchar(80) NOT NULL, dst varchar(80) NOT NULL);
INSERT INTO asteriskcdrdb.cdr VALUES (NOW() - INTERVAL 20 MINUTE, '0701234567', 's'), (NOW(), '0701234567', 's'),
    (NOW() - INTERVAL 2 HOUR, '0701234567', 's'), (NOW(), '0709999999', 's');
"""


def block(kind: str, words: str) -> str:
    (found,) = [text for text in BLOCKS[kind] if words in text]
    return str(found)


def lookup(name: str) -> dict[str, Any]:
    """The settings of this lookup on the page."""
    text = block("yaml", f"  {name}:\n")
    found: dict[str, Any] = YAML(typ="safe").load(text)["lookups"][name]
    return found


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PrivateDatabase]:
    """A server as it comes, without users and databases of ours."""
    with running_server(request.param, tmp_path / "server") as running:
        yield running


@pytest.mark.parametrize(
    ("server", "words"), [("postgres", "CREATE ROLE"), ("mariadb", "crm.customers")], indirect=["server"]
)
async def test_user_may_read_these_columns_and_nothing_else(server: PrivateDatabase, words: str) -> None:
    server.sql("CREATE DATABASE crm;")
    server.sql(CUSTOMERS + ANNAS, "crm")
    server.sql(block("sql", words))
    said = lookup("crm")
    async with asking(server.url("crm"), said["sql"]["query"], said["fields"], password=CHOSEN, timeout=2.0) as runner:
        answer = await one(runner)
    assert (answer.fields, answer.detail) == ({"loyalty": "gold", "orders": 3.0}, "")
    query = "SELECT secret FROM customers WHERE phone = :caller.e164"
    async with asking(server.url("crm"), query, {"secret": "string"}, password=CHOSEN, timeout=2.0) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.ERROR
    assert "denied" in answer.detail


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
async def test_call_records_of_freepbx_are_counted(server: PrivateDatabase) -> None:
    server.sql(CALL_RECORDS)
    server.sql(block("sql", "asteriskcdrdb"))
    said = lookup("history")
    settings = {**said["sql"], "password": CHOSEN, "socket": str(server.socket), "timeout": 2.0}
    url, query = settings.pop("url"), settings.pop("query")
    async with asking(url, query, said["fields"], **settings) as runner:
        (answer,) = await runner.fetch(["crm"], {"caller.number": "0701234567"})
    assert (answer.fields, answer.detail) == ({"calls": 2.0}, "")


def test_file_of_the_example_is_made_of_its_seed() -> None:
    folder = DOCS / "examples/sql"
    with (
        contextlib.closing(sqlite3.connect(f"file:{folder / 'customers.db'}?mode=ro", uri=True)) as kept,
        contextlib.closing(sqlite3.connect(":memory:")) as made,
    ):
        made.executescript((folder / "customers.sql").read_text())
        assert list(kept.iterdump()) == list(made.iterdump())


async def test_example_asks_its_file() -> None:
    flow_file = YAML(typ="safe").load((DOCS / "examples/sql/ariroute.yaml").read_text())
    said = flow_file["lookups"]["customer"]
    async with asking(said["sql"]["url"], said["sql"]["query"], said["fields"], folder=DOCS / "examples/sql") as runner:
        assert (await one(runner)).fields == {
            "name": "Anna Ek",
            "loyalty": "platinum",
            "orders": 41.0,
            "blocked": False,
        }
        assert (await one(runner, "+46700000099")).outcome == Outcome.MISSING
