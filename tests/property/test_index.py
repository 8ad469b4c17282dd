"""A branch looked into by its index ends as it does when every case is tried."""

from __future__ import annotations

import re
from dataclasses import replace

from condition_strategies import CONDITION
from flow_builders import LANGUAGE, MONDAY, flow, lookup, ruleset
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.flow.contact import Contact, Party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.index import LEAST, index_of
from ariroute.flow.run import Run
from ariroute.flow.steps import Branch, Case, HangUp

LOYALTIES = [f"tier{number}" for number in range(8)]
TEXT = st.sampled_from([*LOYALTIES, "", "tier"])
LOYALTY = st.one_of(
    st.builds('crm.loyalty == "{}"'.format, TEXT),
    st.builds('crm.loyalty in ["{}", "{}"]'.format, TEXT, TEXT),
    st.builds('crm.loyalty == "{}" && crm.orders > {}'.format, TEXT, st.integers(0, 9)),
    st.builds('prefix(crm.loyalty, ["{}"])'.format, st.sampled_from(["t", "tier", "tier1", "x"])),
    st.builds('(crm.loyalty == "{}" || crm.loyalty == null)'.format, TEXT),
    st.builds("crm.orders == {}".format, st.integers(0, 9)),
    CONDITION,
)
CRM = st.one_of(
    st.just(Answer("crm", Outcome.FAILED, failure=Failure.TIMEOUT)),
    st.just(Answer("crm", Outcome.MISSING)),
    st.builds(
        lambda loyalty, orders: Answer("crm", Outcome.FOUND, {"loyalty": loyalty, "orders": orders}),
        st.none() | st.sampled_from([*LOYALTIES, "", "tier", "tier99", "gold"]),
        st.none() | st.integers(0, 9).map(float),
    ),
)
CONTACT = Contact("1", MONDAY, Party("0701234567", "+46701234567", "gold"), Party("1", ""))


def decided(branch: Branch, crm: Answer) -> Decision:
    run = Run(ruleset(flow(lookup("crm", "vip_list"), branch)), flow(lookup("crm", "vip_list"), branch), CONTACT)
    run.start(MONDAY)
    decision = run.receive([crm, Answer("vip_list", Outcome.MISSING)], MONDAY)
    assert isinstance(decision, Decision)
    return decision


def numbers(decision: Decision) -> list[int]:
    """The numbers of the cases that the trace tells of, those of its summaries included."""
    found: list[int] = []
    for entry in decision.trace:
        if entry.what in ("case", "cases"):
            first, _, last = re.findall(r"\[([\d-]+)\]$", entry.path)[0].partition("-")
            found += range(int(first), int(last or first) + 1)
            assert entry.what == ("cases" if last else "case")
    return found


@settings(deadline=None, max_examples=100)
@given(st.lists(LOYALTY, min_size=LEAST, max_size=30), st.lists(CRM, min_size=1, max_size=4))
def test_the_index_and_the_walk_decide_alike(texts: list[str], answers: list[Answer]) -> None:
    conditions = [LANGUAGE.condition(text) for text in texts]
    cases = tuple(
        Case(f"steps[1].branch[{n}]", condition, (HangUp(f"x{n}", n + 1),)) for n, condition in enumerate(conditions)
    )
    walked = Branch("steps[1]", cases)
    indexed = replace(walked, index=index_of(conditions))
    for crm in answers:
        one, other = decided(walked, crm), decided(indexed, crm)
        assert other.destination == one.destination
        assert other.by_default == one.by_default
        assert numbers(other) == numbers(one)
        for entry in other.trace:
            if entry.result == "true":
                assert entry in one.trace


def test_short_branches_and_those_without_a_common_fact_have_no_index() -> None:
    alike = [LANGUAGE.condition(f'crm.loyalty == "{n}"') for n in range(LEAST)]
    assert index_of(alike) is not None
    assert index_of(alike[1:]) is None
    assert index_of([LANGUAGE.condition(f"crm.orders > {n}") for n in range(LEAST)]) is None
    assert index_of([]) is None
