"""Giving a channel back to the dialplan: the decision as channel variables, then ``continue``.

``continue`` names no context, extension or priority: Asterisk answers 204 to a wrong one and then drops the caller
(measured on 22.10.1). ``ARIROUTE_DECIDED`` comes last, so that a decision cut in half counts as none and the dialplan
takes its default queue.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ariroute.asterisk.variables import DECIDED, FLOW, HANG_UP, QUEUE, QUEUE_PRIORITY, REASON, own_variable
from ariroute.errors import AriDisconnected, AriTimeout, ChannelGone
from ariroute.flow.decision import Decision, HangUpDestination, QueueDestination

if TYPE_CHECKING:
    from ariroute.asterisk.ari import Ari

REASON_LIMIT = 200
PAUSES = (0.0, 0.1, 0.2, 0.4)
"""Seconds between tries while connections break. A fault in the network breaks them all: the websocket, and each idle
one of HTTP, which is noticed only when a request is lost on it. The tries together take less than a second."""


def variables(decision: Decision) -> dict[str, str]:
    """The channel variables that carry ``decision``, in the order of writing."""
    match decision.destination:
        case QueueDestination(queue, priority):
            chosen = {QUEUE: queue, QUEUE_PRIORITY: str(priority)}
        case HangUpDestination(cause):
            chosen = {HANG_UP: str(cause)}
    for name, value in decision.variables.items():
        chosen[own_variable(name)] = value
    chosen[FLOW] = decision.flow
    chosen[REASON] = decision.reason[:REASON_LIMIT]
    chosen[DECIDED] = "1"
    return chosen


async def hand_over(ari: Ari, channel: str, decision: Decision) -> bool:
    """Hand ``channel`` over; False when it was gone before (the caller hung up, or the guard fired).

    Tried again when the connection broke, and once more when no answer came in time: writing a variable twice does
    no harm, and a second ``continue`` finds the channel gone. Raises AriError when that does not help, or Asterisk
    refuses otherwise; the guard then has the call.
    """
    wanted = variables(decision)
    for pause in PAUSES:
        try:
            return await _hand_over_once(ari, channel, wanted)
        except AriTimeout:
            break
        except AriDisconnected:
            await asyncio.sleep(pause)
    return await _hand_over_once(ari, channel, wanted)


async def _hand_over_once(ari: Ari, channel: str, wanted: dict[str, str]) -> bool:
    try:
        await ari.hand_over(channel, wanted)
    except ChannelGone:
        return False
    return True
