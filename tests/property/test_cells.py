"""Values of one cell make no difference to a condition, and every value lies in one cell."""

from __future__ import annotations

from condition_strategies import CONDITION, NUMBERS, TEXTS, VALUES
from flow_builders import BO, LANGUAGE, LOOKUPS, scope
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.flow.atoms import Atoms
from ariroute.flow.cells import divided, example
from ariroute.flow.domains import EVERYTHING, TRUTHS, Domain, compared, of, prefixed
from ariroute.flow.domains import NUMBERS as ALL_NUMBERS
from ariroute.flow.domains import TEXTS as ALL_TEXTS
from ariroute.flow.facts import FieldType, Scalar
from ariroute.flow.scope import Unknown
from ariroute.testing import Given

RELAXED = settings(deadline=None, max_examples=300)
NULL = Domain(null=True)
UNIVERSES: dict[FieldType, Domain] = {"string": ALL_TEXTS | NULL, "number": ALL_NUMBERS | NULL, "bool": TRUTHS | NULL}
CRM = {
    "loyalty": st.sampled_from([None, *TEXTS, "other", "x"]),
    "orders": st.sampled_from([None, *NUMBERS, 2.0, 7.0, 100.0]),
    "vip": st.sampled_from([None, True, False]),
}


def truth(held: bool | Unknown) -> bool | None:
    return None if isinstance(held, Unknown) else held


@RELAXED
@given(CONDITION, st.fixed_dictionaries(CRM), st.sampled_from([None, *TEXTS]))
def test_another_value_of_the_same_cells_gives_the_same_truth(text: str, crm: dict[str, Scalar], tier: Scalar) -> None:
    condition = LANGUAGE.condition(text)
    atoms: Atoms = condition.atoms()
    given: dict[str, dict[str, Scalar]] = {"crm": crm, "vip_list": {"tier": tier}}
    others: dict[str, Given] = {}
    for lookup, fields in given.items():
        kinds = LOOKUPS[lookup]
        others[lookup] = {name: other(atoms, f"{lookup}.{name}", kinds[name], value) for name, value in fields.items()}

    assert truth(condition.holds(scope({**given}, BO))) == truth(condition.holds(scope(others, BO)))


def other(atoms: Atoms, fact: str, kind: FieldType, value: Scalar) -> Scalar:
    """The example of the cell in which ``value`` lies; itself when the fact is loose."""
    if fact in atoms.loose:
        return value
    cells = divided(UNIVERSES[kind], atoms.sets.get(fact, ()))
    found = example(cells.domains[cells.number(value)])
    assert found is not None
    return found[0]


DOMAIN = st.one_of(
    st.lists(st.sampled_from(VALUES), max_size=3).map(of),
    st.builds(compared, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(NUMBERS)),
    st.lists(st.sampled_from([text for text in TEXTS if text]), max_size=2).map(prefixed),
)


@RELAXED
@given(st.lists(DOMAIN, max_size=5), st.sampled_from([*VALUES, 2.0, "other", "+4712"]))
def test_every_value_lies_in_one_cell_and_each_set_is_made_of_whole_cells(sets: list[Domain], value: Scalar) -> None:
    cells = divided(EVERYTHING, sets)

    holding = [cell for cell in cells.domains if value in cell]
    assert len(holding) == 1
    assert cells.domains[cells.number(value)] == holding[0]
    for each in sets:
        assert holding[0] <= each if value in each else (holding[0] & each).is_empty
