"""The reasons of the controller, in sentences for a manager."""

from __future__ import annotations

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
            return f"{queue} needed {number(kept, 'agent')} of late, and will again"
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
    wait, longest = standing.estimated_wait, standing.now.longest_wait
    if standing.now.waiting and (wait is None or longest > wait):
        return f"a caller has waited {longest:.0f} s"
    return "nobody serves it" if wait is None else f"a caller would wait {wait:.0f} s"


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
        return f"needed {number(kept, 'agent')} of late, and keeps whom it has while no other tier needs them"
    return "has what it needs"
