"""The steps of the file as the engine gets them: forms, paths, names, and what the whole shows."""

from __future__ import annotations

from typing import Any

import pytest

from ariroute.flow.digits import Pattern
from ariroute.flow.prompts import SayDigits, SayNumber, SayText
from ariroute.flow.steps import (
    AnswerCall,
    Collect,
    Consent,
    Dial,
    Lookup,
    Menu,
    Note,
    Notify,
    Play,
    RingAgent,
    SetLabel,
    Split,
    ToQueue,
    Voicemail,
)
from ariroute.flow.wants import Sound, Tone
from unit.config.texts import flow_file, loaded, mistakes

MORE = """\
endpoints: {overflow: "PJSIP/support@carrier"}
agents: {anna: {dial: "PJSIP/anna", also: [Anna Ek, "4711"]}, bo: "PJSIP/bo"}
speech: {command: ["flite", "-o", "{file}"]}
notify: {ticket: {url: "http://t.local/", json: {caller: "{caller.e164}"}}}
timezone: UTC
hours: {office: {mon-fri: "08:00-17:00"}}
"""
ERP = """\
lookups:
  crm: {http: {url: "http://crm.local/{caller.e164}", timeout: 1s}, fields: {account: string, name: string}}
  erp: {http: {url: "http://erp.local/{crm.account}", timeout: 1s}, fields: {debt: number}}
"""
VIP = """\
lookups:
  vip: {http: {url: "http://vip.local/{vars.number}/{contact.id}", timeout: 1s}, fields: {tier: string}}
"""


def step(text: str, **more: str) -> Any:
    """The first step of a flow of these steps."""
    return steps(text, **more)[0]


def steps(text: str, **more: str) -> Any:
    return loaded(flow_file(text, more=MORE, **more)).ruleset.flows["support"].steps


def test_a_lookup_with_ways_keeps_the_order_of_the_file_and_knows_who_needs_whom() -> None:
    built = step(
        "- lookup:\n    erp: {on_missing: {queue: gold}}\n    crm: {on_error: {then: [{note: x}]}}", lookups=ERP
    )
    assert isinstance(built, Lookup)
    assert built.names == ("erp", "crm")
    assert built.needs == {"erp": frozenset({"crm"})}
    missing = built.ways["erp"].missing
    assert missing
    assert missing.path == "flows.support.steps[0].lookup.erp.on_missing"
    assert missing.steps == (ToQueue("flows.support.steps[0].lookup.erp.on_missing.queue", "gold"),)
    error = built.ways["crm"].error
    assert error
    assert error.steps[0].path == "flows.support.steps[0].lookup.crm.on_error.then[0]"


def test_a_lookup_as_a_mapping_without_ways_is_a_list() -> None:
    assert step("- lookup: {crm: {}}") == Lookup("flows.support.steps[0]", ("crm",))


def test_play_in_its_forms() -> None:
    place = "flows.support.steps[0]"
    assert step("- play: custom/hi") == Play(place, (Sound("custom/hi"),), 30.0)
    assert step("- play: {tone: busy}") == Play(place, (Tone("busy"),), 30.0)
    assert step("- play: {prompt: [a, {sound: b}], at_most: 2s, language: sv}") == Play(
        place, (Sound("a"), Sound("b")), 2.0, "sv"
    )
    number, digits, said = step('- play: [{number: 3}, {digits: "0701"}, {say: "{{{caller.name}}}"}]').prompt
    assert isinstance(number, SayNumber)
    assert isinstance(digits, SayDigits)
    assert isinstance(said, SayText)
    assert (number.value.text, digits.value.text) == ("3", '"0701"')
    assert [part if isinstance(part, str) else part.text for part in said.text.parts] == ["{", "caller.name", "}"]


def test_say_is_a_play_of_one_text_and_answer_an_answer() -> None:
    built = step('- say: "Hi {caller.name}"')
    assert isinstance(built, Play)
    assert built.what == "say"
    assert step("- answer: true") == AnswerCall("flows.support.steps[0]")


def test_a_menu_with_its_defaults() -> None:
    built = step('- menu: {prompt: a, keys: {"1": {queue: gold}, 2: {hangup: 17}}, on_invalid: {voicemail: 100}}')
    assert isinstance(built, Menu)
    assert (built.question.timeout, built.question.tries, built.question.invalid) == (5.0, 3, ())
    assert list(built.keys) == ["1", "2"]
    assert built.keys["1"].path == "flows.support.steps[0].menu.keys.'1'"
    assert built.on_no_input is None
    assert built.on_invalid
    assert built.on_invalid.steps == (Voicemail("flows.support.steps[0].menu.on_invalid.voicemail", "100"),)


def test_collect_and_consent_with_their_defaults() -> None:
    built = step('- collect: {into: number, prompt: a, digits: "4-6", pattern: 4XXX, terminator: ""}')
    assert isinstance(built, Collect)
    assert (built.least, built.most, built.terminator, built.between) == (4, 6, "", 3.0)
    assert built.pattern == Pattern("4XXX")
    assert step("- collect: {into: number, prompt: a, digits: 6}").most == 6
    asked = step("- consent: {into: agreed, prompt: a, record: true, yes: 5}")
    assert isinstance(asked, Consent)
    assert (asked.yes, asked.no, asked.record, asked.question.tries) == ("5", "2", True, 2)


def test_rings_in_their_forms() -> None:
    assert step("- dial: overflow") == Dial(
        "flows.support.steps[0]", "overflow", step("- dial: overflow").endpoint, 20.0
    )
    assert step("- dial: {endpoint: overflow, timeout: 5s, on_busy: {queue: gold}}").otherwise.busy
    for text in ("- agent: anna", "- agent: {name: Anna EK}", '- agent: "4711"'):
        assert isinstance(step(text), RingAgent)
    for text in ("- lookup: crm\n- agent: {cel: crm.loyalty}", "- lookup: crm\n- agent: {name: {cel: crm.loyalty}}"):
        assert steps(text)[1].name.text == "crm.loyalty"
    assert step("- voicemail: {box: 100@default, greeting: none}").greeting == "none"


def test_what_goes_along_with_a_call() -> None:
    built = step("- label: {name_prefix: GOLD, headers: {X-Tier: {cel: caller.name}}, variables: {ID: 7}}")
    assert isinstance(built, SetLabel)
    assert built.name_prefix
    assert [built.name_prefix.text, built.headers["X-Tier"].text, built.variables["ID"].text] == [
        '"GOLD"',
        "caller.name",
        "7",
    ]
    assert step("- label: {headers: {X-Tier: gold}}").name_prefix is None
    assert step("- notify: ticket") == Notify("flows.support.steps[0]", ("ticket",))
    assert isinstance(step("- note: hello"), Note)
    built = step("- split: {name: a, ways: [{percent: 33.3, queue: gold}, {percent: 66.7, then: []}]}")
    assert isinstance(built, Split)
    assert [arm.percent for arm in built.arms] == [33.3, 66.7]


@pytest.mark.parametrize("text", ["- answer: false", "- answer: yes"])
def test_answer_is_true_or_absent(text: str) -> None:
    assert len(mistakes(flow_file(text))) == 1


def test_a_lookup_that_no_step_asks_is_a_warning() -> None:
    warnings = loaded(flow_file("- queue: gold")).warnings
    assert [str(warning) for warning in warnings] == [
        "f.yaml:3:3: lookups.crm: is never asked: no step 'lookup' names it"
    ]


def test_a_prompt_sets_the_guard_anew_and_a_note_does_not() -> None:
    slow = ERP.replace("timeout: 1s", "timeout: 2s")
    for between in ("play: a", "dial: overflow", "menu: {prompt: a, keys: {1: {queue: gold}}}"):
        assert steps(f"- lookup: crm\n- {between}\n- lookup: erp", lookups=slow)
    assert (
        "lookups up to here can take 4s"
        in mistakes(flow_file("- lookup: crm\n- note: x\n- lookup: erp", lookups=slow, more=MORE))[0]
    )


def test_a_variable_counts_from_where_a_way_sets_it() -> None:
    asked = "- collect: {into: number, prompt: a, digits: 4}\n- lookup: vip"
    assert steps(asked, lookups=VIP)
    branch = "- branch:\n    - match: {caller.name: x}\n      then: [{set: {number: 1}}]\n- lookup: vip"
    assert steps(branch, lookups=VIP)
    on_the_way = (
        "- branch:\n    - match: {caller.name: x}\n      then: [{set: {number: 1}}, {queue: gold}]\n- lookup: vip"
    )
    assert "no way here sets vars.number" in mistakes(flow_file(on_the_way, lookups=VIP, more=MORE))[0]


def test_a_mistake_in_a_way_is_told_once_and_the_rest_is_still_read() -> None:
    text = '- menu: {prompt: a, keys: {"1": {queue: glod}, "2": {qeue: gold}, "3": {goto: nowhere}}}\n- queue: golf'
    told = [line.partition(": ")[2] for line in mistakes(flow_file(text))]
    assert told == [
        "flows.support.steps[0].menu.keys.'1'.queue: there is no queue 'glod', did you mean 'gold'?",
        "flows.support.steps[0].menu.keys.'2'.qeue: unknown key 'qeue', did you mean 'queue'?",
        "flows.support.steps[0].menu.keys.'3'.goto: there is no flow 'nowhere'; flows has: support",
        "flows.support.steps[1].queue: there is no queue 'golf', did you mean 'gold'?",
    ]


def test_names_of_the_contact_are_known_to_templates() -> None:
    asked = "- collect: {into: number, prompt: a, digits: 4}\n- lookup: vip"
    assert steps(asked, lookups=VIP)[1].needs == {}
