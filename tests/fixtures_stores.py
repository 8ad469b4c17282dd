"""Real servers that lookups ask: one redis-server and one slapd per session, filled with the same few customers.

A test that stops a server or changes what it holds makes one of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from ariroute.lab.debian import LabError
from ariroute.lab.redis import RedisServer


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
