"""SQL lookups against a real PostgreSQL and a real MariaDB."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fixtures_databases import PASSWORD, customer_server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sql_lookups import ANNA, BO, MARGIN, RUNNING, SESSIONS, asking, count, one, sql, timed, until

from ariroute.flow.facts import Failure, FieldType, Outcome
from ariroute.lab.database import PrivateDatabase
from ariroute.values import Secret

WAIT = {"postgresql": "SELECT name, loyalty, orders FROM customers, pg_sleep(3) WHERE phone = :caller.e164"}
WAIT["mariadb"] = "SELECT name, loyalty, orders FROM customers WHERE phone = :caller.e164 AND SLEEP(3) = 0"


async def test_record_is_found_by_a_bound_parameter(database: PrivateDatabase) -> None:
    async with asking(database.url("crm")) as runner:
        answer = await one(runner)
    assert (answer.outcome, answer.detail) == (Outcome.FOUND, "")
    assert answer.fields == {"name": "Ånna Ek", "loyalty": "gold", "orders": 3.0}


async def test_each_type_becomes_a_fact(database: PrivateDatabase) -> None:
    fields: dict[str, FieldType] = {
        "spent": "number",
        "vip": "bool",
        "since": "string",
        "seen": "string",
        "note": "string",
        "e164": "string",
    }
    query = "SELECT spent, vip, since, seen, note, orders, :caller.e164 AS e164 FROM customers WHERE phone=:caller.e164"
    async with asking(database.url("crm"), query, fields) as runner:
        answer = await one(runner)
    assert (answer.failure, answer.detail) == (None, "")
    assert answer.fields == {
        "spent": 1234.5,
        "vip": True,
        "since": "2024-02-29",
        "seen": "2026-11-21T22:20:00",
        "e164": ANNA,
    }


async def test_bytes_are_refused(database: PrivateDatabase) -> None:
    query = "SELECT photo FROM customers WHERE phone = :caller.e164"
    async with asking(database.url("crm"), query, {"photo": "string"}) as runner:
        answer = await one(runner, BO)
    assert (answer.failure, answer.detail) == (
        Failure.WRONG_TYPE,
        "photo holds bytes: convert it to text in the query",
    )


@pytest.mark.parametrize("length", [70_000, 4_000_000])
async def test_row_that_is_too_long_is_cut_off(database: PrivateDatabase, length: int) -> None:
    query = f"SELECT REPEAT(CONCAT('x', name), {length}) AS note, name FROM customers WHERE phone = :caller.e164"
    async with asking(database.url("crm"), query, {"name": "string"}, timeout=5.0) as runner:
        answer = await one(runner, BO)
        tracemalloc.start()
        try:
            answer = await one(runner, BO)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (answer.failure, answer.detail) == (Failure.TOO_LARGE, "the row is longer than 65536 bytes (max_size)")
    assert peak < 2 * 1024 * 1024


async def test_unknown_caller_is_missing(database: PrivateDatabase) -> None:
    async with asking(database.url("crm")) as runner:
        assert (await one(runner, "+46700000000")).outcome == Outcome.MISSING


async def test_of_several_rows_the_first_is_the_record(database: PrivateDatabase) -> None:
    query = "SELECT name, loyalty, orders FROM customers WHERE phone <> :caller.e164 ORDER BY orders {}"
    for order, name in (("DESC", "Ånna Ek"), ("ASC", "Bo")):
        async with asking(database.url("crm"), query.format(order)) as runner:
            assert (await one(runner, "nobody")).fields["name"] == name


async def test_query_without_a_parameter_is_asked_for_every_caller(database: PrivateDatabase) -> None:
    async with asking(database.url("crm"), "SELECT count(*) AS n FROM customers", {"n": "number"}) as runner:
        answer = await one(runner)
    assert (answer.fields, answer.detail) == ({"n": 2.0}, "")


async def test_wrong_password_is_refused_and_not_told(database: PrivateDatabase) -> None:
    async with asking(database.url("crm"), password=Secret("s3cret-of-mine")) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.REFUSED
    assert "ariroute" in answer.detail
    assert "s3cret" not in answer.detail
    assert PASSWORD not in answer.detail


async def test_no_such_database_is_refused(database: PrivateDatabase) -> None:
    async with asking(database.url("nowhere")) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.REFUSED or "Access denied" in answer.detail
    assert "nowhere" in answer.detail


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("SELECT name, loyalty, orders FROM custmers WHERE phone = :caller.e164", "custmers"),
        ("SELECT nome, loyalty, orders FROM customers WHERE phone = :caller.e164", "nome"),
    ],
)
async def test_wrong_table_or_column_is_named(database: PrivateDatabase, query: str, named: str) -> None:
    async with asking(database.url("crm"), query) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.ERROR
    assert named in answer.detail


async def test_declared_column_that_the_query_does_not_give_is_named(database: PrivateDatabase) -> None:
    query = "SELECT name, loyalty AS tier FROM customers WHERE phone = :caller.e164"
    async with asking(database.url("crm"), query, {"name": "string", "loyalty": "string"}) as runner:
        answer = await one(runner)
    assert (answer.failure, answer.detail) == (
        Failure.WRONG_TYPE,
        "the query gives no column 'loyalty': it gives name, tier",
    )


async def test_message_that_quotes_a_value_is_not_shown(database: PrivateDatabase) -> None:
    if database.scheme == "mariadb":
        query = "SELECT name, loyalty, orders FROM customers WHERE phone = EXTRACTVALUE('<a/>', :caller.e164)"
    else:
        query = "SELECT name, loyalty, orders FROM customers WHERE orders = CAST(:caller.e164 AS integer)"
    async with asking(database.url("crm"), query) as runner:
        answer = await one(runner, "my private words")
    assert answer.failure == Failure.ERROR
    assert answer.detail
    assert "private" not in answer.detail


async def test_parameter_is_cast_to_another_type_in_the_query(database: PrivateDatabase) -> None:
    query = "SELECT name, loyalty, orders FROM customers WHERE orders = CAST(:caller.e164 AS DECIMAL)"
    async with asking(database.url("crm"), query) as runner:
        assert (await one(runner, "3")).fields["name"] == "Ånna Ek"


async def test_unix_socket_is_used_instead_of_host_and_port(database: PrivateDatabase) -> None:
    url = f"{database.scheme}://ariroute@nowhere.invalid:1/crm"
    async with asking(url, socket=str(database.socket)) as runner:
        assert (await one(runner)).fields["loyalty"] == "gold"


async def test_host_name_is_resolved(database: PrivateDatabase) -> None:
    async with asking(database.url("crm").replace("127.0.0.1", "localhost")) as runner:
        answer = await one(runner)
    assert (answer.outcome, answer.detail) == (Outcome.FOUND, "")


# ---- nothing is written


WRITES = {
    "postgresql": [
        "WITH gone AS (DELETE FROM customers RETURNING name, loyalty, orders) SELECT * FROM gone",
        "SELECT name, loyalty, orders FROM touched(:caller.e164)",
        "SELECT name, loyalty, orders INTO copied FROM customers",
        "SELECT name, loyalty, orders FROM customers WHERE phone = :caller.e164 FOR UPDATE",
    ],
    "mariadb": ["SELECT touched(:caller.e164) AS name, loyalty, orders FROM customers"],
}
TOUCHED = {
    "postgresql": "CREATE FUNCTION touched(p text) RETURNS SETOF customers LANGUAGE sql AS "
    "'UPDATE customers SET orders = 99 WHERE phone = p RETURNING *'; GRANT ALL ON FUNCTION touched TO ariroute;",
    "mariadb": "DELIMITER //\nCREATE FUNCTION touched(p varchar(100)) RETURNS int MODIFIES SQL DATA "
    "BEGIN UPDATE customers SET orders = 99 WHERE phone = p; RETURN 1; END//\nDELIMITER ;\n",
}


async def test_write_is_refused_by_the_server(database: PrivateDatabase) -> None:
    await sql(database, TOUCHED[database.scheme])
    before = await sql(database, "SELECT phone, name, orders FROM customers ORDER BY phone")
    for query in WRITES[database.scheme]:
        async with asking(database.url("crm"), query) as runner:
            answer = await one(runner)
        assert answer.failure == Failure.ERROR, query
        assert "read-only" in answer.detail.lower().replace("read only", "read-only")
    assert await sql(database, "SELECT phone, name, orders FROM customers ORDER BY phone") == before


async def test_hostile_texts_are_only_values(database: PrivateDatabase) -> None:
    loop = asyncio.get_running_loop()
    before = await sql(database, "SELECT phone, name, orders FROM customers ORDER BY phone")
    query = (
        "SELECT phone, loyalty, orders, CONCAT(:caller.e164, '') AS name FROM customers WHERE phone = '+46701234567'"
    )
    async with asking(database.url("crm"), query, timeout=5.0) as runner:

        @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(hostile())
        def asked(text: str) -> None:
            answer = asyncio.run_coroutine_threadsafe(one(runner, text), loop).result(10)
            if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
                assert answer.failure == Failure.ERROR
            else:
                # The server gives back exactly the text that it was given.
                assert answer.fields["name"] == "".join(c for c in text[:1024] if c.isprintable() or printed(c))

        await asyncio.to_thread(asked)
    assert await sql(database, "SELECT phone, name, orders FROM customers ORDER BY phone") == before


def printed(character: str) -> bool:
    """What the record keeps though Python does not print it: separators other than the space."""
    import unicodedata

    return unicodedata.category(character)[0] != "C"


def hostile() -> st.SearchStrategy[str]:
    pieces = ["'", '"', "\\", "`", ";", "--", "/*", "*/", "#", "%s", "%", ":caller.e164", "{caller.e164}", "$1", "?"]
    pieces += ["' OR 1=1 --", "'; DROP TABLE customers; --", "\\' OR 1=1 #", "$$", "\x1a", "\n", "ß", "😀", "\u202e"]
    return st.one_of(
        st.lists(st.sampled_from(pieces), min_size=1, max_size=8).map("".join),
        st.text(st.characters(), min_size=1, max_size=200),
    )


# ---- time


async def test_slow_query_ends_at_its_deadline_and_on_the_server_too(database: PrivateDatabase) -> None:
    async with asking(database.url("crm"), timeout=0.3) as warm:
        assert (await one(warm)).outcome == Outcome.FOUND  # the library is imported, the machine awake
    async with asking(database.url("crm"), WAIT[database.scheme], timeout=0.3) as runner:
        for _ in range(2):
            answer, took = await timed(runner)
            assert answer.failure == Failure.TIMEOUT
            assert 0.29 <= took < 0.3 + MARGIN
            await until(database, RUNNING, 0, within=0.5)


@asynccontextmanager
async def locked(server: PrivateDatabase) -> AsyncIterator[None]:
    """The table locked by somebody else's session."""
    if server.scheme == "postgresql":
        import asyncpg

        connection = await asyncpg.connect(
            host="127.0.0.1", port=server.port, user="ariroute", password=PASSWORD, database="crm"
        )
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await connection.close()
        return
    import asyncmy

    other = await asyncmy.connect(
        host="127.0.0.1", port=server.port, user="ariroute", password=PASSWORD.encode(), database="crm"
    )
    try:
        await other.cursor().execute("LOCK TABLES customers WRITE")
        yield
    finally:
        await other.ensure_closed()


async def test_locked_table_is_waited_for_until_the_deadline_only(database: PrivateDatabase) -> None:
    async with asking(database.url("crm"), timeout=0.3) as runner:
        assert (await one(runner)).outcome == Outcome.FOUND
        async with locked(database):
            answer, took = await timed(runner)
            assert answer.failure == Failure.TIMEOUT
            assert 0.29 <= took < 0.3 + MARGIN
            await until(database, RUNNING, 0, within=0.5)
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_two_hundred_callers_share_four_connections(database: PrivateDatabase) -> None:
    await until(database, SESSIONS, 0)
    async with asking(database.url("crm"), timeout=5.0, connections=4) as runner:
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, await count(database, SESSIONS))

        watching = asyncio.create_task(watch())
        callers = [f"+4670{number:07}" for number in range(199)] + [ANNA]
        answers = await asyncio.gather(*(one(runner, caller) for caller in callers))
        most = max(most, await count(database, SESSIONS))
        watching.cancel()
    assert [answer.outcome for answer in answers] == [Outcome.MISSING] * 199 + [Outcome.FOUND]
    assert 1 <= most <= 4
    await until(database, SESSIONS, 0)


async def test_cancelled_at_any_moment_no_connection_is_left(database: PrivateDatabase) -> None:
    """Deadlines from a tenth of what a first answer takes up to twice that: in TCP, log-in, preparing, the answer."""
    dice = random.Random(20)
    async with asking(database.url("crm"), timeout=5.0) as runner:
        whole = (await timed(runner))[1]
    ends = set()
    for _ in range(60):
        async with asking(database.url("crm"), timeout=max(0.001, whole * dice.uniform(0.1, 2.0))) as runner:
            for answer in await asyncio.gather(*(one(runner, f"+4670{n}") for n in range(5))):
                ends.add(answer.failure)
    assert Failure.TIMEOUT in ends
    await until(database, SESSIONS, 0)


# ---- a server that goes and comes


@pytest.fixture(params=["postgres", "mariadb"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PrivateDatabase]:
    """A server that the test may stop."""
    with customer_server(request.param, tmp_path / "server") as server:
        yield server


async def test_server_that_stops_and_starts_again_is_asked_again(own: PrivateDatabase) -> None:
    async with asking(own.url("crm"), timeout=2.0) as runner:
        assert (await one(runner)).outcome == Outcome.FOUND
        await asyncio.to_thread(own.stop)
        down = await one(runner)
        assert (down.failure, down.detail) == (Failure.REFUSED, "no connection: Connection refused")
        await asyncio.to_thread(own.start)
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_connections_that_ended_while_idle_are_no_failure(own: PrivateDatabase) -> None:
    async with asking(own.url("crm"), timeout=5.0) as runner:
        answers = await asyncio.gather(*(one(runner, f"+46700{n}") for n in range(8)))
        assert {answer.outcome for answer in answers} == {Outcome.MISSING}
        await asyncio.to_thread(own.stop)
        await asyncio.to_thread(own.start)
        for _ in range(5):
            answer = await one(runner)
            assert (answer.outcome, answer.detail) == (Outcome.FOUND, "")


async def test_crash_during_a_query_is_a_lost_connection(own: PrivateDatabase) -> None:
    async with asking(own.url("crm"), WAIT[own.scheme], timeout=10.0) as runner:
        asked = asyncio.create_task(one(runner))
        await until(own, RUNNING, 1)
        begun = time.monotonic()
        await asyncio.to_thread(own.kill)
        answer = await asked
    assert answer.failure == Failure.REFUSED
    assert time.monotonic() - begun < 2.0


async def test_altered_table_is_no_failure(own: PrivateDatabase) -> None:
    query = "SELECT * FROM customers WHERE phone = :caller.e164"
    async with asking(own.url("crm"), query, timeout=2.0) as runner:
        assert (await one(runner)).outcome == Outcome.FOUND
        await sql(own, "ALTER TABLE customers ADD COLUMN extra integer")
        await sql(own, "ALTER TABLE customers DROP COLUMN note")
        answer = await one(runner)
        assert (answer.outcome, answer.detail) == (Outcome.FOUND, "")


# ---- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for db.example and its key; it is its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(params=["postgres", "mariadb"])
def encrypted(request: pytest.FixtureRequest, tmp_path: Path, certificate: Path) -> Iterator[PrivateDatabase]:
    """A server with that certificate."""
    cert, key = (tmp_path / name for name in ("cert.pem", "key.pem"))
    for file in (cert, key):
        shutil.copy(certificate / file.name, file)
        file.chmod(0o600)
    options = {
        "postgres": ["--ssl=on", f"--ssl-cert-file={cert}", f"--ssl-key-file={key}"],
        "mariadb": [f"--ssl-cert={cert}", f"--ssl-key={key}", "--require-secure-transport=0"],
    }
    with customer_server(request.param, tmp_path / "server", *options[request.param]) as server:
        yield server


ENCRYPTED = {
    "postgresql": "SELECT ssl AS yes FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    "mariadb": "SELECT variable_value <> '' AS yes FROM information_schema.session_status "
    "WHERE variable_name = 'Ssl_cipher'",
}


async def test_tls_is_verified_by_name_and_authority(encrypted: PrivateDatabase, certificate: Path) -> None:
    url, query = encrypted.url("crm").replace("127.0.0.1", "localhost"), ENCRYPTED[encrypted.scheme]
    tls: dict[str, Any] = {"tls": {"ca": str(certificate / "cert.pem")}, "timeout": 2.0}
    async with asking(url, query, {"yes": "bool"}, **tls) as runner:
        answer = await one(runner)
        assert (answer.fields, answer.detail) == ({"yes": True}, "")
    async with asking(encrypted.url("crm"), query, {"yes": "bool"}, **tls) as runner:  # the name is not 127.0.0.1
        answer = await one(runner)
        assert answer.failure == Failure.REFUSED
        assert answer.detail.startswith("TLS: ")
    async with asking(url, query, {"yes": "bool"}, tls=True, timeout=2.0) as runner:  # no authority known here
        answer = await one(runner)
        assert answer.failure == Failure.REFUSED
        assert "self-signed certificate" in answer.detail
    async with asking(url, query, {"yes": "bool"}, timeout=2.0) as runner:
        assert (await one(runner)).fields == {"yes": False}


async def test_server_without_tls_is_refused_where_tls_is_wanted(database: PrivateDatabase, certificate: Path) -> None:
    async with asking(database.url("crm"), tls={"ca": str(certificate / "cert.pem")}, timeout=2.0) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.REFUSED
