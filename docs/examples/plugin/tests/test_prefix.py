"""The source alone; how a flow uses it is tried with ``ariroute test`` (see README.md)."""

from __future__ import annotations

import asyncio

import pytest
from ariroute_prefix import PrefixSettings, PrefixSource

from ariroute.lookups.base import Surroundings, UnusableInput

RECORDS = {"+46": {"city": "elsewhere"}, "+468": {"city": "Stockholm"}}


def source(**records: object) -> PrefixSource:
    settings = PrefixSettings.model_validate({"records": records or RECORDS})
    return PrefixSource(settings, Surroundings("area", {"city": "string"}))


@pytest.mark.parametrize(
    ("number", "city"), [("+46850000000", "Stockholm"), ("+46401234567", "elsewhere"), ("+46", "elsewhere")]
)
def test_the_longest_beginning_counts(number: str, city: str) -> None:
    assert asyncio.run(source().fetch({"caller.e164": number})) == {"city": city}


def test_a_number_from_elsewhere_is_missing() -> None:
    assert asyncio.run(source().fetch({"caller.e164": "+4930123456"})) is None


def test_a_record_without_a_declared_field_is_told_at_start() -> None:
    with pytest.raises(UnusableInput, match=r"lookup area: the record of \+46 has none of its fields"):
        asyncio.run(source(**{"+46": {"town": "Lund"}}).start())
