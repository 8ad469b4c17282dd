"""``ariroute explain``: why a call goes where it goes, in sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ariroute.cli.options import call_options, config_option, flow_file, json_option
from ariroute.cli.output import say, show, show_json


@click.command()
@call_options
@config_option
@json_option
def explain(config: Path | None, as_json: bool, **call: Any) -> None:
    """Tell in sentences where a call goes and why.

    And why it goes nowhere else: of every branch, each case that was taken, not taken, or not looked at; of menus,
    hours and splits the other ways. The call is described as for "ariroute test".

    \b
    Example:
      ariroute explain support --caller +46701234567 --name Ann --set crm.loyalty=gold
    """
    from ariroute.cli.account import account
    from ariroute.cli.rehearsal import Call, rehearse

    rehearsal = rehearse(flow_file(config), Call(**call))
    told = account(rehearsal)
    if as_json:
        show_json(told.to_plain())
    else:
        show("\n".join(told.lines()))
    for remark in rehearsal.remarks:
        say(f"note: {remark}")
