"""``ariroute test``: what a flow does with a call, without placing one; with -f, the cases of test files."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import call_description, complete_flow, config_option, flow_file, json_option
from ariroute.cli.output import say, show_drawn, show_json
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from ariroute.cli.rehearsal import Rehearsal

OF_FILES = ("pattern", "verbose", "form", "coverage", "floor", "live")
"""What goes with -f only."""


@click.command()
@click.argument("flow", nargs=-1, shell_complete=complete_flow, metavar="[FLOW]")
@call_description
@click.option(
    "--expect",
    metavar="QUEUE[:PRIORITY]",
    help="Where the call must end, exit code 1 when it does not; also hangup[:CAUSE], voicemail:BOX, dial:NAME.",
)
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE...",
    help="Run the cases of test files, of flow files with tests:, of folders with tests.yaml or *.tests.yaml.",
)
@click.option("--run", "pattern", default="", metavar="RE", help="With -f: only cases with such a name.")
@click.option("-v", "--verbose", is_flag=True, help="With -f: name the cases that pass, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "tap"]),
    default="text",
    show_default=True,
    help="With -f: for people, programs, or continuous integration.",
)
@click.option("--coverage", is_flag=True, help="With -f: which ways of the flows no case takes.")
@click.option(
    "--fail-under",
    "floor",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="With -f: exit code 1 when the cases take fewer of the ways.",
)
@click.option("--live", is_flag=True, help="Play the cases of the FILEs as real calls on a private Asterisk.")
@click.option(
    "--record",
    default="",
    metavar="UNIQUEID|last",
    help="Make a case out of this call of the journal and print it; with -f add it to that file.",
)
@config_option
@json_option
@click.pass_context
def test(
    context: click.Context,
    /,
    flow: tuple[str, ...],
    expect: str | None,
    files: tuple[Path, ...],
    record: str,
    config: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Walk a call through FLOW and print what each step did.

    The engine is the one that routes real calls. Lookups answer what --set, --missing and --fail say;
    with --live-lookups the real sources are asked. The caller presses what --press says, and rings end as --ring
    says. FLOW may be left out when there is only one, or with --dialled.

    With -f the calls, the answers and what is expected stand in files (docs/how-to/test-files.md). They name their flow
    file themselves, unless -c does. Exit code 0 when all cases pass, 1 when one fails or too few ways are taken, 2 when
    a file has a mistake.

    With --live the same cases are real calls: a telephone places each into a private Asterisk on this machine, the
    daemon decides with the answers and at the time of the case, and Asterisk says where the call went. Nothing of yours
    is touched. It needs Asterisk, or Debian's packages of it.

    With --record a call of the journal becomes such a case; what is expected of it is what came of the call, or what
    --expect says.

    \b
    Example:
      ariroute test support --caller +46701234567 --set crm.loyalty=gold --expect gold
      ariroute test -f tests.yaml --run gold -v
      ariroute test -f tests.yaml --format junit > results.xml
      ariroute test -f tests.yaml --coverage --fail-under 90
      ariroute test --live tests.yaml
      ariroute test --record last --expect gold -f tests.yaml
    """
    of_files = {name: options.pop(name) for name in OF_FILES}
    if record:
        _refuse(
            context, {*options, *OF_FILES, "as_json", "flow"}, "does not go with --record: the call is in the journal"
        )
        from ariroute.cli.record_case import record_case

        return record_case(flow_file(config), record, expect, files)
    if files or of_files["live"]:
        _refuse(context, {*options, "expect"}, "describes one call, and -f has calls of its own: leave one out")
        if not files and not flow:
            raise UnusableInput("--live plays the cases of test files: name one, as in ariroute test --live tests.yaml")
        from ariroute.cli.test_files import Order, run_files

        given = config if context.get_parameter_source("config") is ParameterSource.COMMANDLINE else None
        if as_json:
            of_files["form"] = "json"
        return run_files([*files, *(Path(word) for word in flow)], given, config, Order(**of_files))
    _refuse(context, OF_FILES, "belongs to test files: name one with -f")
    if len(flow) > 1:
        raise UnusableInput(f"one flow is walked, and not {len(flow)}: {', '.join(flow)}; name test files with -f")
    return _walk_one(expect, config, as_json, {**options, "flow": flow[0] if flow else ""})


def _refuse(context: click.Context, names: Collection[str], why: str) -> None:
    """Raises UnusableInput when one of the options ``names`` stands on the command line."""
    for parameter in context.command.params:
        if parameter.name in names and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            raise UnusableInput(f"{parameter.opts[-1]} {why}")


def _walk_one(expect: str | None, config: Path | None, as_json: bool, call: dict[str, Any]) -> int:
    from ariroute.cli.expectation import can_be_rung, expectation
    from ariroute.cli.rehearsal import Call, rehearse

    rehearsal = rehearse(flow_file(config), Call(**call))
    ruleset = rehearsal.ruleset
    expected = expectation(expect, ruleset.queues, can_be_rung(ruleset)) if expect is not None else None
    got = rehearsal.decision.destination
    met = expected is None or expected.met_by(got)
    if as_json:
        verdict = {"expected": str(expected), "met": met} if expected else {}
        show_json(rehearsal.to_plain() | verdict)
    else:
        show_tree(rehearsal)
    for remark in rehearsal.remarks:
        say(f"note: {remark}")
    if met:
        return ExitCode.OK
    say(f"expected {expected}; got {got}")
    return ExitCode.NOT_AS_EXPECTED


def show_tree(rehearsal: Rehearsal) -> None:
    """The trace as a tree, and the decision under it."""
    from ariroute.cli.trace_tree import trace_tree

    show_drawn(trace_tree(rehearsal))
