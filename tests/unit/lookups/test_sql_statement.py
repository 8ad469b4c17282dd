"""The query of an SQL lookup: what is a parameter, and what is refused when the file loads."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ariroute.lookups.sql_statement import Statement


def marked(query: str) -> tuple[str, list[str]]:
    statement = Statement.parse(query)
    return statement.written(lambda number: f"<{number}>"), [place.name for place in statement.places]


@pytest.mark.parametrize(
    ("query", "written", "names"),
    [
        ("SELECT 1", "SELECT 1", []),
        ("select a from b where c = :caller.e164 ;\n", "select a from b where c = <1>", ["caller.e164"]),
        ("SELECT :crm.id, :crm.id", "SELECT <1>, <2>", ["crm.id", "crm.id"]),
        ("SELECT a::text, :crm.id::int FROM b", "SELECT a::text, <1>::int FROM b", ["crm.id"]),
        ("SELECT 'it''s 10:30', \"a:b\", `c;d`", "SELECT 'it''s 10:30', \"a:b\", `c;d`", []),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH x AS (SELECT 1) SELECT * FROM x", []),
        (
            "(SELECT a FROM b) UNION (SELECT c FROM d WHERE e LIKE :caller.e164||'%')",
            "(SELECT a FROM b) UNION (SELECT c FROM d WHERE e LIKE <1>||'%')",
            ["caller.e164"],
        ),
        ("SELECT a FROM b WHERE c = :caller.e164|national", "SELECT a FROM b WHERE c = <1>", ["caller.e164"]),
        ("SELECT '{1,2}' || :caller.name", "SELECT '{1,2}' || <1>", ["caller.name"]),
    ],
)
def test_parameters_are_cut_out_and_the_rest_stays(query: str, written: str, names: list[str]) -> None:
    assert marked(query) == (written, names)


def test_form_of_a_value_is_kept() -> None:
    (place,) = Statement.parse("SELECT a FROM b WHERE c = :caller.e164|national").places
    assert place.value({"caller.e164": "+46701234567"}) == "0701234567"


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("", "the query starts with SELECT or WITH"),
        ("UPDATE a SET b = 1", "a lookup only reads"),
        ("SELECTED FROM a", "the query starts with SELECT or WITH"),
        ("SELECT 1; DROP TABLE a", "one statement only"),
        ("SELECT 1;;", "one statement only"),
        ("SELECT a FROM b WHERE c = {caller.e164}", "braces are not used in SQL: write :caller.e164"),
        ("SELECT a FROM b WHERE c = '{caller.e164}'", "nothing is pasted into SQL"),
        ("SELECT a FROM b WHERE c = ':caller.e164'", ":caller.e164 stands in quotes, where it is only text"),
        ("SELECT a FROM b WHERE c = ?", "? names no value"),
        ("SELECT a FROM b WHERE c = $1", "$ is not used here"),
        ("SELECT $$text$$", "$ is not used here"),
        ("SELECT a FROM b WHERE c = :phone", "after a colon stands the name of a value"),
        (
            "SELECT a FROM b WHERE c = :caller.e146",
            ":caller.e146 is not a value that a contact has; did you mean :call",
        ),
        ("SELECT a FROM b WHERE c = :caller.e164|natonal", "did you mean :caller.e164|national?"),
        ("SELECT a -- comment\nFROM b", "no comments within the query (here --)"),
        ("SELECT /*! 1 */ 2", "no comments within the query (here /*)"),
        ("SELECT a # comment\nFROM b", "no comments within the query (here #)"),
        (r"SELECT a FROM b WHERE c = '\' OR 1=1", "a backslash in quotes"),
        (r"SELECT a FROM b WHERE c = '\'' OR d = :caller.e164", "a backslash in quotes"),
        (r"SELECT a FROM b WHERE c LIKE '\_%'", "a backslash in quotes"),
        ("SELECT 'open", "a quote is not closed"),
        ('SELECT "open', "a quote is not closed"),
        ("SELECT a INTO  OUTFILE '/tmp/a' FROM b", "leave out INTO OUTFILE"),
        ("SELECT a FROM b into dumpfile '/tmp/a'", "leave out INTO OUTFILE"),
    ],
)
def test_what_a_query_may_not_hold_is_refused_with_the_remedy(query: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        Statement.parse(query)


@given(st.lists(st.sampled_from(["SELECT ", "a", "'b'", '"c"', " :caller.e164 ", "::", " = ", "(", ")", "`d`", ","])))
def test_putting_the_parameters_back_gives_the_query_again(parts: Any) -> None:
    query = "SELECT " + "".join(parts)
    try:
        statement = Statement.parse(query)
    except ValueError:
        return
    names = [f":{place.name}" for place in statement.places]
    assert statement.written(lambda number: names[number - 1]) == query.strip()


@given(st.text())
def test_any_text_is_a_statement_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert Statement.parse("SELECT " + text).texts
