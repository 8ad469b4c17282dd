"""What the user says the lookups answer."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ariroute.cli.given import Fields, given_answers, known
from ariroute.errors import UnknownName, UnusableInput
from ariroute.flow.facts import Failure, Outcome

FIELDS: Fields = {
    "crm": {"loyalty": "string", "orders": "number", "blocked": "bool"},
    "vip_list": {"tier": "string"},
}

TYPES = {"string": str, "number": float, "bool": bool}


def test_when_fields_are_set_then_the_lookup_finds_one_record_with_their_types() -> None:
    answers = given_answers(FIELDS, found=["crm.loyalty=gold", "crm.orders=12", "crm.blocked=no"])

    assert list(answers) == ["crm"]
    assert answers["crm"].outcome is Outcome.FOUND
    assert answers["crm"].fields == {"loyalty": "gold", "orders": 12.0, "blocked": False}
    assert answers["crm"].origin == "given"


def test_when_nothing_follows_the_equals_sign_then_the_field_is_empty() -> None:
    assert given_answers(FIELDS, found=["crm.orders="])["crm"].fields == {"orders": None}


def test_when_a_value_holds_an_equals_sign_then_it_belongs_to_the_value() -> None:
    assert given_answers(FIELDS, found=["crm.loyalty=a=b"])["crm"].fields == {"loyalty": "a=b"}


def test_when_missing_and_failed_are_given_then_each_lookup_answers_so() -> None:
    answers = given_answers(FIELDS, missing=["vip_list"], failed=["crm=timeout"])

    assert answers["vip_list"].outcome is Outcome.MISSING
    assert answers["crm"].outcome is Outcome.FAILED
    assert answers["crm"].failure is Failure.TIMEOUT


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"found": ["crm.loyality=gold"]}, "there is no field in lookup crm 'loyality'; did you mean 'loyalty'?"),
        ({"found": ["crn.loyalty=gold"]}, "there is no lookup 'crn'; did you mean 'crm'?"),
        ({"found": ["crm.orders=many"]}, "--set crm.orders=many: the field is a number"),
        ({"found": ["crm.orders=nan"]}, "--set crm.orders=nan: the field is a number"),
        ({"found": ["crm.orders=1_000"]}, "--set crm.orders=1_000: the field is a number"),
        ({"found": ["crm.blocked=maybe"]}, "--set crm.blocked=maybe: the field is a bool: write true or false"),
        ({"found": ["crm.loyalty"]}, "--set crm.loyalty: write LOOKUP.FIELD=VALUE, such as crm.loyalty=gold"),
        ({"found": ["loyalty=gold"]}, "--set loyalty=gold: write LOOKUP.FIELD=VALUE"),
        ({"missing": ["vip"]}, "there is no lookup 'vip'"),
        ({"failed": ["crm=timeot"]}, "there is no reason to fail 'timeot'; did you mean 'timeout'?"),
        ({"failed": ["crm"]}, "--fail crm: write LOOKUP=REASON; the reasons are timeout, refused"),
        (
            {"found": ["crm.loyalty=gold"], "missing": ["crm"]},
            "lookup crm is given twice, as found and as missing: keep one",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_remedy(options: dict[str, list[str]], words: str) -> None:
    with pytest.raises(UnusableInput) as caught:
        given_answers(FIELDS, **options)

    assert words in str(caught.value)


def test_when_no_name_is_close_then_all_are_listed() -> None:
    with pytest.raises(UnknownName, match="there is no queue 'x'; there is gold, standard"):
        known("queue", "x", ["gold", "standard"])


def test_when_there_are_very_many_then_some_are_listed() -> None:
    with pytest.raises(UnknownName, match=r"there is q0, q1, q2, q3, q4, q5, q6, q7, q8, q9 and 390 more$"):
        known("queue", "x", [f"q{number}" for number in range(400)])


@given(text=st.text(max_size=40) | st.from_regex(r"crm\.(loyalty|orders|blocked)=.{0,20}", fullmatch=True))
def test_whatever_is_typed_it_is_an_answer_of_the_declared_type_or_refused(text: str) -> None:
    with contextlib.suppress(UnusableInput):
        for answer in given_answers(FIELDS, found=[text]).values():
            for name, value in answer.fields.items():
                assert value is None or type(value) is TYPES[FIELDS["crm"][name]]
                assert not isinstance(value, float) or math.isfinite(value)
