"""``ariroute trace``: the calls of the running daemon as they are decided."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import click

from ariroute.cli.admin import admin_address, admin_option, follow
from ariroute.cli.options import config_option, json_option
from ariroute.cli.output import printable, say, show, show_drawn
from ariroute.cli.wording import span_text

if TYPE_CHECKING:
    from rich.tree import Tree

HANDED: Final = "handed over"
HIDDEN: Final = "values are hidden, as in the log (daemon.mask_numbers): 'ariroute explain UNIQUEID' tells them"


@click.command()
@click.argument("caller", default="")
@click.option("--tree", is_flag=True, help='Each call as a tree of all that was done, as in "ariroute test".')
@click.option("--then", is_flag=True, help="Tell also what Asterisk does with them then: who enters, answers, leaves.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after so many calls.")
@admin_option
@config_option
@json_option
def trace(
    caller: str,
    tree: bool,
    then: bool,
    count: int | None,
    admin: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show calls as they are decided, one line each, until Ctrl-C.

    Where each goes, after how long, what the lookups said, and why; with CALLER only the calls from this number. Asks
    the running daemon, with or without a journal. What is shown is what the log may have: with daemon.mask_numbers,
    which is the rule, numbers are starred and values hidden.

    \b
    Example:
      ariroute trace
      ariroute trace +46701234567 --tree --then
      ariroute trace --json | jq -c 'select(.by_default)'
    """
    address = admin or admin_address(config)
    zone, seen = ZoneInfo("UTC"), 0
    for told in follow(address, "/calls", {"caller": caller} if caller else {}):
        match told:
            case {"watching": {"timezone": str(name), "mask_numbers": bool(masks), "standing_by": bool(standing_by)}}:
                zone = ZoneInfo(name)
                _say_hello(address, caller, standing_by=standing_by, hidden=masks and tree and not as_json)
            case {"dropped": int(number)}:
                say(f"note: {number} lines were dropped: they were not read fast enough")
            case {"event": dict(event)}:
                if then:
                    _show_event(told, event, zone, as_json=as_json)
            case {"contact": str(), "trace": list()}:
                _show_call(told, zone, tree=tree, as_json=as_json)
                seen += 1
        if seen == count:
            return


def _say_hello(address: str, caller: str, *, standing_by: bool, hidden: bool) -> None:
    who = f"the calls of {caller}" if caller else "the calls"
    say(f"{who}, as the daemon at {address} decides them; Ctrl-C ends")
    if standing_by:
        say("note: it stands by: another daemon routes the calls")
    if hidden:
        say(f"note: {HIDDEN}")


def _show_call(told: Mapping[str, Any], zone: ZoneInfo, *, tree: bool, as_json: bool) -> None:
    if as_json:
        show(json.dumps(told))
    elif tree:
        show_drawn(_tree(told, line(told, zone)))
    else:
        show(line(told, zone))
    sys.stdout.flush()


def _show_event(told: Mapping[str, Any], event: Mapping[str, Any], zone: ZoneInfo, *, as_json: bool) -> None:
    from ariroute.cli.recorded import happening

    at, what = happening(event, zone)
    show(json.dumps(told) if as_json else f"{at}    {what}  {told['contact']}")
    sys.stdout.flush()


def line(told: Mapping[str, Any], zone: ZoneInfo) -> str:
    """One call in one line: when, who, what was dialled, where it goes, after how long, and why."""
    at = f"{datetime.fromisoformat(told['arrived']).astimezone(zone):%H:%M:%S}"
    who = f"{told['caller']:<13}  {told['dialled']}"
    to = told["to"] or "no decision"
    if told["queue"]:
        to = f"{told['queue']} {told['priority']}"
    to += " (default)" if told["by_default"] else ""
    left = [] if told["handed"] == HANDED else [told["handed"]]
    path, _, words = told["reason"].partition(": ")  # a decision's reason begins with its place in the flow file
    why = told["reason"] if told["to"] is None else words or path
    parts = [f"{at}  {who} -> {to:<12}  {span_text(told['ms'] / 1000)}", *left, *_lookups(told["trace"]), why]
    return "  ".join(parts) + f"  {told['contact']}"


def _lookups(trace: list[Mapping[str, Any]]) -> Iterator[str]:
    for entry in trace:
        if entry["what"] == "lookup" and "ms" in entry:
            yield f"{entry['text']} {entry['result']}" + (f" {span_text(entry['ms'] / 1000)}" if entry["ms"] else "")


def _tree(told: Mapping[str, Any], title: str) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    from ariroute.cli.trace_tree import grow
    from ariroute.flow.trace import TraceEntry

    root = Tree(Text(printable(title)), guide_style="dim")
    grow(root, [TraceEntry.of_plain(entry) for entry in told["trace"]])
    return root
