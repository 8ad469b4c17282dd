"""From an answer to its meaning: the body of a good one, the right error for a bad one."""

from __future__ import annotations

from typing import Any

from ariroute.asterisk.events import Answer
from ariroute.asterisk.frames import Request
from ariroute.asterisk.pending import Outcome
from ariroute.errors import AriError, AriRefused, ChannelGone
from ariroute.json_text import loads

# res/ari/resource_channels.c, Asterisk 13 to 23: hung up (find_control(), get_channel_var()), or back in the dialplan.
GONE = {
    (404, "Channel not found"),
    (404, "Provided channel was not found"),
    (409, "Channel not in Stasis application"),
}


def is_good(outcome: Outcome) -> bool:
    """Whether Asterisk did what it was asked."""
    return isinstance(outcome, Answer) and outcome.status < 300


def is_gone(answer: Answer) -> bool:
    """Whether Asterisk says that the channel is not there any more, or not in an application."""
    return (answer.status, message_of(answer)) in GONE


def message_of(answer: Answer) -> str:
    """Asterisk's own words about a refusal, else HTTP's reason phrase."""
    try:
        body = loads(answer.body)
        return str(body.get("message") or body.get("error") or answer.reason)[:200]
    except (ValueError, AttributeError, RecursionError):
        return answer.reason[:200]


def body_of(request: Request, outcome: Outcome) -> Any:
    """The decoded body of a good answer, None when it has none.

    Raises ChannelGone, AriRefused, AriTimeout, AriDisconnected, or AriError for a body that is no JSON.
    """
    if isinstance(outcome, AriError):
        raise type(outcome)(f"{request.label}: {outcome}")
    if outcome.status >= 300:
        raise refusal(request, outcome)
    if not outcome.body:
        return None
    try:
        return loads(outcome.body)
    except (ValueError, RecursionError):
        raise AriError(f"{request.label}: Asterisk's answer is not JSON; is this Asterisk's HTTP server?") from None


def refusal(request: Request, answer: Answer) -> AriRefused:
    """The error for an answer with a status of 300 or more (Asterisk never redirects)."""
    kind = ChannelGone if is_gone(answer) else AriRefused
    return kind(answer.status, message_of(answer), request.label)
