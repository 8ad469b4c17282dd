"""What a newcomer is told when the demo stays."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.demonstration.cast import AGENTS, WITHHELD, Planned
from scripts.demonstration.folder import ROOT, running, shown
from scripts.demonstration.stage import Stage


def numbers(planned: Sequence[Planned], queue: str, count: int = 2) -> list[str]:
    """A few caller numbers that belong in `queue`."""
    return [call.number for call in planned if call.queue == queue and call.number != WITHHELD][:count]


def invitation(stage: Stage, planned: Sequence[Planned]) -> str:
    """How to call, and how to change where calls go. `planned` is the whole list of callers."""
    command = shown(ROOT / "scripts/demo")
    which = "" if len(running()) == 1 else f" --demo {shown(stage.folder)}"
    ariroute = shown(ROOT / ".venv/bin/ariroute")
    callers = "\n".join(f"{' ' * 28}{queue:<9} {' '.join(numbers(planned, queue))}" for queue in AGENTS)
    customers = stage.customers.pid
    return f"""\
The demo stays until Ctrl-C; calls are shown below as they come. From another terminal:

  Place a call:           {command} call {numbers(planned, "platinum")[0]}{which}
  With a softphone:       on this machine, SIP over UDP, server 127.0.0.1:{stage.pbx.sip_port},
                          no registration, any password; dial support or +46850000000.
                          Your user name is the number that you call from:
{callers}
                            any other number is not a customer's
  Change the routing:     edit {shown(stage.flow)}, then
                          {ariroute} reload --admin {stage.admin}
  See the queues:         {ariroute} queues -c {shown(stage.flow)}
  See what was decided:   {ariroute} calls -c {shown(stage.flow)}
  Why, of the last call:  {ariroute} explain last -c {shown(stage.flow)}
  Change a rule safely:   docs/how-to/change-a-rule.md, with this demo
  Let lookups fail:       kill -STOP {customers}    (the customer service; kill -CONT {customers} wakes it)
"""
