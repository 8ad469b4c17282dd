"""``ariroute diff``: what two files do differently, and a call to try for each difference."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from .conftest import FLOW_FILE, Ariroute


def changed(flow_file: Path, *changes: tuple[str, str]) -> str:
    text = FLOW_FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (flow_file.parent / "new.yaml").write_text(text, encoding="utf-8")
    return "new.yaml"


def test_files_that_mean_the_same_have_no_difference(ariroute: Ariroute, flow_file: Path) -> None:
    new = changed(flow_file, ("crm.orders >= 10.0", "10 <= crm.orders"), ("version: 1", "# a comment\nversion: 1"))
    ended = ariroute("diff", "ariroute.yaml", new, "--same")

    assert (ended.code, ended.err) == (0, "")
    assert "No call goes elsewhere" in ended.out


def test_each_region_is_told_with_both_reasons_and_a_call_that_goes_there(ariroute: Ariroute, flow_file: Path) -> None:
    new = changed(flow_file, ("crm.orders >= 10.0", "crm.orders >= 5.0"))
    ended = ariroute("diff", "ariroute.yaml", new, "--at", "2026-11-02T09:00", "--same")

    assert (ended.code, ended.err) == (1, "")
    lines = [line.strip() for line in ended.out.splitlines()]
    begin = lines.index("when what is dialled is +46850000000 or support")
    assert lines[begin - 1 : begin + 8] == [
        "queue standard, priority 0 -> queue gold, priority 20",
        "when what is dialled is +46850000000 or support",
        "and the time is mon-fri 08:00-17:00",
        "and lookup crm has a record",
        "and crm.blocked is empty or false",
        'and crm.loyalty is neither "gold" nor "platinum"',
        "and crm.orders is >= 5 and < 10",
        "before by flows.support.default: the steps ended without a destination",
        'after  by flows.support.steps[2].branch[2]: crm.loyalty == "gold" || crm.orders >= 5.0',
    ]
    region = ariroute("diff", "ariroute.yaml", new, "--at", "2026-11-02T09:00", "--json").json["elsewhere"][0]
    assert (region["from"], region["to"]) == ("queue standard, priority 0", "queue gold, priority 20")


CHANGES = [
    ("crm.orders >= 10.0", "crm.orders >= 5.0"),
    ("08:00-17:00", "08:00-18:00"),
    ("gold: {priority: 20", "gold: {priority: 22"),
    ("when: crm.blocked", 'when: crm.blocked || outcome.crm == "missing"'),
    ('to: ["sales"]', 'to: ["sales", "shop"]'),
    ("default: standard", "default: gold"),
    ("hangup: 21", "hangup: 17"),
    ('crm.loyalty == "platinum"', 'crm.loyalty.startsWith("plat") || prefix(caller.e164, ["+47"])'),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_example_goes_where_both_files_are_said_to_send_it(
    ariroute: Ariroute, flow_file: Path, change: tuple[str, str]
) -> None:
    new = changed(flow_file, change)
    found = ariroute("diff", "ariroute.yaml", new, "--at", "2026-11-02T09:00", "--json").json["elsewhere"]

    assert found
    for region in found:
        command, *words = shlex.split(region["try"])
        assert command == "ariroute"
        for side, file in (("before", "ariroute.yaml"), ("after", new)):
            if region[side] is None:
                continue
            told = ariroute(*(file if word == new else word for word in words), "--json")
            assert (told.code, told.json["reason"]) == (0, region[side]["reason"]), told.err


def test_what_was_only_sampled_is_named(ariroute: Ariroute, flow_file: Path) -> None:
    new = changed(flow_file, ('crm.loyalty == "platinum"', 'crm.loyalty.contains("plat")'))
    ended = ariroute("diff", "ariroute.yaml", new)

    assert "note: only some values were tried of: crm.loyalty; others may go elsewhere too" in ended.err
    assert "crm.loyalty" in ended.out


def test_too_many_ways_are_sampled_and_it_is_said(ariroute: Ariroute, flow_file: Path) -> None:
    new = changed(flow_file, ("crm.orders >= 10.0", "crm.orders >= 5.0"))

    assert (
        "that were walked, so others may go elsewhere too: give more --walks"
        in ariroute("diff", "ariroute.yaml", new, "--walks", "5").err
    )


def test_a_label_that_differs_is_told_though_the_call_goes_to_the_same_place(
    ariroute: Ariroute, flow_file: Path
) -> None:
    labelled = '- lookup: [crm]\n      - label: {name_prefix: "VIP"}\n      - branch:'
    ended = ariroute("diff", "ariroute.yaml", changed(flow_file, ("- lookup: [crm]\n      - branch:", labelled)))

    assert "queue gold, priority 20 as before, but with another label" in ended.out


def test_another_source_of_a_lookup_is_a_remark(ariroute: Ariroute, flow_file: Path) -> None:
    ended = ariroute("diff", "ariroute.yaml", changed(flow_file, ("/customers/", "/clients/")))

    assert "note: lookup crm asks otherwise now: its answers are taken to be the same" in ended.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("region: SE", "region: DE"), "note: the region was SE and is DE"),
        (("blocked: bool", "blocked: string"), "crm reads otherwise now: blocked was a bool and is a string"),
    ],
)
def test_what_makes_other_values_of_the_same_input_is_a_remark(
    ariroute: Ariroute, flow_file: Path, change: tuple[str, str], said: str
) -> None:
    used = ("when: crm.blocked", "when: crm.blocked != null")
    flow_file.write_text(changed_text(used), encoding="utf-8")
    (flow_file.parent / "new.yaml").write_text(changed_text(used, change), encoding="utf-8")

    assert said in ariroute("diff", "ariroute.yaml", "new.yaml").err


def changed_text(*changes: tuple[str, str]) -> str:
    text = FLOW_FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text
