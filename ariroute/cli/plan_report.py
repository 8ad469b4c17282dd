"""A plan as it is told: sentences, rows of tables, JSON; the same for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any, NamedTuple

from ariroute.cli.plan_source import Source
from ariroute.planning import words
from ariroute.planning.erlang import Load, Service
from ariroute.planning.plan import MENU, OnDuty, Piece, Plan, RatioAtPeak, Staffed, TierAtPeak

FEW_NAMES = 20
OWN, IMPATIENT, POOL = "its own agents", "its own, callers give up", "one pool with priority"


class PeakRow(NamedTuple):
    """A tier in the busiest piece, staffed in one way. ``agents`` is None where the goal cannot be met."""

    way: str
    agents: int | None
    service: Service | None

    def cells(self) -> tuple[str, ...]:
        """Agents, answered in time, mean wait, gave up, busy."""
        agents, service = "none do" if self.agents is None else str(self.agents), self.service
        if service is None:
            return agents, "", "", "", ""
        gave_up = share_text(service.abandoned) if service.abandoned else ""
        wait, busy = words.wait_text(service.wait), share_text(service.occupancy)
        return agents, share_text(service.in_time), wait, gave_up, busy


@dataclass(frozen=True, slots=True)
class PlanReport:
    """``file`` is the flow file, empty without one. ``unordered`` are tiers of which nobody said how high they are."""

    plan: Plan
    source: Source
    file: str
    unordered: tuple[str, ...] = ()

    @property
    def queues(self) -> list[str]:
        return [wish.queue for wish in self.plan.wishes]

    @property
    def by_half_hours(self) -> bool:
        """Whether there is a day, and not just an hour in figures."""
        return self.source.day is not None

    def headline(self) -> str:
        """What is planned for."""
        calls = sum(piece.calls for piece in self.plan.pieces)
        tiers = f"{len(self.queues)} tiers" if len(self.queues) != 1 else "1 tier"
        of_file = f", tiers of {self.file}" if self.file else ""
        return f"{calls:,.0f} calls of {tiers}: {self.source.says}{of_file}"

    def sentences(self) -> list[str]:
        """What the figures mean."""
        found = [words.splitting(self.plan), words.giving(self.plan)]
        return [sentence for sentence in found if sentence]

    def ratio_sentences(self) -> list[str]:
        return list(words.ratio_sentences(self.plan))

    def assumptions(self) -> list[str]:
        return [*self.source.learnt, *words.assumptions(self.plan)]

    def doubts(self) -> Iterator[str]:
        """What makes the figures doubtful."""
        if self.unordered:
            yield (
                f"{_few(self.unordered)}: nobody says how high these tiers are, so the pool serves them in this "
                "order, after the others; say it with --tiers, or with a flow file"
            )
        for tier in self.plan.tiers:
            if tier.own is None:
                yield words.unreachable(self.plan, tier.wish.queue)
            elif tier.wish.most is not None and tier.own.agents > tier.wish.most:
                yield (
                    f"{tier.wish.queue}: its goal takes {tier.own.agents} agents of its own, and max_agents is "
                    f"{tier.wish.most}"
                )
        for each in self.plan.ratios:
            if isinf(each.held.wait):
                yield f"{each.wish.queue}: max_agents {each.wish.most} is too few for its calls, whatever its ratio"

    def peak_rows(self, tier: TierAtPeak) -> list[PeakRow]:
        """The ways to staff ``tier`` in the busiest piece."""
        rows = [_own_row(OWN, tier.own)]
        if tier.impatient != tier.own:
            rows.append(_own_row(IMPATIENT, tier.impatient))
        if len(self.queues) > 1:
            rows.append(PeakRow(POOL, self.plan.busiest.pool, tier.pooled))
        return rows

    def cells(self, piece: Piece, *, by_tier: bool = True) -> list[str]:
        """A half hour: calls, agents of each tier of its own and of all, of one pool; those to be scheduled."""
        plan, pooled = self.plan, len(self.queues) > 1
        own, impatient, pool = piece.own_total, piece.impatient_total, piece.pool
        found = [f"{piece.calls:.1f}"]
        found += map(agents_text, piece.own, piece.impatient) if by_tier else []
        found += [agents_text(own, impatient), *([agents_text(pool)] if pooled else [])]
        if plan.shrinkage:
            found.append(agents_text(plan.scheduled(own), plan.scheduled(impatient)))
            found += [agents_text(plan.scheduled(pool))] if pooled else []
        return found

    def to_plain(self) -> dict[str, Any]:
        """JSON types; None for what never ends, and for what cannot be had."""
        plan = self.plan
        return {
            "source": self.source.says,
            "file": self.file,
            "sentences": [*self.sentences(), *self.ratio_sentences()],
            "shrinkage": plan.shrinkage,
            "tiers": [_tier(number, self) for number in range(len(self.queues))],
            "busiest": _piece(plan.busiest, self.queues),
            "pieces": [_piece(piece, self.queues) for piece in plan.pieces],
            "scheduled_hours": {"own": plan.own_hours, "impatient": plan.impatient_hours, "pool": plan.pool_hours},
            "peak": [_peak(tier, self.peak_rows(tier)) for tier in plan.tiers],
            "ratios": [_ratio(each) for each in plan.ratios],
            "agents_for_all_ratios": plan.ratios_enough if plan.ratios else None,
            "on_duty": plan.on_duty and _on_duty(plan.on_duty, self.queues),
            "assumptions": self.assumptions(),
            "doubts": list(self.doubts()),
        }


def goal_text(tier: TierAtPeak) -> str:
    """``80% in 20 s``."""
    goal = tier.wish.goal
    return f"{goal.target:.0%} in {words.wait_text(goal.within)}"


def share_text(share: float) -> str:
    return f"{share:.0%}" if 0.0995 < share < 0.9905 or share in (0.0, 1.0) else f"{share:.1%}"


def agents_text(agents: int | None, impatient: int | None = None) -> str:
    """``9``; ``9 (8)`` where 8 do as callers give up."""
    if agents is None:
        return "-"
    return str(agents) if impatient in (None, agents) else f"{agents} ({impatient})"


def menu_heads() -> list[str]:
    return [f"{ratio:g}" for ratio in MENU]


def _own_row(way: str, staffed: Staffed | None) -> PeakRow:
    return PeakRow(way, staffed.agents, staffed.service) if staffed else PeakRow(way, None, None)


def _few(names: Sequence[str]) -> str:
    more = len(names) - FEW_NAMES
    return ", ".join(names[:FEW_NAMES]) + (f" and {more} more" if more > 0 else "")


def _number(value: float) -> float | None:
    return None if isinf(value) else round(value, 6)


def _service(found: Service | None) -> dict[str, Any] | None:
    return found and {name: _number(value) for name, value in found._asdict().items()}


def _load(load: Load) -> dict[str, Any]:
    return {
        "calls_per_hour": round(load.calls, 6),
        "handling": round(load.handling, 3),
        "ring": round(load.ring, 3),
        "patience": _number(load.patience),
        "erlangs": round(load.erlangs, 6),
    }


def _tier(number: int, report: PlanReport) -> dict[str, Any]:
    wish, day = report.plan.wishes[number], report.source.day
    plain: dict[str, Any] = {
        "queue": wish.queue,
        "target": wish.goal.target,
        "within": wish.goal.within,
        "max_occupancy": wish.goal.occupancy,
        "agents_per_call": wish.ratio,
        "min_agents": wish.least,
        "max_agents": wish.most,
    }
    if day is not None:
        patient = day.patience[number]
        plain["patience"] = {
            "mean": _number(patient.mean),
            "gave_up": patient.gave_up,
            "waits": patient.waits,
            "of_all_tiers": patient.borrowed,
            "waits_longer_than": {
                f"{seconds}s": round(patient.curve.lasts(seconds), 4) for seconds in (10, 30, 60, 120, 300)
            },
        }
    return plain


def _piece(piece: Piece, queues: Sequence[str]) -> dict[str, Any]:
    return {
        "begin": None if piece.begin is None else words.clock(piece.begin),
        "seconds": piece.seconds,
        "calls": round(piece.calls, 3),
        "own": piece.own_total,
        "impatient": piece.impatient_total,
        "pool": piece.pool,
        "tiers": {
            queue: {**_load(load), "own": own, "impatient": impatient}
            for queue, load, own, impatient in zip(queues, piece.loads, piece.own, piece.impatient, strict=True)
        },
    }


def _peak(tier: TierAtPeak, rows: Sequence[PeakRow]) -> dict[str, Any]:
    ways = {row.way: {"agents": row.agents, "service": _service(row.service)} for row in rows}
    return {"queue": tier.wish.queue, **_load(tier.load), "ways": ways}


def _ratio(each: RatioAtPeak) -> dict[str, Any]:
    return {
        "queue": each.wish.queue,
        "agents_per_call": each.wish.ratio,
        "wait": _number(each.held.wait),
        "delayed": round(each.held.delayed, 6),
        "abandoned": round(each.held.abandoned, 6),
        "agents": round(each.held.agents, 3),
        "agents_for_95_percent": each.enough,
        "wait_at": {f"{ratio:g}": _number(wait) for ratio, wait in each.menu},
    }


def _on_duty(duty: OnDuty, queues: Sequence[str]) -> dict[str, Any]:
    split = duty.split
    return {
        "agents": duty.agents,
        "least": duty.least,
        "pool": {queue: _service(each) for queue, each in zip(queues, duty.pooled, strict=True)},
        "split": split
        and {
            queue: {"agents": each.agents, "service": _service(each.service)}
            for queue, each in zip(queues, split, strict=True)
        },
    }
