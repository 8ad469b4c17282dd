"""The reasons of the controller, in sentences for a manager."""

from __future__ import annotations

from math import isfinite

from ariroute.staffing.proposal import Why
from ariroute.staffing.seats import Level
from ariroute.staffing.standing import Standing

WHYS = {
    Level.FLOOR: Why.FLOOR,
    Level.NEED: Why.TARGET,
    Level.OWN: Why.HOME,
    Level.RESERVE: Why.RESERVE,
    Level.KEPT: Why.TARGET,
    Level.WAITING: Why.WAITING,
}


def number(count: int, thing: str) -> str:
    """As people say it: "1 call", "2 calls", "no calls"."""
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"


def claimed(level: Level, standing: Standing, kept: int) -> str:
    """Why a tier is to have one agent more."""
    queue, agents = standing.tier.queue, number(len(standing.agents), "agent")
    match level:
        case Level.FLOOR:
            return f"{queue} has {agents}; it is to have {standing.tier.min_agents} at least"
        case Level.NEED:
            return f"{queue} has {number(standing.now.calls, 'call')} and {agents}; needs {standing.needed}"
        case Level.OWN:
            return f"{queue} does not do well enough to lend its agents"
        case Level.RESERVE:
            return f"{queue} calls its reserve: {_doing(standing)}"
        case Level.KEPT:
            return f"{queue} needed {number(kept, 'agent')} or more of late, and will again"
        case _:
            return f"{number(standing.now.waiting, 'caller')} {_wait(standing)} in {queue}"


def _wait(standing: Standing) -> str:
    return "waits" if standing.now.waiting == 1 else "wait"


def _doing(standing: Standing) -> str:
    """How a tier does, by the threshold of its reserve."""
    reserve = standing.tier.reserve
    assert reserve is not None
    if reserve.when.wait is None:
        level = standing.now.answered_in_time
        return "its service level is not known" if level is None else f"its service level is {level:.0f} %"
    helpers, longest = standing.idle_helpers, standing.now.longest_wait
    wait = standing.wait_with(len(standing.agents) - helpers)
    if standing.now.waiting and longest > (wait or 0.0):
        return f"a caller has waited {longest:.0f} s"
    without = "without it " if helpers else ""
    if wait is None:
        return f"{without}a caller would wait"
    return (
        f"{without}a caller would wait {wait:.0f} s"
        if isfinite(wait)
        else f"{without}nobody serves {standing.tier.queue}"
    )


def told(standing: Standing, short: int, room: bool, kept: int, reserve: bool) -> str:
    """What a tier gets, and why."""
    if short and not room:
        return f"short of {number(short, 'agent')}: max_agents is {standing.tier.max_agents}"
    if short:
        return f"short of {number(short, 'agent')}: nobody else who may serve it is free or may leave"
    lacks = standing.needed - len(standing.agents)
    if lacks > standing.wrapping:
        return f"lacks {number(lacks - standing.wrapping, 'agent')}, who can be moved here"
    if lacks > 0:
        return f"lacks {number(lacks, 'agent')}, who will be back from wrap-up in a moment"
    if reserve:
        return f"its reserve is called: {_doing(standing)}"
    if kept > standing.needed + standing.wrapping and len(standing.agents) > standing.needed:
        return f"keeps whom it has: it needed {number(kept, 'agent')} of late"
    return "has what it needs"
