"""A plan in sentences: what splitting costs, what a pool gives, what ratios buy, what was assumed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isinf

from ariroute.planning.erlang import Service
from ariroute.planning.plan import HELD_FOR, OnDuty, Piece, Plan, RatioAtPeak, TierWish


def when(piece: Piece) -> str:
    """``10:00-10:30``; ``an hour`` where figures were given."""
    if piece.begin is None:
        return "an hour"
    return f"{clock(piece.begin)}-{clock(piece.begin + piece.seconds)}"


def clock(seconds: float) -> str:
    """Seconds since midnight as ``09:30``."""
    minutes = round(seconds / 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def wait_text(seconds: float) -> str:
    """``8 s``, ``0.4 s``, ``12 min``; ``for ever`` when the queue only grows."""
    if isinf(seconds):
        return "for ever"
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def splitting(plan: Plan) -> str:
    """What agents of their own for each tier cost against one pool with priority, in the busiest piece and all day."""
    peak = plan.busiest
    own, pool = peak.own_total, peak.pool
    if own is None or pool is None:
        return unreachable(plan)
    if len(plan.wishes) < 2:
        return f"{_capital(plan.wishes[0].queue)} needs {_agents(own)} {_of_peak(peak)}{_scheduled(plan, own)}."
    more = own - pool
    if more < 0:
        cost = (
            f"Splitting costs nothing {_of_peak(peak)}: {own} when each tier has its own, and {pool} in one pool with "
            f"priority, as the lowest tiers wait there for all others{_scheduled(plan, own, pool)}"
        )
    elif not more:
        cost = f"Splitting costs nothing {_of_peak(peak)}: {_agents(own)} either way{_scheduled(plan, own)}"
    else:
        cost = (
            f"Splitting costs {_agents(more)} {_of_peak(peak)}: {own} when each tier has its own, {pool} in one pool "
            f"with priority ({more / pool:.0%} more){_scheduled(plan, own, pool)}"
        )
    own_hours, pool_hours = plan.own_hours, plan.pool_hours
    if len(plan.pieces) > 1 and own_hours is not None and pool_hours is not None and own_hours > pool_hours:
        cost += f"; over the day it costs {own_hours - pool_hours:g} agent hours of {own_hours:g}"
    return f"{cost}."


def short(plan: Plan) -> str:
    """The result in a few words."""
    own, pool = plan.busiest.own_total, plan.busiest.pool
    if own is None or pool is None:
        return "The goal cannot be met"
    if len(plan.wishes) < 2:
        return _agents(own)
    return f"{own} agents of their own, or {pool} in one pool"


def giving(plan: Plan) -> str:
    """What the agents on duty do in the busiest piece, in one pool and split; empty when that is not known."""
    duty = plan.on_duty
    if duty is None:
        return ""
    pool = f"{_agents(duty.agents)} in one pool with priority let {_waits(plan.wishes, duty.pooled, plan.busiest)}"
    if len(duty.pooled) < 2:
        return f"{_capital(_agents(duty.agents))} let {_waits(plan.wishes, duty.pooled, plan.busiest)} on average."
    return f"{_capital(pool)} on average; {_as_split(plan, duty)}."


def ratio_sentences(plan: Plan) -> Iterator[str]:
    """What the ratios buy, tier by tier, and the agents that all of them take."""
    for each in plan.ratios:
        yield _ratio(each)
    if len(plan.ratios) > 1:
        yield (
            f"{_capital(_agents(plan.ratios_enough))} on duty {_of_peak(plan.busiest)} hold all of these ratios for "
            f"{HELD_FOR:.0%} of the time."
        )


def unreachable(plan: Plan, queue: str = "") -> str:
    """Why no number of agents is enough, for ``queue`` or the first tier of which that is so; empty when one is."""
    for tier in plan.tiers:
        if tier.own is None and queue in ("", tier.wish.queue):
            goal = tier.wish.goal
            return (
                f"No number of agents answers {goal.target:.0%} of {tier.wish.queue} within {wait_text(goal.within)}: "
                f"the phones of its agents ring for {wait_text(tier.load.ring)} on average before they are answered."
            )
    return ""


def assumptions(plan: Plan) -> list[str]:
    """What the formulas take for granted, and where it matters."""
    found = [
        "Callers come at random within each piece (Poisson), handling times are exponential, and a free agent takes a "
        "call at once: app_queue looks for one once a second. `ariroute simulate` serves as app_queue does.",
        "Service level: answered within the time, of all who come. Occupancy: the share of their time in which agents "
        "have a call, from its ring to the end of the work after it.",
        "Own agents: Erlang C, where nobody gives up. One pool with priority: Cobham, where nobody gives up either.",
    ]
    if plan.gives_up:
        found.append("Own agents, callers give up: Erlang A, with exponential patience.")
    if len({round(load.handling) for load in plan.busiest.loads if load.calls > 0}) > 1:
        found.append("Handling times differ between the tiers: what Cobham's formula says of the pool is approximate.")
    if plan.ratios:
        found.append(
            "A ratio is held and no more: agents whom the controller adds as they have nothing else to do make waits "
            "shorter. Phones that ring are left out, and so are the times of the tiers' service levels."
        )
    if plan.shrinkage:
        found.append(
            f"Scheduled: {plan.shrinkage:.0%} of paid time agents are not available (shrinkage). Agent hours are those "
            "scheduled."
        )
    return found


def _ratio(each: RatioAtPeak) -> str:
    wish, here = each.wish, each.held
    if here.wait < 0.05:
        waits = "nobody waits while there are agents to be had"
    elif isinf(here.wait):
        waits = "callers become more and more, as max_agents is below what they take"
    else:
        waits = f"callers wait {wait_text(here.wait)} on average"
    least = f" and never fewer than {wish.least} agents" if wish.least else ""
    gave_up = f", {here.abandoned:.1%} give up" if here.abandoned >= 0.0005 else ""
    return (
        f"{_capital(wish.queue)} at {wish.ratio:g} agents per call{least}: {waits}{gave_up}; it takes "
        f"{here.agents:.1f} agents on average, and {each.enough} or fewer for {HELD_FOR:.0%} of the time."
    )


def _as_split(plan: Plan, duty: OnDuty) -> str:
    if duty.split is None:
        return f"split among the tiers they cannot keep up at all: {_agents(duty.least)} would be the least"
    shares = "/".join(str(each.agents) for each in duty.split)
    services = [each.service for each in duty.split]
    return f"split {shares} the same agents let {_waits(plan.wishes, services, plan.busiest)}"


def _waits(wishes: Sequence[TierWish], services: Iterable[Service], peak: Piece) -> str:
    parts = [
        f"{wish.queue} wait {'longer and longer' if isinf(each.wait) else wait_text(each.wait)}"
        for wish, load, each in zip(wishes, peak.loads, services, strict=True)
        if load.calls > 0
    ]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _scheduled(plan: Plan, *agents: int) -> str:
    if not plan.shrinkage:
        return ""
    wanted = " and ".join(str(plan.scheduled(each)) for each in agents)
    return f"; with {plan.shrinkage:.0%} shrinkage {wanted} are to be scheduled"


def _of_peak(peak: Piece) -> str:
    return "in such an hour" if peak.begin is None else f"in the busiest half hour ({when(peak)})"


def _agents(number: int) -> str:
    return f"{number} agent{'' if number == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
