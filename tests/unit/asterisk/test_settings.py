"""Addresses and names that cannot work are refused when the file is read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ariroute.asterisk.settings import AmiSettings, AriSettings
from ariroute.values import Secret


def ari(**changes: Any) -> AriSettings:
    return AriSettings.model_validate({"url": "http://h:8088", "user": "u", "password": Secret("p")} | changes)


def ami(**changes: Any) -> AmiSettings:
    return AmiSettings.model_validate({"user": "u", "password": Secret("p")} | changes)


@pytest.mark.parametrize("url", ["http://h:8088", "http://h:8088/", "http://h:8088/ari", "http://h:8088/ari/"])
def test_an_address_is_kept_without_what_is_always_there(url: str) -> None:
    assert ari(url=url).url == "http://h:8088"


def test_the_prefix_of_http_conf_stays() -> None:
    assert ari(url="https://h:8089/pbx/").url == "https://h:8089/pbx"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "write http://HOST:8088"),
        ("h:8088", "write http://HOST:8088"),
        ("ws://h:8088", "write http://HOST:8088"),
        ("http://u:p@h:8088", "user: and password:"),
        ("http://h:8088/?x=1", "more than an address"),
        ("http://h:99999", "no usable port"),
        ("http://pbx..example.com", r"'pbx\.\.example\.com' can never be a host: write a name"),
        ("http://.:80", "can never be a host"),
        (f"http://{'x' * 64}.example:8088", "can never be a host"),
        ("http://pb x:8088", "can never be a host"),
        ("http://999.1.1.1", "can never be a host"),
        ("http://[::zz]:8088", "write http://HOST:8088"),
    ],
)
def test_an_address_that_cannot_work_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        ari(url=url)


@pytest.mark.parametrize(
    "changes",
    [
        {"app": "a b"},
        {"app": ""},
        {"user": "a:b"},
        {"user": ""},
        {"transport": "carrier"},
        {"request_timeout": 5},
        {"unknown": 1},
    ],
)
def test_other_mistakes_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ari(**changes)


@pytest.mark.parametrize(("address", "host", "port"), [("127.0.0.1:5038", "127.0.0.1", 5038), ("[::1]:1", "::1", 1)])
def test_an_ami_address_has_host_and_port(address: str, host: str, port: int) -> None:
    settings = ami(address=address)
    assert (settings.host, settings.port) == (host, port)


@pytest.mark.parametrize("address", ["127.0.0.1", ":5038", "h:0", "h:65536", "h:x", "u@h:1", "::1:5038", "h:1\n"])
def test_an_ami_address_that_cannot_work_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="HOST:PORT"):
        ami(address=address)


@pytest.mark.parametrize("address", ["a..b:5038", "999.1.1.1:5038", "[::zz]:5038", f"{'x' * 64}:5038"])
def test_an_ami_address_without_a_host_that_can_be_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match=r"can never be a host|HOST:PORT"):
        ami(address=address)


def test_who_only_looks_asks_as_the_reader() -> None:
    settings = ari(app="mine", reader={"user": "looker", "password": Secret("q")})

    assert (settings.for_reading.user, settings.for_reading.password.reveal()) == ("looker", "q")
    assert (settings.for_reading.app, settings.for_reading.url, settings.user) == ("mine", settings.url, "u")
    assert ari().for_reading == ari()
    assert "q" not in repr(settings.reader).replace("'looker'", "")
