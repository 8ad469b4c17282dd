"""``ariroute simulate``: a made-up floor, many times over: what agents, modes and settings do to each tier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.options import FLOW_FILES, ReportForm, config_option, flow_file, journal_option, report_form_option
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from ariroute.cli.simulate_floor import Crew
    from ariroute.cli.simulate_house import House
    from ariroute.cli.simulate_load import Load
    from ariroute.cli.simulate_queues import Known
    from ariroute.cli.simulate_report import Report
    from ariroute.simulate.scenario import QueueModel
    from ariroute.simulate.study import Arm, Setting

MODES = {
    "none": "nobody is moved: agents are logged in to each queue that they may serve, or as Asterisk has them",
    "home": "nobody is moved: each agent serves their home queue alone",
    "penalties": "nobody is moved: agents serve all of their queues, those that are not their home with a penalty",
    "weights": "nobody is moved: agents serve all of their queues, and a higher tier has the higher weight",
    "static": "ariroute shares the agents on duty by ratio",
    "dynamic": "ariroute moves agents as calls come and go",
}
"""What the floors do that are compared (:mod:`ariroute.cli.simulate_floor`)."""
RUNS = 20
MOST_CALLERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of the command, as they were given."""

    config: Path | None
    calls: tuple[str, ...]
    talk: tuple[str, ...]
    patience: tuple[str, ...]
    burst: tuple[str, ...]
    lasting: str
    warm_up: str
    journal: Path | None
    since: str
    until: str
    times: float
    agents: tuple[str, ...]
    absent: tuple[str, ...]
    answer: str
    agents_per_call: tuple[str, ...]
    service_level: tuple[str, ...]
    mode: str
    compare: str
    queues_conf: Path | None
    live: str
    wrap_up: str
    retry: str
    ring: str
    strategy: str
    autopause: str


@click.command()
@config_option
@click.option(
    "--calls",
    multiple=True,
    metavar="QUEUE=NUMBER/h",
    help="So many callers enter this queue: gold=40/h; support:10=5/15m for those at priority 10. Repeatable; left "
    "out, they come as in the journal.",
)
@click.option(
    "--talk",
    multiple=True,
    default=("3m",),
    show_default=True,
    metavar="[QUEUE=]TIME",
    help="With --calls: how long a talk lasts on average.",
)
@click.option(
    "--patience",
    multiple=True,
    metavar="[QUEUE=]TIME",
    show_default="nobody gives up",
    help="With --calls: after how long callers give up on average.",
)
@click.option(
    "--burst",
    multiple=True,
    metavar="QUEUE=NUMBER@TIME",
    help="With --calls: so many more come within a minute, after this time: platinum=15@30m.",
)
@click.option(
    "--for", "lasting", default="2h", show_default=True, metavar="TIME", help="With --calls: how long they come."
)
@click.option(
    "--warm-up",
    default="15m",
    show_default=True,
    metavar="TIME",
    help="With --calls: how long they come before anything is counted.",
)
@journal_option
@click.option(
    "--since", default="", show_default="yesterday", metavar="TIME", help="Calls of the journal from here on."
)
@click.option("--until", default="", metavar="TIME", help="Up to here.")
@click.option(
    "--times",
    type=click.FloatRange(0.01, 100),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="So many times as many calls: 1.2 for a fifth more.",
)
@click.option(
    "--agents",
    multiple=True,
    metavar="QUEUE=NUMBER",
    help="So many agents: gold=4, or gold+standard=6 for those who may serve both and have their home in gold. "
    "Repeatable; left out, those of the journal, else of the flow file, else the members with --live or --queues-conf.",
)
@click.option("--absent", multiple=True, metavar="AGENT", help="This agent never answers; repeatable.")
@click.option(
    "--answer",
    default="",
    metavar="TIME",
    show_default="as in the journal, else 0s",
    help="How long a phone rings before the agent answers.",
)
@click.option(
    "--agents-per-call",
    multiple=True,
    metavar="QUEUE=NUMBER",
    help="Another target than the flow file's: platinum=1; repeatable.",
)
@click.option(
    "--service-level",
    multiple=True,
    metavar="[QUEUE=]PERCENT/TIME",
    help="Another service level than the flow file's: 80/20s; repeatable.",
)
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    show_default="that of the flow file; dynamic instead of advise",
    help="What the floor does: agents in all of their queues, in their home alone, in the others with a penalty, "
    "queues with weights, or moved by ariroute.",
)
@click.option(
    "--compare", default="", metavar="MODE,...", help="Several modes side by side, such as none,static,dynamic; or all."
)
@click.option(
    "--queues-conf",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the queues' settings and members from this queues.conf.",
)
@click.option(
    "--live", default="", metavar="PBX", help="Take them from this running Asterisk of the flow file; only reads."
)
@click.option("--wrap-up", default="", metavar="TIME", help="wrapuptime of all queues.")
@click.option("--retry", default="", metavar="TIME", help="retry of all queues.")
@click.option("--ring", default="", metavar="TIME", help="timeout of all queues: how long one phone rings.")
@click.option("--strategy", default="", metavar="NAME", help="strategy of all queues.")
@click.option("--autopause", type=click.Choice(["no", "yes", "all"]), help="autopause of all queues.")
@click.option(
    "--runs", type=click.IntRange(1, 10_000), default=RUNS, show_default=True, metavar="N", help="How many runs."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="That of the first run.")
@report_form_option
def simulate(runs: int, seed: int, form: ReportForm, **given: Any) -> None:
    """Simulate a floor: callers, queues and agents, many times over.

    Calls come by figures (--calls), or as they did in the journal; agents are those of the flow file, of the journal,
    or by figures (--agents). Queues serve as Asterisk's app_queue does, and ariroute's staffing moves agents as it
    would. Nobody is asked but with --live, and nothing is done.

    \b
    Example:
      ariroute simulate --calls gold=40/h --calls standard=90/h --agents gold=4 --agents standard=8
      ariroute simulate --since yesterday --times 1.2 --compare none,dynamic
      ariroute simulate --calls platinum=30/h --burst platinum=15@30m --compare all --format html > floor.html
    """
    from ariroute.cli.simulate_report import Report
    from ariroute.cli.simulate_runs import played
    from ariroute.simulate.study import results

    wanted = Wanted(**{**given, "mode": given["mode"] or "", "autopause": given["autopause"] or ""})
    house, load, crew, queues, setting = prepared(wanted)
    seeds = range(seed, seed + runs)
    report = Report(house, load, crew, queues, setting, results(setting, list(played(setting, seeds))), seeds)
    tell(report, form)


def prepared(wanted: Wanted) -> tuple[House, Load, Crew, Known, Setting]:
    """What is simulated. Raises UnusableInput and the other errors of files, journals and Asterisk."""
    from ariroute.cli.amounts import crowds
    from ariroute.cli.simulate_floor import arms_of, crew_of, without
    from ariroute.cli.simulate_house import calling
    from ariroute.simulate.study import Setting

    if isnan(wanted.times):  # a range of click lets it pass
        raise UnusableInput("--times nan: write a number, such as 1.2")
    house = house_of(wanted)
    load = load_of(wanted, house)
    house = calling(house, (stream.queue for stream in load.streams))
    if (number := sum(stream.expected for stream in load.streams)) > MOST_CALLERS:
        raise UnusableInput(f"that is {number:,.0f} callers in a run: at most {MOST_CALLERS:,} can be simulated")
    answer = time_of("--answer", wanted.answer)
    load = load if answer is None else replace(load, picks_up=answer)
    queues = queues_of(wanted)
    crew = crew_of(house, crowds(wanted.agents), load.shifts, queues.members, load.picks_up)
    crew = without(crew, wanted.absent)
    arms = arms_of(modes_of(wanted, house), house, crew, queues, adjustment(wanted, house))
    load = load.without(unserved(wanted, arms, load))
    return house, load, crew, queues, Setting(arms, load.streams, house.levels, load.window)


def unserved(wanted: Wanted, arms: Sequence[Arm], load: Load) -> frozenset[str]:
    """The queues of the record that nobody serves. Raises UnusableInput when it is all, or one that was given."""
    called = {stream.queue for stream in load.streams}
    lonely = called.difference(*(arm.serves() for arm in arms))
    if lonely and (wanted.calls or lonely == called):
        queue = min(lonely)
        raise UnusableInput(f"nobody may serve {queue}, and callers come: say how many do, such as --agents {queue}=2")
    return frozenset(lonely)


def house_of(wanted: Wanted) -> House:
    """The tiers: of the flow file, or without one those that the command line names."""
    from ariroute.cli import amounts, simulate_house

    per_call = amounts.by_queue("--agents-per-call", wanted.agents_per_call, amounts.number, "platinum=1")
    levels = amounts.by_queue("--service-level", wanted.service_level, amounts.service_level, "gold=80/20s")
    if (
        wanted.config is None
        and wanted.calls
        and wanted.agents
        and not wanted.live
        and not any(map(Path.exists, FLOW_FILES))
    ):
        called = [each.queue for each in amounts.calls(wanted.calls)]
        served = [queue for crowd in amounts.crowds(wanted.agents) for queue in crowd.queues]
        house = simulate_house.house_of([*called, *served])
    else:
        house = simulate_house.house_of_file(flow_file(wanted.config))
    return simulate_house.asking(house, per_call, levels)


def load_of(wanted: Wanted, house: House) -> Load:
    """The callers: by figures, or those of the journal."""
    from ariroute.cli import amounts, simulate_load

    if not wanted.calls:
        if wanted.burst:
            raise UnusableInput("--burst goes with --calls: say how many come besides, such as --calls gold=40/h")
        path = wanted.journal or flow_file(wanted.config)
        return simulate_load.load_of_journal(path, wanted.since, wanted.until, house).times(wanted.times)
    if wanted.journal or wanted.since or wanted.until:
        raise UnusableInput("--calls says who comes, and so does a journal: leave out --journal, --since and --until")
    lasting = time_of("--for", wanted.lasting)
    if not lasting:
        raise UnusableInput(f"--for {wanted.lasting}: nobody comes in no time: write such as 2h")
    figures = simulate_load.Figures(
        amounts.calls(wanted.calls),
        amounts.by_queue("--talk", wanted.talk, amounts.length, "gold=3m"),
        amounts.by_queue("--patience", wanted.patience, amounts.length, "gold=2m"),
        [simulate_load.burst(text) for text in wanted.burst],
        lasting,
        time_of("--warm-up", wanted.warm_up) or 0.0,
    )
    return simulate_load.load_of_figures(figures, house).times(wanted.times)


def queues_of(wanted: Wanted) -> Known:
    """The settings of the queues."""
    from ariroute.cli.given import known
    from ariroute.cli.simulate_queues import Known, of_asterisk, of_file

    if wanted.queues_conf and wanted.live:
        raise UnusableInput("--queues-conf and --live both say how queues are set: leave out one")
    if wanted.queues_conf:
        return of_file(wanted.queues_conf)
    if not wanted.live:
        return Known()
    from ariroute.config.load import load, load_rules

    path = flow_file(wanted.config)
    pbxs = load_rules(path).pbxs
    if pbxs[known("PBX", wanted.live, pbxs)].ami is None:
        raise UnusableInput(f"--live {wanted.live}: queues are read over AMI: add asterisk.{wanted.live}.ami")
    ami = load(path).pbxs[wanted.live].ami  # only now its secrets are needed
    assert ami is not None
    return of_asterisk(wanted.live, ami)


def modes_of(wanted: Wanted, house: House) -> list[str]:
    """The floors that are wanted, in order. Raises UnusableInput."""
    from ariroute.cli.given import known

    if wanted.compare and wanted.mode:
        raise UnusableInput("--mode and --compare both say what the floor does: leave out one")
    if wanted.compare == "all":
        return list(MODES)
    if wanted.compare:
        return list(dict.fromkeys(known("mode", each.strip(), MODES) for each in wanted.compare.split(",")))
    if wanted.mode:
        return [wanted.mode]
    if house.staffing is None:
        return ["none"]
    return ["dynamic" if house.staffing.mode == "advise" else house.staffing.mode]


def adjustment(wanted: Wanted, house: House) -> Callable[[QueueModel], QueueModel]:
    """What the command line says of all queues' settings, and the flow file of wrap-ups that queues.conf does not."""
    from ariroute.cli.given import known
    from ariroute.cli.simulate_queues import STRATEGIES

    times = {
        "wrap_up": time_of("--wrap-up", wanted.wrap_up),
        "retry": time_of("--retry", wanted.retry),
        "timeout": time_of("--ring", wanted.ring),
    }
    changes: dict[str, Any] = {name: value for name, value in times.items() if value is not None}
    if wanted.strategy:
        changes["strategy"] = known("strategy", wanted.strategy, sorted(STRATEGIES))
    if wanted.autopause:
        changes["autopause"] = wanted.autopause
    usual = {} if wanted.queues_conf else house.wrap_ups
    return lambda model: replace(model, **{"wrap_up": usual.get(model.queue, model.wrap_up), **changes})


def time_of(option: str, text: str) -> float | None:
    """Seconds that an option says; None where it says nothing. Raises UnusableInput."""
    from ariroute.cli.amounts import duration

    return duration(option, text) if text else None


def tell(report: Report, form: ReportForm) -> None:
    """Print it."""
    from ariroute.cli.output import say, show, show_json

    if form == "text":
        from ariroute.cli.simulate_text import show_report

        show_report(report)
    elif form == "json":
        show_json(report.to_plain())
    else:
        from ariroute.cli import simulate_page

        show(simulate_page.svg(report) if form == "svg" else simulate_page.html(report))
    for doubt in report.doubts():
        say(f"note: {doubt}")
