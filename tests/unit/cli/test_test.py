"""``ariroute test``: a call walked through a flow, its trace as a tree, and the expectation."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ariroute

pytestmark = pytest.mark.usefixtures("flow_file")

OPEN = ("--at", "2026-11-24T09:00")
CLOSED = ("--at", "2026-11-24T20:00")
ANN = ("--caller", "070-123 45 67", "--name", "Ann")


def test_the_tree_shows_what_each_step_did_and_what_each_case_compared(ariroute: Ariroute) -> None:
    ended = ariroute("test", "support", *ANN, *OPEN, "--set", "crm.loyalty=gold", "--set", "crm.blocked=no")

    assert ended.code == 0
    assert ended.err == ""
    assert ended.out == (
        "Ann (+46701234567) called +46850000000 on Tuesday 24 November 2026 at 09:00 (Europe/Stockholm)\n"
        "├── flow support\n"
        '│   ├── when !open("office"): false  (now = "2026-11-24T09:00:00+01:00")\n'
        "│   ├── else: none, so on to the next step  (no case is true)\n"
        '│   ├── lookup crm: found  (loyalty = "gold", blocked = false; given)\n'
        "│   ├── when crm.blocked: false  (crm.blocked = false)\n"
        '│   ├── when crm.loyalty == "platinum": false  (crm.loyalty = "gold")\n'
        '│   └── when crm.loyalty == "gold" || crm.orders >= 10.0: true  (crm.loyalty = "gold", crm.orders = empty)\n'
        "│       └── queue gold  (priority = 20)\n"
        "└── queue gold, priority 20  "
        '(by flows.support.steps[2].branch[2]: crm.loyalty == "gold" || crm.orders >= 10.0)\n'
    )


@pytest.mark.parametrize("expected", ["gold", "gold:20"])
def test_when_the_expectation_is_met_then_0(ariroute: Ariroute, expected: str) -> None:
    ended = ariroute("test", "support", *ANN, *OPEN, "--set", "crm.orders=10", "--expect", expected)

    assert (ended.code, ended.err) == (0, "")


def test_when_the_expectation_is_not_met_then_1_and_both_are_told(ariroute: Ariroute) -> None:
    ended = ariroute("test", "support", *ANN, *OPEN, "--set", "crm.orders=9", "--expect", "gold")

    assert ended.code == 1
    assert ended.err == "expected queue gold; got queue standard, priority 0\n"


def test_when_json_is_wanted_then_the_call_the_decision_the_trace_and_the_verdict_are_there(ariroute: Ariroute) -> None:
    ended = ariroute("test", *OPEN, "--dialled", "support", "--set", "crm.blocked=yes", "--expect", "gold", "--json")

    assert ended.code == 1
    assert ended.json["call"]["dialled.number"] == "support"
    assert ended.json["call"]["at"] == "2026-11-24T09:00:00+01:00"
    assert ended.json["hangup"] == 21
    assert ended.json["trace"][-1]["path"] == "flows.support.steps[2].branch[0].hangup"
    assert (ended.json["expected"], ended.json["met"]) == ("queue gold", False)


@pytest.mark.parametrize(
    ("options", "queue"),
    [
        (["--missing", "crm"], "standard"),
        (["--fail", "crm=timeout"], "standard"),
        (["--set", "crm.loyalty=platinum"], "platinum"),
        (["--set", "crm.orders=11.5"], "gold"),
    ],
)
def test_lookups_answer_what_is_said_of_them(ariroute: Ariroute, options: list[str], queue: str) -> None:
    assert ariroute("test", "support", *OPEN, *options, "--json").json["queue"] == queue


def test_when_a_lookup_is_missing_or_fails_then_the_tree_says_which(ariroute: Ariroute) -> None:
    ended = ariroute("test", "sales", *OPEN, "--missing", "vip_list", "--fail", "crm=status")

    assert "lookup vip_list: missing  (given)" in ended.out
    assert "lookup crm: failed  (status; given)" in ended.out
    assert 'when crm.loyalty == "platinum": unknown  (crm failed: status)' in ended.out
    assert "default standard  (the steps ended without a destination)" in ended.out


def test_when_a_flow_goes_on_in_another_then_both_stand_in_the_tree(ariroute: Ariroute) -> None:
    lines = ariroute("test", "sales", *CLOSED, "--missing", "vip_list").out.splitlines()

    assert [line for line in lines if line.startswith("├── ")] == ["├── flow sales", "├── flow support"]


def test_when_a_lookup_has_no_answer_then_2_and_the_options_that_give_one(ariroute: Ariroute) -> None:
    ended = ariroute("test", "support", *OPEN)

    assert (ended.code, ended.out) == (2, "")
    assert "the flow asks crm, and nothing says what the answer is" in ended.err
    for option in ("--set crm.loyalty=VALUE", "--missing crm", "--fail crm=timeout", "--live-lookups"):
        assert option in ended.err


def test_the_clock_stands_at_the_given_moment_in_the_zone_of_the_file(ariroute: Ariroute) -> None:
    noon_in_tokyo = ariroute("test", "support", "--at", "2026-11-24T20:00+09:00", "--missing", "crm", "--json")
    evening = ariroute("test", "support", "--at", "2026-11-24T20:00", "--missing", "crm", "--json")

    assert noon_in_tokyo.json["call"]["at"] == "2026-11-24T12:00:00+01:00"
    assert noon_in_tokyo.json["by_default"] is True
    assert evening.json["reason"].startswith("flows.support.steps[0].branch[0]")


@pytest.mark.parametrize("moment", ["tomorrow", "2026-13-01", "09:00", "0001-01-01T00:00+14:00"])
def test_when_the_moment_is_none_then_2_and_the_form(ariroute: Ariroute, moment: str) -> None:
    ended = ariroute("test", "support", "--at", moment)

    assert ended.code == 2
    assert f"--at {moment}: not a moment: write 2026-12-24T09:00" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["suport"], "there is no flow 'suport'; did you mean 'support'?"),
        ([], "which flow? Name one of support, sales, or give --dialled"),
        (["--dialled", "+46850000001"], "no flow is triggered by '+46850000001'; name one: support, sales"),
        (["support", "--pbx", "pbx2"], "there is no PBX 'pbx2'; did you mean 'pbx1'?"),
        (["support", "--set", "crm.loyality=gold"], "did you mean 'loyalty'?"),
        (["support", *CLOSED, "--expect", "glod"], "there is no queue 'glod'; did you mean 'gold'?"),
        (["support", *CLOSED, "--expect", "gold:x"], "--expect gold:x: write QUEUE"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_the_remedy(ariroute: Ariroute, arguments: list[str], words: str) -> None:
    ended = ariroute("test", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_when_the_flow_file_is_not_usable_then_2_and_its_mistakes_on_standard_error(
    ariroute: Ariroute, flow_file: Path
) -> None:
    flow_file.write_text("version: 1\n", encoding="utf-8")

    ended = ariroute("test", "support")

    assert (ended.code, ended.out) == (2, "")
    assert "ariroute.yaml" in ended.err


def test_what_the_user_may_not_have_meant_is_remarked(ariroute: Ariroute) -> None:
    ended = ariroute("test", "support", *CLOSED, "--dialled", "sales", "--caller", "anonymous", "--missing", "crm")

    assert ended.code == 0
    assert ended.err.splitlines() == [
        "note: lookup crm was given an answer, but the flow did not ask it",
        "note: 'anonymous' is not a telephone number: the flow sees a caller without one",
        "note: a real call to sales starts flow sales, not flow support",
    ]


def test_control_characters_and_markup_of_a_caller_stay_text(ariroute: Ariroute) -> None:
    ended = ariroute("test", "support", *OPEN, "--name", "[red]A\x1b[2J", "--set", "crm.loyalty=[bold]\x1b]0;x\x07")

    assert ended.out.startswith("[red]A[2J (no number) called")
    assert r'loyalty = "[bold]\u001b]0;x\u0007"' in ended.out
    assert "\x1b" not in ended.out


def test_when_the_number_is_withheld_then_a_record_is_remarked_that_no_real_call_would_find(ariroute: Ariroute) -> None:
    note = "note: in a real call like this, lookup crm is missing, as caller.e164 is empty: give --caller\n"

    assert ariroute("test", "support", *OPEN, "--set", "crm.orders=10").err == note
    assert ariroute("test", "support", *OPEN, "--fail", "crm=timeout").err == note
    assert ariroute("test", "support", *OPEN, "--missing", "crm").err == ""
    assert ariroute("test", "support", *ANN, *OPEN, "--set", "crm.orders=10").err == ""


def test_when_a_lookup_needs_a_field_that_was_not_given_then_that_is_remarked(
    ariroute: Ariroute, tmp_path: Path
) -> None:
    file = tmp_path / "chain.yaml"
    file.write_text("""\
version: 1
region: SE
lookups:
  crm: {http: {url: "http://crm.local/{caller.e164}"}, fields: {account: string, name: string}}
  erp: {http: {url: "http://erp.local/{crm.account}"}, fields: {debt: number}}
queues: {standard: {}}
flows: {support: {trigger: {call: {}}, default: standard, steps: [{lookup: [crm, erp]}]}}
""")

    def remarked(*options: str) -> str:
        return ariroute("test", "-c", str(file), *ANN, "--set", "erp.debt=5", *options).err

    because = "in a real call like this, lookup erp is missing, as crm.account is empty: give --set crm.account=VALUE"
    assert remarked("--missing", "crm") == f"note: {because}\n"
    assert remarked("--set", "crm.name=Ann") == f"note: {because}\n"
    assert remarked("--set", "crm.account=A1") == ""
    assert remarked("--fail", "crm=timeout") == ""


def test_an_empty_expectation_is_no_expectation_met(ariroute: Ariroute) -> None:
    ended = ariroute("test", "support", *ANN, *OPEN, "--missing", "crm", "--expect", "")

    assert ended.code == 2
    assert "write QUEUE, QUEUE:PRIORITY" in ended.err


def test_when_the_clocks_skip_the_moment_then_2_and_the_one_after(ariroute: Ariroute) -> None:
    ended = ariroute("test", "support", "--at", "2026-03-29T02:30")

    assert ended.code == 2
    assert "Europe/Stockholm has no such time, as its clocks go forward then: write 2026-03-29T03:30" in ended.err
    for moment in ("2026-03-29T03:30", "2026-10-25T02:30", "2026-03-29T02:30+01:00"):
        assert ariroute("test", "support", "--at", moment, "--missing", "crm").code == 0


def test_live_lookups_need_no_secret_of_asterisk(ariroute: Ariroute) -> None:
    ended = ariroute("test", "sales", *ANN, *OPEN, "--missing", "crm", "--live-lookups")

    assert (ended.code, ended.err) == (0, "")


def test_live_lookups_need_the_secrets_of_the_lookups(ariroute: Ariroute, flow_file: Path) -> None:
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(text.replace('164}"}', '164}", auth: {bearer: "${env:CRM_TOKEN}"}}', 1), encoding="utf-8")

    ended = ariroute("test", "sales", *ANN, *OPEN, "--missing", "crm", "--live-lookups")

    assert ended.code == 2
    assert "CRM_TOKEN is not set" in ended.err
    assert "NO_SUCH_SECRET" not in ended.err


def test_with_live_lookups_the_real_sources_are_asked_and_what_is_given_is_not(ariroute: Ariroute) -> None:
    ended = ariroute(
        *("test", "sales", *ANN, *OPEN, "--missing", "crm", "--live-lookups", "--json"), NO_SUCH_SECRET="x"
    )

    looked_up = {entry["text"]: entry for entry in ended.json["trace"] if entry["what"] == "lookup"}
    assert looked_up["vip_list"]["values"] == {"tier": "gold"}
    assert looked_up["vip_list"]["origin"] == "source"
    assert looked_up["crm"]["origin"] == "given"


def test_same_input_same_output(ariroute: Ariroute) -> None:
    arguments = ("test", "sales", *ANN, *OPEN, "--missing", "vip_list", "--set", "crm.orders=10", "--json")

    assert ariroute(*arguments).out == ariroute(*arguments).out
