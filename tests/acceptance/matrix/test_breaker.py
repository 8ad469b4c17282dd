"""F10: a source that hangs for long is left alone, and costs neither its own callers nor others any time."""

from __future__ import annotations

import time

import pytest
from running_daemon import until

from ariroute.lab.evil import EvilService

from ..conftest import NewDaemon, Site, edit, number
from .load import BUSY, Note, callers, judge, quantile
from .scale import FULL, scaled

SECONDS = scaled(3, 20)
RATE = 20
STAY = scaled(5.0, 1.0)
HUNG = """  hung:
    http: {{url: "{}/customers/{{caller.e164}}", timeout: 500ms}}
    fields: {{loyalty: string}}
"""
FLOW = "  slow: {trigger: {call: {to: slow}}, default: platinum, steps: [{lookup: hung}, {queue: standard}]}\n"
DEADLINE = 0.5
ADDED = scaled(DEADLINE / 2, 0.005)
"""Seconds that a source costs whose breaker is open: in half of the calls. One that is asked costs its deadline."""
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
    for start in (0, count):  # as many calls, none of which asks it
        site.place(callers(count, start=start, stay=STAY), rate=RATE)
    site.accounts.settled(2 * count)
    alone = [call.wait for call in site.accounts.calls()]

    site.place(callers(count, "platinum", stay=STAY), rate=RATE)
    site.place(callers(count, "silver", dialled="slow", stay=STAY), rate=RATE)
    until(lambda: daemon.metric("ariroute_lookup_breaker", lookup="hung", state="open"), "an open breaker")
    opened = time.time()
    site.accounts.settled(4 * count)

    calls = judge(site, note)
    beside = [call.wait for call in calls if call.caller.startswith(number("platinum", 0)[:6])]
    asking = [call for call in calls if call.caller.startswith(number("silver", 0)[:6])]
    assert {call.queue for call in asking} == {"standard"}, {line["reason"] for line in daemon.logs("routed")}
    after = [call.wait for call in asking if (call.in_application or 0.0) > opened]
    assert len(after) >= 10
    added = quantile(after, 0.5) - quantile(beside, 0.5)
    p99, p99_alone = quantile(beside, 0.99), quantile(alone, 0.99)
    note(f"added once open {added * 1000:.1f} ms; beside it p99 {p99 * 1000:.0f} ms, alone {p99_alone * 1000:.0f} ms")
    assert sum(call.wait > DEADLINE for call in asking) >= 5  # failed, before it opened
    assert sum(wait > DEADLINE for wait in after) <= scaled(count / 4, 2 * SECONDS / 10)  # a probe every 10 s
    assert added < ADDED
    assert p99 - p99_alone < (NEXT_TO_IT if FULL else BUSY)
