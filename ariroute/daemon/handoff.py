"""Giving a channel back to the dialplan: the decision as channel variables, then ``continue``.

``continue`` names no context, extension or priority: Asterisk answers 204 to a wrong one and then drops the caller
(measured on 22.10.1). ``ARIROUTE_DECIDED`` comes last, so that a decision cut in half counts as none and the dialplan
takes its default queue.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ariroute.asterisk import variables as names
from ariroute.asterisk.variables import DECIDED, FLOW, REASON, own_variable
from ariroute.errors import AriDisconnected, AriError, AriRefused, AriTimeout, ChannelGone
from ariroute.flow.decision import (
    Decision,
    EndpointDestination,
    Greeting,
    HangUpDestination,
    Label,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.wants import Ring

if TYPE_CHECKING:
    from ariroute.asterisk.ari import Ari

REASON_LIMIT = 200
PAUSES = (0.0, 0.1, 0.2, 0.4)
"""Seconds between tries while connections break. A fault in the network breaks them all: the websocket, and each idle
one of HTTP, which is noticed only when a request is lost on it. The tries together take less than a second."""
SERVER_FAILS: Final = 500
"""The HTTP statuses from which on a request may work when it is made again."""

GREETINGS: Final[Mapping[Greeting, str]] = {"unavailable": "u", "busy": "b", "none": "s"}
"""Options of ``VoiceMail()``; with ``s`` alone the tone comes at once."""

NAME_LIMIT: Final = 80

OTHERS: Final = (names.HANG_UP, names.ENDPOINT, names.MAILBOX, names.RECORD, names.HEADERS)
"""What of another decision would change this one, if it were left on the channel."""


def variables(decision: Decision, caller_name: str = "") -> dict[str, str]:
    """The channel variables that carry ``decision``, in the order of writing.

    ``caller_name`` is what a label stands before. A decision for an endpoint has none: somebody has answered there.
    """
    chosen = _beside(decision, caller_name)
    match decision.destination:
        case QueueDestination(queue, priority):
            chosen |= {names.QUEUE: queue, names.QUEUE_PRIORITY: str(priority)}
        case HangUpDestination(cause):
            chosen[names.HANG_UP] = str(cause)
        case VoicemailDestination(box, greeting):
            chosen |= {names.MAILBOX: box, names.GREETING: GREETINGS[greeting]}
        case EndpointDestination():
            raise ValueError("a call that was answered is not handed over")
    return chosen | _ending(decision)


def ring_variables(ring: Ring, if_answered: Decision, default: str, caller_name: str = "") -> dict[str, str]:
    """The channel variables for a ring, in the order of writing; ``if_answered`` is what it decides when taken.

    ``default`` is the queue where the call goes if nobody is there to take it back.
    """
    return {
        **_beside(if_answered, caller_name),
        names.DEFAULT: default,
        names.ENDPOINT: ring.endpoint,
        names.RING_SECONDS: str(max(1, math.ceil(ring.within))),
        names.ONLY_IDLE: "1" if ring.only_idle else "",
        **_ending(if_answered),
    }


def alone(wanted: Mapping[str, str]) -> dict[str, str]:
    """``wanted``, and nothing beside it of a decision that another daemon had half written when it died."""
    return {**dict.fromkeys(OTHERS, ""), **wanted}


def _beside(decision: Decision, caller_name: str) -> dict[str, str]:
    """What goes along with the call. It is written first: no name that a flow chose overwrites the destination."""
    chosen = _labelled(decision.label, caller_name) if decision.label else {}
    return {**chosen, names.RECORD: "1"} if decision.record else chosen


def _labelled(label: Label, caller_name: str) -> dict[str, str]:
    chosen = {names.inherited(name): value for name, value in label.variables.items()}
    chosen |= names.headers(label.headers)
    if label.name_prefix:
        own_name = caller_name.removeprefix(f"{label.name_prefix} ")  # a daemon that died had labelled it already
        chosen |= {names.LABEL: label.name_prefix, names.CALLERS_NAME: own_name}
        chosen[names.CALLER_NAME] = f"{label.name_prefix} {own_name}".strip()[:NAME_LIMIT]
    return chosen


def _ending(decision: Decision) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for name, value in decision.variables.items():
        chosen[own_variable(name)] = value
    chosen[FLOW] = decision.flow
    chosen[REASON] = decision.reason[:REASON_LIMIT]
    chosen[DECIDED] = "1"
    return chosen


async def hand_over(
    ari: Ari, channel: str, wanted: Mapping[str, str], has_left: Callable[[], bool] = lambda: False
) -> bool:
    """Hand ``channel`` over with these variables; False when it was gone before: hung up, or the guard fired.

    Tried again when the connection broke, and once more when no answer came in time or Asterisk failed (5xx): writing
    a variable twice does no harm, and a second ``continue`` finds the channel gone. It may be gone because the first
    had worked and only its answer was lost: see :func:`_has_worked`. ``has_left`` tells whether the channel has left
    the application before anybody hung up. Raises AriError when that does not help, or Asterisk refuses otherwise; the
    guard then has the call.
    """
    pauses = list(PAUSES)
    failed: AriError | None = None
    try:
        while True:
            try:
                await ari.hand_over(channel, wanted)
                return True
            except ChannelGone:
                return failed is not None and await _has_worked(ari, channel, has_left, failed)
            except AriDisconnected as error:
                failed = error
            except (AriTimeout, AriRefused) as error:
                if isinstance(error, AriRefused) and error.status < SERVER_FAILS:
                    raise
                failed, pauses = error, pauses[:1] if failed is None else []
            if has_left():
                return await _has_worked(ari, channel, has_left, failed)
            if not pauses:
                raise failed
            await asyncio.sleep(pauses.pop(0))
    finally:
        del failed  # its traceback holds this frame: all of the call would wait for the collector


async def _has_worked(ari: Ari, channel: str, has_left: Callable[[], bool], failed: AriError) -> bool:
    """Whether a channel that is gone after a hand-over that ``failed`` went by what was written.

    The dialplan goes by ``ARIROUTE_DECIDED`` alone, and so does this, while there is a channel to ask. Where there is
    none any more, it was handed over if it ``has_left`` the application before anybody hung up. Raises ``failed`` for
    one that lives outside undecided: the guard has it, or its hand-over was cut in half.
    """
    try:
        if await ari.variable(channel, DECIDED) == "1":
            return True
    except ChannelGone:
        return has_left()
    except AriError:
        pass
    try:
        raise failed
    finally:
        del failed  # as above
