"""The journal in a real PostgreSQL: what SQLite does it does too, and a server that is away costs no record."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path

import happenings
import pytest
from certificates import make_certificates
from fixtures_databases import PASSWORD, running_server
from recorded_calls import BEGIN, Placed, decided

from ariroute.config.load import load_rules
from ariroute.errors import JournalError
from ariroute.journal import store as stores
from ariroute.journal.opening import open_store
from ariroute.journal.postgres import PostgresStore
from ariroute.journal.record import Happened, Rules
from ariroute.journal.retention import NEVER, UP_TO, Limits, Retention
from ariroute.journal.settings import JournalSettings
from ariroute.journal.store import RecordRefused, Statement
from ariroute.journal.writer import Journal
from ariroute.lab.database import PrivateDatabase
from ariroute.lab.relay import Newcomers, Relay, Way
from ariroute.replay.shadow import Shadow
from ariroute.tls import SqlTls
from ariroute.values import Secret

PUT = "INSERT INTO configs (digest, first_seen, rules) VALUES ($1, $2, $3)"
DIGESTS = "SELECT digest FROM configs ORDER BY digest"
CONTACT = (
    "INSERT INTO contacts (id, pbx, contact, medium, arrived, caller, caller_key, dialled, flow, destination, "
    "by_default, reason, handed, took, digest, detail) "
    "VALUES ($1, 'pbx1', $2, 'call', $3, 'x', 'k', '600', 'f', 'q', 0, 'r', 'h', 0.1, 'd', $4)"
)
LIMITS = Limits(keep=1e12, largest=1 << 40)
NUMBERS = count(1)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[PrivateDatabase]:
    """A server of these tests' own, with TLS for whom that wants: some of them stop it."""
    key = certificates / "server.key"
    key.chmod(0o600)
    tls = ("--ssl=on", f"--ssl-cert-file={certificates / 'server.pem'}", f"--ssl-key-file={key}")
    with running_server("postgres", tmp_path_factory.mktemp("journal"), *tls) as server:
        server.sql("CREATE ROLE ariroute LOGIN PASSWORD '{}'".format(PASSWORD.replace("'", "''")))
        yield server


@pytest.fixture
def settings(server: PrivateDatabase) -> JournalSettings:
    """A journal in a database of its own."""
    name = f"journal{next(NUMBERS)}"
    server.sql(f"CREATE DATABASE {name} OWNER ariroute")
    return settings_for(server.url(name))


def settings_for(url: str) -> JournalSettings:
    return JournalSettings(url=url, password=Secret(PASSWORD), key=Secret("k" * 32))


def through(relay: Relay, settings: JournalSettings) -> JournalSettings:
    assert settings.address is not None
    return settings_for(f"postgresql://ariroute@127.0.0.1:{relay.port}/{settings.address.database}")


def opened(settings: JournalSettings, *, only_read: bool = False) -> PostgresStore:
    store = open_store(settings, Path(), only_read=only_read)
    assert isinstance(store, PostgresStore)
    return store


def until(condition: Callable[[], object], within: float = 20.0) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def contact(number: int, arrived: float = 1.0, detail: str = "{}") -> Statement:
    return Statement(CONTACT, (number, f"c{number}", arrived, detail))


def test_what_was_written_is_read_whole_and_in_pieces(settings: JournalSettings) -> None:
    store = opened(settings)
    store.write([contact(number, float(number), f'{{"a": "Ånna \\\\ {number}"}}') for number in range(2500)])
    store.write([Statement(PUT, ("a", 1, "{}"))])
    reader = opened(settings, only_read=True)
    rows = reader.stream("SELECT id, detail, position FROM contacts WHERE arrived >= $1 ORDER BY id", (1.0,))
    assert next(rows) == (1, '{"a": "Ånna \\\\ 1"}', None)
    store.write([Statement("DELETE FROM contacts")])
    assert reader.read(DIGESTS) == [("a",)], "a question between two pieces"
    assert [row[0] for row in rows] == list(range(2, 2500)), "as it was when the reading began"
    assert reader.read("SELECT count(*) FROM contacts") == [(0,)]
    for halfway in (reader.stream(DIGESTS), store.stream(DIGESTS)):
        assert isinstance(halfway, Generator)
        next(halfway)
        halfway.close()
    with pytest.raises(JournalError, match="cannot execute INSERT in a read-only transaction"):
        reader.write([Statement(PUT, ("b", 1.0, "{}"))])
    for each in (reader, store, store):
        each.close()


def test_rows_know_what_happened_and_whose_end_nobody_saw(settings: JournalSettings) -> None:
    store = opened(settings)
    happenings.check(store)
    store.close()


def test_of_a_transaction_that_is_refused_nothing_is_written_and_the_next_is(settings: JournalSettings) -> None:
    store = opened(settings)
    for bad in (("b", 1.0, None), ("b", 1.0, "\ud800"), ("b", 1.0, "a\0b"), ("b", object(), "{}"), (7, 1.0, "{}")):
        with pytest.raises(RecordRefused) as refused:
            store.write([Statement(PUT, ("a", 1.0, "{}")), Statement(PUT, bad)])
        assert "a\0b" not in str(refused.value)
    with pytest.raises(RecordRefused):
        store.write([contact(1 << 63)])
    assert store.read(DIGESTS) == []
    store.write([Statement(PUT, ("a", 1.0, "{}"))])
    assert store.read(DIGESTS) == [("a",)]
    store.close()


def test_daemons_that_start_together_make_the_tables_once(settings: JournalSettings) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            opened(settings).close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = opened(settings)
    assert store.read("SELECT version FROM journal_version") == [(number,) for number, _ in stores.migrations()]
    store.close()


def test_a_database_of_a_newer_version_is_refused_and_one_without_tables_is_not_read(
    settings: JournalSettings,
) -> None:
    with pytest.raises(JournalError, match="has no records yet: start the daemon"):
        opened(settings, only_read=True)
    store = opened(settings)
    store.write([Statement("INSERT INTO journal_version (version) VALUES (99)")])
    store.close()
    for only_read in (False, True):
        with pytest.raises(JournalError, match=r"by a newer ariroute .*tables have version 99"):
            opened(settings, only_read=only_read)


def test_who_is_refused_is_told_why_and_never_the_password(server: PrivateDatabase, settings: JournalSettings) -> None:
    wrong = JournalSettings(url=settings.url, password=Secret("wr0ng"), key=settings.key)
    with pytest.raises(JournalError, match="password authentication failed") as refused:
        opened(wrong)
    assert "wr0ng" not in str(refused.value)
    with pytest.raises(JournalError, match='database "nowhere" does not exist'):
        opened(settings_for(server.url("nowhere")))
    with pytest.raises(JournalError, match="no connection: Connection refused"):
        opened(settings_for("postgresql://ariroute@127.0.0.1:1/journal"))


def test_over_tls_the_server_must_prove_to_be_who_is_meant(
    server: PrivateDatabase, settings: JournalSettings, certificates: Path, tmp_path: Path
) -> None:
    def with_tls(url: str, ca: str) -> PostgresStore:
        tls = SqlTls(ca=str(certificates / ca))
        return opened(JournalSettings(url=url, password=Secret(PASSWORD), key=Secret("k" * 32), tls=tls))

    store = with_tls(settings.url, "ca.pem")
    assert store.read("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [(True,)]
    store.close()
    with pytest.raises(JournalError, match=r"TLS: .*certificate verify failed"):
        with_tls(settings.url, "other.pem")
    with pytest.raises(JournalError, match=r"TLS: .*certificate verify failed"):
        with_tls(settings.url.replace("127.0.0.1", "localhost"), "ca.pem")
    with pytest.raises(JournalError, match=r"the journal: .*nowhere\.pem cannot be read"):
        with_tls(settings.url, "nowhere.pem")


def test_a_server_that_hangs_holds_nobody(settings: JournalSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT", "WRITE", "READ"):
        monkeypatch.setattr(f"ariroute.journal.postgres.{name}", 0.3)
    opened(settings).close()
    assert settings.address is not None
    with Relay(settings.address.port) as relay:
        store = opened(through(relay, settings))
        relay.hold()
        for ask in (lambda: store.write([Statement(PUT, ("a", 1.0, "{}"))]), lambda: store.read(DIGESTS)):
            began = time.monotonic()
            with pytest.raises(JournalError, match=r"no answer within 0\.3 s|connection"):
                ask()
            assert time.monotonic() - began < 3
        store.close()
        relay.mend()
        relay.newcomers = Newcomers.IGNORED
        with pytest.raises(JournalError, match=r"no answer within 0\.3 s"):
            opened(through(relay, settings))


def test_a_lock_on_the_table_is_a_failure_in_time_and_nothing_of_it_stays(
    settings: JournalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ariroute.journal.postgres.WRITE", 0.5)
    store, other = opened(settings), opened(settings)
    other._run(lambda: other._base.execute("BEGIN; LOCK TABLE configs IN ACCESS EXCLUSIVE MODE"), 5)
    with pytest.raises(JournalError, match="statement timeout"):
        store.write([Statement(PUT, ("a", 1.0, "{}"))])
    other.close()
    store.write([Statement(PUT, ("a", 1.0, "{}"))])
    store.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_while_the_server_is_away_records_wait_and_then_each_is_there_once(
    server: PrivateDatabase, settings: JournalSettings, caplog: pytest.LogCaptureFixture, end: str
) -> None:
    journal = Journal(lambda: opened(settings), 1000, LIMITS)
    journal.start()
    journal.offer(Rules("before", 1.0, "{}"))
    until(lambda: journal.written == 1)
    getattr(server, end)()
    try:
        for number in range(100):
            journal.offer(Rules(f"r{number}", 1.0, "{}"))
        until(lambda: journal.failure)
    finally:
        server.start()
    until(lambda: journal.written == 101)
    journal.close()
    store = opened(settings)
    assert store.read("SELECT count(*) FROM configs") == [(101,)]
    store.close()
    told = [record for record in caplog.records if record.name == "ariroute.journal.writer"]
    assert [record.levelno for record in told] == [logging.ERROR, logging.WARNING], told
    assert told[1].getMessage() == "the journal is written again; 0 records were lost meanwhile"


def test_a_batch_whose_commit_was_not_heard_of_is_there_once(
    settings: JournalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ariroute.journal.postgres.WRITE", 1.0)
    store = opened(settings)
    store.write([contact(1)])
    assert settings.address is not None
    with Relay(settings.address.port) as relay:
        journal = Journal(lambda: opened(through(relay, settings)), 1000, LIMITS)
        journal.start()
        journal.offer(Rules("a", 1.0, "{}"))
        until(lambda: journal.written == 1)
        deaf = threading.Event()
        commit = PostgresStore._written

        async def answers_get_lost(self: PostgresStore, statements: list[Statement]) -> None:
            if not deaf.is_set():
                async with self._base.transaction():
                    for sql, values in statements:
                        await self._base.execute(sql, *values)
                    relay.lose(Way.BACK)
                    deaf.set()
                return
            await commit(self, statements)

        monkeypatch.setattr(PostgresStore, "_written", answers_get_lost)
        journal.offer(Rules("b", 1.0, "{}"))
        journal.offer(Happened("c1", "pbx1", {"at": 2.5, "event": "answered"}, {"agent": "anna"}))
        until(lambda: journal.failure)
        assert store.read("SELECT agent FROM contacts") == [("anna",)], "the server has carried it out"
        relay.mend()
        until(lambda: journal.written == 3)
        journal.close()
    assert store.read("SELECT happened FROM contacts") == [('{"at":2.5,"event":"answered"}\n',)]
    assert store.read(DIGESTS) == [("a",), ("b",)]
    store.close()


def test_the_oldest_go_when_the_records_take_too_much(settings: JournalSettings) -> None:
    store = opened(settings)
    filling = "x" * 500
    store.write([contact(number, 1e9, filling) for number in range(1, 5001)])
    size, disk = store.size(), store.on_disk()
    assert 0.6 * disk < size < 1.1 * disk, "an estimate, near to what it takes"
    retention = Retention(Limits(1e12, size // 2))
    while True:
        (before,) = store.read("SELECT count(*) FROM contacts")[0]
        retention.step(store)
        (after,) = store.read("SELECT count(*) FROM contacts")[0]
        if before == after:
            break
    assert size // 2 * 0.7 < store.size() <= size // 2
    assert store.read("SELECT max(id) FROM contacts") == [(5000,)]
    assert retention.on_disk == store.on_disk()
    store.write([Statement(sql, (NEVER,)) for sql in UP_TO])
    assert store.size() == 0
    store.close()


FLOW_FILE = """\
version: 1
queues: {gold: {priority: 20}, standard: {}}
journal: {url: "sqlite:unused.db"}
flows:
  support:
    trigger: {call: {to: [support]}}
    default: standard
    steps: [{queue: standard}]
"""


async def test_a_shadow_follows_and_its_rows_go_with_their_contacts(settings: JournalSettings, tmp_path: Path) -> None:
    file, new = tmp_path / "ariroute.yaml", tmp_path / "new.yaml"
    file.write_text(FLOW_FILE, encoding="utf-8")
    new.write_text(FLOW_FILE.replace("queue: standard", "queue: gold"), encoding="utf-8")
    daemon = await asyncio.to_thread(opened, settings)
    shadow = await asyncio.to_thread(
        Shadow,
        load_rules(new),
        lambda: opened(settings, only_read=True),
        lambda: opened(settings),
        BEGIN.timestamp,
    )
    _, statements = decided(file, [Placed(), Placed()])
    await asyncio.to_thread(daemon.write, statements)
    assert [changed.move[1] for changed in await shadow.look()] == ["queue gold, priority 20"] * 2
    assert await shadow.look() == []
    rows = "SELECT s.queue, s.differs FROM shadows s JOIN contacts c ON c.id = s.contact_id"
    assert await asyncio.to_thread(daemon.read, rows) == [("gold", "destination")] * 2
    await asyncio.to_thread(daemon.write, [Statement("DELETE FROM contacts WHERE contact = $1", ("call.0",))])
    assert await asyncio.to_thread(daemon.read, "SELECT count(*) FROM shadows") == [(1,)]
    await asyncio.to_thread(shadow.close)
    await asyncio.to_thread(daemon.close)
