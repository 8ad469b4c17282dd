"""What the http source sends, and how it reads a well-meant answer. Faults: tests/integration/test_lookup_faults.py."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.base import Surroundings
from ariroute.lookups.http import HttpSettings, HttpSource

ANNA = {"caller.e164": "+46701234567", "caller.name": "Anna / Åsa"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def asking(
    handler: Handler, path: str = "/c/{caller.e164}", host: str = "127.0.0.1", **more: Any
) -> AsyncIterator[HttpSource]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    async with TestServer(app) as server:
        url = f"http://{host}:{server.port}{path}"
        source = HttpSource(HttpSettings.model_validate({"url": url, **more}), Surroundings("crm"))
        await source.start()
        try:
            yield source
        finally:
            await source.close()


def giving(
    body: bytes = b'{"loyalty": "gold"}', status: int = 200, *, encoding: str = "", location: str = ""
) -> Handler:
    headers = {"Content-Encoding": encoding, "Location": location}

    async def handler(request: web.Request) -> web.Response:
        given = {name: value for name, value in headers.items() if value}
        return web.Response(body=body, status=status, headers=given, content_type="application/json")

    return handler


async def test_request_carries_encoded_values_headers_and_nothing_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({"loyalty": "gold"})

    path = "/c/{caller.e164}?name={caller.name}"
    async with asking(handler, path, headers={"X-Key": "s3cret"}, auth={"bearer": "t0ken"}) as source:
        assert await source.fetch(ANNA) == {"loyalty": "gold"}
    (request,) = seen
    assert (request.method, request.raw_path) == ("GET", "/c/%2B46701234567?name=Anna%20%2F%20%C3%85sa")
    assert request.headers["X-Key"] == "s3cret"
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["User-Agent"] == "ariroute"
    assert "Cookie" not in request.headers


async def test_cookies_are_not_kept() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie", ""))
        return web.json_response({}, headers={"Set-Cookie": "session=1"})

    async with asking(handler, host="localhost") as source:  # a jar keeps none of bare addresses
        await source.fetch(ANNA)
        await source.fetch(ANNA)
    assert seen == ["", ""]


async def test_connection_is_used_again_also_after_404() -> None:
    ports: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        assert request.transport
        ports.append(request.transport.get_extra_info("peername"))
        return web.json_response({"error": "no such customer"}, status=404 if len(ports) % 2 else 200)

    async with asking(handler) as source:
        for _ in range(4):
            await source.fetch(ANNA)
    assert len(set(ports)) == 1


async def test_no_more_connections_are_opened_than_allowed() -> None:
    inside = most = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return web.json_response({})

    async with asking(handler, connections=2) as source:
        await asyncio.gather(*(source.fetch(ANNA) for _ in range(10)))
    assert most == 2


async def test_record_is_taken_from_within_the_answer() -> None:
    handler = giving(b'{"data": {"customers": [{"loyalty": "gold"}, {}]}}')
    async with asking(handler, record="data.customers") as source:
        assert await source.fetch(ANNA) == {"loyalty": "gold"}


@pytest.mark.parametrize(("status", "missing_status"), [(404, [404]), (410, [404, 410]), (204, [204])])
async def test_status_that_means_no_such_customer(status: int, missing_status: list[int]) -> None:
    async with asking(giving(b"", status), missing_status=missing_status) as source:
        assert await source.fetch(ANNA) is None


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 429, 500, 503])
async def test_other_status_is_a_failure(status: int) -> None:
    async with asking(giving(status=status, location="/elsewhere")) as source:
        with pytest.raises(LookupFailed) as caught:
            await source.fetch(ANNA)
    assert caught.value.reason == Failure.STATUS
    assert caught.value.detail.startswith(f"HTTP {status}")


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_answer_packed_unasked_is_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    handler = giving(pack(b'{"loyalty": "gold"}'), encoding=encoding)
    async with asking(handler) as source:
        assert await source.fetch(ANNA) == {"loyalty": "gold"}


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
async def test_other_packing_is_refused(encoding: str) -> None:
    async with asking(giving(encoding=encoding)) as source:
        with pytest.raises(LookupFailed, match="not asked for"):
            await source.fetch(ANNA)


async def test_broken_packing_is_refused() -> None:
    async with asking(giving(b"not gzip", encoding="gzip")) as source:
        with pytest.raises(LookupFailed, match="cannot be unpacked"):
            await source.fetch(ANNA)


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
async def test_size_limit_is_exact(size: int, fits: bool) -> None:
    body = b"{}" + b" " * (size - 2)
    async with asking(giving(body), max_size=1000) as source:
        if fits:
            assert await source.fetch(ANNA) == {}
        else:
            with pytest.raises(LookupFailed, match=r"longer than 1000 bytes"):
                await source.fetch(ANNA)


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
async def test_size_limit_is_exact_after_unpacking(size: int, fits: bool) -> None:
    body = gzip.compress(b"{}" + b" " * (size - 2))
    async with asking(giving(body, encoding="gzip"), max_size=1000) as source:
        if fits:
            assert await source.fetch(ANNA) == {}
        else:
            with pytest.raises(LookupFailed, match=r"longer than 1000 bytes"):
                await source.fetch(ANNA)
