"""ARI requests over HTTP keep-alive: for servers without REST over the websocket, and while the websocket is down."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Callable

import aiohttp
from yarl import URL

from ariroute.asterisk.events import Answer
from ariroute.asterisk.frames import Request
from ariroute.asterisk.pending import Outcome
from ariroute.asterisk.settings import AriSettings
from ariroute.errors import AriDisconnected, AriTimeout

CONNECTIONS = 16
"""Well below http.conf's ``sessionlimit`` (100), which all HTTP users of an Asterisk share."""

KEEP_ALIVE = 10.0
"""Below http.conf's ``session_keep_alive`` (15 s): we close idle connections first, never send into a closing one."""

JSON_HEADERS = {"Content-Type": "application/json"}


def authorization(settings: AriSettings) -> dict[str, str]:
    """The header of basic authentication. Not aiohttp's ``BasicAuth``: its repr shows the password."""
    token = base64.b64encode(f"{settings.user}:{settings.password.reveal()}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


class AriHttp:
    """One Asterisk's ``/ari`` over HTTP. Has its own connections: a websocket would take one of them for good.

    ``on_timeout`` is called for each request without an answer in time. Its connection may be dead, and so may be all
    that lie idle beside it: what a link has lost is noticed only on use. So the next request takes new ones.
    """

    def __init__(self, settings: AriSettings, on_timeout: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._base = f"{settings.url}/ari/"
        self._on_timeout = on_timeout
        self._session: aiohttp.ClientSession | None = None
        self._in_use: Counter[aiohttp.ClientSession] = Counter()
        """Requests under way, of the session for new ones and of those before it."""

    async def ask(self, request: Request, timeout: float) -> Outcome:
        """Asterisk's answer, or the error in its place."""
        session = self._session or self._open()
        self._in_use[session] += 1
        try:
            async with asyncio.timeout(timeout):
                async with session.request(
                    request.method,
                    URL(self._base + request.uri, encoded=True),  # yarl would turn the id "%2E%2E" into a step up
                    data=request.body or None,
                    headers=JSON_HEADERS if request.body else None,
                    allow_redirects=False,
                ) as response:
                    return Answer(response.status, response.reason or "", await response.read())
        except TimeoutError:
            if session is self._session:
                self._session = None
            self._on_timeout()
            return AriTimeout(f"no answer within {timeout:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return AriDisconnected(f"{self._settings.url}: {type(error).__name__}: {error}")
        finally:
            self._in_use[session] -= 1
            if session is not self._session and not self._in_use[session]:
                del self._in_use[session]
                await session.close()

    async def close(self) -> None:
        """Closes all connections; a later request opens new ones."""
        self._session = None
        sessions = list(self._in_use)
        self._in_use.clear()
        for session in sessions:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            headers=authorization(self._settings),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE),
            timeout=aiohttp.ClientTimeout(total=None),  # each request has its own deadline, see ask()
            cookie_jar=aiohttp.DummyCookieJar(),
            requote_redirect_url=False,
        )
        return self._session
