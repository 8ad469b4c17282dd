"""What ``ariroute check`` warns of: conditions never true, cases never reached, what is never used."""

from __future__ import annotations

import pytest

from unit.config.texts import flow_file, loaded


def warnings(*conditions: str, otherwise: bool = False) -> list[str]:
    """The warnings for a branch with these conditions, ``LINE:COLUMN: text`` with the first case in line 1."""
    lines = ["- lookup: crm", "- branch:", *(f"    - {{when: '{text}', queue: gold}}" for text in conditions)]
    if otherwise:
        lines.append("    - {else: , queue: standard}")
    text = flow_file("\n".join(lines))
    first = text.splitlines().index(f"          {lines[2].strip()}") + 1
    return [f"{each.line - first + 1}:{each.column}: {each.text}" for each in loaded(text).warnings]


REACHED = "is never reached: whenever it is true, the case in line 14 is too; move it above that"
ON = ": the call always goes on to the next case"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("false", f"can never be true{ON}"),
        ("1 == 2", f"can never be true{ON}"),
        ('crm.loyalty == "a" && crm.loyalty == "b"', f"can never be true, whatever crm.loyalty is{ON}"),
        ("crm.orders > 3 && crm.orders < 3", f"can never be true, whatever crm.orders is{ON}"),
        (
            'crm.loyalty in ["a", "b"] && !(crm.loyalty in ["b", "a"])',
            f"can never be true, whatever crm.loyalty is{ON}",
        ),
        (
            'prefix(caller.e164, ["+46"]) && caller.e164 == "+4721234567"',
            f"can never be true, whatever caller.e164 is{ON}",
        ),
        (
            'crm.orders == 1 && (crm.loyalty == "a" && crm.orders == 2 || crm.orders == 3)',
            f"can never be true, whatever crm.loyalty and crm.orders are{ON}",
        ),
    ],
)
def test_a_condition_that_can_never_be_true(condition: str, text: str) -> None:
    assert warnings(condition) == [f"1:20: {text}"]


@pytest.mark.parametrize(
    "condition",
    [
        "crm.orders > 3 && crm.orders < 4",
        "crm.orders >= 3 && crm.orders <= 3",
        'crm.loyalty == "a" || crm.loyalty == "b"',
        'crm.loyalty != "a" && crm.loyalty != "b"',
        "crm.orders > crm.orders",  # true for nothing, but that is not looked at
        'crm.loyalty == "a" && crm.orders == 1',
        'prefix(caller.e164, ["+46"]) && !prefix(caller.e164, ["+4670"])',
    ],
)
def test_no_warning_where_it_can_be_true(condition: str) -> None:
    assert warnings(condition) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('crm.loyalty in ["a", "b"]', 'crm.loyalty == "a"'),
        ("crm.orders > 3", "crm.orders > 5"),
        ("crm.orders > 3", "crm.orders >= 4 && crm.orders < 9"),
        ('crm.loyalty == "a"', 'crm.loyalty == "a" && crm.orders > 3'),
        ('crm.loyalty == "a" && crm.orders > 3', 'crm.loyalty == "a" && crm.orders > 4 && crm.loyalty.contains("a")'),
        ('prefix(caller.e164, ["+46"])', 'prefix(caller.e164, ["+4670", "+4672"])'),
        ('prefix(caller.e164, ["+46"])', 'caller.e164 == "+46701234567"'),
        ('crm.loyalty != "a"', 'crm.loyalty == "b"'),
    ],
)
def test_a_case_that_an_earlier_one_takes(first: str, second: str) -> None:
    assert warnings(first, second) == [f"2:20: {REACHED}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('crm.loyalty == "a"', 'crm.loyalty in ["a", "b"]'),
        ("crm.orders > 5", "crm.orders > 3"),
        ('crm.loyalty == "a" && crm.orders > 3', 'crm.loyalty == "a"'),
        ('crm.loyalty == "a" || crm.orders > 3', 'crm.loyalty == "b"'),
        ('crm.loyalty.contains("a")', 'crm.loyalty == "a"'),
        ('prefix(caller.e164, ["+4670"])', 'prefix(caller.e164, ["+46"])'),
        ('crm.loyalty == "a"', 'outcome.crm == "failed"'),
        ('crm.loyalty != "a"', "crm.loyalty == null || crm.orders > 1"),
    ],
)
def test_no_warning_where_a_case_can_be_reached(first: str, second: str) -> None:
    assert warnings(first, second) == []


def test_a_case_that_several_take_together() -> None:
    found = warnings('crm.loyalty == "a"', 'crm.loyalty == "b"', 'crm.loyalty in ["b", "a"] && crm.orders > 1')
    assert found == ["3:20: is never reached: the cases above take every crm.loyalty that it asks for"]


def test_a_case_that_is_always_true_hides_the_rest() -> None:
    text = "is always true, so that no case after it is ever reached: make it the last one"
    assert warnings("true", 'crm.loyalty == "b"') == [f"1:20: {text}"]
    assert warnings("1 == 1 || crm.orders > 1", otherwise=True) == [f"1:20: {text}"]
    assert warnings("crm.orders > 1", "true") == []


def test_an_else_that_is_never_reached() -> None:
    found = warnings('caller.e164 == ""', 'caller.e164 != ""', otherwise=True)
    assert found == ["3:13: is never reached: the cases above take every caller.e164 that there is"]
    assert warnings('crm.loyalty == ""', 'crm.loyalty != ""', otherwise=True) == []  # crm may have failed


def test_a_match_is_looked_at_too() -> None:
    cases = "    - {match: {crm.orders: '> 3'}, queue: gold}\n    - {match: {crm.orders: 5}, queue: gold}"
    steps = f"- lookup: crm\n- branch:\n{cases}"
    (warning,) = loaded(flow_file(steps)).warnings
    assert warning.path == "flows.support.steps[1].branch[1].match"
    assert warning.text == REACHED


def test_hours_that_nothing_uses() -> None:
    more = 'timezone: Europe/Stockholm\nhours: {office: {mon: "08:00-17:00"}, night: {mon: "08:00-17:00"}}\n'
    steps = "- branch: [{match: {open: night}, queue: gold}]"
    (warning,) = loaded(flow_file(steps, more=more, lookups="")).warnings
    assert str(warning) == "f.yaml:3:9: hours.office: are never used: no flow asks for them"
    asked = "- hours: {calendar: office, open: {queue: gold}}\n- branch: [{when: '!open(\"night\")', queue: gold}]"
    assert loaded(flow_file(asked, more=more, lookups="")).warnings == ()


COLLECTED = (
    "- collect: {into: number, prompt: custom/number, digits: 4}\n- consent: {prompt: custom/ask, into: agreed}\n"
)
ADVICE = "as vars.number is a text: write it in quotes"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("vars.number == 4711", f"can never be true, {ADVICE}"),
        ("vars.number > 4711", f"can never be true, {ADVICE}"),
        ('vars.agreed == "yes"', "can never be true, as vars.agreed is true or false"),
        (
            'outcome.crm != "found" && outcome.crm != "missing" && outcome.crm != "failed"',
            "can never be true, as outcome.crm is one of failed, found, missing",
        ),
    ],
)
def test_a_value_that_a_fact_can_never_have(condition: str, text: str) -> None:
    steps = f"- lookup: crm\n{COLLECTED}- branch: [{{when: '{condition}', queue: gold}}]"
    assert [warning.text for warning in loaded(flow_file(steps)).warnings] == [text]


@pytest.mark.parametrize(
    "condition", ['vars.number == "4711"', "vars.number == null", "vars.agreed == false", 'outcome.crm != "found"']
)
def test_no_warning_for_a_value_that_it_can_have(condition: str) -> None:
    steps = f"- lookup: crm\n{COLLECTED}- branch: [{{when: '{condition}', queue: gold}}]"
    assert loaded(flow_file(steps)).warnings == ()


def test_a_variable_that_is_set_in_two_ways_can_be_either() -> None:
    steps = f"- set: {{number: 1}}\n{COLLECTED}- branch: [{{when: vars.number == 1, queue: gold}}]"
    assert loaded(flow_file(steps, lookups="")).warnings == ()


def test_the_outcomes_are_three() -> None:
    found = warnings('outcome.crm == "found"', 'outcome.crm == "missing"', 'outcome.crm != "failed"')
    assert found == ["3:20: is never reached: the cases above take every outcome.crm that it asks for"]


def test_an_else_behind_every_answer_of_a_consent() -> None:
    cases = "{match: {vars.agreed: true}, queue: gold}, {match: {vars.agreed: false}, queue: gold}"
    empty = "{match: {vars.agreed: null}, queue: gold}"
    steps = COLLECTED + "- branch: [%s, {else: , queue: standard}]"
    assert loaded(flow_file(steps % cases, lookups="")).warnings == ()
    (warning,) = loaded(flow_file(steps % f"{cases}, {empty}", lookups="")).warnings
    assert warning.text == "is never reached: the cases above take every vars.agreed that there is"


ALL_KEYS = ", ".join(f'"{key}": {{then: []}}' for key in "0123456789*#")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            'menu: {prompt: a, keys: {"1": {queue: gold}}, tries: 1, invalid: b}',
            [".menu.invalid: is never heard: it comes before the prompt again, and tries is 1"],
        ),
        ('menu: {prompt: a, keys: {"1": {queue: gold}}, tries: 1, on_invalid: {queue: gold}}', []),
        (
            f"menu: {{prompt: a, keys: {{{ALL_KEYS}}}, on_invalid: {{queue: gold}}}}",
            [".menu.on_invalid: is never taken: whatever the caller keys in fits"],
        ),
        (
            "collect: {into: n, prompt: a, digits: 1-4, invalid: b, on_invalid: {queue: gold}}",
            [
                ".collect.invalid: is never heard: whatever the caller keys in fits",
                ".collect.on_invalid: is never taken: whatever the caller keys in fits",
            ],
        ),
        ("collect: {into: n, prompt: a, digits: 2-4, invalid: b, on_invalid: {queue: gold}}", []),
        ("collect: {into: n, prompt: a, digits: 1, pattern: N, invalid: b}", []),
        ("hours: {calendar: office}", [".hours: leads nowhere: add open:, closed: or holiday:, or delete this step"]),
        (
            "agent: {name: Anna Ek, on_unknown: {queue: gold}}",
            [".agent.on_unknown: is never taken: there is an agent 'Anna Ek'"],
        ),
        ("agent: {name: {cel: caller.name}, on_unknown: {queue: gold}}", []),
        (
            'note: "from {caller.e164}"',
            [".note: '{caller.e164}' stays as it is written, as nothing is filled in here: write {cel: caller.e164}"],
        ),
        (
            'label: {name_prefix: "{caller.name}", headers: {X-A: "{crm.loyalty} {no.fact}"}}',
            [
                ".label.headers.X-A: '{crm.loyalty}' stays as it is written, as nothing is filled in here: "
                "write {cel: crm.loyalty}",
                ".label.name_prefix: '{caller.name}' stays as it is written, as nothing is filled in here: "
                "write {cel: caller.name}",
            ],
        ),
        ('set: {then: "{no.fact} {}", steps: "a"}', []),
    ],
)
def test_parts_of_steps_that_come_to_nothing(step: str, expected: list[str]) -> None:
    more = 'timezone: UTC\nhours: {office: {mon: "08:00-17:00"}}\nagents: {anna: {dial: PJSIP/a, also: Anna Ek}}\n'
    steps = f'- lookup: crm\n- {step}\n- branch: [{{when: open("office"), queue: gold}}]'
    found = loaded(flow_file(steps, more=more)).warnings
    assert sorted(f"{each.path}: {each.text}".removeprefix("flows.support.steps[1]") for each in found) == expected
