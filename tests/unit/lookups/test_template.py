"""Addresses with places in them: what is refused at load, and what a hostile value becomes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.template import UrlTemplate

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


@pytest.mark.parametrize("value", [".", ".."])
def test_value_of_dots_alone_is_not_asked(value: str) -> None:
    template = UrlTemplate.parse("http://crm.local/customers/{caller.name}")
    with pytest.raises(LookupFailed) as caught:
        template.target({"caller.name": value})
    assert caught.value.reason == Failure.ERROR


@given(st.text())
def test_any_value_stays_one_segment_of_safe_characters(value: str) -> None:
    template = UrlTemplate.parse("http://crm.local/customers/{caller.name}/orders?for={caller.name}")
    try:
        target = template.target({"caller.name": value})
    except LookupFailed:
        assert value in (".", "..")
        return
    path, _, query = target.partition("?")
    assert path.count("/") == 3
    assert path.startswith("/customers/")
    assert path.endswith("/orders")
    assert query.count("=") == 1
    assert "&" not in query
    assert all("!" <= c <= "~" for c in target)
