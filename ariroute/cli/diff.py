"""``ariroute diff``: what two flow files do differently, with a call to try for each difference."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import json_option
from ariroute.cli.output import printable, say, show, show_json

if TYPE_CHECKING:
    from ariroute.config.load import Config
    from ariroute.flow.decision import Decision
    from ariroute.replay.meaning import Explorer, Meaning, Region

SHOWN = 50


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--at", default="", metavar="TIME", help="Look at the year from this day on: 2026-12-24; left out, today."
)
@click.option(
    "--walks",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Give up to walk every way after so many, and walk as many of the others by chance.",
)
@click.option("--same", is_flag=True, help="Exit code 1 when anything goes elsewhere.")
@json_option
def diff(old: Path, new: Path, at: str, walks: int, same: bool, as_json: bool) -> int:
    """Compare two flow files by meaning: which calls go elsewhere.

    Every way through both is walked, by the engine that routes calls: each value that a condition tells apart, each
    end of a lookup, key and ring, all opening hours of a year. What comes out is not which lines differ but which
    calls do, each with an example to try. What is taken as a sample only, such as texts that a condition searches, is
    named.

    \b
    Example:
      ariroute diff ariroute.yaml new.yaml
    """
    from ariroute.config.load import load_rules
    from ariroute.moments import past_moment
    from ariroute.replay.meaning import Explorer

    before, after = load_rules(old), load_rules(new)
    zone = after.ruleset.timezone
    now = datetime.now(ZoneInfo(zone))
    begin = past_moment(at, now, zone, "--at") if at else now
    explorer = Explorer(before, after, begin.replace(hour=0, minute=0, second=0, microsecond=0), walks)
    found = explorer.explore()
    if as_json:
        show_json(to_plain(found, explorer, after))
    else:
        show("\n".join(lines(found, explorer, before, after)))
    for remark in remarks(found, before, after):
        say(f"note: {remark}")
    return ExitCode.NOT_AS_EXPECTED if same and (found.regions or found.beside) else ExitCode.OK


def lines(found: Meaning, explorer: Explorer, before: Config, after: Config) -> Iterator[str]:
    """The text form."""
    for dialled in found.same:
        yield f"No difference for calls to {printable(dialled)}."
    if not found.regions and not found.beside:
        if found.ways:
            all_of = "all" if found.complete else "the"
            yield f"No call goes elsewhere: {all_of} {found.ways} ways walked through both end alike."
        return
    for region in found.regions[:SHOWN]:
        yield f"{region.move[0]} -> {region.move[1]}"
        yield from _region(region, explorer, after)
    if len(found.regions) > SHOWN:
        yield f"and {len(found.regions) - SHOWN} more: --json has all"
    for region in found.beside[:SHOWN]:
        yield f"{region.move[0]} as before, but with another {region.move[1]}"
        yield from _region(region, explorer, after)


def _region(region: Region, explorer: Explorer, after: Config) -> Iterator[str]:
    conditions = described(region, explorer)
    yield from (f"  {'when' if not number else ' and'} {words}" for number, words in enumerate(conditions))
    yield f"  before by {printable(reason(region.before))}"
    yield f"  after  by {printable(reason(region.after))}"
    line = example(region, explorer, after)
    yield f"  try: {line}" if line else "  no single call shows it: no number was found that stands there in the splits"
    yield ""


def described(region: Region, explorer: Explorer) -> list[str]:
    """What the contacts of ``region`` have in common."""
    return [printable(explorer.inputs.get(name).described(chosen)) for name, chosen in region.chosen.items()]


def reason(decision: Decision | None) -> str:
    """Why it goes there."""
    return decision.reason if decision else "no trigger"


def to_plain(found: Meaning, explorer: Explorer, after: Config) -> dict[str, Any]:
    """JSON types."""

    def plain(region: Region) -> dict[str, Any]:
        return {
            "when": described(region, explorer),
            "before": region.before and region.before.to_plain(),
            "after": region.after and region.after.to_plain(),
            "ways": region.ways,
            "try": example(region, explorer, after),
        }

    return {
        "same": found.same,
        "ways": found.ways,
        "complete": found.complete,
        "sampled": sorted(found.sampled),
        "elsewhere": [{"from": each.move[0], "to": each.move[1], **plain(each)} for each in found.regions],
        "beside": [{"to": each.move[0], "differs": each.move[1], **plain(each)} for each in found.beside],
    }


def remarks(found: Meaning, before: Config, after: Config) -> Iterator[str]:
    """What the user may not expect of the answer."""
    if found.sampled:
        yield f"only some values were tried of: {', '.join(sorted(found.sampled))}; others may go elsewhere too"
    if not found.complete:
        many = f"there are more ways than the {found.ways} that were walked"
        yield f"{many}, so others may go elsewhere too: give more --walks"
    for name in sorted(before.kinds.keys() & after.kinds.keys()):
        if before.kinds[name] != after.kinds[name]:
            yield f"lookup {name} asks otherwise now: its answers are taken to be the same"
    for name in sorted(before.lookups.keys() & after.lookups.keys()):
        old, new = (side.lookups[name][0].fields for side in (before, after))
        if retyped := [field for field in sorted(old.keys() & new.keys()) if old[field] != new[field]]:
            fields = ", ".join(f"{field} was a {old[field]} and is a {new[field]}" for field in retyped)
            yield f"lookup {name} reads otherwise now: {fields}; what it said with one may fail with the other"
    one, other = before.ruleset.region, after.ruleset.region
    if one != other:
        yield f"the region was {one} and is {other}: callers with a number in the national form are not compared"
    for calendar in (*before.calendars, *after.calendars):
        if not calendar.is_known:
            yield f"hours {calendar.hours}: the calendar at {calendar.settings.label} was not asked: no event counts"


def example(region: Region, explorer: Explorer, after: Config) -> str:
    """A line for the shell that walks one of these calls by the new file; empty when there is none."""
    caller = explorer.caller(region.example)
    if caller is None:
        return ""
    dialled = explorer.value("dialled", region.example)
    words = ["ariroute", "test", "-c", after.file, "--dialled", dialled]
    words += ["--caller", caller] if caller else []
    for option, fact in (("--name", "caller.name"), ("--pbx", "contact.pbx")):
        if value := explorer.value(fact, region.example):
            words += [option, value]
    for argument in explorer.value("arguments", region.example) or ():
        words += ["--argument", argument]
    if at := explorer.value("now", region.example):
        words += ["--at", at.astimezone(ZoneInfo(after.ruleset.timezone)).strftime("%Y-%m-%dT%H:%M")]
    words += _answers(region, explorer, after)
    done = explorer.did(region.example)
    words += [word for keys in done.presses for word in ("--press", keys)]
    words += [word for outcome in done.rings for word in ("--ring", outcome)]
    return printable(shlex.join(words))


def _answers(region: Region, explorer: Explorer, after: Config) -> Iterator[str]:
    for name in region.example:
        if not name.startswith("lookup "):
            continue
        lookup, answer = name.removeprefix("lookup "), explorer.value(name, region.example)
        if answer.outcome == "missing":
            yield from ("--missing", lookup)
        elif answer.outcome == "failed":
            yield from ("--fail", f"{lookup}={answer.failure}")
        else:
            known = [fact for fact in region.example if fact.startswith(f"{lookup}.")]
            declared = (
                [f"{lookup}.{field}" for field in after.lookups[lookup][0].fields] if lookup in after.lookups else []
            )
            for fact in known or declared[:1]:
                yield from ("--set", f"{fact}={_text(explorer.value(fact, region.example))}")


def _text(value: Any) -> str:
    from ariroute.flow.scope import as_text

    return as_text(value)
