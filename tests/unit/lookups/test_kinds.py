"""One item under `lookups:`, as the flow file has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import ValidationError

from ariroute.errors import UnusableInput
from ariroute.lookups.base import Surroundings
from ariroute.lookups.csv import CsvSource
from ariroute.lookups.http import HttpSettings, HttpSource
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.service import fixed_headers

URL = "http://crm.local/customers/{caller.e164}"
CRM: dict[str, Any] = {
    "http": {"url": URL, "timeout": "500ms"},
    "fields": {"loyalty": "string", "orders": "number"},
    "cache": {"for": "5m", "stale_if_error": "24h"},
}
VIP: dict[str, Any] = {"csv": {"path": "vip.csv", "key": "phone"}, "fields": {"tier": "string"}}


def test_http_lookup_is_read_with_times_in_seconds() -> None:
    entry = LookupEntry.model_validate(CRM)
    common = entry.common()
    assert (entry.kind, common.timeout, common.max_in_flight) == ("http", 0.5, 200)
    assert common.cache is not None
    assert (common.cache.fresh, common.cache.stale_if_error, common.cache.missing_for) == (300, 86400, 30)
    assert entry.body.template_names == {"caller.e164"}


@pytest.mark.parametrize(("item", "kind"), [(CRM, HttpSource), (VIP, CsvSource)])
def test_factory_makes_a_new_source_each_time(item: dict[str, Any], kind: type, tmp_path: Path) -> None:
    make = LookupEntry.model_validate(item).factory("x", Surroundings("", {}, "SE", tmp_path))
    first, second = make(NoPbx()), make(NoPbx())
    assert isinstance(first, kind)
    assert first is not second
    assert first.template_names == {"caller.e164"}


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"fields": {"a": "string"}}, "exactly one kind: this one has none; the kinds are http, csv"),
        ({**CRM, **VIP}, "this one has http, csv"),
        ({**CRM, "fields": {}}, "at least 1 item"),
        ({**CRM, "fields": {"a": "text"}}, "'string', 'number' or 'bool'"),
        ({**CRM, "fields": {"in": "string"}}, "conditions keep this word"),
        ({**CRM, "fields": {"a-b": "string"}}, "should match pattern"),
        ({**CRM, "cache": {}}, "Field required"),
        ({**CRM, "cache": {"for": "0s"}}, "above 0"),
        ({**CRM, "cache": {"for": 300}}, "needs a unit"),
        ({**CRM, "http": {"url": URL, "timeout": "31s"}}, "between 1ms and 30s"),
        ({**CRM, "http": {"url": URL, "timeout": 800}}, "needs a unit"),
        ({**CRM, "http": {"url": URL, "retries": 3}}, "Extra inputs"),
        ({**CRM, "http": {"url": URL, "headers": {"X Y": "1"}}}, "not the name of a header"),
        ({**CRM, "http": {"url": URL, "headers": {"Host": "evil"}}}, "set by ariroute itself"),
        ({**CRM, "http": {"url": URL, "auth": {}}}, "write exactly one: basic"),
        ({**CRM, "http": {"url": URL, "record": "a..b"}}, "should match pattern"),
        ({**CRM, "http": {"url": URL, "record": ".a"}}, "should match pattern"),
        ({**VIP, "csv": {"path": "vip.csv", "key": "phone", "input": "caller"}}, "should match pattern"),
    ],
)
def test_bad_lookup_is_refused(item: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        LookupEntry.model_validate(item)
    assert complaint in str(caught.value)


def test_schema_accepts_and_refuses_the_same() -> None:
    schema = LookupEntry.model_json_schema()
    jsonschema.validate(CRM, schema)
    jsonschema.validate(VIP, schema)
    for wrong in ({**CRM, **VIP}, {"fields": {"a": "string"}}, {**CRM, "cache": {"for": 300}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def headers(**more: Any) -> dict[str, str]:
    return fixed_headers("lookup crm", HttpSettings.model_validate({"url": URL, **more}), "application/json")


def test_secrets_reach_the_headers_and_no_text() -> None:
    settings = HttpSettings.model_validate({"url": URL, "headers": {"X-Key": "s3cret"}, "auth": {"bearer": "t0ken"}})
    sent = fixed_headers("lookup crm", settings, "application/json")
    assert (sent["X-Key"], sent["Authorization"]) == ("s3cret", "Bearer t0ken")
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump()}"
    assert "t0ken" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_basic_auth_is_encoded() -> None:
    assert headers(auth={"basic": {"user": "a", "password": "b"}})["Authorization"] == "Basic YTpi"


def test_no_compression_is_asked_for() -> None:
    assert headers()["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\x00", "ö"])
def test_secret_that_cannot_be_a_header_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(UnusableInput, match="lookup crm: header X-Key") as caught:
        headers(headers={"X-Key": value})
    assert value not in str(caught.value)
