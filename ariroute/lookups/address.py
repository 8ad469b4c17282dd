"""Addresses of servers that are no web servers: checked when the file loads."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from ariroute.values import checked_host


def checked_address(text: str, schemes: Collection[str], example: str) -> SplitResult:
    """``text`` taken apart: one of ``schemes``, a host, perhaps a port, and neither user nor password.

    Raises ValueError with the remedy.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("the port is not a number from 1 to 65535, or in [ ] stands no IPv6 address") from None
    if parts.scheme not in schemes:
        raise ValueError(f"an address starts with {':// or '.join(schemes)}:// (TLS)")
    if "@" in parts.netloc:
        raise ValueError("no user or password in an address: use the keys user and password")
    if not parts.hostname:
        raise ValueError(f"the host is missing: write {example}")
    checked_host(parts.hostname)
    if port == 0:
        raise ValueError("the port is not a number from 1 to 65535")
    return parts
