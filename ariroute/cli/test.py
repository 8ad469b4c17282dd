"""``ariroute test``: what a flow does with a call, without placing one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import call_options, config_option, flow_file, json_option
from ariroute.cli.output import say, show_drawn, show_json

if TYPE_CHECKING:
    from ariroute.cli.rehearsal import Rehearsal


@click.command()
@call_options
@click.option(
    "--expect",
    metavar="QUEUE[:PRIORITY]",
    help="Where the call must end, exit code 1 when it does not; also hangup[:CAUSE], voicemail:BOX, dial:NAME.",
)
@config_option
@json_option
def test(expect: str | None, config: Path | None, as_json: bool, **call: Any) -> int:
    """Walk a call through FLOW and print what each step did.

    The engine is the one that routes real calls. Lookups answer what --set, --missing and --fail say;
    with --live-lookups the real sources are asked. The caller presses what --press says, and rings end as --ring
    says. FLOW may be left out when there is only one, or with --dialled.

    \b
    Example:
      ariroute test support --caller +46701234567 --set crm.loyalty=gold --expect gold
    """
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
