"""What is concluded from a condition's text agrees with what the condition does, for every value of its facts."""

from __future__ import annotations

from condition_strategies import CONDITION, NUMBERS, TEXTS, VALUES
from flow_builders import BO, LANGUAGE, scope
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.flow.domains import Domain, compared, of, prefixed
from ariroute.flow.facts import Failure, Scalar
from ariroute.flow.scope import Unknown
from ariroute.testing import Given

CRM: st.SearchStrategy[Given] = st.one_of(
    st.just(Failure.TIMEOUT),
    st.fixed_dictionaries(
        {
            "loyalty": st.sampled_from([None, *TEXTS]),
            "orders": st.sampled_from([None, *NUMBERS]),
            "vip": st.sampled_from([None, True, False]),
        }
    ),
)
VIP: st.SearchStrategy[Given] = st.just(Failure.TIMEOUT) | st.fixed_dictionaries({"tier": st.sampled_from(TEXTS)})
VARIABLES = st.dictionaries(st.sampled_from(["level", "count"]), st.sampled_from(VALUES))
RELAXED = settings(deadline=None, max_examples=300)


@RELAXED
@given(CONDITION, CRM, VIP, VARIABLES)
def test_a_condition_is_true_only_within_its_region_and_always_where_that_is_exact(
    text: str, crm: Given, vip: Given, variables: dict[str, Scalar]
) -> None:
    condition = LANGUAGE.condition(text)
    facts = scope({"crm": crm, "vip_list": vip}, BO, **variables)
    held = condition.holds(facts)
    known = dict(condition.looked_at(facts))
    within = not condition.region.never and all(
        fact in known and not isinstance(known[fact], Unknown) and known[fact] in domain
        for fact, domain in condition.region.facts.items()
    )
    if held is True:
        assert within
    if condition.region.exact and within:
        assert held is True


@RELAXED
@given(CONDITION, CONDITION, CRM, VIP, VARIABLES)
def test_a_condition_within_another_is_true_only_when_that_is(
    one: str, other: str, crm: Given, vip: Given, variables: dict[str, Scalar]
) -> None:
    narrow, wide = LANGUAGE.condition(one), LANGUAGE.condition(other)
    facts = scope({"crm": crm, "vip_list": vip}, BO, **variables)
    if narrow.region.within(wide.region) and narrow.holds(facts) is True:
        assert wide.holds(facts) is True


DOMAINS = st.recursive(
    st.one_of(
        st.lists(st.sampled_from(VALUES), max_size=3).map(of),
        st.builds(compared, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(NUMBERS)),
        st.lists(st.sampled_from(TEXTS), max_size=2).map(prefixed),
    ),
    lambda inner: st.one_of(
        inner.map(lambda domain: ~domain),
        st.builds(lambda one, other: one & other, inner, inner),
        st.builds(lambda one, other: one | other, inner, inner),
    ),
    max_leaves=6,
)


def shown(domain: Domain) -> list[bool]:
    return [value in domain for value in VALUES]


@given(DOMAINS, DOMAINS)
def test_domains_are_sets(one: Domain, other: Domain) -> None:
    assert shown(one | other) == [a or b for a, b in zip(shown(one), shown(other), strict=True)]
    assert shown(one & other) == [a and b for a, b in zip(shown(one), shown(other), strict=True)]
    assert shown(~one) == [not a for a in shown(one)]
    assert ~~one == one
    assert (one & ~one).is_empty
    if one <= other:
        assert all(b for a, b in zip(shown(one), shown(other), strict=True) if a)
    assert (one & other) <= one <= (one | other)


@given(st.lists(st.sampled_from(VALUES)))
def test_the_values_of_a_list_can_be_listed_again(values: list[Scalar]) -> None:
    points = of(values).points()
    assert points is not None
    assert {(type(v), v) for v in points} == {(type(v), v) for v in values}
    assert (~of(values)).points() is None
