"""An SQL lookup behind a real runner, and questions to it, for the tests of all engines."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fixtures_databases import PASSWORD

from ariroute.flow.facts import Answer, FieldType
from ariroute.lab.database import PrivateDatabase
from ariroute.lookups.base import LookupSettings, Surroundings
from ariroute.lookups.runner import LookupRunner
from ariroute.lookups.sql import SqlSettings, SqlSource
from ariroute.values import Secret

ANNA = "+46701234567"
BO = "+46701234568"
FIELDS: dict[str, FieldType] = {"name": "string", "loyalty": "string", "orders": "number"}
QUERY = "SELECT name, loyalty, orders FROM customers WHERE phone = :caller.e164"

MARGIN = 0.05
"""Seconds by which a lookup may miss its deadline."""


@asynccontextmanager
async def asking(
    url: str,
    query: str = QUERY,
    fields: Mapping[str, FieldType] = FIELDS,
    *,
    folder: Path = Path(),
    **more: Any,
) -> AsyncIterator[LookupRunner]:
    """A runner whose only lookup is `crm`; afterwards none of its tasks and connections may be left."""
    secret = {} if url.startswith("sqlite") else {"password": Secret(PASSWORD)}
    # Unless a test is about time, a busy machine may take some.
    settings = SqlSettings.model_validate({"url": url, "query": query, "timeout": 5.0, **secret, **more})
    common = LookupSettings(
        fields=dict(fields), timeout=settings.timeout, max_in_flight=settings.max_in_flight, at_once=settings.at_once
    )
    source = SqlSource(settings, Surroundings("crm", dict(fields), folder=folder))
    runner = LookupRunner({"crm": (common, source)})
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in others if "lookup" in task.get_name()]


async def one(runner: LookupRunner, caller: str = ANNA) -> Answer:
    """The answer for one caller."""
    (answer,) = await runner.fetch(["crm"], {"caller.e164": caller})
    return answer


async def timed(runner: LookupRunner, caller: str = ANNA) -> tuple[Answer, float]:
    """The answer, and the seconds that it took by our own clock."""
    begun = time.monotonic()
    answer = await one(runner, caller)
    return answer, time.monotonic() - begun


async def sql(server: PrivateDatabase, text: str) -> list[list[str]]:
    """Ask as the admin, without holding up the loop."""
    return await asyncio.to_thread(server.sql, text, "crm")


SESSIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ariroute'",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE user = 'ariroute'",
}
RUNNING = {
    "postgresql": SESSIONS["postgresql"] + " AND state = 'active'",
    "mariadb": SESSIONS["mariadb"] + " AND command IN ('Execute', 'Query')",
}


async def count(server: PrivateDatabase, questions: Mapping[str, str]) -> int:
    """How many of the lookups' sessions there are."""
    return int((await sql(server, questions[server.scheme]))[0][0])


async def until(server: PrivateDatabase, questions: Mapping[str, str], number: int, within: float = 5.0) -> None:
    """Wait until the server has so many of these. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while await count(server, questions) != number:  # noqa: ASYNC110 - a server tells no event
            await asyncio.sleep(0.01)


def unused_port() -> socket.socket:
    """A socket that is bound and does not listen: whoever connects is refused, and nobody else gets the port."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken
