"""The astdb lookup: keys that lead nowhere else, and values as fields."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ariroute.errors import LookupFailed
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.record import checked

from .pbx_answers import PbxAnswers

ANN = {"contact.pbx": "pbx1", "contact.id": "17.1", "caller.e164": "+46701234567", "caller.name": "Ann"}


def entry(fields: dict[str, str] | None = None, **settings: Any) -> Any:
    item: dict[str, Any] = {"astdb": {"family": "vip", "key": "{caller.e164}", **settings}}
    return LookupEntry.model_validate(item | ({"fields": fields} if fields else {}))


async def record(pbx: PbxAnswers, lookup: Any, inputs: dict[str, str] = ANN) -> Any:
    """What conditions read; None for a record that is missing."""
    raw = await lookup.factory("vip", Surroundings(""))(pbx).fetch(inputs)
    return None if raw is None else checked(raw, lookup.fields)


async def test_a_value_is_the_field_value() -> None:
    pbx = PbxAnswers(database={"vip/+46701234567": "gold"})
    assert await record(pbx, entry()) == {"value": "gold"}
    assert await record(pbx, entry(), ANN | {"caller.e164": "+46700000000"}) is None
    assert pbx.asked[0] == ("pbx1", "vip", "+46701234567")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("number", "12.5", 12.5), ("bool", "yes", True), ("bool", "0", False), ("string", "1\r\n2\x07", "12")],
)
async def test_a_value_is_read_as_its_declared_type(kind: str, text: str, value: object) -> None:
    pbx = PbxAnswers(database={"vip/+46701234567": text})
    assert await record(pbx, entry(fields={"value": kind})) == {"value": value}


async def test_an_empty_value_is_a_record_with_an_empty_field() -> None:
    assert await record(PbxAnswers(database={"vip/+46701234567": ""}), entry()) == {}


async def test_a_value_of_another_type_fails_without_being_told() -> None:
    pbx = PbxAnswers(database={"vip/+46701234567": "secret"})
    with pytest.raises(LookupFailed, match="wrong_type: value is declared as number") as caught:
        await record(pbx, entry(fields={"value": "number"}))
    assert "secret" not in str(caught.value)


async def test_a_json_object_has_fields_of_its_own() -> None:
    lookup = entry(fields={"tier": "string", "orders": "number"}, format="json")
    pbx = PbxAnswers(database={"vip/+46701234567": '{"tier": "gold", "orders": 3, "more": []}'})
    assert await record(pbx, lookup) == {"tier": "gold", "orders": 3.0}
    for broken in ("gold", "[1]", "", "{"):
        pbx = PbxAnswers(database={"vip/+46701234567": broken})
        with pytest.raises(LookupFailed, match="not_json"):
            await record(pbx, lookup)


async def test_exists_asks_over_the_channel() -> None:
    lookup = entry(exists=True)
    pbx = PbxAnswers(database={"vip/+46701234567": "x"})
    assert await record(pbx, lookup) == {"exists": True}
    assert await record(pbx, lookup, ANN | {"caller.e164": "+46700000000"}) is None
    assert pbx.asked[0] == ("pbx1", "17.1", "vip", "+46701234567")
    assert lookup.body.template_names == {"contact.pbx", "contact.id", "caller.e164"}


async def test_a_key_may_have_parts_and_forms() -> None:
    lookup = entry(key="{caller.e164|national}/tier")
    pbx = PbxAnswers(database={"vip/0701234567/tier": "gold"})
    assert await record(pbx, lookup) == {"value": "gold"}
    assert await record(pbx, lookup, ANN | {"caller.e164": "anonymous"}) is None
    assert len(pbx.asked) == 1


@pytest.mark.parametrize(
    "name",
    ["a/b", "../x", "a)b", "a(b", "a,b", 'a"b', "a\\b", "${X}", "a\r\nAction: Originate", "a\0b", " ", "a;b", "a|b"],
)
async def test_a_hostile_value_is_not_asked_for(name: str) -> None:
    pbx = PbxAnswers()
    for exists in (False, True):
        with pytest.raises(LookupFailed, match="character that no key has") as caught:
            await record(pbx, entry(key="{caller.name}", exists=exists), ANN | {"caller.name": name})
        assert not caught.value.asked
    assert not pbx.asked


async def test_names_of_any_alphabet_may_be_keys() -> None:
    pbx = PbxAnswers(database={"vip/Åsa Öberg-東京": "gold"})
    assert await record(pbx, entry(key="{caller.name}"), ANN | {"caller.name": "Åsa Öberg-東京"}) == {"value": "gold"}


async def test_a_key_longer_than_asterisk_takes_is_not_asked_for() -> None:
    pbx = PbxAnswers()
    with pytest.raises(LookupFailed, match="more than 250 bytes"):
        await record(pbx, entry(key="{caller.name}"), ANN | {"caller.name": "東" * 83})
    assert not pbx.asked


@pytest.mark.parametrize(
    ("settings", "fields", "complaint"),
    [
        ({"family": "vip list"}, None, "a family has"),
        ({"family": "/vip"}, None, "a family has"),
        ({"key": "{caller.e165}"}, None, "did you mean {caller.e164}"),
        ({"key": "a//b"}, None, "a part of the key is empty"),
        ({"key": ""}, None, "a part of the key is empty"),
        ({"key": "{caller.e164}/"}, None, "a part of the key is empty"),
        ({"key": "a)b"}, None, "besides {...} a key has"),
        ({"exists": True, "format": "json"}, {"a": "string"}, "leave out format, or exists"),
        ({"exists": True}, {"value": "string"}, "there is no field 'value' here: this lookup has exists"),
        ({"exists": True}, {"exists": "string"}, "is a bool here"),
        ({}, {"tier": "string"}, "there is no field 'tier' here"),
        ({"format": "json"}, None, "the key 'fields' is missing"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], fields: dict[str, str] | None, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        entry(fields, **settings)
    assert complaint in str(caught.value)
