"""A case out of a past call: it decides the same, whatever of the call was not kept, and goes into any test file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ariroute.cases.case import Verdict
from ariroute.cases.ending import Ending
from ariroute.cases.read import Reader
from ariroute.cases.recorded import CallThen, made_up, remade
from ariroute.cases.run import run_case
from ariroute.cases.writing import case_lines, with_case
from ariroute.config.load import Config, load_rules
from ariroute.config.read import read_file
from ariroute.errors import UnusableInput
from ariroute.flow.again import Past
from ariroute.flow.contact import Contact, Party, dialled_party, party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Failure, Outcome
from ariroute.flow.gaps import Gaps
from ariroute.flow.numbers import masked
from ariroute.flow.run import Run
from ariroute.flow.steps import Collect
from ariroute.flow.talk import rule_of
from ariroute.flow.wants import Gathered, RingOutcome
from ariroute.testing import FakeCaller, FakeLookups, Given, drive

RULES = """
version: 1
region: SE
timezone: Europe/Stockholm
lookups:
  crm:
    http: {url: "http://127.0.0.1:9/{caller.e164}"}
    fields: {loyalty: string, orders: number, note: string}
queues: {gold: {priority: 20}, standard: {}}
endpoints: {partner: PJSIP/partner}
flows:
  support:
    trigger: {call: {to: support}}
    default: standard
    steps:
      - lookup: {crm: {on_missing: {hangup: 21}, on_error: {goto: talk}}}
      - branch:
          - match: {crm.loyalty: gold}
            queue: gold
          - when: crm.orders > 10 && caller.e164.startsWith("+467")
            queue: {name: standard, priority: 5}
      - queue: standard
  talk:
    default: standard
    steps:
      - menu: {prompt: welcome, keys: {"1": {queue: gold}, "2": {then: [{note: two}]}}, tries: 2}
      - collect: {prompt: ask, digits: 4, pattern: 4XXX, into: pin, tries: 1, on_no_input: {voicemail: "100"}}
      - dial: {endpoint: partner, timeout: 10s, on_busy: {queue: {name: gold, priority: 7}}}
      - branch:
          - when: vars.pin == "4321"
            queue: gold
      - queue: standard
"""
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
WHO = party("+46701234567", "Ann", "SE")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "ariroute.yaml"
    file.write_text(RULES, encoding="utf-8")
    return load_rules(file)


def past_call(
    config: Config,
    given: Mapping[str, Given],
    presses: Sequence[str] = (),
    rings: Sequence[RingOutcome | None] = (),
    caller: Party = WHO,
) -> CallThen:
    """A call that is kept in full."""
    contact = Contact("1700.1", NOON, caller, dialled_party("support", "SE"), pbx="pbx1")
    run = Run(config.ruleset, config.ruleset.flows["support"], contact)
    decision = drive(run, FakeLookups(given), NOON, FakeCaller(presses, rings))
    return CallThen(Past(contact, run.history), "support", decision, config.ruleset)


def without_numbers(then: CallThen) -> CallThen:
    caller = then.past.contact.caller
    shown = Party(masked(caller.number), masked(caller.e164), "")
    gaps = Gaps(frozenset({"caller.number", "caller.e164", "caller.name"}))
    return replace(then, past=replace(then.past, contact=replace(then.past.contact, caller=shown), gaps=gaps))


def played(then: CallThen, config: Config, folder: Path) -> Verdict:
    """The case as it is written, read again and walked."""
    made = remade(then, config)
    file = folder / "tests.yaml"
    lines = case_lines("a call", made.given, made.ending, config, made.notes)
    file.write_text(with_case("", None, lines), encoding="utf-8")
    (suite,) = Reader(Path(config.file), lambda: Path(config.file)).suites([file])
    (case,) = suite.cases
    return run_case(config, case)


CALLS: dict[str, tuple[Mapping[str, Given], Sequence[str], Sequence[RingOutcome | None]]] = {
    "gold": ({"crm": {"loyalty": "gold", "orders": 3.0}}, (), ()),
    "by its number": ({"crm": {"loyalty": "silver", "orders": 11.5}}, (), ()),
    "nobody": ({"crm": Outcome.MISSING}, (), ()),
    "failed and a key": ({"crm": Failure.REFUSED}, ["", "1"], ()),
    "failed, digits and busy": ({"crm": Failure.TIMEOUT}, ["9", "2", "4321"], [RingOutcome.BUSY]),
    "failed, digits and no answer": ({"crm": Failure.NOT_JSON}, ["2", "4321"], [RingOutcome.NO_ANSWER]),
    "answered": ({"crm": Failure.STATUS}, ["2", "4000"], [None]),
    "a mailbox": ({"crm": Failure.ERROR}, ["2", ""], ()),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kept", ["full", "masked"])
def test_the_case_decides_as_the_call_was_decided(name: str, kept: str, config: Config, tmp_path: Path) -> None:
    then = past_call(config, *CALLS[name])
    verdict = played(then if kept == "full" else without_numbers(then), config, tmp_path)
    assert verdict.passed, verdict.mismatches
    assert verdict.decision.destination == then.decision.destination
    assert not verdict.notes


def test_a_number_that_was_not_kept_is_made_up_and_the_rules_decide_by_it_as_then(config: Config) -> None:
    then = without_numbers(past_call(config, *CALLS["by its number"]))
    made = remade(then, config)
    number = made.given.contact.caller.e164
    assert number.startswith("+467")
    assert number.endswith("567")
    assert number != WHO.e164
    assert made.notes == (
        "the caller's name was not kept: the case has none",
        f"the caller's number was kept as +46******567 only: {number} is made up",
    )


def test_numbers_are_made_up_in_place_of_the_stars() -> None:
    first, second, *_ = made_up("+46***567")
    assert (first, second) == ("+46000567", "+46100567")
    assert len(set(made_up("+46***567"))) == 1000
    assert list(made_up("+4*"))[:2] == ["+40", "+41"]


def test_braces_that_a_caller_or_a_record_has_are_no_place_of_a_table(config: Config, tmp_path: Path) -> None:
    caller = party("+46701234567", "{{{ a }} {{b}}", "SE")
    then = past_call(config, {"crm": {"loyalty": "gold", "note": "{{ note }}"}}, caller=caller)

    verdict = played(then, config, tmp_path)

    assert verdict.passed
    assert verdict.case.given.contact.caller.name == "{{{ a }} {{b}}"
    assert verdict.case.given.mocks["crm"].answer.fields["note"] == "{{ note }}"


def test_a_withheld_number_stays_withheld(config: Config, tmp_path: Path) -> None:
    then = past_call(config, {"crm": Outcome.MISSING}, caller=Party())
    assert remade(then, config).given.contact.caller == Party()
    assert played(then, config, tmp_path).passed


def test_digits_that_were_not_kept_are_made_up_to_fit(config: Config, tmp_path: Path) -> None:
    then = past_call(config, {"crm": Failure.ERROR}, ["2", "4999"], [RingOutcome.NO_ANSWER])
    collect = next(step for step in config.ruleset.flows["talk"].walk() if isinstance(step, Collect))
    told = [
        each._replace(reply=Gathered(word="collected", rule=rule_of(collect)))
        if isinstance(each.reply, Gathered) and each.reply.digits == "4999"
        else each
        for each in then.past.history.told
    ]
    then = replace(then, past=replace(then.past, history=replace(then.past.history, told=told)))
    assert "what the caller keyed in was not kept: 4111 is made up" in remade(then, config).notes
    verdict = played(then, config, tmp_path)
    assert verdict.passed
    assert verdict.decision.variables["pin"] == "4111"


@pytest.mark.parametrize(
    ("word", "rule", "keys"),
    [("2", "keys 12", "2"), ("no_input", "keys 12", ""), ("invalid", "keys *12", "#"), ("yes", "keys 12", "1")],
)
def test_keys_that_were_not_kept_are_made_of_what_they_meant(word: str, rule: str, keys: str, config: Config) -> None:
    then = past_call(config, {"crm": Failure.ERROR}, ["1"])
    told = [
        each._replace(reply=Gathered(word=word, rule=rule)) if isinstance(each.reply, Gathered) else each
        for each in then.past.history.told
    ]
    then = replace(then, past=replace(then.past, history=replace(then.past.history, told=told)))
    assert [press.keys for press in remade(then, config).given.presses] == [keys]


def test_a_field_that_was_not_kept_is_told_if_the_rules_read_it(config: Config) -> None:
    then = past_call(config, {"crm": {"loyalty": "gold"}})
    then = replace(then, past=replace(then.past, gaps=Gaps(frozenset({"crm.note", "crm.orders"}))))
    assert remade(then, config).notes == (
        "crm.orders was not kept, and your rules read it: it is empty in the case; add it",
    )


def test_a_lookup_that_the_rules_no_longer_have_is_left_out_and_told(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    steps = "    steps:\n      - queue: gold\n"
    head = RULES[: RULES.index("lookups:")] + RULES[RULES.index("queues:") : RULES.index("endpoints:")]
    flows = "flows:\n  support:\n    trigger: {call: {to: support}}\n    default: standard\n" + steps
    file.write_text(head + flows, encoding="utf-8")
    made = remade(past_call(config, {"crm": {"loyalty": "gold"}}), load_rules(file))
    assert made.given.mocks == {}
    assert made.notes == (f"lookup crm is left out, as {file} has none of that name",)


def test_a_call_that_no_rules_decided_makes_no_case(config: Config) -> None:
    contact = Contact("1700.1", NOON, WHO, dialled_party("support", "SE"))
    run = Run(config.ruleset, config.ruleset.flows["support"], contact)
    decision: Decision = run.give_up("overload: too many")
    then = CallThen(Past(contact, run.history), "support", decision, config.ruleset)
    with pytest.raises(UnusableInput, match=r"1700\.1 was not decided by rules \(overload: too many\): choose"):
        remade(then, config)
    with pytest.raises(UnusableInput, match="came into flow sales, which"):
        remade(replace(past_call(config, {"crm": Outcome.MISSING}), flow="sales"), config)


def test_the_lines_are_short_and_texts_are_quoted_where_they_must_be(config: Config) -> None:
    then = past_call(config, {"crm": {"loyalty": "no", "orders": 2.0, "note": 'says "hi": {x}\x1b'}})
    made = remade(then, config)
    assert case_lines("call 1", made.given, Ending("queue", "gold", 20), config, ["one", "two\nlines"]) == [
        "# one",
        "# two?lines",
        '- name: "call 1"',
        '  clock: "2026-11-23T12:00:00+01:00"',
        '  call: {from: "+46701234567", name: Ann, to: support}',
        "  lookups:",
        '    crm: {found: {loyalty: "no", orders: 2, note: "says \\"hi\\": {x}\\u001b"}}',
        "  expect: {queue: gold, priority: 20}",
    ]


def test_a_flow_that_nothing_triggers_is_named(config: Config) -> None:
    then = past_call(config, {"crm": Outcome.MISSING})
    contact = replace(then.past.contact, dialled=Party())
    made = remade(replace(then, past=replace(then.past, contact=contact)), config)
    lines = case_lines("x", made.given, made.ending, config)
    assert lines[1:3] == ["  flow: support", '  clock: "2026-11-23T12:00:00+01:00"']
    assert lines[-1] == "  expect: {hangup: 21}"


CASE = ["- name: new", "  expect: {queue: gold}"]


def added(text: str, folder: Path) -> str:
    file = folder / "some.yaml"
    file.write_text(text, encoding="utf-8")
    places = read_file(file).places
    new = with_case(text, places, CASE)
    file.write_text(new, encoding="utf-8")
    assert read_file(file).data["tests"][-1] == {"name": "new", "expect": {"queue": "gold"}}
    return new


def test_it_is_added_at_the_end_of_a_file_as_the_others_stand_there(tmp_path: Path) -> None:
    old = "tests:\n    - name: old   # mine\n      expect: {queue: gold}"
    assert added(old, tmp_path) == f"{old}\n    - name: new\n      expect: {{queue: gold}}\n"
    flat = "clock: x\ntests:\n- name: old\n  expect: {queue: gold}\n"
    assert added(flat, tmp_path) == f"{flat}- name: new\n  expect: {{queue: gold}}\n"


def test_what_follows_the_tests_stays_behind_them_with_its_comment(tmp_path: Path) -> None:
    old, rest = "tests:\n  - name: old\n    expect: {queue: gold}\n", "\n# the rest\nclock: x\n"
    assert added(old + rest, tmp_path) == f"{old}  - name: new\n    expect: {{queue: gold}}\n{rest}"


def test_a_file_without_tests_gets_them(tmp_path: Path) -> None:
    assert added("version: 1\n", tmp_path) == "version: 1\n\ntests:\n  - name: new\n    expect: {queue: gold}\n"
    assert with_case("", None, CASE) == "tests:\n  - name: new\n    expect: {queue: gold}\n"


@pytest.mark.parametrize("text", ["tests: [{name: old, expect: {queue: gold}}]\n", "tests: []\n"])
def test_tests_in_brackets_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="tests are written in brackets there"):
        added(text, tmp_path)
