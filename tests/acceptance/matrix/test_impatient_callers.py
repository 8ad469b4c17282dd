"""Callers who hang up at any moment: no error, no task left behind, each counted."""

from __future__ import annotations

import random

from running_daemon import until

from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site, edit, number
from .load import Note, judge
from .scale import scaled

COUNT = scaled(50, 300)
PATIENCE = (0.05, scaled(3.5, 7.0))
THINKING = 1.5
"""Seconds that the customer service takes: who has more patience is in the queue."""


def test_who_hangs_up_is_counted_and_leaves_nothing_behind(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """Hung up after 0.05 to 7 s, while ringing or in the queue: 0 lost, 0 twice, no error logged, no task left."""
    dice = random.Random(7)
    crm.delay = THINKING
    daemon = new_daemon(site, timeout="3s")
    edit(daemon, "timeout: 3s}", "timeout: 3s, connections: 200}")  # so that no answer waits for another
    daemon.start()
    idle = daemon.metric("ariroute_tasks")
    callers = [Caller(number("gold", place), patience=dice.uniform(*PATIENCE), stay=0.2) for place in range(COUNT)]

    stream = site.place(callers, rate=25)
    stream.wait(60)
    site.accounts.settled(COUNT)

    calls = judge(site, note, leaving=True)
    queued = [call for call in calls if call.queues]
    assert {call.queue for call in queued} <= {"gold", "standard"}
    patient = {caller.number for caller in callers if caller.patience > THINKING}
    assert queued
    assert {call.caller for call in queued} <= patient
    until(lambda: daemon.in_flight == 0, "nothing in the daemon's hands")
    until(lambda: daemon.metric("ariroute_calls_ended_total") == COUNT, lambda: daemon.text())
    gone = daemon.metric("ariroute_calls_ended_total", how="gone")  # in the instant of the hand-off
    assert daemon.metric("ariroute_calls_ended_total", how="hung up") + gone == COUNT - len(queued)
    assert gone <= COUNT / 20
    assert [line for line in daemon.logs() if line["level"] == "error"] == []
    until(lambda: daemon.metric("ariroute_tasks") <= idle, lambda: f"{daemon.metric('ariroute_tasks')}, not {idle}")
