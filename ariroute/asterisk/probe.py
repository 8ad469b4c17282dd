"""What one server is and can do, asked once for each connection, before it counts as up."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Final

from ariroute.asterisk import frames
from ariroute.asterisk.answers import body_of, is_gone, is_good
from ariroute.asterisk.ari_http import AriHttp
from ariroute.asterisk.ari_socket import AriSocket
from ariroute.asterisk.events import Answer
from ariroute.asterisk.faults import may_only_read
from ariroute.asterisk.frames import Request
from ariroute.asterisk.pending import Outcome
from ariroute.asterisk.settings import AriSettings
from ariroute.errors import AriError, PbxRefused, PbxUnreachable

log = logging.getLogger(__name__)

TIMEOUT: Final = 1.0
INFO: Final = Request("GET", "asterisk/info?only=system")
VARIABLES: Final = frames.set_variables("ariroute-probe", {"ARIROUTE_FLOW": ""})
"""To a channel that cannot be: only a server that has the resource says that it misses the channel."""


@dataclass(frozen=True, slots=True)
class Server:
    """``version`` is such as ``22.10.1``, empty when it does not tell. Requests may travel ``over_socket``;
    ``many_variables`` may be written by one of them (20.20, 22.10, 23.4)."""

    version: str = ""
    over_socket: bool = False
    many_variables: bool = False


async def probe(
    socket: AriSocket, http: AriHttp, settings: AriSettings, unwanted: Sequence[str], name: str = "pbx1"
) -> Server:
    """Ask the server, and tell it which events are ``unwanted``.

    Raises PbxUnreachable when it cannot what the settings demand, PbxRefused when the user may only read.
    """
    wanted, timeout = settings.transport, settings.request_timeout
    info: Outcome = AriError("not asked")
    if wanted != "http":
        info = await socket.send(INFO, min(TIMEOUT, timeout))
    over_socket = is_good(info)
    if wanted == "websocket" and not over_socket:
        raise PbxUnreachable(
            f"Asterisk at {settings.url} does not answer requests over the websocket (20.14, 21.9, 22.4 and "
            "later do); set transport: auto"
        )

    def ask(request: Request) -> Awaitable[Outcome]:
        return socket.send(request, timeout) if over_socket else http.ask(request, timeout)

    if not over_socket:
        info = await ask(INFO)
    many = await ask(VARIABLES)
    if isinstance(many, Answer) and many.status in (401, 403):
        raise PbxRefused(may_only_read(settings))
    # Only what is disallowed is named: a list of what is allowed would silence RESTResponse as well.
    if not is_good(await ask(frames.event_filter(settings.app, unwanted))):
        log.debug("%s: Asterisk takes no event filter; unused events are read and dropped", name)
    return Server(version_in(info), over_socket, isinstance(many, Answer) and is_gone(many))


def version_in(outcome: Outcome) -> str:
    """Asterisk's version, such as ``22.10.1``; empty when the outcome does not tell."""
    try:
        return str(body_of(INFO, outcome)["system"]["version"])
    except (AriError, LookupError, TypeError):
        return ""
