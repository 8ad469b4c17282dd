"""``ariroute explain``: the same run in sentences."""

from __future__ import annotations

import pytest

from .conftest import Ariroute

pytestmark = pytest.mark.usefixtures("flow_file")

OPEN = ("--at", "2026-11-24T09:00")


def test_each_case_is_told_with_its_reason_taken_or_not(ariroute: Ariroute) -> None:
    ended = ariroute("explain", "support", "--caller", "+46701234567", *OPEN, "--set", "crm.loyalty=platinum")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "+46701234567 called +46850000000 on Tuesday 24 November 2026 at 09:00 (Europe/Stockholm); "
        "flow support took it.",
        'The case when !open("office") (to queue standard) was not taken: it is false, '
        'as now is "2026-11-24T09:00:00+01:00".',
        "As no case of this branch was true, it went on to the next step.",
        'Lookup crm found a record: loyalty is "platinum".',
        "The case when crm.blocked (to a hang-up) was not taken: it cannot be told, as crm.blocked is empty.",
        'The case when crm.loyalty == "platinum" (to queue platinum) was taken: it is true, '
        'as crm.loyalty is "platinum".',
        "So the call goes to queue platinum, priority 30, by flows.support.steps[2].branch[1]: "
        'crm.loyalty == "platinum".',
        "Not looked at:",
        '  when crm.loyalty == "gold" || crm.orders >= 10.0 (to queue gold): an earlier case of this branch was taken',
    ]


def test_when_everything_fails_then_the_default_and_its_reason_are_told(ariroute: Ariroute) -> None:
    out = ariroute("explain", "sales", *OPEN, "--fail", "vip_list=refused", "--fail", "crm=timeout").out

    assert "Lookup vip_list failed: refused." in out
    assert "It went on in flow support." in out
    assert "it cannot be told, as crm failed: timeout." in out
    assert (
        "So the default takes the call to queue standard, priority 0, by flows.support.default: "
        "the steps ended without a destination." in out
    )


def test_when_a_lookup_has_no_record_then_it_is_told_so(ariroute: Ariroute) -> None:
    assert "Lookup crm has no record." in ariroute("explain", "support", *OPEN, "--missing", "crm").out


def test_json_lists_every_case_of_the_flows_that_were_walked_once(ariroute: Ariroute) -> None:
    answer = ariroute("explain", "support", "--at", "2026-11-24T20:00", "--json").json

    assert [(case["path"], case["verdict"]) for case in answer["cases"]] == [
        ("flows.support.steps[0].branch[0]", "taken"),
        ("flows.support.steps[2].branch[0]", "not looked at"),
        ("flows.support.steps[2].branch[1]", "not looked at"),
        ("flows.support.steps[2].branch[2]", "not looked at"),
    ]
    assert answer["cases"][3]["leads_to"] == ["queue gold"]
    assert answer["cases"][3]["why"] == "the call did not come to this branch"
    assert answer["queue"] == "standard"
    assert answer["sentences"][0].startswith("a caller without a number called")


def test_what_the_user_may_not_have_meant_is_remarked(ariroute: Ariroute) -> None:
    ended = ariroute("explain", "support", "--at", "2026-11-24T20:00", "--missing", "crm")

    assert ended.err == "note: lookup crm was given an answer, but the flow did not ask it\n"


def test_when_a_lookup_has_no_answer_then_2(ariroute: Ariroute) -> None:
    ended = ariroute("explain", "support", *OPEN)

    assert (ended.code, ended.out) == (2, "")
    assert "--missing crm" in ended.err
