"""The one type of what may be rung, and agents by their names."""

from __future__ import annotations

import pytest
from flow_builders import AGENTS, ANNA
from hypothesis import given
from hypothesis import strategies as st

from ariroute.flow.endpoints import Endpoint

GOOD = [
    "PJSIP/anna",
    "PJSIP/support@carrier",
    "PJSIP/trunk/sip:queue@pbx2.example:5060",
    "Local/100@internal",
    "DAHDI/g1/0701",
]


@pytest.mark.parametrize("text", GOOD)
def test_an_endpoint_is_taken_as_it_is(text: str) -> None:
    assert Endpoint(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "anna", "PJSIP/", "/anna", "PJSIP/anna,30", "PJSIP/${EXTEN}", "PJSIP/anna)", "PJSIP/an na"),
        *("PJSIP/anna\n", "PJSIP/anna;x", "PJSIP/é", "PJSIP/" + "a" * 200, "PJ-SIP/anna"),
    ],
)
def test_anything_else_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="is not an endpoint: write TECHNOLOGY/NAME"):
        Endpoint(text)


def test_two_endpoints_are_not_one() -> None:
    with pytest.raises(ValueError, match="names several endpoints"):
        Endpoint("PJSIP/anna&PJSIP/bo")


@given(st.text(max_size=30))
def test_no_text_brings_syntax_of_the_dialplan_along(text: str) -> None:
    try:
        made = Endpoint(f"PJSIP/{text}")
    except ValueError:
        return
    assert not set(made) & set(",&|${}[]()\"'\\;^! \r\n\t")


@pytest.mark.parametrize("name", ["anna", "ANNA", " Anna   Ek ", "anna.ek@example.com"])
def test_an_agent_is_found_by_all_names(name: str) -> None:
    assert AGENTS.find(name) is ANNA


@pytest.mark.parametrize("name", ["", "ann", "PJSIP/anna"])
def test_nobody_is_found_by_another(name: str) -> None:
    assert AGENTS.find(name) is None
