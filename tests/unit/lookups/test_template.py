"""Addresses with places in them: what is refused at load, and what a hostile value becomes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.template import Place, UrlTemplate

BASE = "http://crm.local/customers/{caller.e164}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ftp://crm.local/x", "http:// or https://"),
        ("crm.local/x", "http:// or https://"),
        ("{caller.e164}://crm.local/x", "http:// or https://"),
        ("http:///x", "host is missing"),
        ("http://{caller.e164}/x", "host and port are fixed"),
        ("http://{caller.name}.crm.local/x", "host and port are fixed"),
        ("http://crm.local:{caller.number}/x", "host and port are fixed"),
        ("http://crm.local:0/x", "port"),
        ("http://crm.local:99999/x", "port"),
        ("http://user:secret@crm.local/x", "auth:"),
        ("http://crm.local/x#part", "fragment"),
        ("http://[crm]/x", "in [ ] stands an IPv6 address"),
        ("http://[::1/x", "in [ ] stands an IPv6 address"),
        ("http://crm..local/x", "can never be a host"),
        ("http://999.1.1.1/x", "can never be a host"),
        ("http://crm.local/a/../{caller.e164}", "a part of the path is . or .."),
        ("http://crm.local/./a", "a part of the path is . or .."),
        ("http://crm.local/a/%2E%2e", "a part of the path is . or .."),
        ("http://crm.local/a b", "%20"),
        ("http://crm.local/\r\nX-Evil: 1", "printable ASCII"),
        ("http://crm.local/ö", "printable ASCII"),
        ("http://crm.local/{", "brace"),
        ("http://crm.local/}{", "brace"),
        ("http://crm.local/{caller.e164", "brace"),
        ("http://crm.local/{{caller.e164}}", "brace"),
        ("http://crm.local/{}", "is not a value that a contact has"),
        ("http://crm.local/{caller.e146}", "did you mean {caller.e164}?"),
        ("http://crm.local/{caller}", "did you mean {caller"),
        ("http://crm.local/{caller.__class__}", "is not a value"),
        ("http://crm.local/{caller.e164!r}", "is not a value"),
        ("http://crm.local/{caller.e164:>9}", "is not a value"),
        ("http://crm.local/{crm.a.b}", "is not a value"),
    ],
)
def test_bad_address_is_refused_with_the_remedy(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        UrlTemplate.parse(text)


def test_number_becomes_one_encoded_path_segment() -> None:
    assert UrlTemplate.parse(BASE).target({"caller.e164": "+46701234567"}) == "/customers/%2B46701234567"


def test_value_in_query_cannot_add_a_parameter() -> None:
    template = UrlTemplate.parse("https://crm.local:8443/find?name={caller.name}&limit=1")
    assert template.origin == "https://crm.local:8443"
    assert template.target({"caller.name": "A&admin=1#x"}) == "/find?name=A%26admin%3D1%23x&limit=1"


def test_names_of_other_lookups_fields_are_allowed() -> None:
    template = UrlTemplate.parse("http://crm.local/{crm.account}/{dialled.number}")
    assert template.names == ("crm.account", "dialled.number")


def test_address_without_path_asks_for_the_root() -> None:
    assert UrlTemplate.parse("http://crm.local").target({}) == "/"


@pytest.mark.parametrize("value", [".", "..", ""])
def test_value_that_makes_another_path_is_not_asked(value: str) -> None:
    template = UrlTemplate.parse("http://crm.local/customers/{caller.name}")
    with pytest.raises(LookupFailed) as caught:
        template.target({"caller.name": value})
    assert caught.value.reason == Failure.ERROR


def test_empty_value_in_a_query_is_asked() -> None:
    assert UrlTemplate.parse("http://crm.local/find?name={caller.name}").target({}) == "/find?name="


@given(st.text())
def test_any_value_stays_one_segment_of_safe_characters(value: str) -> None:
    template = UrlTemplate.parse("http://crm.local/customers/{caller.name}/orders?for={caller.name}")
    try:
        target = template.target({"caller.name": value})
    except LookupFailed:
        assert value in (".", "..", "")
        return
    path, _, query = target.partition("?")
    assert path.count("/") == 3
    assert path.startswith("/customers/")
    assert path.endswith("/orders")
    assert query.count("=") == 1
    assert "&" not in query
    assert all("!" <= c <= "~" for c in target)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("digits", "+46701234567", "46701234567"),
        ("digits", "*21*#", "21"),
        ("digits", "٤٦", ""),
        ("national", "+46701234567", "0701234567"),
        ("national", "0701234567", ""),
        ("significant", "+46701234567", "701234567"),
        ("significant", "+15135557611", "5135557611"),
        ("significant", "", ""),
        ("id", "003RO0000035WQg_-A", "003RO0000035WQg_-A"),
        ("id", "", ""),
        ("number", "-12.5", "-12.5"),
        ("bool", "true", "true"),
        ("text", "a b", "a b"),
    ],
)
def test_form_of_a_value(form: str, value: str, text: str) -> None:
    assert Place.parse(f"crm.x|{form}").value({"crm.x": value}) == text


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("id", "a b"),
        ("id", "a'"),
        ("id", "x" * 65),
        ("id", "å"),
        ("number", "1e5"),
        ("number", "007"),
        ("number", "x"),
        ("bool", "1"),
    ],
)
def test_value_that_is_not_of_its_form_is_not_asked(form: str, value: str) -> None:
    with pytest.raises(LookupFailed, match=r"crm\.x is n.*: not asked") as caught:
        Place.parse(f"crm.x|{form}").value({"crm.x": value})
    assert (caught.value.reason, caught.value.asked) == (Failure.ERROR, False)


SOQL = "http://crm.local/query?q=SELECT+Id+FROM+Contact+WHERE+Phone='{}'"


@pytest.mark.parametrize(
    "place", ["{caller.e164}", "{dialled.e164}", "{caller.number|digits}", "{crm.id|id}", "{crm.name|number}"]
)
def test_checked_value_may_stand_within_a_query(place: str) -> None:
    UrlTemplate.parse(SOQL.format(place))
    UrlTemplate.parse(f"http://crm.local/search.json?query={place}")


@pytest.mark.parametrize("place", ["{caller.name}", "{caller.number}", "{dialled.number}", "{crm.id}", "{vars.x|text}"])
@pytest.mark.parametrize(
    "around",
    [
        SOQL,
        "http://crm.local/find?phone=*{}",
        "http://crm.local/find?a=1&x={}{{caller.e164}}",
        "http://crm.local/customers/x-{}",
        "http://crm.local/customers('{}')",
        "http://crm.local/find?x{}",
    ],
)
def test_free_text_within_other_text_is_refused(place: str, around: str) -> None:
    with pytest.raises(ValueError, match="free text within other text"):
        UrlTemplate.parse(around.replace("{}", place).replace("{{", "{").replace("}}", "}"))


@pytest.mark.parametrize("key", ["q", "query", "%24filter", "where", "JQL", "search"])
def test_free_text_alone_under_the_name_of_a_query_is_refused_unless_said_to_be_text(key: str) -> None:
    with pytest.raises(ValueError, match="where services take queries"):
        UrlTemplate.parse(f"http://crm.local/find?{key}={{caller.name}}")
    UrlTemplate.parse(f"http://crm.local/find?{key}={{caller.name|text}}")
    UrlTemplate.parse("http://crm.local/find?filter[phone][eq]={caller.name}")


def test_free_text_cannot_name_a_parameter() -> None:
    with pytest.raises(ValueError, match="cannot name a parameter"):
        UrlTemplate.parse("http://crm.local/find?{crm.key}=1")


@pytest.mark.parametrize("url", ["http://crm.local/%{caller.e164|digits}", "http://crm.local/?q=%2{caller.e164}"])
def test_percent_sign_cannot_make_an_escape_of_a_value(url: str) -> None:
    with pytest.raises(ValueError, match="write %25"):
        UrlTemplate.parse(url)


@given(st.text())
def test_any_value_in_a_query_is_of_a_safe_alphabet_or_not_asked(value: str) -> None:
    template = UrlTemplate.parse(SOQL.format("{crm.a|digits}{crm.a|national}{crm.a|significant}{crm.a|id}"))
    try:
        target = template.target({"crm.a": value})
    except LookupFailed:
        return
    assert target.count("'") == 2
    assert re.fullmatch(r"'[A-Za-z0-9_-]*'", target[target.index("'") :])
