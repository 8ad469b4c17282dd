"""Options that several commands share, each with its twin in the environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import click

from ariroute.errors import ArirouteError, UnusableInput

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FLOW_FILES = (Path("ariroute.yaml"), Path("/etc/ariroute/ariroute.yaml"))

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    envvar="ARIROUTE_CONFIG",
    show_envvar=True,
    show_default="./ariroute.yaml, else /etc/ariroute/ariroute.yaml",
    metavar="FILE",
    help="The flow file, or a folder with ariroute.yaml and conf.d/*.yaml.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, envvar="ARIROUTE_JSON", show_envvar=True, help="Print JSON."
)

journal_option = click.option(
    "--journal",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the journal of this flow file, or this journal.db; left out, that of --config.",
)
since_option = click.option(
    "--since", default="", metavar="TIME", help="From then on: 1h (an hour ago), yesterday, 2026-11-20T09:00."
)
until_option = click.option("--until", default="", metavar="TIME", help="Before that: today, 09:00.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="No more than the latest N.",
)
ReportForm = Literal["text", "json", "svg", "html"]
report_form_option = click.option(
    "--format",
    "form",
    type=click.Choice(get_args(ReportForm)),
    default="text",
    show_default=True,
    help="How it is told.",
)


class MissingFlowFile(UnusableInput):
    """No flow file was named and none lies where one is looked for."""


def flow_file(given: Path | None) -> Path:
    """The flow file to use, or the folder when there is a ``conf.d`` beside it.

    Raises :class:`MissingFlowFile` when none is named and none is in the usual places.
    """
    if given is not None:
        return given
    for path in FLOW_FILES:
        if path.exists():
            return path.parent if (path.parent / "conf.d").is_dir() else path
    looked = " nor ".join(str(path) for path in FLOW_FILES)
    raise MissingFlowFile(f"no flow file: neither {looked} exists; name one with -c FILE or in ARIROUTE_CONFIG")


def complete_flow(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The flows of the flow file, for the shell's completion; none when it cannot be used."""
    from ariroute.config.load import load_rules

    try:
        flows = load_rules(flow_file(context.params.get("config"))).ruleset.flows
    except ArirouteError:
        return []
    return [name for name in flows if name.startswith(incomplete)]


CALL_OPTIONS = (
    click.option("--caller", default="", metavar="NUMBER", help="Who calls; left out, the number is withheld."),
    click.option("--name", default="", metavar="TEXT", help="The name that the caller's side shows."),
    click.option(
        "--dialled",
        default="",
        metavar="NUMBER",
        help="What was dialled: a number, or a word such as support. Chooses the flow when FLOW is left out.",
    ),
    click.option("--pbx", default="", metavar="NAME", help="The PBX it comes from; the first one when left out."),
    click.option("--argument", multiple=True, metavar="TEXT", help="What the dialplan's Stasis() adds; repeatable."),
    click.option(
        "--at",
        default="",
        metavar="TIME",
        help="When, as 2026-12-24T09:00 in the flow file's time zone, or with an offset; left out, now.",
    ),
    click.option(
        "--set",
        multiple=True,
        metavar="LOOKUP.FIELD=VALUE",
        help="This lookup finds a record with this field; repeatable.",
    ),
    click.option("--missing", multiple=True, metavar="LOOKUP", help="This lookup has no record; repeatable."),
    click.option(
        "--fail",
        multiple=True,
        metavar="LOOKUP=REASON",
        help="This lookup fails: timeout, refused, status, too_large, not_json, wrong_type, breaker_open, overloaded "
        "or error; repeatable.",
    ),
    click.option(
        "--press",
        multiple=True,
        metavar="KEYS",
        help="What the caller keys in at the next menu, collect or consent, '' for nothing; repeatable.",
    ),
    click.option(
        "--ring",
        multiple=True,
        metavar="OUTCOME",
        help="How the next ring of dial or agent ends: busy, no_answer, failed or answered; repeatable.",
    ),
    click.option("--live-lookups", is_flag=True, help="Ask the real sources of all other lookups."),
)


def call_description(command: Decorated) -> Decorated:
    """The options that describe one call: with the flow the fields of :class:`ariroute.cli.rehearsal.Call`."""
    for option in reversed(CALL_OPTIONS):
        command = option(command)
    return command
