"""``diff`` by meaning: the regions that are found, against what the engine does with single calls."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from ariroute.config.load import load_text
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.flow.facts import Answer, Failure, Outcome, Scalar
from ariroute.flow.run import Run
from ariroute.flow.tree import Ruleset
from ariroute.replay.inputs import Option
from ariroute.replay.meaning import Explorer, Region
from ariroute.replay.walker import destination
from ariroute.testing import FakeLookups, Given, drive

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)

OLD = """\
version: 1
region: SE
timezone: Europe/Stockholm
lookups:
  crm:
    http: {url: "http://127.0.0.1:9/{caller.e164}"}
    fields: {loyalty: string, orders: number, vip: bool}
hours:
  office: {mon-fri: "08:00-17:00"}
queues:
  platinum: {priority: 30}
  gold: {priority: 20}
  standard: {priority: 0}
flows:
  support:
    trigger: {call: {to: support}}
    default: standard
    steps:
      - hours: {calendar: office, closed: {queue: standard}}
      - lookup: crm
      - set: {level: {cel: crm.loyalty}}
      - branch:
          - when: crm.vip || outcome.crm == "failed"
            queue: platinum
          - when: coalesce(vars.level, "none") == "gold" && crm.orders >= 3
            queue: gold
          - when: prefix(caller.e164, ["+47", "+468"])
            queue: gold
          - else:
            queue: standard
"""
CHANGES = [
    ('"08:00-17:00"', '"09:00-18:00"'),
    ("crm.orders >= 3", "crm.orders > 5"),
    ('["+47", "+468"]', '["+47", "+4680"]'),
    ('crm.vip || outcome.crm == "failed"', "crm.vip == true"),
    ('== "gold" &&', 'in ["gold", "silver"] &&'),
    ("gold: {priority: 20}", "gold: {priority: 21}"),
    ("default: standard", "default: gold"),
]


def explored(new: str, old: str = OLD) -> Explorer:
    explorer = Explorer(load_text(old), load_text(new), MONDAY)
    explorer.explore()
    return explorer


def changed(*changes: tuple[str, str]) -> str:
    text = OLD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def test_the_same_file_is_not_walked() -> None:
    found = explored(OLD).found

    assert (found.same, found.walks, found.regions) == (["support"], 0, [])


@pytest.mark.parametrize("changes", [CHANGES[:1], CHANGES[1:2], CHANGES[2:4], CHANGES[4:6], CHANGES])
def test_single_calls_go_elsewhere_exactly_within_the_regions(changes: list[tuple[str, str]]) -> None:
    explorer = explored(changed(*changes))
    rulesets = [load_text(text).ruleset for text in (OLD, changed(*changes))]
    elsewhere = 0
    for contact, given in calls(1000):
        before, after = (decided(ruleset, contact, given) for ruleset in rulesets)
        holding = [region for region in explorer.found.regions if holds(explorer, region, contact, given)]
        if before == after:
            assert holding == []
        else:
            elsewhere += 1
            assert [region.move for region in holding] == [(before, after)]

    assert explorer.found.complete
    assert elsewhere > 3


def calls(count: int) -> Iterator[tuple[Contact, Given]]:
    dice = random.Random(7)
    for number in range(count):
        at = MONDAY + timedelta(days=dice.randrange(7), hours=dice.choice([7.5, 8.5, 10, 16.5, 17.5]))
        caller = dice.choice(["+4791234567", "+46850000001", "+46811111111", "+46701234567", ""])
        contact = Contact(str(number), at, party(caller, "", "SE"), dialled_party("support", "SE"))
        record: dict[str, Scalar] = {
            "loyalty": dice.choice(["gold", "gold", "silver", "other", None]),
            "orders": dice.choice([0.0, 3.0, 4.0, 5.0, 5.5, 6.0, None]),
            "vip": dice.choice([True, False, False, False, None]),
        }
        ends: list[Given] = [record, record, record, Outcome.MISSING, Failure.TIMEOUT]
        yield contact, (dice.choice(ends) if caller else Outcome.MISSING)


def decided(ruleset: Ruleset, contact: Contact, given: Given) -> str:
    flow = ruleset.flow_for(contact)
    assert flow is not None
    return destination(drive(Run(ruleset, flow, contact), FakeLookups({"crm": given}), contact.arrived))


def holds(explorer: Explorer, region: Region, contact: Contact, given: Given) -> bool:
    return all(
        any(fits(name, explorer.inputs.get(name).options[number], contact, given) for number in chosen)
        for name, chosen in region.chosen.items()
    )


def fits(name: str, option: Option, contact: Contact, given: Given) -> bool:
    if name == "now":
        return any(low <= contact.arrived < high for low, high in option.stretches)
    if name == "caller.e164":
        assert option.domain is not None
        return contact.caller.e164 in option.domain
    if name.startswith("crm."):
        assert option.domain is not None
        return isinstance(given, Mapping) and given[name.removeprefix("crm.")] in option.domain
    assert name == "lookup crm"
    answer: Answer = option.value
    ended = Outcome.FOUND if isinstance(given, Mapping) else Outcome.MISSING if given is Outcome.MISSING else None
    return answer.outcome is (ended or Outcome.FAILED)


BY_NUMBER = """\
version: 1
region: SE
timezone: Europe/Stockholm
lookups:
  crm:
    http: {url: "http://127.0.0.1:9/{caller.number}"}
    fields: {loyalty: string}
queues: {gold: {priority: 20}, standard: {}}
flows:
  support:
    trigger: {call: {to: support}}
    default: standard
    steps:
      - lookup: crm
      - branch: [{when: 'crm.loyalty == "gold"', queue: gold}]
"""
ASKED_TWICE = """\
version: 1
queues: {gold: {priority: 20}, standard: {}}
flows:
  support:
    trigger: {call: {to: support}}
    default: standard
    steps:
      - menu: {prompt: vm-options, tries: 2, keys: {"1": {queue: gold}}}
"""


def test_a_lookup_by_the_number_knows_a_caller_without_an_international_one() -> None:
    new = BY_NUMBER.replace('== "gold"', '== "gold" && caller.e164 != ""')
    explorer = explored(new, BY_NUMBER)

    (region,) = explorer.found.regions
    assert (region.move, explorer.caller(region.example)) == (
        ("queue gold, priority 20", "queue standard, priority 0"),
        "100",
    )


def test_a_number_has_no_other_international_form_than_its_own() -> None:
    old = BY_NUMBER.replace('crm.loyalty == "gold"', 'caller.number == "100"')
    new = old.replace('== "100"', '== "100" && caller.e164 == ""')

    assert explored(new, old).found.regions == []
    assert explored(old.replace('"100"', '"100" && caller.e164 != ""'), old).found.regions != []


def test_one_who_is_asked_the_same_again_may_press_another_key() -> None:
    explorer = explored(ASKED_TWICE.replace("tries: 2", "tries: 1"), ASKED_TWICE)

    (region,) = explorer.found.regions
    assert region.move == ("queue gold, priority 20", "queue standard, priority 0")
    assert "asked with vm-options (time 2), the caller presses 1" in [
        explorer.inputs.get(name).described(chosen) for name, chosen in region.chosen.items()
    ]
