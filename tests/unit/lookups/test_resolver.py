"""Names to addresses: bounded threads, and no address that a name server must not choose."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from ariroute.lookups.resolver import THREADS, Resolver


def answering(*addresses: str) -> Any:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses
        ]

    return getaddrinfo


async def test_addresses_are_given_with_the_port() -> None:
    found = await Resolver(answering("192.0.2.7", "2001:db8::7", "127.0.0.1")).resolve("crm.test", 8080)
    assert [(each["host"], each["port"]) for each in found] == [
        ("192.0.2.7", 8080),
        ("2001:db8::7", 8080),
        ("127.0.0.1", 8080),
    ]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.169.254"]
)
async def test_address_that_must_not_be_chosen_is_not_followed(address: str) -> None:
    with pytest.raises(OSError, match="no address that may be asked"):
        await Resolver(answering(address)).resolve("crm.test", 80)


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
