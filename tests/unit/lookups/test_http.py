"""What the http source sends, and how it reads a well-meant answer. Faults: tests/integration/test_lookup_faults.py."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

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


class Seen:
    """A service that keeps what it was asked."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = {"loyalty": "gold"} if answer is None else answer
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        self.bodies.append(await request.read())
        return web.json_response(self.answer)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "REPORT"])
async def test_method_is_as_written(method: str) -> None:
    seen = Seen()
    async with asking(seen.handle, method=method) as source:
        assert await source.fetch(ANNA) == {"loyalty": "gold"}
    assert seen.requests[0].method == method


async def test_json_body_is_posted_with_its_type() -> None:
    seen = Seen()
    async with asking(seen.handle, json={"phone": "{caller.e164}", "limit": 1}) as source:
        await source.fetch(ANNA)
    assert (seen.requests[0].method, seen.requests[0].content_type) == ("POST", "application/json")
    assert json.loads(seen.bodies[0]) == {"phone": "+46701234567", "limit": 1}


async def test_form_is_posted_with_its_type_and_own_headers_come_first() -> None:
    seen = Seen()
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "accept": "application/vnd.api+json"}
    async with asking(seen.handle, form={"phone": "{caller.e164}"}, headers=headers, path="/") as source:
        await source.fetch(ANNA)
    (request,) = seen.requests
    assert seen.bodies == [b"phone=%2B46701234567"]
    assert request.headers.getall("Content-Type") == [headers["content-type"]]
    assert request.headers.getall("Accept") == [headers["accept"]]


async def test_header_may_hold_a_value_and_stays_one_header() -> None:
    seen = Seen()
    async with asking(seen.handle, headers={"X-Caller": "<{caller.name}>"}, path="/") as source:
        await source.fetch({"caller.name": "Åsa\r\nX-Evil: 1"})
    assert seen.requests[0].headers["X-Caller"] == "<%C3%85sa%0D%0AX-Evil: 1>"
    assert "X-Evil" not in seen.requests[0].headers


async def test_api_key_stands_in_its_header() -> None:
    seen = Seen()
    async with asking(seen.handle, auth={"api_key": {"header": "X-Api-Key", "key": "s3cret"}}) as source:
        await source.fetch(ANNA)
    assert seen.requests[0].headers["X-Api-Key"] == "s3cret"


FIELDS: dict[str, Any] = {"name": "string", "tier": "string", "orders": "number", "vip": "bool"}


@asynccontextmanager
async def picking(answer: Any, **more: Any) -> AsyncIterator[HttpSource]:
    app = web.Application()
    app.router.add_route("*", "/", Seen(answer).handle)
    async with TestServer(app) as server:
        settings = HttpSettings.model_validate({"url": f"http://127.0.0.1:{server.port}/", **more})
        source = HttpSource(settings, Surroundings("crm", FIELDS))
        await source.start()
        try:
            yield source
        finally:
            await source.close()


async def test_fields_are_picked_and_others_found_under_their_own_name() -> None:
    answer = {"data": [{"name": "Ann", "attributes": {"tiers": ["gold"]}, "orders": 3}]}
    async with picking(answer, record="data", pick={"tier": "attributes.tiers.0"}) as source:
        assert await source.fetch({}) == {"name": "Ann", "tier": "gold", "orders": 3, "vip": None}


async def test_numbers_may_come_as_text_where_it_is_said_so() -> None:
    answer = {"name": "7", "orders": "12", "vip": "true", "tier": ""}
    async with picking(answer, read_text=True) as source:
        assert await source.fetch({}) == {"name": "7", "orders": 12.0, "vip": True, "tier": ""}
    async with picking(answer) as source:
        assert await source.fetch({}) == answer


async def test_false_is_empty_but_in_a_bool() -> None:
    answer = {"name": False, "orders": False, "vip": False, "owner": False}
    async with picking(answer, false_is_empty=True, pick={"tier": "owner.1"}) as source:
        assert await source.fetch({}) == {"name": None, "tier": None, "orders": None, "vip": False}


@pytest.mark.parametrize("answer", [{"data": []}, {"data": None}, {}])
async def test_nothing_at_the_record_is_missing(answer: Any) -> None:
    async with picking(answer, record="data", pick={"tier": "attributes.tier"}) as source:
        assert await source.fetch({}) is None


async def test_number_that_has_no_national_form_is_missing_and_nobody_is_asked() -> None:
    seen = Seen()
    async with asking(seen.handle, "/c/{caller.number|national}") as source:
        assert await source.fetch({"caller.number": "*21#"}) is None
    assert not seen.requests


class Guarded:
    """A service that takes one token at a time, and the endpoint that gives tokens out."""

    def __init__(self) -> None:
        self.given = self.asked = 0
        self.good = ""
        self.refuses_for_ever = False

    async def handle(self, request: web.Request) -> web.Response:
        if request.path == "/token":
            self.given += 1
            self.good = f"t{self.given}"
            return web.json_response({"access_token": self.good, "token_type": "Bearer", "expires_in": 3600})
        self.asked += 1
        if self.refuses_for_ever or request.headers["Authorization"] != f"Bearer {self.good}":
            return web.json_response({"error": "expired"}, status=401)
        return web.json_response({"loyalty": "gold"})


@asynccontextmanager
async def guarded() -> AsyncIterator[tuple[Guarded, HttpSource]]:
    service = Guarded()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", service.handle)
    async with TestServer(app) as server:
        origin = f"http://127.0.0.1:{server.port}"
        oauth = {"token_url": f"{origin}/token", "client_id": "me", "client_secret": "s3cret"}
        settings = HttpSettings.model_validate({"url": f"{origin}/c", "auth": {"oauth2": oauth}})
        source = HttpSource(settings, Surroundings("crm"))
        await source.start()
        try:
            yield service, source
        finally:
            await source.close()


async def test_token_is_fetched_once_for_many_and_kept() -> None:
    async with guarded() as (service, source):
        answers = await asyncio.gather(*(source.fetch({}) for _ in range(10)))
        await source.fetch({})
    assert answers == [{"loyalty": "gold"}] * 10
    assert (service.given, service.asked) == (1, 11)


async def test_token_that_is_refused_is_replaced_once() -> None:
    async with guarded() as (service, source):
        await source.fetch({})
        service.good = "revoked"
        assert await source.fetch({}) == {"loyalty": "gold"}
        assert (service.given, service.asked) == (2, 3)
        service.refuses_for_ever = True
        with pytest.raises(LookupFailed, match="HTTP 401"):
            await source.fetch({})
        assert (service.given, service.asked) == (3, 5)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"method": "get"}, "in capitals"),
        ({"method": "TRACE"}, "not CONNECT or TRACE"),
        ({"json": {}, "form": {}}, "one body"),
        ({"json": {"q": "x {caller.name}"}}, "free text within other text"),
        ({"form": {"q": "{caller.name}"}}, "free text under 'q'"),
        ({"headers": {"Authorization": "x"}, "auth": {"bearer": "y"}}, "once is enough"),
        ({"auth": {"bearer": "x", "basic": {"user": "a", "password": "b"}}}, "write exactly one"),
        ({"auth": {"oauth2": {"token_url": "http://x.test/{caller.e164}", "client_id": "a"}}}, "is fixed"),
        ({"allow": ["http://other.test"]}, "http://other.test:80 is not asked here; asked: http://crm.test:80"),
        ({"allow": ["crm.test"]}, "http://"),
        ({"url": "http://169.254.169.254/latest"}, r"link-local address: if it is meant, write allow: \[http://169"),
        ({"pick": {"tier": "a..b"}}, "should match pattern"),
    ],
)
def test_bad_setting_is_refused(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        HttpSettings.model_validate({"url": "http://crm.test/", **more})


def test_link_local_address_may_be_listed() -> None:
    url = "http://169.254.169.254/latest"
    settings = HttpSettings.model_validate({"url": url, "allow": ["http://169.254.169.254:80"]})
    assert settings.origins == {"http://169.254.169.254:80"}


def test_no_secret_is_shown() -> None:
    oauth = {"token_url": "http://x.test/", "client_id": "me", "client_secret": "s3cret"}
    settings = HttpSettings.model_validate(
        {"url": "http://x.test/", "auth": {"oauth2": oauth}, "form": {"key": "s3cret"}, "headers": {"X": "s3cret"}}
    )
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump()}"
