"""Overload: what is beyond ``daemon.max_in_flight`` goes to its flow's default at once; nobody waits or is lost."""

from __future__ import annotations

from running_daemon import until

from ariroute.lab.accounts import GUARD
from ariroute.lab.customers import CustomerService

from ..conftest import NewDaemon, Site, edit
from .load import BUSY, Note, callers, judge, quantile
from .scale import scaled

AT_ONCE = 20
"""Calls that may be decided at the same time."""
THINKING = 1.5
"""Seconds that the customer service takes."""
PROMPTLY = scaled(THINKING / 2, 0.1)
"""Seconds to the queue for those who are not decided on; on a machine that is left alone it takes milliseconds."""


def test_beyond_what_may_be_decided_at_once_calls_are_in_the_default_queue_at_once(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """A burst of 100 calls/s against 20 decisions at a time: 0 lost, the others in default without a wait."""
    count = scaled(100, 500)
    crm.delay = THINKING
    daemon = new_daemon(site, timeout="2500ms", daemon=f"max_in_flight: {AT_ONCE}")
    edit(daemon, "timeout: 2500ms}", "timeout: 2500ms, connections: 100}")
    daemon.start()
    site.place(callers(count, stay=scaled(5.0, 1.0)), rate=100)

    site.accounts.settled(count)
    calls = judge(site, note)
    decided = [call for call in calls if call.queue == "gold"]
    shed = [call.wait for call in calls if call.queue == "standard"]
    assert len(decided) >= AT_ONCE
    assert len(decided) + len(shed) == count
    assert all(THINKING <= call.wait < GUARD for call in decided)
    assert quantile(shed, 0.5) < PROMPTLY, sorted(shed)
    assert max(shed) < PROMPTLY + BUSY, sorted(shed)
    assert len([line for line in daemon.logs("routed") if "overload" in line["reason"]]) == len(shed)
    until(lambda: daemon.in_flight == 0, "nothing in the daemon's hands")
    assert daemon.complaints() == []
