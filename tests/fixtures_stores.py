"""Real servers that lookups ask: one redis-server and one slapd per session, filled with the same few customers.

A test that stops a server or changes what it holds makes one of its own.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ariroute.lab.debian import LabError
from ariroute.lab.redis import RedisServer
from ariroute.lab.slapd import LdapServer, customer


def started(start: Callable[[], object]) -> None:
    """Start a server. Where it cannot be had the test is skipped with the reason; never when all tests are wanted."""
    try:
        start()
    except LabError as error:
        if os.environ.get("CI") or os.environ.get("ARIROUTE_ALL_TESTS"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A redis-server; tests add keys and leave those of others alone."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    try:
        started(server.start)
        server.hash("customer:+46701234567", {"tier": "gold", "orders": "12", "blocked": "no"})
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LdapServer]:
    """A slapd with `LDAP_CUSTOMERS`; nothing changes them."""
    server = LdapServer(tmp_path_factory.mktemp("ldap"))
    try:
        started(lambda: server.start(LDAP_CUSTOMERS))
        yield server
    finally:
        server.close()


LDAP_CUSTOMERS = [
    customer("Anna", telephoneNumber="+46701234567", employeeType=["gold", "old"], employeeNumber="12", mail="a@x.se"),
    customer("Bo", telephoneNumber="+46701234568", jpegPhoto=b"\xff\xd8\xff\xe0", employeeNumber="many"),
    customer("Åsa (VIP) *\\", telephoneNumber="+46701234569", employeeType="platinum"),
    customer("Two A", telephoneNumber="+46701234570", employeeType="gold"),
    customer("Two B", telephoneNumber="+46701234570", employeeType="gold"),
]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "server.pem", folder / "server.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made, key
