"""The channel lookup: a closed set of names, and values that are nobody's syntax."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.base import Surroundings
from ariroute.lookups.channel import readable
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.record import TEXT_LIMIT, checked

from .pbx_answers import PbxAnswers

CALL = {"contact.pbx": "pbx1", "contact.id": "17.1"}


def entry(variables: dict[str, str], fields: dict[str, str] | None = None) -> Any:
    item: dict[str, Any] = {"channel": {"variables": variables}}
    return LookupEntry.model_validate(item | ({"fields": fields} if fields else {}))


async def record(pbx: PbxAnswers, lookup: Any) -> Any:
    raw = await lookup.factory("call", Surroundings(""))(pbx).fetch(CALL)
    return checked(raw, lookup.fields)


async def test_each_field_is_one_variable() -> None:
    pbx = PbxAnswers({"CRM_PLAN": "gold", "CALLERID(dnid)": "support"})
    lookup = entry({"plan": "CRM_PLAN", "did": "CALLERID(dnid)", "gone": "NOT_SET"})
    assert await record(pbx, lookup) == {"plan": "gold", "did": "support"}
    assert pbx.asked == [("pbx1", "17.1", name) for name in ("CRM_PLAN", "CALLERID(dnid)", "NOT_SET")]


async def test_only_declared_fields_are_asked_for_and_read_as_their_type() -> None:
    pbx = PbxAnswers({"AGE": "42", "VIP": "yes", "CRM_PLAN": "gold"})
    lookup = entry({"age": "AGE", "vip": "VIP", "plan": "CRM_PLAN"}, {"age": "number", "vip": "bool"})
    assert await record(pbx, lookup) == {"age": 42.0, "vip": True}
    assert len(pbx.asked) == 2


async def test_values_are_cleaned_and_bounded() -> None:
    pbx = PbxAnswers({"A": "x\r\nEvent: Fake\x1b[2J\u202e" + "y" * 5000})
    assert await record(pbx, entry({"a": "A"})) == {"a": ("xEvent: Fake[2J" + "y" * 5000)[: TEXT_LIMIT - 4]}


async def test_one_that_fails_fails_them_all() -> None:
    pbx = PbxAnswers({"A": "x", "B": LookupFailed(Failure.ERROR, "the call has ended", asked=False)})
    with pytest.raises(LookupFailed, match="the call has ended"):
        await record(pbx, entry({"a": "A", "b": "B"}))


@pytest.mark.parametrize(
    "name",
    [
        "CRM_PLAN",
        "__SIPCALLID",
        "CALLERID(num)",
        "CALLERID(name-pres)",
        "CHANNEL(language)",
        "CHANNEL(pjsip,call-id)",
        "PJSIP_HEADER(read,X-Plan)",
        "PJSIP_HEADER(read,Diversion,2)",
        "REDIRECTING(from-num)",
    ],
)
def test_harmless_names_may_be_read(name: str) -> None:
    assert readable(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "AST_CONFIG(manager.conf,ariroute,secret)",
        "CURL(file:///etc/shadow)",
        "SHELL(id)",
        "FILE(/etc/passwd)",
        "ENV(HOME)",
        "GLOBAL(SECRET)",
        "DB(vip/1)",
        "EVAL(x)",
        "CALLERID(all)x",
        "CALLERID(num)\n",
        "CALLERID(num,${SHELL(id)})",
        "CHANNEL(hangup_handler_push)",
        "CHANNEL(pjsip,contact)",
        "PJSIP_HEADER(add,X-A)",
        "PJSIP_HEADER(remove,X-A)",
        "PJSIP_HEADER(read,X A)",
        "PJSIP_HEADER(read,X-A,0)",
        "PJSIP_HEADER( read,X-A)",
        "callerid(num)",
        "${A}",
        "A B",
        "A-B",
        "1A",
        "",
        "A" * 81,
    ],
)
def test_any_other_name_is_refused_when_the_file_loads(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be read"):
        entry({"field": name})


@pytest.mark.parametrize(
    ("variables", "fields", "complaint"),
    [
        ({}, None, "at least 1 item"),
        ({f"f{number}": "A" for number in range(33)}, None, "at most 32 items"),
        ({"in": "A"}, None, "conditions keep this word"),
        ({"a": "A"}, {"b": "string"}, "there is no field 'b' here: this lookup has a"),
    ],
)
def test_bad_settings_are_refused(variables: dict[str, str], fields: dict[str, str] | None, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        entry(variables, fields)
    assert complaint in str(caught.value)
