"""Which flow takes a contact, and what a flow holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flow_builders import BO, branch, flow, hang_up, lookup, ruleset, to

from ariroute.flow.contact import Contact, dialled_party
from ariroute.flow.steps import Branch
from ariroute.flow.tree import Flow, Trigger

NUMBER = replace(flow(name="number"), trigger=Trigger("call", frozenset({"+46850000000", "support"})))
ANY = replace(flow(name="any"), trigger=Trigger())
MESSAGES = replace(flow(name="messages"), trigger=Trigger("message"))
NONE = flow(name="none")


def dialling(text: str) -> Contact:
    return replace(BO, dialled=dialled_party(text, "SE"))


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [("+46850000000", "number"), ("08-500 000 00", "number"), ("support", "number"), ("sales", "any"), ("", "any")],
)
def test_the_flow_that_names_what_was_dialled_goes_before_one_that_takes_any(dialled: str, expected: str) -> None:
    for order in ((ANY, NUMBER, MESSAGES, NONE), (NONE, MESSAGES, NUMBER, ANY)):
        found = ruleset(*order).flow_for(dialling(dialled))
        assert found is not None
        assert found.name == expected


def test_a_flow_takes_its_own_medium_only() -> None:
    found = ruleset(NUMBER, ANY, MESSAGES).flow_for(replace(BO, medium="message"))
    assert found is MESSAGES


def test_no_flow_takes_what_none_names() -> None:
    assert ruleset(NUMBER, NONE).flow_for(dialling("sales")) is None


def test_an_empty_dialled_number_matches_no_list() -> None:
    assert not Trigger("call", frozenset({"support"})).matches(dialling(""))


def test_walking_a_flow_meets_every_step_in_the_order_of_the_file() -> None:
    inner = branch(("true", to("gold", at="a")), at="inner", otherwise=(to("standard", at="b"),))
    outer: Branch = branch(("true", inner), ("false", hang_up(at="c")), at="outer")
    made: Flow = flow(lookup("crm", at="first"), outer, to("platinum", at="last"))
    paths = [step.path.removeprefix("flows.support.") for step in made.walk()]
    assert paths == ["first", "outer", "inner", "a", "b", "c", "last"]
