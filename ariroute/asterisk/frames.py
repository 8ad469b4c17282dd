"""ARI requests as plain values, and the text frames that carry them over the websocket.

Frame format: ``RESTRequest`` of res_ari's websocket, Asterisk 20.14, 21.9, 22.4 and later. Values travel in the JSON
body: in ``query_strings`` they are taken raw, in HTTP's query percent-decoded, while a body is the same on both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from ariroute.json_text import dumps

PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)

LARGEST_PORTION: Final = 3000
"""Characters of values in one request, unless one value alone has more."""

Scalar = str | int | float | bool


class Request(NamedTuple):
    """One request: ``uri`` without a leading slash and without ``ari/`` (with them Asterisk answers 405 or 404)."""

    method: str
    uri: str
    body: str = ""

    @property
    def label(self) -> str:
        """The request as logs and errors name it; bodies and queries stay out, they hold callers' data."""
        return f"{self.method} {self.uri.partition('?')[0]}"


def request(
    method: str, uri: str, query: Mapping[str, Scalar] | None = None, body: Mapping[str, Any] | None = None
) -> Request:
    """A request from its parts; ``query`` is percent-encoded."""
    return Request(method, f"{uri}?{urlencode(query, quote_via=quote)}" if query else uri, dumps(body) if body else "")


def quoted(identifier: str) -> str:
    """An id as one segment of a path."""
    if PLAIN_ID.fullmatch(identifier) and identifier not in {".", ".."}:
        return identifier
    return quote(identifier, safe="", errors="replace").replace(".", "%2E")


def portions(variables: Mapping[str, str]) -> list[dict[str, str]]:
    """``variables`` in as many parts, in order, as keep each request below what Asterisk takes.

    Its HTTP server refuses a body over 40 kB with 413, and a websocket frame over 64 kB ends the connection (both seen
    on 22.10.1). A character takes up to 4 bytes in JSON within JSON: an emoji, or a quote escaped twice.
    """
    parts: list[dict[str, str]] = []
    room = 0
    for name, value in variables.items():
        if len(value) > room or not parts:
            parts.append({})
            room = LARGEST_PORTION
        parts[-1][name] = value
        room -= len(value)
    return parts


def set_variables(channel_id: str, variables: Mapping[str, str]) -> Request:
    """All variables in one request, in order; since Asterisk 20.20, 22.10 and 23.4."""
    return Request("POST", f"channels/{quoted(channel_id)}/variables", dumps({"variables": dict(variables)}))


def set_variable(channel_id: str, name: str, value: str) -> Request:
    """One variable."""
    return Request("POST", f"channels/{quoted(channel_id)}/variable", dumps({"variable": name, "value": value}))


def continue_in_dialplan(channel_id: str) -> Request:
    """Back to the dialplan, next priority. It never names a place: a wrong one is answered 204 and drops the caller."""
    return Request("POST", f"channels/{quoted(channel_id)}/continue")


def answer(channel_id: str) -> Request:
    """Pick the call up; on one that is up nothing happens (``ast_raw_answer()``)."""
    return Request("POST", f"channels/{quoted(channel_id)}/answer")


def play(channel_id: str, playback_id: str, media: Sequence[str], language: str = "", offset: float = 0.0) -> Request:
    """Play these media one after the other, from ``offset`` seconds of the first; the id is ours.

    Asterisk puts it behind what it plays already. A media that cannot be played is reported only where it is the last
    (``playback_final_update()`` in res_stasis_playback.c, 16 to 23).
    """
    body: dict[str, Any] = {"media": list(media)}
    if language:
        body["lang"] = language
    if offset:
        body["offsetms"] = round(offset * 1000)
    return Request("POST", f"channels/{quoted(channel_id)}/play/{quoted(playback_id)}", dumps(body))


def stop_playback(playback_id: str) -> Request:
    """Stop a playback that is under way, or not begun."""
    return Request("DELETE", f"playbacks/{quoted(playback_id)}")


def skip_word(playback_id: str) -> Request:
    """Leave out the rest of the word that is being said of a number; of anything else: begin it again."""
    return Request("POST", f"playbacks/{quoted(playback_id)}/control", dumps({"operation": "restart"}))


def playback(playback_id: str) -> Request:
    """A playback as it is now; there is none once it has ended."""
    return Request("GET", f"playbacks/{quoted(playback_id)}")


def watch(app: str, channel_id: str) -> Request:
    """Tell the application what happens to a channel outside of it too: ``Dial``, its end. Until :func:`unwatch`."""
    return Request("POST", f"applications/{quoted(app)}/subscription?eventSource=channel:{quoted(channel_id)}")


def unwatch(app: str, channel_id: str) -> Request:
    """Tell no more of it."""
    return Request("DELETE", f"applications/{quoted(app)}/subscription?eventSource=channel:{quoted(channel_id)}")


def event_filter(app: str, unwanted: Sequence[str]) -> Request:
    """Send no events of these types to the application; since Asterisk 13.26 and 16.3."""
    body = {"disallowed": [{"type": name} for name in unwanted]}
    return Request("PUT", f"applications/{quoted(app)}/eventFilter", dumps(body))


def frame(request_id: str, request: Request) -> str:
    """The websocket text of a request. ``request_id`` is ours and needs no escaping; a quoted uri needs none either."""
    body = f',"content_type":"application/json","message_body":{dumps(request.body)}' if request.body else ""
    return (
        f'{{"type":"RESTRequest","transaction_id":"ariroute","request_id":"{request_id}",'
        f'"method":"{request.method}","uri":"{request.uri}"{body}}}'
    )
