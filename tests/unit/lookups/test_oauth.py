"""Access tokens: one kept, asked for once however many wait, renewed before its end, replaced when refused."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.http_auth import OAuth2
from ariroute.lookups.oauth import PAUSE, TokenKeeper, token_of, token_request
from unit.lookups.clocks import ManualClock

SETTINGS: dict[str, Any] = {"token_url": "http://127.0.0.1/token", "client_id": "a b", "client_secret": "s:3cret"}


class Endpoint:
    """A token endpoint that gives out t1, t2 and so on, or fails."""

    def __init__(self, expires_in: Any = 3600) -> None:
        self.asked = 0
        self.answer: dict[str, Any] = {"token_type": "bearer", "expires_in": expires_in}
        self.status = 200
        self.hold = asyncio.Event()
        self.hold.set()

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked += 1
        number = self.asked
        await self.hold.wait()
        return self.status, json.dumps({"access_token": f"t{number}", **self.answer}).encode()


def keeper(endpoint: Endpoint, clock: ManualClock | None = None, **more: Any) -> TokenKeeper:
    settings = OAuth2.model_validate({**SETTINGS, **more})
    return TokenKeeper("lookup crm", settings, endpoint, clock or ManualClock())


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_token_is_used_again_until_it_is_refused() -> None:
    endpoint = Endpoint()
    tokens = keeper(endpoint)
    assert [await tokens.token(), await tokens.token()] == ["t1", "t1"]
    tokens.reject("t1")
    assert await tokens.token() == "t2"
    tokens.reject("t1")  # of a request that was under way with the old one
    assert await tokens.token() == "t2"


async def test_however_many_wait_it_is_asked_for_once() -> None:
    endpoint = Endpoint()
    endpoint.hold.clear()
    tokens = keeper(endpoint)
    waiting = [asyncio.create_task(tokens.token()) for _ in range(20)]
    await settled()
    endpoint.hold.set()
    assert set(await asyncio.gather(*waiting)) == {"t1"}
    assert endpoint.asked == 1


async def test_one_who_gives_up_does_not_take_the_token_from_the_next() -> None:
    endpoint = Endpoint()
    endpoint.hold.clear()
    tokens = keeper(endpoint)
    first = asyncio.create_task(tokens.token())
    await settled()
    first.cancel()
    await settled()
    second = asyncio.create_task(tokens.token())
    await settled()
    endpoint.hold.set()
    assert await second == "t1"
    assert endpoint.asked == 1


async def test_token_near_its_end_is_renewed_while_it_serves() -> None:
    endpoint, clock = Endpoint(3600), ManualClock()
    tokens = keeper(endpoint, clock)
    await tokens.token()
    clock.now += 3539
    await tokens.token()
    await settled()
    assert endpoint.asked == 1
    clock.now += 2
    assert await tokens.token() == "t1"
    await settled()
    assert endpoint.asked == 2
    assert await tokens.token() == "t2"


async def test_renewal_that_fails_leaves_the_old_token_and_is_not_tried_at_every_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint, clock = Endpoint(100), ManualClock()
    tokens = keeper(endpoint, clock)
    await tokens.token()
    clock.now += 85
    endpoint.status = 503
    for _ in range(3):
        assert await tokens.token() == "t1"
        await settled()
    assert endpoint.asked == 2
    assert "lookup crm: no access token: status: token endpoint: HTTP 503" in caplog.text
    clock.now += PAUSE + 0.1
    endpoint.status = 200
    await tokens.token()
    await settled()
    assert await tokens.token() == "t3"


async def test_token_past_its_end_is_not_used() -> None:
    endpoint, clock = Endpoint(100), ManualClock()
    tokens = keeper(endpoint, clock)
    await tokens.token()
    clock.now += 101
    endpoint.status = 401
    endpoint.answer = {"error": "invalid_client", "error_description": "s:3cret is wrong"}
    with pytest.raises(LookupFailed) as caught:
        await tokens.token()
    assert (caught.value.reason, caught.value.detail) == (
        Failure.STATUS,
        "token endpoint: HTTP 401, invalid_client",
    )


async def test_endpoint_that_hangs_is_a_timeout_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    endpoint = Endpoint()
    endpoint.hold.clear()
    tokens = keeper(endpoint, timeout=0.02)
    with pytest.raises(LookupFailed, match="token endpoint: no answer within 20 ms") as caught:
        await tokens.token()
    assert caught.value.reason == Failure.TIMEOUT


async def test_closing_ends_a_renewal_that_is_under_way() -> None:
    endpoint = Endpoint()
    endpoint.hold.clear()
    tokens = keeper(endpoint)
    waiting = asyncio.create_task(tokens.token())
    await settled()
    await tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_id_and_secret_stand_in_the_header_or_in_the_form() -> None:
    headers, form = token_request(OAuth2.model_validate({**SETTINGS, "scope": "api read"}))
    assert headers["Authorization"] == "Basic YStiOnMlM0EzY3JldA=="  # a+b:s%3A3cret, RFC 6749 section 2.3.1
    assert parse_qs(form.decode()) == {"grant_type": ["client_credentials"], "scope": ["api read"]}
    more = {"client_in": "body", "parameters": {"audience": "https://crm.test"}}
    headers, form = token_request(OAuth2.model_validate({**SETTINGS, **more}))
    assert "Authorization" not in headers
    assert parse_qs(form.decode()) == {
        "grant_type": ["client_credentials"],
        "audience": ["https://crm.test"],
        "client_id": ["a b"],
        "client_secret": ["s:3cret"],
    }


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "expected an object, got a list"),
        (b"{}", "no usable access_token"),
        (b'{"access_token": 7}', "no usable access_token"),
        (b'{"access_token": "a\\r\\nX: 1"}', "no usable access_token"),
        (b'{"access_token": "t", "token_type": "mac"}', "not of the type Bearer"),
    ],
)
def test_answer_without_a_token_is_a_failure(answer: bytes, complaint: str) -> None:
    with pytest.raises(LookupFailed, match=complaint) as caught:
        token_of(200, answer, 0)
    assert caught.value.reason == Failure.NOT_JSON


@pytest.mark.parametrize(
    ("life", "renew_at", "ends_at"),
    [("3600", 3540, 3600), (100, 80, 100), (None, float("inf"), float("inf")), (-1, float("inf"), float("inf"))],
)
def test_life_of_a_token(life: Any, renew_at: float, ends_at: float) -> None:
    token = token_of(200, json.dumps({"access_token": "t", "expires_in": life}).encode(), 0)
    assert (token.renew_at, token.ends_at) == (renew_at, ends_at)
    assert "'t'" not in repr(token)
