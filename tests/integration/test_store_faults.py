"""Redis and LDAP servers that misbehave on real sockets: each fault by its word, in time, and nothing left behind."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hostile_server import HostileServer

from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.lab.redis import RedisServer
from ariroute.lab.slapd import CUSTOMERS, LdapServer
from ariroute.lookups import ldap as ldap_lookup
from ariroute.lookups import redis as redis_lookup
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.resolver import Resolver
from ariroute.lookups.runner import LookupRunner

ANNA = {"caller.e164": "+46701234567"}
TIMEOUT = 0.25
LATE = 0.05
"""Seconds after the deadline by which the answer must be there. Of three tries one, as the machine may be busy."""

KINDS: dict[str, dict[str, Any]] = {
    "redis": {"key": "customer:{caller.e164}"},
    "ldap": {"base": CUSTOMERS, "filter": "(telephoneNumber={caller.e164})", "attributes": {"tier": "employeeType"}},
}
MODULES = {"redis": redis_lookup, "ldap": ldap_lookup}
WELL_BEGUN = {"redis": b"*1\r\n$400\r\n", "ldap": b"\x30\x82\x01\x00\x02\x01"}
"""An answer of which the rest never comes."""


def entry(kind: str, url: str, timeout: float = TIMEOUT) -> LookupEntry:
    settings = {"url": url, "timeout": timeout, **KINDS[kind]}
    return LookupEntry.model_validate({kind: settings, "fields": {"tier": "string"}})


@asynccontextmanager
async def asking(**lookups: LookupEntry) -> AsyncIterator[LookupRunner]:
    runner = LookupRunner(
        {name: (each.common(), each.factory(name, Surroundings(name))(NoPbx())) for name, each in lookups.items()}
    )
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()
        async with asyncio.timeout(5):
            while threads():  # noqa: ASYNC110  # they end by themselves
                await asyncio.sleep(0.01)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ldap ")]


async def timed(runner: LookupRunner, name: str = "bad") -> tuple[Answer, float]:
    begun = time.monotonic()
    (answer,) = await runner.fetch([name], ANNA)
    return answer, time.monotonic() - begun


async def gone(server: HostileServer) -> None:
    """Wait until no connection to ``server`` is left."""
    async with asyncio.timeout(5):
        while server.open:  # noqa: ASYNC110  # another thread counts
            await asyncio.sleep(0.01)


WORDS = {
    "hang": Failure.TIMEOUT,
    "drip": Failure.TIMEOUT,
    "close": Failure.REFUSED,
    "reset": Failure.REFUSED,
    "garbage": Failure.NOT_JSON,
    "flood": Failure.NOT_JSON,
}


def word_of(kind: str, fault: str, begun: bytes) -> set[Failure]:
    if kind == "ldap" and fault in ("flood", "drip", "garbage"):
        # What is sent promises more than ever comes, or is no LDAP at all.
        return {Failure.TIMEOUT, Failure.NOT_JSON}
    if kind == "redis" and begun and fault in ("garbage", "flood"):
        return {Failure.NOT_JSON}
    if kind == "redis" and fault == "drip" and not begun:
        return {Failure.NOT_JSON}
    return {WORDS[fault]}


def test_every_fault_is_tried() -> None:
    assert set(WORDS) == set(HostileServer.FAULTS)


@pytest.mark.parametrize("begun", [False, True], ids=["at once", "halfway"])
@pytest.mark.parametrize("fault", HostileServer.FAULTS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_fault_ends_in_its_word_in_time_and_leaves_nothing(kind: str, fault: str, begun: bool) -> None:
    first = WELL_BEGUN[kind] if begun else b""
    with HostileServer(fault, first) as server:
        async with asking(bad=entry(kind, f"{kind}://127.0.0.1:{server.port}")) as runner:
            tries = [await timed(runner) for _ in range(3)]
            assert {answer.outcome for answer, _ in tries} == {Outcome.FAILED}
            assert {answer.failure for answer, _ in tries} <= word_of(kind, fault, first), tries
            assert all(answer.detail for answer, _ in tries)
            assert min(took for _, took in tries) < TIMEOUT + LATE
            await gone(server)
            assert server.accepted >= 3


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refused_connection_is_told_at_once(kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        async with asking(bad=entry(kind, f"{kind}://127.0.0.1:{taken.getsockname()[1]}", 5.0)) as runner:
            answer, took = await timed(runner)
    assert (answer.failure, answer.detail) == (Failure.REFUSED, "no connection: Connection refused")
    assert took < 1.0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_listener_that_never_accepts_is_cut_at_the_deadline(kind: str) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        async with asking(bad=entry(kind, f"{kind}://127.0.0.1:{full.getsockname()[1]}")) as runner:
            tries = [await timed(runner) for _ in range(3)]
    assert {answer.failure for answer, _ in tries} == {Failure.TIMEOUT}
    assert min(took for _, took in tries) < TIMEOUT + LATE


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_server_that_hangs_is_cut_at_the_deadline(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hangs(*_: Any, **__: Any) -> Any:
        release.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(MODULES[kind], "Resolver", lambda **more: Resolver(hangs, **more))
    try:
        async with asking(bad=entry(kind, f"{kind}://store.test")) as runner:
            tries = [await timed(runner) for _ in range(3)]
    finally:
        release.set()
    assert {answer.failure for answer, _ in tries} == {Failure.TIMEOUT}
    assert min(took for _, took in tries) < TIMEOUT + LATE


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unknown_host_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(MODULES[kind], "Resolver", lambda **more: Resolver(unknown, **more))
    async with asking(bad=entry(kind, f"{kind}://store.test", 5.0)) as runner:
        answer, _ = await timed(runner)
    assert answer.failure == Failure.REFUSED
    assert "Name or service not known" in answer.detail


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_of_several_addresses_is_tried_at_each(
    kind: str, monkeypatch: pytest.MonkeyPatch, redis: RedisServer, ldap: LdapServer
) -> None:
    def both(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.99", "127.0.0.1")]

    monkeypatch.setattr(MODULES[kind], "Resolver", lambda **more: Resolver(both, **more))
    port = {"redis": redis.port, "ldap": ldap.port}[kind]
    async with asking(good=entry(kind, f"{kind}://store.test:{port}", 5.0)) as runner:
        answer, _ = await timed(runner, "good")
    assert answer.fields == {"tier": "gold"}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_tls_of_a_server_that_hangs_is_cut_at_the_deadline(kind: str) -> None:
    with HostileServer("hang") as server:
        async with asking(bad=entry(kind, f"{kind}s://127.0.0.1:{server.port}")) as runner:
            tries = [await timed(runner) for _ in range(3)]
            await gone(server)
    assert {answer.failure for answer, _ in tries} == {Failure.TIMEOUT}
    assert min(took for _, took in tries) < TIMEOUT + LATE


@pytest.mark.parametrize("kind", KINDS)
async def test_other_lookups_go_on_beside_a_server_that_hangs(kind: str, redis: RedisServer, ldap: LdapServer) -> None:
    good = {"redis": redis.url, "ldap": ldap.url}[kind]
    with HostileServer("hang") as server:
        bad = entry(kind, f"{kind}://127.0.0.1:{server.port}", 4.0)  # longer than all the good ones together
        async with asking(bad=bad, good=entry(kind, good, 1.0)) as runner:
            numbers = [f"+46701234{n:03}" for n in range(50)]
            hung = [asyncio.create_task(runner.fetch(["bad"], {"caller.e164": number})) for number in numbers]
            await asyncio.sleep(0)
            took = [(await timed(runner, "good"))[1] for _ in range(20)]
            answer, _ = await timed(runner, "good")
            assert not any(task.done() for task in hung)
            assert (answer.outcome, answer.fields) == (Outcome.FOUND, {"tier": "gold"})
            assert sorted(took)[10] < 0.1
            assert {each.failure for (each,) in await asyncio.gather(*hung)} <= {
                Failure.TIMEOUT,
                Failure.BREAKER_OPEN,
            }
        await gone(server)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_hundred_hung_questions_leave_no_thread_and_no_connection(kind: str) -> None:
    with HostileServer("hang") as server:
        async with asking(bad=entry(kind, f"{kind}://127.0.0.1:{server.port}", 0.1)) as runner:
            before = threading.active_count()
            for turn in range(5):
                await asyncio.gather(*(runner.fetch(["bad"], {"caller.e164": f"+4670{turn}{n:06}"}) for n in range(20)))
            await gone(server)
            async with asyncio.timeout(5):
                while threading.active_count() > before or runner.states()["bad"].in_flight:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
