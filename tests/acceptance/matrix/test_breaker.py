"""F10: a source that hangs for long is left alone, and costs neither its own callers nor others any time."""

from __future__ import annotations

import pytest
from running_daemon import until

from ariroute.lab.evil import EvilService

from ..conftest import NewDaemon, Site, edit, number
from .load import BUSY, Note, callers, judge, quantile
from .scale import FULL, scaled

SECONDS = scaled(3, 20)
RATE = 20
HUNG = """  hung:
    http: {{url: "{}/customers/{{caller.e164}}", timeout: 800ms}}
    fields: {{loyalty: string}}
"""
FLOW = "  slow: {trigger: {call: {to: slow}}, default: platinum, steps: [{lookup: hung}, {queue: standard}]}\n"
ADDED = 0.005
"""Seconds that a source costs whose breaker is open."""
NEXT_TO_IT = 0.010
"""Seconds that it may add to the slowest of a hundred calls that do not ask it."""


@pytest.mark.timeout(scaled(120, 200))
def test_f10_a_source_that_hangs_costs_nothing_once_its_breaker_is_open(
    site: Site, new_daemon: NewDaemon, evil: EvilService, note: Note
) -> None:
    """F10: hanging for 20 s at 20 calls/s: less than 5 ms added once it is open, other flows' p99 unharmed."""
    count = SECONDS * RATE
    daemon = new_daemon(site, timeout="2500ms")
    edit(daemon, "\nqueues:\n", "\n" + HUNG.format(evil.url_of("hang")) + "queues:\n")
    edit(daemon, "\ndaemon: ", f"\n{FLOW}daemon: ")
    daemon.start()
    site.place(callers(count), rate=RATE)  # how it is without
    site.accounts.settled(count)
    alone = [call.wait for call in site.accounts.calls()]

    site.place(callers(count, "platinum"), rate=RATE)
    site.place(callers(count, "silver", dialled="slow"), rate=RATE)
    until(lambda: daemon.metric("ariroute_lookup_breaker", lookup="hung", state="open"), "an open breaker")
    site.accounts.settled(3 * count)

    calls = judge(site, note)
    beside = [call.wait for call in calls if call.caller.startswith(number("platinum", 0)[:6])]
    asking = [call for call in calls if call.caller.startswith(number("silver", 0)[:6])]
    slow = [call.wait for call in asking]
    assert {call.queue for call in asking} == {"standard"}, {line["reason"] for line in daemon.logs("routed")}
    waited = [wait for wait in slow if wait > 0.7]
    opened = [wait for wait in slow if wait <= 0.7]
    added = quantile(opened, 0.5) - quantile(beside, 0.5)
    p99, p99_alone = quantile(beside, 0.99), quantile(alone, 0.99)
    note(f"added once open {added * 1000:.1f} ms; beside it p99 {p99 * 1000:.0f} ms, alone {p99_alone * 1000:.0f} ms")
    # Before it opens five must fail, and more come meanwhile; then one at a time every 10 s.
    assert 5 <= len(waited) <= (5 + RATE * 1.5 + 2 * SECONDS / 10 if FULL else count / 2)
    assert added < ADDED
    assert p99 - p99_alone < (NEXT_TO_IT if FULL else BUSY)
