"""Real database servers for tests, one of each for a session: database `crm` with one table `customers`.

The user `ariroute` may write: what a lookup does not write, the read-only session has refused. A test that stops its
server makes one of its own by `customer_server()`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ariroute.lab.database import PrivateDatabase
from ariroute.lab.debian import LabError
from ariroute.lab.mariadb import PrivateMariadb
from ariroute.lab.postgres import PrivatePostgres

PASSWORD = "pass-wörd'%s{x}"

ENGINES: dict[str, type[PrivateDatabase]] = {"postgres": PrivatePostgres, "mariadb": PrivateMariadb}

USERS = {
    "postgres": """
CREATE ROLE ariroute LOGIN PASSWORD '{password}';
CREATE DATABASE crm OWNER ariroute;
""",
    "mariadb": """
CREATE USER ariroute@'127.0.0.1' IDENTIFIED BY '{password}';
CREATE USER ariroute@localhost IDENTIFIED BY '{password}';
CREATE DATABASE crm CHARACTER SET utf8mb4;
GRANT ALL ON crm.* TO ariroute@'127.0.0.1';
GRANT ALL ON crm.* TO ariroute@localhost;
""",
}
CUSTOMERS = """
CREATE TABLE customers (
    phone varchar(100) PRIMARY KEY, name varchar(100), loyalty varchar(20), orders integer,
    spent decimal(12, 2), vip boolean, since date, seen timestamp NULL, note text, photo {blob}
);
INSERT INTO customers VALUES
    ('+46701234567', 'Ånna Ek', 'gold', 3, 1234.50, true, '2024-02-29', '2026-11-21 22:20:00', NULL, NULL),
    ('+46701234568', 'Bo', 'standard', 0, 0, false, NULL, NULL, 'x', {bytes});
"""
WORDS = {"postgres": {"blob": "bytea", "bytes": r"'\x0102'"}, "mariadb": {"blob": "blob", "bytes": "X'0102'"}}
OWNERSHIP = {"postgres": "ALTER TABLE customers OWNER TO ariroute;", "mariadb": ""}


def running_server(engine: str, directory: Path, *options: str) -> PrivateDatabase:
    """A server as it comes. Skips the test where none can be had, but for CI."""
    server = ENGINES[engine](directory, *options)
    try:
        server.start()
    except LabError as error:
        if os.environ.get("CI") or os.environ.get("ARIROUTE_ALL_TESTS"):
            raise
        pytest.skip(f"{engine} cannot be had here: {error}")
    return server


def customer_server(engine: str, directory: Path, *options: str) -> PrivateDatabase:
    """A server of one's own with the customers."""
    server = running_server(engine, directory, *options)
    server.sql(USERS[engine].format(password=PASSWORD.replace("'", "''")))
    server.sql(CUSTOMERS.format(**WORDS[engine]) + OWNERSHIP[engine], "crm")
    return server


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateDatabase]:
    """PostgreSQL with the customers."""
    with customer_server("postgres", tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateDatabase]:
    """MariaDB with the customers."""
    with customer_server("mariadb", tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(params=["postgres", "mariadb"])
def database(request: pytest.FixtureRequest) -> PrivateDatabase:
    """Each of them in turn."""
    chosen: PrivateDatabase = request.getfixturevalue(request.param)
    return chosen
