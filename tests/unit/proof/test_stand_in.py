"""The service in the place of lookups and notices, asked over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from ariroute.lab.rest import Asked
from ariroute.proof.stand_in import SHARES, StandIn


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn({"crm": {"loyalty": "string"}}, {"crm.loyalty": ["gold"]}, {"crm": 0.01}, seed=1)
    with made:
        yield made


def ask(service: StandIn, path: str, body: bytes | None = None) -> tuple[int, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(service.url + path, body), timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_caller_has_the_same_record_each_time_and_some_have_none(service: StandIn) -> None:
    answers = [ask(service, f"/lookups/crm?caller-e164=%2B4670{count}") for count in range(40)]

    assert answers == [ask(service, f"/lookups/crm?caller-e164=%2B4670{count}") for count in range(40)]
    assert {status for status, _ in answers} == {200, 404}
    assert {found["loyalty"] for status, found in answers if status == 200} <= {"gold", None}


def test_notices_are_taken_and_what_is_unknown_is_not_there(service: StandIn) -> None:
    assert ask(service, "/notices/ticket", b"{}")[0] == 200
    assert service.notices == 1
    assert ask(service, "/lookups/other")[0] == 404


def test_an_answer_takes_a_part_of_the_timeout_and_more_while_it_is_held(service: StandIn) -> None:
    asked = Asked("GET", "/lookups/crm", [], {}, b"")

    low, high = (0.01 * share for share in SHARES)
    assert all(low <= service.delay(asked) <= high for _ in range(20))
    service.held = 3.0
    assert service.delay(asked) > 3.0
