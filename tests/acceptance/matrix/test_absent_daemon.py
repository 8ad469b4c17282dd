"""F5: no daemon at all: every call is in the default queue at once."""

from __future__ import annotations

from ..conftest import Site
from .load import BUSY, Note, callers, judge, quantile, waits_of
from .scale import scaled

AT_ONCE = 0.05
"""Seconds to the queue. Stasis() of an application that nobody has registered returns in about a millisecond."""


def test_f5_without_a_daemon_calls_are_in_the_default_queue_at_once(site: Site, note: Note) -> None:
    """F5: none running, 100 calls: at most 50 ms to the queue."""
    count = scaled(40, 100)
    site.place(callers(count), rate=scaled(40, 10))

    site.accounts.settled(count)
    calls = judge(site, note)
    waits = waits_of(site, calls)
    assert {call.queue for call in calls} == {"standard"}
    assert quantile(waits, 0.5) < AT_ONCE
    assert max(waits) < AT_ONCE + BUSY
