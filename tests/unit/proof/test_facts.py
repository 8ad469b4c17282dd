"""What stand-ins answer: the values that a flow asks about."""

from __future__ import annotations

from typing import Any

import pytest

from ariroute.flow.facts import FieldType, Scalar
from ariroute.proof.facts import candidates, record

FIELDS: dict[str, dict[str, FieldType]] = {
    "crm": {"loyalty": "string", "orders": "number", "vip": "bool", "manager": "string"}
}


def asked(condition: Any, field: str = "loyalty") -> list[Scalar]:
    """The values for a field of a flow with this one case."""
    flows = {"support": {"steps": [{"branch": [condition]}]}}
    return candidates(flows, FIELDS, ())[f"crm.{field}"]


@pytest.mark.parametrize(
    "condition",
    [
        {"match": {"crm.loyalty": ["gold", "platinum"]}},
        {"when": 'crm.loyalty in ["gold", "platinum"]'},
        {"when": "crm.loyalty == 'gold' || \"platinum\" == crm.loyalty"},
        {"when": 'crm.orders > 1.0 && (crm.loyalty.startsWith("gold") || crm.loyalty != "platinum")'},
        {"match": {"crm.loyalty": "gold"}, "then": [{"set": {"x": {"cel": 'crm.loyalty == "platinum"'}}}]},
        {"match": {"crm.loyalty": "gold"}, "then": [{"branch": [{"match": {"crm.loyalty": "!= platinum"}}]}]},
    ],
)
def test_when_a_flow_compares_a_text_then_its_values_are_answered_and_another_one(condition: Any) -> None:
    assert sorted(map(str, asked(condition))) == ["gold", "other", "platinum"]


@pytest.mark.parametrize("condition", [{"when": "crm.orders >= 10"}, {"match": {"crm.orders": ">= 10"}}])
def test_when_a_flow_compares_a_number_then_both_sides_of_it_are_answered(condition: Any) -> None:
    assert asked(condition, "orders") == [9.0, 10.0, 11.0]


def test_when_a_field_is_a_bool_then_both_are_answered() -> None:
    assert asked({"match": {"crm.vip": True}}, "vip") == [True, False]


def test_when_a_longer_name_is_compared_then_it_is_not_taken_for_this_field() -> None:
    assert asked({"when": 'crm.loyalty_card == "x" || other_crm.loyalty == "y"'}) == ["Anna", "gold", "A-17"]


def test_when_a_field_says_whom_an_agent_step_rings_then_agents_are_answered() -> None:
    flows = {"support": {"steps": [{"agent": {"name": {"cel": "crm.manager"}}}]}}

    found = candidates(flows, FIELDS, ("Maja Berg",))

    assert "Maja Berg" in found["crm.manager"]
    assert "Maja Berg" not in found["crm.loyalty"]


def test_when_many_callers_are_looked_up_then_every_value_comes_and_some_have_no_record() -> None:
    known = candidates({"x": {"when": 'crm.loyalty == "gold"'}}, FIELDS, ())

    found = [record(known, "crm", FIELDS["crm"], str(count)) for count in range(300)]

    assert {each["loyalty"] for each in found if each is not None} == {"gold", "other", None}
    assert 20 < found.count(None) < 80


def test_when_a_caller_calls_again_then_the_record_is_the_same() -> None:
    known = candidates({}, FIELDS, ())

    assert record(known, "crm", FIELDS["crm"], "a") == record(known, "crm", FIELDS["crm"], "a")
