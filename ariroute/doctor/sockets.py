"""Where this machine listens, by ``/proc/net/tcp`` (proc(5)): what a port is bound to, without asking its owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LISTENS: Final = "0A"


def listening(port: int, tables: Iterable[Path] = TABLES) -> tuple[str, ...] | None:
    """The addresses where ``port`` is listened to; None where the system does not tell."""
    found: set[str] = set()
    told = False
    for table in tables:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        told = True
        found |= {address for address, number in _listeners(lines) if number == port}
    return tuple(sorted(found)) if told else None


def _listeners(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        fields = line.split()
        if len(fields) > 3 and fields[3] == LISTENS:
            address, _, port = fields[1].partition(":")
            yield address_of(address), int(port, 16)


def address_of(text: str) -> str:
    """``0100007F`` is 127.0.0.1: each group of four bytes has this machine's order, little endian."""
    raw = b"".join(bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8))
    if len(raw) == 4:
        return str(IPv4Address(raw))
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)
