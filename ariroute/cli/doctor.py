"""``ariroute doctor``: is everything in order that calls depend on?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, flow_file, json_option
from ariroute.cli.output import printable, say, show_json

if TYPE_CHECKING:
    from ariroute.doctor.examine import Examination, Opened
    from ariroute.doctor.findings import Finding, Section

COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "fault": "red"}


@click.command()
@config_option
@click.option(
    "--asterisk",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("/etc/asterisk"),
    show_default=True,
    show_envvar=True,
    metavar="FOLDER",
    help="Asterisk's configuration files, where they are on this machine and may be read.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show what is in order too, one line each.")
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR in the environment does the same.")
@json_option
def doctor(config: Path | None, folder: Path, verbose: bool, no_color: bool, as_json: bool) -> int:
    """Examine everything that calls depend on, and say what to do.

    This machine, the flow file and its secrets, the daemon, and of each Asterisk: ARI and AMI with the rights of
    their users, its version and advisories, clock, records, queues, modules, and the guard in the dialplan. Each
    finding says what, where, why it matters, and the remedy as a line to copy. It only reads, and asks by the ARI
    user "reader" where there is one.

    \b
    Exit codes: 0 nothing worse than a note, 1 a warning or a fault, 2 the flow file cannot be used,
    3 an Asterisk cannot be asked.

    \b
    Example:
      ariroute doctor
      sudo ariroute doctor -v --asterisk /etc/asterisk
      ariroute doctor --json | jq -r '.sections[].findings[] | select(.severity == "fault") | .remedy'
    """
    from asyncio import run

    from ariroute.doctor.examine import examine

    path = flow_file(config)
    found = run(examine(path, _opened(path), folder))
    if as_json:
        show_json(to_plain(found))
    else:
        colour = False if no_color or os.environ.get("NO_COLOR") else None
        click.echo("\n".join(lines(found.sections, verbose)), color=colour)
        say(summary(found.sections))
    return code_of(found)


def _opened(path: Path) -> Opened:
    """The flow file, and its sources started once, as the daemon will start them."""
    from asyncio import run

    from ariroute.cli.check import start_sources
    from ariroute.doctor.examine import Opened, opened
    from ariroute.errors import ConfigError

    found = opened(path)
    if found.config is None or found.problems:
        return found
    try:
        run(start_sources(found.config))
    except ConfigError as error:
        return Opened(found.config, error.problems)
    return found


def code_of(found: Examination) -> ExitCode:
    """A file that cannot be used before an Asterisk that cannot be asked, and that before what is not in order."""
    from ariroute.doctor.findings import Severity, all_findings, worst

    if found.unusable:
        return ExitCode.UNUSABLE_INPUT
    if found.unreachable:
        return ExitCode.UNREACHABLE
    bad = worst(all_findings(found.sections)) >= Severity.WARNING
    return ExitCode.NOT_AS_EXPECTED if bad else ExitCode.OK


def lines(sections: Sequence[Section], verbose: bool) -> list[str]:
    """The report for people: what is in order as a count, unless ``verbose``."""
    found: list[str] = []
    for each in sections:
        good = [finding for finding in each.findings if finding.severity == 0]
        bad = [finding for finding in each.findings if finding.severity > 0]
        count = click.style(f"{len(good)} in order", fg=COLOURS["ok"]) if good else ""
        found.append(f"{click.style(printable(each.title), bold=True)}  {count}".rstrip())
        for finding in bad + (good if verbose else []):
            found += _told(finding)
        if bad or verbose:
            found.append("")
    return found


def _told(finding: Finding) -> list[str]:
    word = finding.severity.word
    where = f"  ({printable(finding.where)})" if finding.where and finding.where not in finding.what else ""
    told = [f"  {click.style(f'{word:<8}', fg=COLOURS[word])}{printable(finding.what)}{where}"]
    if finding.why:
        told.append(f"          {printable(finding.why)}")
    if finding.remedy:
        told.append(f"          > {printable(finding.remedy)}")
    return told


def summary(sections: Sequence[Section]) -> str:
    """The count of each severity."""
    from ariroute.doctor.findings import Severity, all_findings

    found = all_findings(sections)
    counts = [(sum(each.severity == severity for each in found), severity.word) for severity in reversed(Severity)]
    told = [f"{count} {word}" + ("s" if count != 1 else "") for count, word in counts[:-1] if count]
    return f"{', '.join([*told, f'{counts[-1][0]} in order'])}"


def to_plain(found: Examination) -> dict[str, Any]:
    """JSON types."""
    from ariroute.doctor.findings import all_findings, worst

    return {
        "worst": worst(all_findings(found.sections)).word,
        "usable": not found.unusable,
        "reached": not found.unreachable,
        "sections": [
            {
                "title": each.title,
                "worst": each.worst.word,
                "findings": [asdict(finding) | {"severity": finding.severity.word} for finding in each.findings],
            }
            for each in found.sections
        ],
    }
