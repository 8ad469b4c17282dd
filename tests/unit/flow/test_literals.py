"""Comparisons that are decided for ever are refused where they stand."""

from __future__ import annotations

import pytest
from flow_builders import LANGUAGE

from ariroute.errors import ExpressionError


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ('crm.orders == "10"', 15, "crm.orders is a number: compare it with one, without quotes; did you mean 10?"),
        ('"10" != crm.orders', 1, "crm.orders is a number: compare it with one, without quotes; did you mean 10?"),
        ('crm.orders > "many"', 14, "crm.orders is a number: compare it with one, without quotes"),
        (
            'crm.vip || crm.orders in [1, "10"]',
            30,
            "crm.orders is a number: compare it with one, without quotes; did you mean 10?",
        ),
        ("crm.orders == true", 15, "crm.orders is a number: it is never true or false"),
        ('outcome.crm == "ok"', 16, "outcome.crm is one of found, missing, failed"),
        ('!(outcome.crm in ["faild"])', 19, 'outcome.crm is one of found, missing, failed; did you mean "failed"?'),
        ('contact.medium == "Call"', 19, 'contact.medium is one of call, message; did you mean "call"?'),
        (
            'caller.e164 == "070-123 45 67"',
            16,
            'caller.e164 is never "070-123 45 67": it begins with + and the country\'s code, without spaces; '
            'did you mean "+46701234567"?',
        ),
        (
            'dialled.e164 in ["+46850000000", "support"]',
            34,
            'dialled.e164 is never "support": it begins with + and the country\'s code, without spaces',
        ),
        (
            'coalesce(caller.number == "070-1", false)',
            27,
            'caller.number is never "070-1": it holds digits, +, * and # alone; did you mean "0701"?',
        ),
        (
            'dialled.number == "08-500"',
            19,
            'dialled.number is never "08-500": it holds digits, +, * and #, or a word of letters, digits, - and _; '
            'did you mean "08500"?',
        ),
    ],
)
def test_what_a_fact_can_never_be_is_refused_at_its_place(text: str, column: int, sentence: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        LANGUAGE.condition(text)
    assert (caught.value.line, caught.value.column, caught.value.sentence) == (1, column, sentence)


@pytest.mark.parametrize(
    "text",
    [
        "crm.orders == 10",
        "crm.orders in [10, 10.5]",
        "crm.orders == null",
        'crm.loyalty == "10"',
        'vars.level == "10" || vars.level == 10',
        'outcome.crm in ["found", "missing"]',
        'outcome.crm != "failed"',
        'contact.medium == "message"',
        'caller.e164 == "" || caller.e164 in ["+46701234567"]',
        'caller.e164 > "070"',
        'caller.number in ["100", "*21#"]',
        'dialled.number == "to-sales_2"',
        '["070"].exists(caller, caller == "070-1")',
    ],
)
def test_what_a_fact_can_be_is_accepted(text: str) -> None:
    assert LANGUAGE.condition(text).text == text
