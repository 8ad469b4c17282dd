"""SQL lookups in an SQLite file."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sql_lookups import ANNA, BO, FIELDS, MARGIN, QUERY, asking, one, timed

from ariroute.errors import UnusableInput
from ariroute.flow.facts import Failure, Outcome

URL = "sqlite:crm.db"
SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT 'x' AS name, 'y' AS loyalty, count(*) AS orders FROM n, customers WHERE phone = :caller.e164"
)


def fill(path: Path, name: str = "Ånna Ek") -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE customers (phone TEXT PRIMARY KEY, name, loyalty, orders, photo)")
        rows = [(ANNA, name, "gold", 3, None), (BO, "Bo", "standard", 0, b"\1\2")]
        database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", rows)


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds `crm.db`."""
    fill(tmp_path / "crm.db")
    return tmp_path


@pytest.fixture
def writer(folder: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else who has the file open."""
    with contextlib.closing(sqlite3.connect(folder / "crm.db", isolation_level=None)) as database:
        yield database


async def test_record_is_found_in_a_file_beside_the_flow_file(folder: Path) -> None:
    async with asking(URL, folder=folder) as runner:
        answer = await one(runner)
        assert answer.fields == {"name": "Ånna Ek", "loyalty": "gold", "orders": 3.0}
        assert (await one(runner, "+46700000000")).outcome == Outcome.MISSING


async def test_absolute_path_and_strange_names(tmp_path: Path) -> None:
    path = tmp_path / "a b%3F?#&mode=rwc.db"
    fill(path)
    async with asking(f"sqlite:{path}") as runner:
        assert (await one(runner)).fields["loyalty"] == "gold"
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        (QUERY.replace("customers", "custmers"), "no such table: custmers"),
        (QUERY.replace("loyalty", "loyalti"), "no such column: loyalti"),
        ("SELECT FROM", "syntax error"),
    ],
)
async def test_query_that_does_not_fit_the_file_is_refused_at_start(folder: Path, query: str, complaint: str) -> None:
    with pytest.raises(UnusableInput, match=complaint):
        async with asking(URL, query, folder=folder):
            pass


async def test_file_that_cannot_be_used_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("phone,loyalty\n" * 100)
    for name, complaint in (("none.db", "No such file"), ("text.db", "not a database"), (".", "Is a directory")):
        with pytest.raises(UnusableInput, match=complaint):
            async with asking(f"sqlite:{name}", folder=tmp_path):
                pass
    assert not (tmp_path / "none.db").exists()


async def test_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "crm.db")
    with pytest.raises(UnusableInput, match="it is a pipe"):
        async with asking(URL, folder=tmp_path):
            pass


async def test_file_that_replaces_the_old_one_is_read(folder: Path) -> None:
    async with asking(URL, folder=folder) as runner:
        assert (await one(runner)).fields["name"] == "Ånna Ek"
        fill(folder / "new.db", name="Anna New")
        (folder / "new.db").rename(folder / "crm.db")
        assert (await one(runner)).fields["name"] == "Anna New"
        (folder / "crm.db").unlink()
        answer = await one(runner)
        assert (answer.failure, answer.detail.endswith("No such file or directory: check the path")) == (
            Failure.REFUSED,
            True,
        )
        fill(folder / "crm.db", name="Anna Again")
        assert (await one(runner)).fields["name"] == "Anna Again"


async def test_file_that_becomes_something_else_is_told(folder: Path) -> None:
    async with asking(URL, folder=folder) as runner:
        (folder / "crm.db").unlink()
        (folder / "crm.db").write_text("phone,loyalty\n" * 100)
        answer = await one(runner)
    assert (answer.failure, answer.detail) == (Failure.NOT_JSON, "SQLite: file is not a database")


@pytest.mark.parametrize("query", ["WITH x AS (SELECT 1) DELETE FROM customers WHERE phone = :caller.e164", None])
async def test_write_is_refused(folder: Path, query: str | None, writer: sqlite3.Connection) -> None:
    query = query or "WITH x AS (SELECT 1) INSERT INTO customers (phone) VALUES (:caller.e164 || 'x')"
    async with asking(URL, query, folder=folder) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.ERROR
    assert "readonly" in answer.detail
    assert writer.execute("SELECT count(*) FROM customers").fetchone() == (2,)


async def test_locked_file_is_waited_for_until_the_deadline_only(folder: Path, writer: sqlite3.Connection) -> None:
    async with asking(URL, folder=folder, timeout=0.3) as runner:
        writer.execute("BEGIN EXCLUSIVE")
        answer, took = await timed(runner)
        assert answer.failure == Failure.TIMEOUT
        assert 0.29 <= took < 0.3 + MARGIN
        writer.execute("COMMIT")
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_locked_file_does_not_keep_the_daemon_from_starting(folder: Path, writer: sqlite3.Connection) -> None:
    writer.execute("BEGIN EXCLUSIVE")
    async with asking(URL, folder=folder, timeout=0.2) as runner:
        writer.execute("COMMIT")
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_endless_query_ends_at_its_deadline_and_its_thread_too(folder: Path) -> None:
    async with asking(URL, SLOW, folder=folder, timeout=0.3) as runner:
        answer, took = await timed(runner)
        assert answer.failure == Failure.TIMEOUT
        assert 0.29 <= took < 0.3 + MARGIN
    end = time.monotonic() + 2
    while any(thread.name.startswith("sqlite crm.db") for thread in threading.enumerate()):
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_long_value_is_not_read(folder: Path, writer: sqlite3.Connection) -> None:
    writer.execute("UPDATE customers SET name = ?", ["x" * 70_000])
    async with asking(URL, folder=folder) as runner:
        assert (await one(runner)).failure == Failure.TOO_LARGE
        writer.execute("UPDATE customers SET name = ?", ["x" * 5_000_000])
        assert (await one(runner)).failure == Failure.TOO_LARGE
    async with asking(URL, folder=folder, max_size="6MiB", timeout=2.0) as runner:
        assert len(str((await one(runner)).fields["name"])) == 1024  # as every text is cut


@pytest.mark.parametrize(
    ("value", "failure", "fact"),
    [(b"\xff\xfe", Failure.WRONG_TYPE, None), (7, Failure.WRONG_TYPE, None), (None, None, None), ("x", None, "x")],
)
async def test_a_column_holds_any_type(
    folder: Path, writer: sqlite3.Connection, value: Any, failure: Failure | None, fact: str | None
) -> None:
    writer.execute("UPDATE customers SET name = ?", [value])
    async with asking(URL, folder=folder) as runner:
        answer = await one(runner)
    assert (answer.failure, answer.fields.get("name")) == (failure, fact)


async def test_text_that_is_not_utf_8_is_no_failure(folder: Path, writer: sqlite3.Connection) -> None:
    writer.execute("UPDATE customers SET name = CAST(X'41FF42' AS TEXT)")
    async with asking(URL, folder=folder) as runner:
        assert (await one(runner)).fields["name"] == "A\ufffdB"


async def test_two_hundred_callers_share_four_threads(folder: Path) -> None:
    async with asking(URL, folder=folder, timeout=5.0) as runner:
        answers = await asyncio.gather(*(one(runner, f"+4670{number:07}") for number in range(199)), one(runner))
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("sqlite crm.db")]
    assert [answer.outcome for answer in answers] == [Outcome.MISSING] * 199 + [Outcome.FOUND]
    assert len(threads) == 4


async def test_hostile_texts_are_only_values(folder: Path, writer: sqlite3.Connection) -> None:
    loop = asyncio.get_running_loop()
    before = writer.execute("SELECT * FROM customers").fetchall()
    pieces = ["'", '"', "\\", ";", "--", "' OR 1=1 --", "'; DROP TABLE customers; --", "%", "?", ":caller.e164", "\n"]
    hostile = st.one_of(st.lists(st.sampled_from(pieces), min_size=1).map("".join), st.text(min_size=1))
    async with asking(URL, folder=folder, timeout=5.0) as runner:

        @settings(max_examples=2_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(hostile)
        def asked(text: str) -> None:
            answer = asyncio.run_coroutine_threadsafe(one(runner, text), loop).result(10)
            unfit = any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)
            assert answer.failure == (Failure.ERROR if unfit else None)
            assert answer.outcome == (Outcome.FAILED if unfit else Outcome.MISSING)

        await asyncio.to_thread(asked)
    assert writer.execute("SELECT * FROM customers").fetchall() == before


async def test_declared_fields_are_those_of_the_query(folder: Path) -> None:
    async with asking(URL, "SELECT name FROM customers WHERE phone = :caller.e164", FIELDS, folder=folder) as runner:
        answer = await one(runner)
    assert (answer.failure, answer.detail) == (
        Failure.WRONG_TYPE,
        "the query gives no column 'loyalty': it gives name",
    )
