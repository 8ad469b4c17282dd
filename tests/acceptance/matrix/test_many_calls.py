"""10,000 calls: none lost, and the daemon no larger than after the first thousand."""

from __future__ import annotations

import pytest
from running_daemon import until

from ariroute.lab.sip import Caller

from ..conftest import QUEUES, NewDaemon, Site, number
from .load import LATEST, Note, judge, quantile, waits_of
from .scale import FULL, scaled

COUNT, WARM = scaled((150, 50), (10_000, 1_000))
RATE = scaled(60.0, 25.0)
"""Calls a second. At 50 the Asterisk of a small machine falls behind, with calls between Answer() and Queue()."""
GROWTH = 2.0
"""MiB that the daemon may grow after it is warm."""
ALLOWED = scaled(8.0, GROWTH)


@pytest.mark.timeout(scaled(120, 900))
def test_many_calls_lose_none_and_cost_no_memory(site: Site, new_daemon: NewDaemon, note: Note) -> None:
    """10,000 calls: 0 lost, each in its own queue; memory grows less than 2 MB after the first 1,000."""
    daemon = new_daemon(site, timeout="2500ms")
    daemon.start()
    loyalties = list(QUEUES)
    placed = [Caller(number(loyalties[place % 4], place // 4), stay=scaled(2.0, 1.0)) for place in range(COUNT)]

    site.place(placed[:WARM], rate=RATE).wait(300)
    until(lambda: daemon.in_flight == 0, "nothing in the daemon's hands")
    warm = daemon.memory("VmRSS")
    site.place(placed[WARM:], rate=RATE).wait(600)

    site.accounts.settled(COUNT, within=60)
    calls = judge(site, note)
    known = {number(loyalty, place): QUEUES[loyalty] for loyalty in QUEUES for place in range(100)}
    wrong = [call for call in calls if call.queue != known.get(call.caller, "standard")]
    waits = waits_of(site, calls)
    grown = daemon.memory("VmRSS") - warm
    note(f"{len(wrong)} in another queue; memory {warm:.1f} MiB and {grown:+.1f} MiB since the first {WARM} calls")
    late = [call for call in wrong if call.queue == "standard"]  # than the customer service, on a busy machine
    assert len(wrong) == len(late) <= scaled(COUNT // 20, 0)
    assert grown < ALLOWED
    assert max(waits) < LATEST
    assert quantile(waits, 0.99 if FULL else 0.5) < 0.15, sorted(waits)[-20:]
    assert daemon.metric("ariroute_calls_ended_total", how="handed over") == COUNT
    assert daemon.complaints() == []
