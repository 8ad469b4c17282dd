"""Names to addresses: bounded threads, and no address that a name server must not choose."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from ariroute.lookups.resolver import THREADS, Resolver, check_literal, usable_origin


def answering(*addresses: str) -> Any:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses
        ]

    return getaddrinfo


async def test_addresses_are_given_with_the_port() -> None:
    found = await Resolver(answering("192.0.2.7", "2001:db8::7")).resolve("crm.test", 8080)
    assert [(each["host"], each["port"]) for each in found] == [("192.0.2.7", 8080), ("2001:db8::7", 8080)]


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.169.254"),
        *("127.0.0.1", "::1", "::ffff:127.0.0.1"),
    ],
)
async def test_address_that_must_not_be_chosen_is_not_followed(address: str) -> None:
    with pytest.raises(OSError, match="no address that may be asked"):
        await Resolver(answering(address)).resolve("crm.test", 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254"])
async def test_host_that_is_listed_may_lead_anywhere_and_no_other_port_of_it(address: str) -> None:
    resolver = Resolver(answering(address), allowed={("crm.test", 8080)})
    assert [each["host"] for each in await resolver.resolve("crm.test", 8080)] == [address]
    with pytest.raises(OSError, match="no address that may be asked"):
        await resolver.resolve("crm.test", 80)


async def test_localhost_may_lead_to_this_machine_and_nowhere_else_within() -> None:
    found = await Resolver(answering("169.254.169.254", "127.0.0.1")).resolve("localhost", 80)
    assert [each["host"] for each in found] == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://crm.test", "http://crm.test:80"),
        ("https://CRM.test/", "https://crm.test:443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_origin_is_written_one_way(text: str, origin: str) -> None:
    assert usable_origin(text) == origin


@pytest.mark.parametrize("text", ["crm.test:80", "ftp://crm.test", "http://crm.test/path", "http://a@crm.test"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"http://|more than an address|no user"):
        usable_origin(text)


@pytest.mark.parametrize("host", ["169.254.169.254", "224.0.0.1", "0.0.0.0", "[fe80::1]", "[::]"])
def test_number_of_an_address_within_is_refused_unless_listed(host: str) -> None:
    with pytest.raises(ValueError, match=r"write allow: \[http://"):
        check_literal(f"http://{host}:80")
    check_literal("http://127.0.0.1:80")
    check_literal("http://crm.test:80")


async def test_unknown_name_is_an_oserror() -> None:
    def getaddrinfo(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(OSError, match="not known"):
        await Resolver(getaddrinfo).resolve("crm.test", 80)


async def test_hanging_name_server_takes_no_more_than_its_threads() -> None:
    release = threading.Event()

    def getaddrinfo(*_: Any, **__: Any) -> Any:
        release.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")

    resolver = Resolver(getaddrinfo)
    waiting = [asyncio.create_task(resolver.resolve("crm.test", 80)) for _ in range(THREADS)]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="hang already"):
        await resolver.resolve("crm.test", 80)
    waiting[0].cancel()
    release.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(isinstance(result, socket.gaierror) for result in results[1:])
    async with asyncio.timeout(5):
        while resolver.running:  # noqa: ASYNC110  # the threads have no event to wait for
            await asyncio.sleep(0.001)
