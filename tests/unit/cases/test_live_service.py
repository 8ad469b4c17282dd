"""The service that answers for every lookup of a case that is played live."""

from __future__ import annotations

import json

import pytest

from ariroute.cases.case import Mock
from ariroute.cases.live_service import CaseLookups
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.lab.rest import Asked, Reply

CRM = Asked("GET", "/lookups/crm", [("caller-e164", "+46701234567")], {}, b"")


@pytest.fixture
def service() -> CaseLookups:
    return CaseLookups({"crm": 0.8}, {"crm": {"loyalty": "string", "orders": "number", "vip": "bool"}})


def failed(failure: Failure) -> Mock:
    return Mock(Answer("crm", Outcome.FAILED, failure=failure))


def body(reply: Reply) -> bytes:
    head, _, content = reply.encoded().partition(b"\r\n\r\n")
    assert f"Content-Length: {len(content)}".encode() in head
    return content


def test_found_and_missing_are_what_the_case_says(service: CaseLookups) -> None:
    service.mocks = {"crm": Mock(Answer("crm", Outcome.FOUND, {"loyalty": "gold", "orders": 3.0}), takes=0.25)}
    assert service.delay(CRM) == 0.25
    assert json.loads(body(service.reply(CRM))) == {"loyalty": "gold", "orders": 3.0}
    service.mocks = {"crm": Mock(Answer("crm", Outcome.MISSING))}
    assert service.reply(CRM).status == 404


def test_a_timeout_is_an_answer_that_comes_too_late(service: CaseLookups) -> None:
    service.mocks = {"crm": failed(Failure.TIMEOUT)}
    assert service.delay(CRM) > 0.8
    service.mocks = {"crm": Mock(Answer("crm", Outcome.FOUND, {}), takes=5.0)}
    assert service.delay(CRM) == 5.0


def test_broken_answers_are_broken_in_the_way_that_the_case_says(service: CaseLookups) -> None:
    service.mocks = {"crm": failed(Failure.STATUS)}
    assert service.reply(CRM).status == 500
    service.mocks = {"crm": failed(Failure.NOT_JSON)}
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(body(service.reply(CRM)))
    service.mocks = {"crm": failed(Failure.TOO_LARGE)}
    assert len(body(service.reply(CRM))) > 1024 * 1024
    service.mocks = {"crm": failed(Failure.WRONG_TYPE)}
    assert json.loads(body(service.reply(CRM))) == {"loyalty": 1, "orders": "many", "vip": "perhaps"}
    service.mocks = {"crm": failed(Failure.REFUSED)}
    with pytest.raises(ConnectionAbortedError):
        service.reply(CRM)


def test_what_the_case_says_nothing_of_gets_thanks(service: CaseLookups) -> None:
    notice = Asked("POST", "/notices/chat", [], {}, b"{}")
    assert (service.delay(notice), service.reply(notice).status) == (0.0, 200)
