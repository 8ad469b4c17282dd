"""What to make of a failed connection: is it for good, what is the remedy, and when to try again."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp

from ariroute.asterisk.settings import AriSettings
from ariroute.errors import ArirouteError

GROWTH = 1.618
FIRST_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Fault:
    """Why Asterisk could not be had. ``fatal``: trying again cannot help until somebody changes a setting."""

    text: str
    fatal: bool = False


def classify(error: BaseException, settings: AriSettings) -> Fault:
    """The one place that tells a transient fault from a fatal one.

    Only a refused password or user is fatal. Everything else may be Asterisk that is starting, restarting or away:
    even a 404, because Asterisk's HTTP server answers before res_ari has loaded (seen at starts of 16.28 and 22.10,
    which never answered 401 then).
    """
    match error:
        case aiohttp.WSServerHandshakeError() | aiohttp.ClientResponseError():
            return of_status(error.status, settings)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return Fault(f"{settings.url}: TLS failed: {error}; check the certificate in Asterisk's http.conf")
        case aiohttp.ClientConnectorError():
            return Fault(f"{settings.url} cannot be reached: {plain(error.os_error)}")
        case ArirouteError():
            return Fault(str(error))
        case asyncio.TimeoutError():
            return Fault(f"{settings.url} did not answer within {settings.connect_timeout:g} s")
        case _:
            return Fault(f"{settings.url}: {type(error).__name__}: {error}")


def plain(error: OSError) -> str:
    """The system's words alone: asyncio puts "Connect call failed" and the address again in their place."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__  # getaddrinfo counts its errors below 0


def may_only_read(settings: AriSettings) -> str:
    """Why a user who gets events and is refused every change cannot serve."""
    return (
        f"Asterisk at {settings.url} lets the ARI user '{settings.user}' read but change nothing: write read_only=no "
        f"in the section [{settings.user}] of its ari.conf"
    )


def of_status(status: int, settings: AriSettings) -> Fault:
    """The fault behind an HTTP status of Asterisk's events or info resource."""
    match status:
        case 401 | 403:
            return Fault(
                f"Asterisk at {settings.url} refuses the ARI user '{settings.user}' (HTTP {status}): compare user and "
                f"password with the section [{settings.user}] of its ari.conf, and see that it says type=user",
                fatal=True,
            )
        case 404:
            return Fault(
                f"{settings.url} has no ARI (HTTP 404): see that ari.conf says enabled=yes, that the module res_ari is "
                "loaded ('ari show status'), and that the url has the prefix of http.conf, if there is one"
            )
        case 503:
            return Fault(f"Asterisk at {settings.url} is not ready (HTTP 503)")
        case _:
            return Fault(f"{settings.url} answers HTTP {status}; is this Asterisk's HTTP server?")


def pauses(longest: float) -> Iterator[float]:
    """Seconds to wait before each new attempt: growing to ``longest``, with jitter so that several spread out."""
    pause = min(FIRST_PAUSE, longest)
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        pause = min(pause * GROWTH, longest)


class Tries:
    """How loudly to log a failed attempt: a new reason as a warning, the same one again only now and then."""

    REPEAT = 60

    def __init__(self) -> None:
        self._reason = ""
        self._count = 0

    def level(self, reason: str) -> int:
        """The log level for an attempt that failed for ``reason``."""
        self._count = self._count + 1 if reason == self._reason else 0
        self._reason = reason
        return logging.DEBUG if self._count % self.REPEAT else logging.WARNING
