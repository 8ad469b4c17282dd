"""What other rules would do to waiting times: recorded callers before the same agents, many times over.

It is an estimate under assumptions, which :attr:`Simulation.assumptions` names. Pure: the same visits and the same
seed give the same figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from random import Random
from typing import Any, NamedTuple

from ariroute.errors import UnusableInput
from ariroute.replay.crew import Crowd, Stint, crew
from ariroute.replay.estimates import Effect, Figures, Simulation, Tier, Waited, difference, estimates, figures
from ariroute.replay.visits import ABANDONED, ANSWERED, Place, Visit
from ariroute.simulate.floor import play
from ariroute.simulate.scenario import AgentModel, Caller, Member, QueueModel, Scenario
from ariroute.staffing.patience import Observed, patience

ENOUGH = 20
"""With fewer examples of their own callers borrow those of more."""
ROUNDS = 200
MOST_WORK = 1_000_000
"""Callers served in all rounds together, about 10 s: a longer record has fewer rounds."""
FEWEST_ROUNDS = 20


class Round(NamedTuple):
    """The figures of one round by tier."""

    before: dict[Tier, Figures]
    after: dict[Tier, Figures]


def simulate(
    visits: Iterable[Visit],
    levels: Mapping[str, float | None],
    *,
    agents: Collection[Crowd] = (),
    wrap_up: float = 0.0,
    seed: int = 1,
    rounds: int = 0,
) -> Simulation:
    """The estimated effect on each queue, and on each priority of a queue that has callers of several.

    ``levels`` has the seconds of each queue's service level, or None; its queues come first. ``agents`` are those that
    the user gives; all others are as in the record. ``wrap_up`` is seconds after each talk. ``rounds`` of 0 is as
    many as are good. Raises UnusableInput when the record is too poor for any estimate.
    """
    known = sorted(visits, key=lambda visit: visit.at)
    stints = crew(known, agents)
    _check(known, stints, agents)
    times = rounds or max(FEWEST_ROUNDS, min(ROUNDS, MOST_WORK // (2 * max(1, len(known)))))
    day = _Day(known, stints, wrap_up)
    chance = Random(seed)  # noqa: S311  # a simulation that can be repeated, nothing secret
    played = [day.play(chance, levels) for _ in range(times)]
    effects = (_effect(tier, levels.get(tier.queue), known, played) for tier in _tiers(known, levels))
    shown = tuple(effect for effect in effects if effect.recorded or effect.before or effect.after)
    return Simulation(shown, times, _assumptions(known, agents, times, wrap_up), _doubts(known, shown))


def _tiers(visits: Sequence[Visit], queues: Iterable[str]) -> list[Tier]:
    there = {place for visit in visits for place in (visit.before, visit.after) if place}
    tiers = []
    for queue in dict.fromkeys((*queues, *sorted(place.queue for place in there))):
        priorities = sorted({place.priority for place in there if place.queue == queue}, reverse=True)
        tiers += [Tier(queue), *(Tier(queue, each) for each in priorities if len(priorities) > 1)]
    return tiers


def _check(visits: Sequence[Visit], stints: Sequence[Stint], agents: Collection[Crowd]) -> None:
    if not any(visit.wait is not None for visit in visits):
        raise UnusableInput(
            "--simulate: what Asterisk did with these calls was not recorded, so there are no waits and talks to go "
            "by: give the daemon AMI (asterisk.NAME.ami), and simulate calls that came after that"
        )
    if not _talked(visits):
        raise UnusableInput("--simulate: none of these calls was answered, so nobody knows how long agents talk")
    served = {queue for stint in stints for queue in stint.queues} | {queue for each in agents for queue in each.queues}
    lonely = sorted({visit.after.queue for visit in visits if visit.after} - served)
    if lonely:
        raise UnusableInput(
            f"--simulate: no agent took a call of queue {lonely[0]} in this record: say how many there would be, such "
            f"as --agents {lonely[0]}=2"
        )


class _Day:
    """The record, ready to be played again with other dice.

    Who comes when stays as it was: to draw that anew out of the record would add its own ups and downs to those that
    the record has, and make waits too long.
    """

    def __init__(self, visits: Sequence[Visit], stints: Sequence[Stint], wrap_up: float) -> None:
        places = {place for visit in visits for place in (visit.before, visit.after) if place}
        queues = {place.queue for place in places} | {queue for stint in stints for queue in stint.queues}
        self._floor = floor(stints, queues, wrap_up)
        like: dict[Any, list[Visit]] = defaultdict(list)
        for visit in visits:
            for key in _likeness(visit):
                like[key].append(visit)
        talked = {key: _talked(own) for key, own in like.items()}
        curves = {key: patience(_observed(own)) for key, own in like.items() if not key or _gave_up(own) >= ENOUGH}
        self._callers = [
            (
                visit,
                next(talked[key] for key in _likeness(visit) if not key or len(talked[key]) >= ENOUGH),
                next(curves[key] for key in _likeness(visit) if key in curves),
            )
            for visit in visits
        ]

    def play(self, chance: Random, levels: Mapping[str, float | None]) -> Round:
        """One round: the same callers by the rules of then and by the others, before the same agents."""
        before: list[Caller] = []
        after: list[Caller] = []
        for visit, talked, curve in self._callers:
            talk = talked[int(chance.random() * len(talked))]
            lasts = curve.drawn(1.0 - chance.random())
            for callers, to in ((before, visit.before), (after, visit.after)):
                if to:
                    callers.append(Caller(visit.at, to.queue, to.priority, talk.talk or 0.0, lasts))
        draw = chance.random()

        def lived(callers: Sequence[Caller]) -> dict[Tier, Figures]:
            played = play(replace(self._floor, callers=callers), Random(draw))  # noqa: S311  # as above
            return _figures(callers, [Waited(each.wait, each.answered) for each in played.served], levels)

        return Round(lived(before), lived(after))


def floor(stints: Sequence[Stint], queues: Iterable[str], wrap_up: float) -> Scenario:
    """The floor of these agents, without callers: nobody's phone rings in vain, and who could take a call for longest
    is rung."""
    known = [stint.ring for stint in stints if stint.ring is not None]
    usual = sum(known) / len(known) if known else 0.0
    agents = [
        AgentModel(str(number), stint.start, stint.end, usual if stint.ring is None else stint.ring, stays=True)
        for number, stint in enumerate(stints)
    ]
    members = [Member(str(number), queue) for number, stint in enumerate(stints) for queue in stint.queues]
    models = {queue: QueueModel(queue, "leastrecent", timeout=inf, wrap_up=wrap_up) for queue in sorted(queues)}
    return Scenario(models, agents, members, ())


def _likeness(visit: Visit) -> tuple[tuple[Place | None, ...], ...]:
    """By what a caller is like others, the closest first: where both rules send them, where they were sent, nothing."""
    return (visit.before, visit.after), (visit.before,), ()


def _talked(visits: Iterable[Visit]) -> list[Visit]:
    return [visit for visit in visits if visit.outcome == ANSWERED and visit.talk is not None]


def _observed(visits: Iterable[Visit]) -> Iterable[Observed]:
    return (Observed(visit.wait, visit.outcome == ABANDONED) for visit in visits if visit.wait is not None)


def _gave_up(visits: Iterable[Visit]) -> int:
    return sum(visit.outcome == ABANDONED and visit.wait is not None for visit in visits)


def _figures(
    callers: Sequence[Caller], waited: Sequence[Waited], levels: Mapping[str, float | None]
) -> dict[Tier, Figures]:
    by_place: dict[tuple[str, int], list[Waited]] = defaultdict(list)
    for caller, each in zip(callers, waited, strict=True):
        by_place[caller.queue, caller.priority].append(each)
    by_tier: dict[Tier, list[Waited]] = defaultdict(list)
    for (queue, priority), own in by_place.items():
        by_tier[Tier(queue)] += own
        by_tier[Tier(queue, priority)] = own
    return {tier: figures(own, levels.get(tier.queue)) for tier, own in by_tier.items()}


def _effect(tier: Tier, within: float | None, visits: Sequence[Visit], played: Sequence[Round]) -> Effect:
    there = [visit for visit in visits if visit.before and tier in (Tier(visit.before.queue), Tier(*visit.before))]
    recorded = [Waited(visit.wait, visit.outcome == ANSWERED) for visit in there if visit.wait is not None]
    both = [(each.before[tier], each.after[tier]) for each in played if tier in each.before and tier in each.after]
    return Effect(
        tier,
        within,
        figures(recorded, within) if recorded else None,
        estimates([each.before[tier] for each in played if tier in each.before]),
        estimates([each.after[tier] for each in played if tier in each.after]),
        estimates([difference(before, after) for before, after in both]),
    )


def _assumptions(visits: Sequence[Visit], agents: Collection[Crowd], rounds: int, wrap_up: float) -> tuple[str, ...]:
    gave_up = _gave_up(visits)
    said = ", ".join(f"{'+'.join(each.queues)}={each.number}" for each in agents)
    return (
        "Callers come when they came, and agents when they did. How long each would have talked and waited is drawn "
        f"anew in {rounds} rounds, out of what callers of the same kind did; 95 % of the rounds lie between the "
        "figures in brackets.",
        f"Patience is estimated by Kaplan and Meier: {gave_up} gave up, and who was answered would have waited longer."
        if gave_up
        else "Nobody gave up in this record, so nobody does in the estimate.",
        "Agents serve the queues of which they took calls, from a little before their first call to a little after the "
        "last; an hour without a call is a pause." + (f" But as given: {said}, all the time." if said else ""),
        "In a queue the higher priority comes first, then who came first. Between queues that share an agent it is "
        "chance, as for app_queue without weights. The agent whose last call there ended first is rung, and answers.",
        "Who waits looks for a free agent each second, as in app_queue; an agent gets no call of the queue for "
        f"{wrap_up:g} s after each talk (--wrap-up).",
        "Who cannot be told stays in the queue of then.",
    )


def _doubts(visits: Sequence[Visit], effects: Sequence[Effect]) -> tuple[str, ...]:
    queued = [visit for visit in visits if visit.before]
    unknown = sum(visit.wait is None for visit in queued)
    found = []
    if unknown:
        found.append(f"of {unknown} of {len(queued)} calls in queues nobody knows what became of them")
    found += [_misfit(effect) for effect in effects if not effect.fits]
    return tuple(found)


def _misfit(effect: Effect) -> str:
    assert effect.recorded is not None
    assert effect.before is not None
    low, high = effect.before.wait.low, effect.before.wait.high
    return (
        f"queue {effect.tier}: callers waited {effect.recorded.wait:.1f} s on average, and by the same rules the "
        f"simulation says {low:.1f} to {high:.1f} s: agents or wrap-up were other than assumed (--agents, --wrap-up)"
    )
