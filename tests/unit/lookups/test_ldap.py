"""What the settings of `ldap:` take, and filters that no value can change."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ariroute.errors import LookupFailed
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.ldap import LdapSettings
from ariroute.lookups.ldap_filter import FilterTemplate, escaped

GOOD: dict[str, Any] = {
    "url": "ldap://127.0.0.1",
    "base": "dc=example,dc=com",
    "filter": "(telephoneNumber={caller.e164})",
}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"url": "http://h"}, "starts with ldap:// or ldaps://"),
        ({"url": "ldap://a:b@h"}, "no user or password in an address"),
        ({"url": "ldap://h/dc=x??sub"}, "after the host stands nothing"),
        ({"url": "ldap://h:99999"}, "the port is not a number"),
        ({"url": "ldap://"}, "the host is missing"),
        ({"base": "example.com"}, "a base is a distinguished name"),
        ({"filter": "telephoneNumber={caller.e164}"}, "stands in parentheses"),
        ({"filter": "(telephoneNumber={caller.e614})"}, "did you mean {caller.e164}"),
        ({"filter": "(&(a=b)(c={caller.e164})"}, "then )"),
        ({"filter": "(a=b))"}, "the filter ends before ')'"),
        ({"filter": "(a=b)(c=d)"}, "one ( ) around all"),
        ({"filter": "({caller.name}=x)"}, "may stand in the value only"),
        ({"filter": "(!(a=b)(c=d))"}, "after ! one"),
        ({"filter": "(&)"}, "stand filters in parentheses"),
        ({"filter": "(a=b\\zz)"}, "is not (attribute=value)"),
        ({"filter": "(a=\x07)"}, "printable"),
        ({"user": "cn=a"}, "'user' and 'password' belong together"),
        ({"password": "x"}, "'user' and 'password' belong together"),
        ({"url": "ldaps://h", "start_tls": True}, "'start_tls' goes with ldap://"),
        ({"tls": {"ca": "ca.pem"}}, "'tls' goes with"),
        ({"attributes": {"tier": "a b"}}, "should match pattern"),
        ({"connections": 65}, "less than or equal to 64"),
    ],
)
def test_bad_settings_are_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        LdapSettings.model_validate({**GOOD, **change})
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "(telephoneNumber={caller.e164})",
        "(&(objectClass=person)(|(mobile={caller.e164})(telephoneNumber=*{caller.e164|significant})))",
        "(!(employeeType=closed))",
        "(&(|(!(a=b)))(c>=1)(d<=2)(e~=x))",
        "(cn;lang-en=x)",
        "(2.5.4.3:dn:caseExactMatch:={crm.name})",
        "(cn=a\\28b\\29*)",
        "(cn=)",
        "(memberOf=cn=vip,ou=groups,dc=example,dc=com)",
    ],
)
def test_filters_as_directories_take_them_are_taken(text: str) -> None:
    assert LdapSettings.model_validate({**GOOD, "filter": text}).filter == text


def test_attributes_name_declared_fields_only() -> None:
    with pytest.raises(ValidationError, match="'attributes' names the field 'teir', which 'fields' does not have"):
        LookupEntry.model_validate({"ldap": {**GOOD, "attributes": {"teir": "x"}}, "fields": {"tier": "string"}})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("+46701234567", "+46701234567"),
        ("*)(uid=*", "\\2a\\29\\28uid\\3d\\2a"),
        ("\\2a", "\\5c2a"),
        ("a\0b", "a\\00b"),
        ("å", "\\c3\\a5"),
        ("\ud800", "\\ed\\a0\\80"),
    ],
)
def test_a_value_is_escaped(value: str, text: str) -> None:
    assert escaped(value) == text


@given(st.text())
def test_an_escaped_value_is_plain_and_stands_for_the_same(value: str) -> None:
    text = escaped(value)

    assert not set("*()\0") & set(text)
    assert text.isascii()
    back = bytearray()
    while text:
        if text[0] == "\\":
            back.append(int(text[1:3], 16))
            text = text[3:]
        else:
            back += text[0].encode()
            text = text[1:]
    assert back.decode(errors="surrogatepass") == value


@given(st.text(min_size=1))
def test_a_filled_filter_has_the_shape_of_its_template(value: str) -> None:
    template = FilterTemplate.parse("(&(objectClass=person)(|(cn={caller.name})(sn=*{caller.name}*)))")
    text = template.filled({"caller.name": value})

    assert text is not None
    assert FilterTemplate.parse(text.replace("{", "{{").replace("}", "}}")).names == frozenset()
    assert (text.count("("), text.count(")"), text.count("*")) == (5, 5, 2)


def test_an_empty_value_asks_nobody() -> None:
    template = FilterTemplate.parse("(telephoneNumber=*{caller.number|digits})")

    assert template.filled({"caller.number": "anonymous"}) is None


def test_a_value_that_is_not_of_its_form_asks_nobody() -> None:
    with pytest.raises(LookupFailed, match="not asked"):
        FilterTemplate.parse("(uid={crm.account|id})").filled({"crm.account": "a)(b"})


def test_no_driver_is_imported_to_read_a_flow_file() -> None:
    code = """
import sys
import ariroute.config.load
drivers = {"aiohttp", "ldap3", "asyncpg", "asyncmy", "holidays", "icalendar"}
print(sorted(drivers & {name.split(".")[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
