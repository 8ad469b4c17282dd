"""What the settings of `redis:` take, the key that is asked for, and how a command travels."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.redis import SAFE, RedisSettings, RedisSource, greeting
from ariroute.lookups.redis_link import number, packed

GOOD: dict[str, Any] = {"url": "redis://127.0.0.1:6379/0", "key": "customer:{caller.e164}"}


def source(key: str) -> RedisSource:
    return RedisSource(RedisSettings.model_validate({**GOOD, "key": key}), Surroundings("crm", {"tier": "string"}))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"url": "http://127.0.0.1"}, "starts with redis:// or rediss://"),
        ({"url": "redis://:pw@127.0.0.1"}, "no user or password in an address"),
        ({"url": "redis:///0"}, "the host is missing"),
        ({"url": "redis://h:70000"}, "the port is not a number"),
        ({"url": "redis://h:0"}, "the port is not a number"),
        ({"url": "redis://h/db"}, "the number of the database"),
        ({"url": "redis://h/0?db=1"}, "the number of the database"),
        ({"url": "redis://-h-/0"}, "can never be a host"),
        ({"key": "a\nb"}, "printable"),
        ({"key": "a:{caller.e614}"}, "did you mean {caller.e164}"),
        ({"key": "a:{"}, "a brace stands alone"),
        ({"record": "data"}, "'record' goes with 'holds: json' only"),
        ({"user": "a"}, "'user' needs a 'password'"),
        ({"holds": "list"}, "'hash', 'json' or 'text'"),
        ({"connections": 0}, "greater than or equal to 1"),
    ],
)
def test_bad_settings_are_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RedisSettings.model_validate({**GOOD, **change})
    assert complaint in str(caught.value)


def test_one_text_cannot_be_two_fields() -> None:
    with pytest.raises(ValidationError, match="exactly one field"):
        LookupEntry.model_validate({"redis": {**GOOD, "holds": "text"}, "fields": {"a": "string", "b": "string"}})


def test_the_key_is_made_of_the_inputs() -> None:
    asked = source("{caller.e164|digits}:{crm.account}:{{x}}")

    assert asked.template_names == {"caller.e164", "crm.account"}
    assert asked.key_for({"caller.e164": "+46701234567", "crm.account": "A-1"}) == "46701234567:A-1:{x}"


@given(st.text(min_size=1, max_size=300))
def test_no_value_leads_to_a_key_of_another_shape(value: str) -> None:
    """Whatever the value: the key has the colons of the template and no others, or nobody is asked."""
    asked = source("a:{caller.name}:b")
    if not SAFE.fullmatch(value):
        with pytest.raises(LookupFailed, match="not asked") as caught:
            asked.key_for({"caller.name": value})
        assert (caught.value.reason, caught.value.asked) == (Failure.ERROR, False)
        return
    key = asked.key_for({"caller.name": value})
    assert key == f"a:{value}:b"
    assert key.count(":") == 2
    assert key.isprintable()
    assert not set("*?[]\\\r\n\0") & set(key)


def test_an_empty_value_makes_no_key() -> None:
    assert source("a:{caller.name}").key_for({"caller.name": ""}) == ""
    assert source("{caller.number|digits}").key_for({"caller.number": "anonymous"}) == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.binary(), min_size=1, max_size=5))
def test_a_command_is_read_back_as_it_was(command: list[str | bytes]) -> None:
    """Read as the protocol says, by lengths: each part comes out whole, and nothing is left."""
    rest = packed(command)
    head, rest = rest.split(b"\r\n", 1)
    assert head == b"*%d" % len(command)
    for part in command:
        wanted = part.encode() if isinstance(part, str) else part
        head, rest = rest.split(b"\r\n", 1)
        assert head == b"$%d" % len(wanted)
        assert rest[: len(wanted)] == wanted
        assert rest[len(wanted) :].startswith(b"\r\n")
        rest = rest[len(wanted) + 2 :]
    assert rest == b""


@pytest.mark.parametrize("text", [b"", b"1_0", b" 1", b"+1", b"--1", b"1e3", b"\xd9\xa1", b"9" * 13])
def test_what_is_no_number_of_the_protocol_is_refused(text: bytes) -> None:
    with pytest.raises(LookupFailed):
        number(text)
    assert (number(b"12"), number(b"-1")) == (12, -1)


def test_the_password_is_said_first_and_never_shown() -> None:
    settings = RedisSettings.model_validate({**GOOD, "user": "ann", "password": "s3cret"})

    assert greeting(settings, "2") == [("AUTH", "ann", "s3cret"), ("SELECT", "2")]
    assert greeting(RedisSettings.model_validate(GOOD), "0") == []
    assert "s3cret" not in f"{settings!r} {settings}"
