"""A real floor as it came about: SIP's own time, caller by caller, out of the events of its play. Pure.

With it the simulated floor has the same chance as the real one: who came a thousandth of a second before whom, and
when exactly an agent was free again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from statistics import median
from typing import Final

from ariroute.simulate.scenario import Caller, Scenario, Served
from scripts.trialling.observer import Message
from scripts.trialling.seen import Call

NEVER: Final = 3600.0
"""The wait of a caller who was still there in the end."""
_NOT_IN_USE: Final = "1"
_MEMBERSHIP: Final = ("QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberPenalty")
_AT_ONCE, _LATER = 0.5, 2.0
"""Seconds up to which a caller rings at their first look; and after which the time between looks shows."""


@dataclass(frozen=True, slots=True)
class Real:
    """One list of callers as they came, and what the real floor did with each, in the order in which they joined."""

    scenario: Scenario
    served: Sequence[Served]


@dataclass(slots=True)
class _Times:
    """What events tell of phones, in seconds; calls by their callers' numbers."""

    rings: list[tuple[str, float]] = field(default_factory=list)
    """Agents who answered, and how long after app_queue chose them."""
    lags: list[float] = field(default_factory=list)
    """From a ring until app_queue knew of it."""
    taken: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Who took each call, and how long after app_queue chose them it knew that they were free again."""
    chosen: dict[str, float] = field(default_factory=dict)
    """The moment at which a phone was rung first for a caller."""
    moves: list[float] = field(default_factory=list)
    """From the last event of a caller or a phone until ariroute moved somebody."""


def as_it_was(scenario: Scenario, began: float, calls: Sequence[Call], events: Iterable[tuple[float, Message]]) -> Real:
    """``scenario`` as a play that ``began`` then had it; ``calls`` are those of its callers, one by one.

    Callers come when they joined, talk until app_queue knew that the agent was free, and give up when they did; what
    did not happen is as planned, and as much later as it was for others. From a caller's look to the answer and until
    app_queue knows of the ring (:attr:`Scenario.lag`), from look to look, and until ariroute moves somebody, as much
    time passes as in the middle of all. The clock's seconds begin as Asterisk's did, since wrap-ups end with them; the
    lab's queues.conf has ``shared_lastcall = yes`` (:mod:`ariroute.lab.pbxconfig`).
    """
    times = _times(events)
    picks_up = {agent.name: agent.picks_up for agent in scenario.agents}
    waits = [times.chosen[call.number] - call.joined for call in calls if call.number in times.chosen]
    first = _middle(wait for wait in waits if wait < _AT_ONCE)
    late = _seldom(waits, first)
    longer = first + _middle(after - picks_up[agent] for agent, after in times.rings if picks_up[agent] < inf)

    def talked(number: str) -> float:
        # A ring that took longer than others is part of the talk here: so the agent is free when they were.
        agent, seconds = times.taken.get(number, ("", inf))
        return seconds - picks_up.get(agent, 0.0) - longer

    came = sorted(zip(scenario.callers, calls, strict=True), key=lambda pair: pair[1].joined)
    talks = _with_others(came, lambda caller, call: talked(call.number) - caller.talk)
    patience = _with_others(came, lambda caller, call: _stayed(call) - caller.patience)
    callers = [
        caller._replace(
            at=call.joined - began // 1, talk=max(0.0, caller.talk + talk), patience=max(0.0, caller.patience + stay)
        )
        for (caller, call), talk, stay in zip(came, talks, patience, strict=True)
    ]
    exact = replace(
        scenario,
        agents=[replace(agent, picks_up=agent.picks_up + longer) for agent in scenario.agents],
        callers=callers,
        queues={name: replace(queue, retry=queue.retry + late) for name, queue in scenario.queues.items()},
        recheck=scenario.recheck + late,
        lag=first + _middle(times.lags),
        acts_after=_middle(times.moves),
        shared_last_call=True,
    )
    return Real(exact, [Served(min(call.wait, NEVER), call.agent, call.rings) for _, call in came])


def _times(events: Iterable[tuple[float, Message]]) -> _Times:
    times = _Times()
    numbers: dict[str, str] = {}
    rung: dict[str, float] = {}
    not_known: dict[str, float] = {}
    talking: dict[str, str] = {}
    last = inf
    for at, event in events:
        agent, number = event.get("MemberName", ""), numbers.get(event.get("Uniqueid", ""), "")
        if not event["Event"].startswith(_MEMBERSHIP):
            last = at
        match event["Event"]:
            case "QueueMemberAdded" if last < at:
                times.moves.append(at - last)
            case "QueueCallerJoin":
                numbers[event["Uniqueid"]] = event["CallerIDNum"]
            case "AgentCalled":
                rung[agent] = not_known[agent] = at
                times.chosen.setdefault(number, at)
            case "AgentConnect":
                times.rings.append((agent, at - rung[agent]))
                talking[agent] = number
            case "QueueMemberStatus" if event["Status"] != _NOT_IN_USE and agent in not_known:
                times.lags.append(at - not_known.pop(agent))
            case "QueueMemberStatus" if event["Status"] == _NOT_IN_USE and agent in talking:
                times.taken[talking.pop(agent)] = agent, at - rung[agent]
    return times


def _with_others(came: Sequence[tuple[Caller, Call]], later: Callable[[Caller, Call], float]) -> list[float]:
    """How much later than planned something was for each caller; of whom it is not known, the middle of others'."""
    each = [later(caller, call) for caller, call in came]
    middle = _middle(value for value in each if abs(value) < inf)
    return [value if abs(value) < inf else middle for value in each]


def _stayed(call: Call) -> float:
    """After how many seconds they gave up."""
    return inf if call.answered is not None or call.ended is None else call.ended - call.joined


def _seldom(waits: Iterable[float], first: float) -> float:
    """How many seconds more than one pass from look to look; ``first`` is from a look to the ring."""
    return max(0.0, _middle((wait - first) / round(wait) - 1 for wait in waits if wait > _LATER))


def _middle(values: Iterable[float]) -> float:
    """The median, 0 of nothing."""
    return median([*values] or [0.0])
