"""Settings of SQL lookups, and the way from a row to facts."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import ValidationError

from ariroute.database_address import Address
from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import FieldType
from ariroute.lookups.base import Surroundings
from ariroute.lookups.sql import SqlSettings, SqlSource, bindable, check_size, plain, record
from ariroute.lookups.sql_mysql import session_settings
from ariroute.tls import SqlTls

QUERY = "SELECT loyalty FROM customers WHERE phone = :caller.e164"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://ariroute@db.example/crm", Address("postgresql", "crm", "ariroute", "db.example", 5432)),
        ("mariadb://a%40b@127.0.0.1:3307/as%2Fterisk", Address("mysql", "as/terisk", "a@b", "127.0.0.1", 3307)),
        ("mysql://ariroute@[::1]/crm", Address("mysql", "crm", "ariroute", "::1", 3306)),
        ("sqlite:customers.db", Address("sqlite", "customers.db")),
        ("sqlite:/var/lib/c.db", Address("sqlite", "/var/lib/c.db")),
    ],
)
def test_address_is_taken_apart(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"url": "oracle://a@b/c"}, "is not the address of a database"),
        ({"url": "postgresql"}, "is not the address of a database"),
        ({"url": "postgresql://ariroute:s3cret@db/crm"}, "no password in an address"),
        ({"url": "postgresql://db/crm"}, "user, host and database are needed"),
        ({"url": "postgresql://ariroute@db"}, "user, host and database are needed"),
        ({"url": "postgresql://ariroute@db/crm?sslmode=off"}, "keys of their own"),
        ({"url": "postgresql://ariroute@db:0/crm"}, "not a number from 1 to 65535"),
        ({"url": "postgresql://ariroute@db:99999/crm"}, "host or port cannot be"),
        ({"url": "postgresql://ariroute@d b/crm"}, "can never be a host"),
        ({"url": "sqlite:///customers.db"}, "write sqlite:customers.db"),
        ({"url": "sqlite:"}, "write sqlite:customers.db"),
        ({"url": "sqlite:c.db", "socket": "/run/x"}, "an SQLite file knows no socket"),
        ({"url": "sqlite:c.db", "tls": True}, "an SQLite file knows no tls"),
        ({"socket": "run/x"}, "write the whole path of the socket"),
        ({"socket": "/run/x", "tls": True}, "a Unix socket does not leave the machine"),
        ({"tls": "yes"}, "should be a valid dictionary"),
        ({"tls": {"key": "k.pem"}}, "a key belongs to a certificate"),
        ({"tls": {"cart": "c.pem"}}, "Extra inputs"),
        ({"connections": 0}, "greater than or equal to 1"),
        ({"max_size": "32MiB"}, "less than or equal to"),
        ({"query": "DELETE FROM customers"}, "a lookup only reads"),
        ({"qery": "SELECT 1"}, "Extra inputs"),
    ],
)
def test_wrong_settings_are_refused(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SqlSettings.model_validate({"url": "postgresql://ariroute@db/crm", "query": QUERY, **more})
    assert complaint in str(caught.value)
    assert all("s3cret" not in error["msg"] for error in caught.value.errors())


def test_tls_is_a_switch_or_files() -> None:
    given = {"url": "mysql://a@db/crm", "query": QUERY}
    read = [SqlSettings.model_validate({**given, "tls": tls}).tls for tls in (True, False, {"ca": "ca.pem"})]
    assert read == [SqlTls(), None, SqlTls(ca="ca.pem")]


def test_schema_takes_the_same() -> None:
    schema = SqlSettings.model_json_schema()
    for tls, fits in ((True, True), (False, True), ({"ca": "ca.pem"}, True), ({"cart": "x"}, False), ("yes", False)):
        given = {"url": "mysql://a@db/crm", "query": QUERY, "tls": tls}
        assert jsonschema.Draft202012Validator(schema).is_valid(given) == fits, tls


def test_questions_at_once_are_as_many_as_connections() -> None:
    settings = SqlSettings.model_validate({"url": "sqlite:c.db", "query": QUERY, "connections": 7})
    assert (settings.at_once, settings.template_names) == (7, frozenset({"caller.e164"}))


@pytest.mark.parametrize(
    ("value", "kind", "fact"),
    [
        (Decimal("12.50"), "number", 12.5),
        (date(2024, 2, 29), "string", "2024-02-29"),
        (datetime(2026, 11, 21, 22, 20, tzinfo=UTC), "string", "2026-11-21T22:20:00+00:00"),
        (time(8, 30), "string", "08:30:00"),
        (timedelta(minutes=90), "number", 5400.0),
        (UUID(int=5), "string", "00000000-0000-0000-0000-000000000005"),
        (ip_address("10.0.0.1"), "string", "10.0.0.1"),
        (1, "bool", True),
        (0, "bool", False),
        (2, "bool", 2),
        (1, "number", 1),
        (True, "bool", True),
        (None, "bool", None),
        ("text", "string", "text"),
    ],
)
def test_value_becomes_a_fact(value: object, kind: FieldType, fact: object) -> None:
    found = plain("x", value, kind)
    assert (found, type(found)) == (fact, type(fact))


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_decimal_that_is_no_number_is_not_finite(text: str) -> None:
    value = plain("x", Decimal(text), "number")
    assert value != value


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_bytes_are_refused(value: object) -> None:
    with pytest.raises(LookupFailed, match="wrong_type: x holds bytes"):
        plain("x", value, "string")


def test_columns_that_are_not_declared_are_left_out() -> None:
    assert record([("a", 1), ("b", b"x")], {"a": "number"}) == {"a": 1}


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [("b", "the query gives no column 'a': it gives b"), ("aa", "the query gives two columns 'a': it gives a, a")],
)
def test_declared_column_must_be_there_once(columns: str, complaint: str) -> None:
    with pytest.raises(LookupFailed, match=complaint):
        record([(name, 1) for name in columns], {"a": "number"})


def test_size_counts_bytes_of_all_columns() -> None:
    row = [("a", "ö" * 10), ("b", b"x" * 10), ("c", 5), ("d", None)]
    check_size(row, 30)
    with pytest.raises(LookupFailed, match="too_large: the row is longer than 29 bytes"):
        check_size(row, 29)


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_what_no_database_takes_is_not_asked(value: str) -> None:
    with pytest.raises(LookupFailed) as caught:
        bindable("caller.name", value)
    assert (caught.value.reason, caught.value.asked) == ("error", False)
    assert "caller.name" in caught.value.detail


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("5.5.5-10.11.6-MariaDB", "tx_read_only = 1, sql_select_limit = 1, max_statement_time = 0.300"),
        ("8.0.36", "transaction_read_only = 1, sql_select_limit = 1, max_execution_time = 300"),
    ],
)
def test_session_is_set_in_the_words_of_the_server(version: str, words: str) -> None:
    assert session_settings(version, 0.3) == f"SET SESSION {words}"


@pytest.mark.parametrize(
    ("url", "library", "extra"),
    [("postgresql://a@db/crm", "asyncpg", "postgres"), ("mysql://a@db/crm", "asyncmy", "mysql")],
)
async def test_missing_driver_names_its_extra(
    url: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    settings = SqlSettings.model_validate({"url": url, "query": QUERY})
    with pytest.raises(UnusableInput, match=rf"pip install 'ariroute\[{extra}\]'"):
        await SqlSource(settings, Surroundings("crm")).start()


async def test_missing_authority_is_told_at_start(tmp_path: Path) -> None:
    settings = SqlSettings.model_validate(
        {"url": "postgresql://a@db/crm", "query": QUERY, "tls": {"ca": "no.pem"}},
    )
    with pytest.raises(UnusableInput, match=r"lookup crm: .*no\.pem cannot be read"):
        await SqlSource(settings, Surroundings("crm", folder=tmp_path)).start()


async def test_source_starts_though_no_server_is_there() -> None:
    settings = SqlSettings.model_validate({"url": "postgresql://a@127.0.0.1:1/crm", "query": QUERY})
    source = SqlSource(settings, Surroundings("crm"))
    await source.start()
    await source.close()
