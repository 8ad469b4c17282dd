"""What can be a host."""

from __future__ import annotations

import pytest

from ariroute.values import checked_host


@pytest.mark.parametrize(
    "host",
    [
        "pbx",
        "pbx.example.com",
        "pbx.example.com.",
        "127.0.0.1",
        "::1",
        "fe80::1%eth0",
        "my_pbx-1",
        "9.example",
        "växel.example",
    ],
)
def test_a_name_or_an_address_is_a_host(host: str) -> None:
    assert checked_host(host) == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "a..b",
        ".a",
        "-a",
        "a-",
        "a b",
        "a\nb",
        "x" * 64,
        "a." * 127 + "aa",
        "999.1.1.1",
        "1.2.3",
        "127.1",
        "1:2",
        "ö" * 64,
    ],
)
def test_anything_else_can_never_be_one(host: str) -> None:
    with pytest.raises(ValueError, match=r"can never be a host: write a name such as pbx.example, or an IP address"):
        checked_host(host)
