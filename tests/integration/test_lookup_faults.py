"""Customer services that misbehave on real sockets: each fault by its word, in time, in bounded memory."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.lab.customers import CustomerService
from ariroute.lab.evil import EvilService
from ariroute.lookups import session
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.resolver import Resolver
from ariroute.lookups.runner import LookupRunner

ANNA = {"caller.e164": "+46701234567"}
FIELDS = {"loyalty": "string", "orders": "number", "name": "string", "plan": "string"}
MARGIN = 0.5
"""Seconds by which a busy machine may miss a deadline; alone it is a few milliseconds."""

WORDS = {
    "500": Failure.STATUS,
    "array": Failure.NOT_JSON,
    "bigint": Failure.NOT_JSON,
    "bomb": Failure.TOO_LARGE,
    "chunk": Failure.NOT_JSON,
    "close": Failure.REFUSED,
    "continue": Failure.TIMEOUT,
    "deep": Failure.TOO_LARGE,  # longer than 256 KiB; below that it is not_json
    "drip": Failure.TIMEOUT,
    "dup": Failure.NOT_JSON,
    "empty": Failure.NOT_JSON,
    "garbage": Failure.NOT_JSON,
    "hang": Failure.TIMEOUT,
    "header": Failure.NOT_JSON,
    "html": Failure.NOT_JSON,
    "huge": Failure.TOO_LARGE,
    "loop": Failure.STATUS,
    "nan": Failure.NOT_JSON,
    "null": Failure.NOT_JSON,
    "redirect": Failure.STATUS,
    "reset": Failure.REFUSED,
    "slow": Failure.TIMEOUT,
    "types": Failure.WRONG_TYPE,
    "utf8": Failure.NOT_JSON,
}


@pytest.fixture(scope="module")
def evil() -> Iterator[EvilService]:
    with EvilService() as service:
        yield service


@asynccontextmanager
async def asking(url: str, timeout: float = 5.0, **more: Any) -> AsyncIterator[LookupRunner]:
    item = {"http": {"url": url, "timeout": timeout, **more}, "fields": FIELDS}
    entry = LookupEntry.model_validate(item)
    runner = LookupRunner({"crm": (entry.common(), entry.factory("crm", Surroundings("crm"))(NoPbx()))})
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in others if "lookup" in task.get_name()]


async def one(runner: LookupRunner) -> Answer:
    (answer,) = await runner.fetch(["crm"], ANNA)
    return answer


def test_every_fault_of_the_service_is_tried(evil: EvilService) -> None:
    assert set(WORDS) | {"control"} == set(evil.faults())


@pytest.mark.parametrize(("fault", "word"), WORDS.items())
async def test_fault_ends_in_its_word_and_in_time(evil: EvilService, fault: str, word: Failure) -> None:
    timeout = 0.25 if word == Failure.TIMEOUT else 5.0
    async with asking(evil.url_of(fault) + "/{caller.e164}", timeout) as runner:
        begun = time.monotonic()
        answer = await one(runner)
        took = time.monotonic() - begun
    assert (answer.outcome, answer.failure, dict(answer.fields)) == (Outcome.FAILED, word, {})
    assert answer.detail
    assert took < timeout + MARGIN


async def test_control_characters_of_a_service_do_not_get_in(evil: EvilService) -> None:
    async with asking(evil.url_of("control")) as runner:
        answer = await one(runner)
    assert answer.fields == {"loyalty": "goldX-Evil: 1", "name": "gnp.exe"}


async def test_redirect_is_not_followed(evil: EvilService) -> None:
    async with asking(evil.url_of("redirect")) as runner:
        assert "redirects are not followed" in (await one(runner)).detail
    assert evil.hits["redirected"] == 0


async def test_deep_nesting_within_the_size_limit_is_refused(evil: EvilService) -> None:
    async with asking(evil.url_of("deep"), max_size="1MiB") as runner:
        answer = await one(runner)
    assert (answer.failure, answer.detail) == (Failure.NOT_JSON, "the answer is nested too deep")


@pytest.mark.parametrize("fault", ["huge", "bomb"])
async def test_memory_stays_small_however_long_the_answer(evil: EvilService, fault: str) -> None:
    async with asking(evil.url_of(fault)) as runner:
        await one(runner)  # the service makes its body once
        gc.collect()
        tracemalloc.start()
        try:
            assert (await one(runner)).failure == Failure.TOO_LARGE
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # The service lives in this process and has up to 3 MiB in hand; 200 MB or 300 MB would show.
    assert peak < 8 * 1024 * 1024


async def test_small_answer_that_unpacks_to_200_mb_is_cut_while_unpacking() -> None:
    packer = zlib.compressobj(level=9, wbits=31)
    body = b"".join([*(packer.compress(b" " * 2**20) for _ in range(200)), packer.flush()])
    assert len(body) < 256 * 1024

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asking(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/") as runner:
        tracemalloc.start()
        try:
            assert (await one(runner)).failure == Failure.TOO_LARGE
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


async def test_endless_answer_without_length_is_cut() -> None:
    sent = 0
    cut = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
                await writer.drain()
                sent += 65536
        writer.close()
        cut.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asking(f"http://127.0.0.1:{port}/") as runner:
        assert (await one(runner)).failure == Failure.TOO_LARGE
        async with asyncio.timeout(10):
            await cut.wait()
    assert sent < 32 * 1024 * 1024  # what the kernel's buffers take, and no more


async def test_refused_connection_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else gets the port
        async with asking(f"http://127.0.0.1:{taken.getsockname()[1]}/") as runner:
            begun = time.monotonic()
            answer = await one(runner)
            took = time.monotonic() - begun
    assert (answer.failure, answer.detail) == (Failure.REFUSED, "no connection: Connection refused")
    assert took < MARGIN


async def test_service_without_the_tls_it_should_speak_is_refused() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asking(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/") as runner:
        answer = await one(runner)
    assert answer.failure == Failure.REFUSED
    assert answer.detail.startswith("TLS: ")


async def test_listener_that_never_accepts_is_cut_at_the_deadline() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        async with asking(f"http://127.0.0.1:{full.getsockname()[1]}/", 0.2) as runner:
            begun = time.monotonic()
            answer = await one(runner)
            took = time.monotonic() - begun
    assert answer.failure == Failure.TIMEOUT
    assert 0.19 < took < 0.2 + MARGIN


async def test_hanging_name_server_is_cut_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hangs(*_: Any, **__: Any) -> Any:
        release.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(session, "Names", lambda allowed: Resolver(hangs))
    try:
        async with asking("http://crm.test/", 0.2) as runner:
            begun = time.monotonic()
            answer = await one(runner)
            took = time.monotonic() - begun
    finally:
        release.set()
    assert answer.failure == Failure.TIMEOUT
    assert took < 0.2 + MARGIN


async def test_unknown_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(session, "Names", lambda allowed: Resolver(unknown))
    async with asking("http://crm.test/") as runner:
        answer = await one(runner)
    assert answer.failure == Failure.REFUSED
    assert "Name or service not known" in answer.detail


async def test_name_that_leads_to_the_cloud_metadata_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def rebound(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))]

    monkeypatch.setattr(session, "Names", lambda allowed: Resolver(rebound))
    async with asking("http://crm.test/") as runner:
        answer = await one(runner)
    assert answer.failure == Failure.REFUSED
    assert "no address that may be asked" in answer.detail


async def test_hanging_service_opens_the_breaker_and_then_costs_nothing(evil: EvilService) -> None:
    async with asking(evil.url_of("hang") + "/{caller.e164}", 0.05) as runner:
        before = evil.hits["hang"]
        words = [(await one(runner)).failure for _ in range(8)]
        asked = evil.hits["hang"] - before
        assert runner.states()["crm"].breaker == "open"
        async with asyncio.timeout(10):
            while runner.states()["crm"].in_flight:  # noqa: ASYNC110  # they end unseen
                await asyncio.sleep(0)
    assert words == [Failure.TIMEOUT] * 5 + [Failure.BREAKER_OPEN] * 3
    assert asked == 5


async def test_service_restarted_between_two_calls_is_asked_again() -> None:
    customers = {"+46701234567": {"loyalty": "gold"}}
    with CustomerService(customers) as first:
        port = first.port
        async with asking(f"http://127.0.0.1:{port}/customers/{{caller.e164}}") as runner:
            assert (await one(runner)).outcome == Outcome.FOUND
            first.stop()
            assert (await one(runner)).failure == Failure.REFUSED
            with CustomerService(customers, port=port):
                answer = await one(runner)
            assert (answer.outcome, answer.fields) == (Outcome.FOUND, {"loyalty": "gold"})


async def test_fifty_calls_of_one_caller_ask_the_service_once() -> None:
    with CustomerService({"+46701234567": {"loyalty": "gold"}}, delay=0.1) as service:
        async with asking(f"{service.url}/customers/{{caller.e164}}") as runner:
            answers = await asyncio.gather(*(one(runner) for _ in range(50)))
        assert service.requests == 1
    assert {answer.outcome for answer in answers} == {Outcome.FOUND}
