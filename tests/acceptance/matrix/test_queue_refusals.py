"""F11: queues that take nobody, or nobody any more: the caller ends in the next queue, or the last."""

from __future__ import annotations

from running_daemon import until

from ariroute.lab.accounts import by_caller
from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site, edit, number
from .load import Note, callers, judge

REFUSING = {"missing": "nosuch", "empty": "m-strict", "paused": "m-paused", "full": "m-full", "left": "m-leaving"}
"""How a queue refuses, and the queue that does; all but the first are in the conftest of the acceptance tests."""
FLOW = "  {}: {{trigger: {{call: {{to: {}}}}}, default: standard, steps: [{{queue: {}}}]}}\n"
PAUSED = ("m-paused", "m-leaving")
"""Queues whose only member has paused."""


def test_f11_a_queue_that_takes_nobody_passes_the_caller_on(site: Site, new_daemon: NewDaemon, note: Note) -> None:
    """F11: missing, empty with joinempty=strict, all paused, full, and one whose last member leaves: 0 lost, 0 wrong.

    Where the default queue takes nobody either, the last one does.
    """
    daemon = new_daemon(site)
    flows = "".join(FLOW.format(how, how, queue) for how, queue in REFUSING.items())
    edit(daemon, "\ndaemon: ", f"\n{flows}daemon: ")
    known = "".join(f"  {queue}: {{}}\n" for queue in REFUSING.values())
    edit(daemon, "  standard: {priority: 0}\n", f"  standard: {{priority: 0}}\n{known}")
    daemon.start()
    site.place([Caller(number("platinum", 1), dialled="full")])  # maxlen=1
    site.accounts.settled(1)
    try:
        for start, default, ends_in in [(0, "standard", "standard"), (50, "m-strict", "last")]:
            site.pbx.cli(f"dialplan set global ARIROUTE_DEFAULT {default}")
            refuse(site, start, ends_in)
    finally:
        site.pbx.cli("dialplan set global ARIROUTE_DEFAULT standard")
        log_out(site)

    calls = by_caller(judge(site, note))
    assert calls[number("platinum", 1)].queues == ("m-full",)
    assert len(calls) == 21


def refuse(site: Site, start: int, ends_in: str) -> None:
    """Two callers into each queue, with numbers from ``start`` on; all of them end there."""
    for queue in PAUSED:
        site.agents.log_in(site.pbx, queue, "alice")
        site.pbx.cli(f"queue pause member PJSIP/alice queue {queue}")
    placed = [callers(2, start=start + 2 * place, dialled=how, stay=60.0) for place, how in enumerate(REFUSING)]
    expected: dict[str, tuple[str, ...]] = {caller.number: (ends_in,) for both in placed for caller in both}
    inside = {caller.number: ("m-leaving",) for caller in placed[-1]}
    site.place([caller for both in placed for caller in both], rate=20)

    def are_in(wanted: dict[str, tuple[str, ...]]) -> bool:
        queues = {call.caller: call.queues for call in site.accounts.calls() if call.caller in wanted}
        return queues == wanted

    until(lambda: are_in(expected | inside), lambda: f"{expected | inside}: {site.accounts.calls()}")
    log_out(site)
    left = dict.fromkeys(inside, ("m-leaving", ends_in))
    until(lambda: are_in(expected | left), lambda: f"{expected | left}: {site.accounts.calls()}")


def log_out(site: Site) -> None:
    """Nobody is a member of these queues."""
    for queue in PAUSED:
        site.agents.log_out(site.pbx, queue, "alice")
