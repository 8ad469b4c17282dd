"""``ariroute plan``: the agents that each tier needs, half hour by half hour, and what its ratio buys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ariroute.cli.options import FLOW_FILES, ReportForm, config_option, flow_file, journal_option, report_form_option
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from ariroute.cli.plan_report import PlanReport
    from ariroute.cli.plan_source import Lengths, Source, Span
    from ariroute.cli.simulate_house import House
    from ariroute.planning.plan import TierWish

USUAL: Final = "80/20s"
"""The service level of a queue for which nothing is said."""
PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%?", re.ASCII)
MOST_AGENTS: Final = 20_000
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of the command, as they were given."""

    config: Path | None
    calls: tuple[str, ...]
    talk: tuple[str, ...]
    answer: tuple[str, ...]
    wrap_up: tuple[str, ...]
    patience: tuple[str, ...]
    journal: Path | None
    queue_log: tuple[Path, ...]
    since: str
    until: str
    days: str
    timezone: str
    tiers: str
    service_level: tuple[str, ...]
    agents_per_call: tuple[str, ...]
    max_occupancy: str
    shrinkage: str
    agents: int | None


@click.command()
@config_option
@click.option(
    "--calls",
    multiple=True,
    metavar="QUEUE=NUMBER/h",
    help="So many callers enter this queue: gold=40/h, or gold=20/30m. Repeatable, the highest tier first; left out, "
    "those of a record.",
)
@click.option(
    "--talk", multiple=True, metavar="[QUEUE=]TIME", help="With --calls: how long a talk lasts on average; repeatable."
)
@click.option(
    "--answer",
    multiple=True,
    metavar="[QUEUE=]TIME",
    help="With --calls: how long phones ring until the agent answers; repeatable.",
)
@click.option(
    "--wrap-up", multiple=True, metavar="[QUEUE=]TIME", help="How long agents work after each talk; repeatable."
)
@click.option(
    "--patience",
    multiple=True,
    metavar="[QUEUE=]TIME",
    show_default="as in the record; with --calls nobody gives up",
    help="After how long callers give up on average; repeatable.",
)
@journal_option
@click.option(
    "--queue-log",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Read this queue_log of Asterisk instead, also one that is compressed (gzip). Repeatable, the oldest first.",
)
@click.option(
    "--since",
    default="",
    show_default="yesterday; with --queue-log all",
    metavar="TIME",
    help="Calls of the record from here on: 7d, yesterday, 2026-11-20.",
)
@click.option("--until", default="", metavar="TIME", help="Up to here.")
@click.option("--days", default="", metavar="DAYS", help="Of these only: mon-fri, or sat,sun.")
@click.option(
    "--timezone",
    default="",
    show_default="the flow file's, else UTC",
    metavar="ZONE",
    help="By whose clock half hours are counted: Europe/Stockholm.",
)
@click.option(
    "--tiers",
    default="",
    show_default="as in the flow file",
    metavar="QUEUE,...",
    help="The tiers of the record, the highest first: platinum,gold,standard.",
)
@click.option(
    "--service-level",
    "--target",
    multiple=True,
    metavar="[QUEUE=]PERCENT/TIME",
    show_default=f"the flow file's, else {USUAL}",
    help="Percent of all who come that are to be answered within the time: 80/20s; repeatable.",
)
@click.option(
    "--agents-per-call",
    multiple=True,
    metavar="QUEUE=NUMBER",
    show_default="the flow file's",
    help="Say what this ratio buys: gold=0.5; repeatable.",
)
@click.option(
    "--max-occupancy",
    default="100%",
    show_default=True,
    metavar="PERCENT",
    help="Agents are to have a call for no more of their time.",
)
@click.option(
    "--shrinkage",
    default="0%",
    show_default=True,
    metavar="PERCENT",
    help="Of paid time agents are not available for so much: breaks, training, illness.",
)
@click.option(
    "--agents",
    type=click.IntRange(1, 100_000),
    metavar="N",
    show_default="as many as the pool needs",
    help="Say what so many agents do in the busiest half hour, in one pool and split.",
)
@report_form_option
def plan(form: ReportForm, **given: Any) -> None:
    """Say how many agents each tier needs, half hour by half hour.

    Calls come from the journal (yesterday's, or the average of several days), from a queue_log file of Asterisk, or by
    figures (--calls). For each tier: agents of its own, by Erlang C and, where callers give up, by Erlang A; beside
    that one pool for all tiers in which the higher tier goes first (Cobham). Says what splitting costs, and what the
    agents per call of the flow file buy. Nothing is asked, and nothing is done.

    \b
    Example:
      ariroute plan --calls platinum=40/h --calls gold=160/h --talk 180s --target 80/20s
      ariroute plan --since 28d --days mon-fri --wrap-up 15s --shrinkage 30%
      ariroute plan --queue-log /var/log/asterisk/queue_log --since yesterday --format html > plan.html
    """
    report = reported(Wanted(**given))
    tell(report, form)


def reported(wanted: Wanted) -> PlanReport:
    """The plan, and what is said about it. Raises UnusableInput and the other errors of files and journals."""
    from ariroute.cli.plan_report import PlanReport
    from ariroute.planning.plan import plan as planned

    check_together(wanted)
    house = house_of(wanted)
    source, wishes = source_of(wanted, house)
    shrinkage = percent("--shrinkage", wanted.shrinkage, 0, 95)
    busy = max(sum(load.erlangs for load in loads) for _, _, loads in source.pieces)
    if busy > MOST_AGENTS:
        raise UnusableInput(f"these calls keep {busy:,.0f} agents busy, and a plan has {MOST_AGENTS:,} at most")
    found = planned(wishes, source.pieces, shrinkage=shrinkage, on_duty=wanted.agents)
    ordered = {tier.queue for tier in house.tiers}
    unordered = [wish.queue for wish in wishes if wish.queue not in ordered]
    return PlanReport(found, source, house.file, tuple(unordered) if len(wishes) > 1 else ())


def check_together(wanted: Wanted) -> None:
    """Raises UnusableInput for options that contradict one another."""
    sources = [
        name
        for name, given in (
            ("--calls", wanted.calls),
            ("--queue-log", wanted.queue_log),
            ("--journal", wanted.journal),
        )
        if given
    ]
    if len(sources) > 1:
        raise UnusableInput(f"{' and '.join(sources)} both say who comes: leave out all but one")
    for name in ("since", "until", "days", "timezone", "tiers") if wanted.calls else ("talk", "answer"):
        if getattr(wanted, name):
            why = "is for a record, and --calls gives figures" if wanted.calls else "goes with --calls: a record has it"
            raise UnusableInput(f"--{name} {why}: leave out one")


def house_of(wanted: Wanted) -> House:
    """The tiers: of the flow file; without one those that are named. --tiers orders them anew."""
    from ariroute.cli import amounts, simulate_house
    from ariroute.staffing.rules import Tier

    tiers = tiers_of(wanted.tiers)
    per_call = amounts.by_queue("--agents-per-call", wanted.agents_per_call, amounts.number, "platinum=1")
    levels = amounts.by_queue("--service-level", wanted.service_level, amounts.service_level, "gold=80/20s")
    file = file_of(wanted)
    if file is None:
        named = [each.queue for each in amounts.calls(wanted.calls)]
        named += [] if wanted.calls else [*tiers, *levels.named, *per_call.named]  # a record may have more
        house = simulate_house.house_of(named)
    else:
        house = simulate_house.house_of_file(file)
    if tiers:
        by_name = {tier.queue: tier for tier in house.tiers}
        names = dict.fromkeys((*tiers, *by_name))  # those that are not named come after them
        house = replace(house, tiers=tuple(by_name.get(name) or Tier(name) for name in names))
    return simulate_house.asking(house, per_call, levels)


def file_of(wanted: Wanted) -> Path | None:
    """The flow file whose tiers are planned for; None where there is none, and what is planned for needs none."""
    from ariroute.cli.replay import is_sqlite

    if wanted.config is None and wanted.journal and not is_sqlite(wanted.journal):
        return wanted.journal
    needless = wanted.calls or wanted.queue_log or wanted.journal
    if wanted.config is None and needless and not any(path.exists() for path in FLOW_FILES):
        return None
    return flow_file(wanted.config)


def tiers_of(text: str) -> list[str]:
    """The queues that --tiers names, in order. Raises UnusableInput."""
    from ariroute.flow.queues import QUEUE_NAME

    found = [name.strip() for name in text.split(",")] if text else []
    if not all(map(QUEUE_NAME.fullmatch, found)) or len(set(found)) < len(found):
        raise UnusableInput(f"--tiers {text[:80]}: write each queue once, the highest tier first: platinum,gold")
    return found


def source_of(wanted: Wanted, house: House) -> tuple[Source, list[TierWish]]:
    """What is planned for, and what each tier is to have."""
    from ariroute.cli import amounts, plan_source
    from ariroute.cli.given import known

    lengths = lengths_of(wanted)
    if wanted.calls:
        calls = amounts.calls(wanted.calls)
        for each in calls:
            known("queue", each.queue, [tier.queue for tier in house.tiers])
        wishes = wishes_of(wanted, house, [each.queue for each in calls])
        queues = [wish.queue for wish in wishes]
        return plan_source.of_figures(calls, queues, lengths.beside(house.wrap_ups, queues)), wishes
    span = span_of(wanted, house)
    if wanted.queue_log:
        where = " and ".join(path.name for path in wanted.queue_log)
        seen = plan_source.of_queue_log(wanted.queue_log, span)
    else:
        where, seen = "the journal", plan_source.of_journal(wanted.journal or flow_file(wanted.config), span)
    wishes = wishes_of(wanted, house, sorted({each.queue for each in seen}))
    queues = [wish.queue for wish in wishes]
    return plan_source.of_record(seen, queues, span, lengths.beside(house.wrap_ups, queues), where), wishes


def wishes_of(wanted: Wanted, house: House, called: Sequence[str]) -> list[TierWish]:
    """One for each queue that is called: the tiers of ``house`` in its order, then those that it does not have."""
    from ariroute.cli.amounts import by_queue, service_level
    from ariroute.planning.need import Goal
    from ariroute.planning.plan import TierWish
    from ariroute.staffing.rules import Tier

    busy = percent("--max-occupancy", wanted.max_occupancy, 1, 100)
    usual = by_queue("--service-level", wanted.service_level, service_level, USUAL).others or service_level(USUAL)
    tiers = {tier.queue: tier for tier in house.tiers if tier.queue in called}
    found = []
    for tier in (*tiers.values(), *(Tier(queue) for queue in called if queue not in tiers)):
        level = tier.service_level or usual
        goal = Goal(level.target / 100, level.within, busy)
        found.append(TierWish(tier.queue, goal, tier.agents_per_call, tier.min_agents, tier.max_agents))
    return found


def lengths_of(wanted: Wanted) -> Lengths:
    """The times of the command line, by queue."""
    from ariroute.cli.amounts import by_queue, length
    from ariroute.cli.plan_source import Lengths
    from ariroute.values import seconds

    return Lengths(
        by_queue("--talk", wanted.talk, length, "gold=3m"),
        by_queue("--answer", wanted.answer, seconds, "gold=5s"),
        by_queue("--wrap-up", wanted.wrap_up, seconds, "gold=15s"),
        by_queue("--patience", wanted.patience, length, "gold=2m"),
    )


def span_of(wanted: Wanted, house: House) -> Span:
    """Which part of a record counts. Raises UnusableInput."""
    from ariroute.cli.plan_source import Span

    return Span(wanted.since, wanted.until, days_of(wanted.days), zone_of(wanted.timezone) or house.timezone)


def zone_of(name: str) -> str:
    """``name`` if it is a time zone, or nothing. Raises UnusableInput."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key if name else ""
    except (ValueError, OSError, KeyError):
        raise UnusableInput(f"--timezone {name[:80]}: no such time zone; write one such as Europe/Stockholm") from None


def days_of(text: str) -> frozenset[int]:
    """The days that ``mon-fri`` and ``sat,sun`` name, 0 for Monday; all of nothing. Raises UnusableInput."""
    found: set[int] = set()
    for part in text.lower().split(",") if text else [f"{WEEK[0]}-{WEEK[-1]}"]:
        first, _, last = part.strip().partition("-")
        if first not in WEEK or (last or first) not in WEEK:
            raise UnusableInput(f"--days {text[:80]}: write days such as mon-fri, or sat,sun")
        begin, end = WEEK.index(first), WEEK.index(last or first)
        found.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return frozenset(found)


def percent(option: str, text: str, least: float, most: float) -> float:
    """The share that ``30%`` is. Raises UnusableInput."""
    match = PERCENT.fullmatch(text)
    if match and least <= float(match[1]) <= most:
        return float(match[1]) / 100
    raise UnusableInput(f"{option} {text[:80]}: write a percentage from {least:g}% to {most:g}%")


def tell(report: PlanReport, form: ReportForm) -> None:
    """Print it."""
    from ariroute.cli.output import say, show, show_json

    if form == "text":
        from ariroute.cli.plan_text import show_plan

        show_plan(report)
    elif form == "json":
        show_json(report.to_plain())
    else:
        from ariroute.cli import plan_page

        show(plan_page.svg(report) if form == "svg" else plan_page.html(report))
    for doubt in report.doubts():
        say(f"note: {doubt}")
