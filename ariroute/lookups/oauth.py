"""Access tokens of OAuth 2.0 client credentials (RFC 6749 section 4.4): one kept, renewed in time, asked for once."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.http_auth import OAuth2
from ariroute.lookups.json import parsed
from ariroute.lookups.record import described

log = logging.getLogger(__name__)

EARLY = 60.0
"""Seconds before its end at which a token is renewed while it still serves; at most a fifth of its life."""
PAUSE = 5.0
"""Seconds between two attempts to renew a token that still serves."""

PRINTABLE = re.compile(r"[!-~]{1,16384}", re.ASCII)
ERROR_CODE = re.compile(r"[A-Za-z_.-]{1,60}", re.ASCII)

Ask = Callable[[str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Posts a form to an address: url, headers, body; gives status and body. Raises LookupFailed."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token. ``renew_at`` and ``ends_at`` are the clock's seconds; infinite where the service names no end."""

    text: str
    renew_at: float
    ends_at: float

    def __repr__(self) -> str:
        return f"Token(***, ends_at={self.ends_at})"


class TokenKeeper:
    """Holds one token and sees that there is one. Used from one event loop.

    However many wait, the endpoint is asked once at a time, by a task of its own: a caller whose lookup has run out of
    time does not take the token away from the next.
    """

    def __init__(self, what: str, settings: OAuth2, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._settings = settings
        self._ask = ask
        self._clock = clock
        self._token: Token | None = None
        self._renewal: asyncio.Task[Token] | None = None
        self._next_try = 0.0

    async def token(self) -> str:
        """A token that serves now. Raises LookupFailed, with words of the token endpoint."""
        now = self._clock()
        kept = self._token
        if kept is None or now >= kept.ends_at:
            kept = await asyncio.shield(self._renewing())  # whoever is cancelled leaves the others their token
        elif now >= max(kept.renew_at, self._next_try):
            self._next_try = now + PAUSE
            self._renewing()
        return kept.text

    def reject(self, text: str) -> None:
        """The service does not take this token (any more): the next one asked for is new."""
        if self._token and self._token.text == text:
            self._token = None

    async def close(self) -> None:
        """End a renewal that is under way."""
        if self._renewal:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    def _renewing(self) -> asyncio.Task[Token]:
        if self._renewal is None:
            name = f"lookup token of {self._what}"
            self._renewal = asyncio.get_running_loop().create_task(self._renew(), name=name)
            self._renewal.add_done_callback(self._renewed)
        return self._renewal

    def _renewed(self, task: asyncio.Task[Token]) -> None:
        self._renewal = None
        if not task.cancelled() and (error := task.exception()):  # taken, so that nobody waiting is no fault
            log.warning("%s: no access token: %s", self._what, error)

    async def _renew(self) -> Token:
        try:
            async with asyncio.timeout(self._settings.timeout):
                status, body = await self._ask(self._settings.token_url, *token_request(self._settings))
            self._token = token_of(status, body, self._clock())
        except TimeoutError:
            raise LookupFailed(
                Failure.TIMEOUT, f"token endpoint: no answer within {self._settings.timeout * 1000:g} ms"
            ) from None
        except LookupFailed as failed:
            detail = failed.detail.removesuffix(" (max_size)")  # that key is about the service's answers
            raise LookupFailed(failed.reason, f"token endpoint: {detail}") from None
        return self._token


def token_request(settings: OAuth2) -> tuple[dict[str, str], bytes]:
    """Headers and form of the request for a token (RFC 6749 sections 2.3.1 and 4.4.2)."""
    form = {"grant_type": "client_credentials", **settings.parameters}
    if settings.scope:
        form["scope"] = settings.scope
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    secret = settings.client_secret.reveal()
    if settings.client_in == "body":
        form |= {"client_id": settings.client_id, "client_secret": secret}
    else:
        from aiohttp import encode_basic_auth  # 0.15 s of CPU: only where a service is asked

        headers["Authorization"] = encode_basic_auth(quote_plus(settings.client_id), quote_plus(secret))
    return headers, urlencode(form).encode()


def token_of(status: int, body: bytes, now: float) -> Token:
    """The token in an answer. Raises LookupFailed; no text of it holds what the endpoint may have repeated of us."""
    if not 200 <= status < 300:
        moved = " (redirects are not followed: write the final address)" if status // 100 == 3 else ""
        raise LookupFailed(Failure.STATUS, f"HTTP {status}{_error_code(body)}{moved}")
    answer = parsed(body)
    if not isinstance(answer, dict):
        raise LookupFailed(Failure.NOT_JSON, f"expected an object, got {described(answer)}")
    text, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    if not isinstance(text, str) or not PRINTABLE.fullmatch(text):
        raise LookupFailed(Failure.NOT_JSON, "the answer holds no usable access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise LookupFailed(Failure.NOT_JSON, "the token is not of the type Bearer")
    life = _life(answer.get("expires_in"))
    return Token(text, now + max(life - EARLY, life * 0.8), now + life)


def _life(value: Any) -> float:
    """Seconds; infinite when the service does not say, as Salesforce: then only a 401 ends a token."""
    if isinstance(value, str) and value.isdecimal():
        value = float(value[:12])
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return float("inf")
    return float(value)


def _error_code(body: bytes) -> str:
    """The error code of RFC 6749 section 5.2, where there is one: ``, invalid_client``."""
    try:
        answer = parsed(body)
    except LookupFailed:
        return ""
    code = answer.get("error") if isinstance(answer, dict) else None
    return f", {code}" if isinstance(code, str) and ERROR_CODE.fullmatch(code) else ""
