"""What became of calls after their decisions: in the journal and for Prometheus, from real queues with real agents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_daemon import RunningDaemon, until

from ariroute.errors import JournalError
from ariroute.journal.opening import open_store
from ariroute.journal.reader import Reader, Recorded
from ariroute.journal.settings import JournalSettings
from ariroute.lab.relay import Newcomers, Relay
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number

FLOW = "  {}: {{trigger: {{call: {{to: {}}}}}, default: standard, steps: [{{queue: {}}}]}}\n"
QUEUES = ("m-strict", "m-ringing", "m-leaving")
BOTH = pytest.mark.parametrize("site", ["22", "16"], indirect=True)


class Watched:
    """A daemon with a journal that is told of the queues."""

    def __init__(self, site: Site, daemon: RunningDaemon) -> None:
        self.site = site
        self.daemon = daemon
        self._url = f"sqlite:{daemon.file.with_suffix('.db')}"

    def every(self) -> list[Recorded]:
        """The records, oldest first; none while the file is being made."""
        try:
            store = open_store(JournalSettings(url=self._url), Path("/"), only_read=True)
        except JournalError:
            return []
        try:
            return list(Reader(store).between(0, 1e12))
        finally:
            store.close()

    def calls(self) -> dict[str, Recorded]:
        """The newest record of each caller's number."""
        return {recorded.caller: recorded for recorded in self.every()}

    def settled(self, **outcomes: str) -> dict[str, Recorded]:
        """Wait until the calls of these callers (``c1`` is the first) have come to these ends; return the records."""

        def ends() -> dict[str, str]:
            return {caller: recorded.outcome for caller, recorded in self.calls().items()}

        wanted = {number("unknown", int(name[1:])): outcome for name, outcome in outcomes.items()}
        until(lambda: wanted.items() <= ends().items(), lambda: f"{wanted}: {ends()}")
        return self.calls()


def what(recorded: Recorded) -> list[tuple[Any, ...]]:
    return [(event["what"], event.get("queue"), event.get("agent")) for event in recorded.events()]


def watching(site: Site, new_daemon: NewDaemon, **changes: Any) -> RunningDaemon:
    """A daemon that is told of the queues, with a journal that keeps numbers, and flows for :data:`QUEUES`."""
    daemon = new_daemon(site, ami=site.pbx, journal="sqlite:daemon1.db", **changes)
    flows = "".join(FLOW.format(queue, queue, queue) for queue in QUEUES)
    edit(daemon, "\ndaemon: ", f"\n{flows}daemon: ")
    edit(daemon, "\njournal: {", "\njournal: {numbers: full, ")
    known = "".join(f"  {queue}: {{}}\n" for queue in QUEUES)
    edit(daemon, "  standard: {priority: 0}\n", f"  standard: {{priority: 0}}\n{known}")
    daemon.start()
    until(lambda: daemon.metric("ariroute_ami_up") == 1, "AMI is up")
    return daemon


@pytest.fixture
def watched(site: Site, new_daemon: NewDaemon) -> Iterator[Watched]:
    yield Watched(site, watching(site, new_daemon))
    for queue in ("standard", "m-ringing", "m-leaving"):
        for agent in ("alice", "bob", "carol"):
            site.agents.log_out(site.pbx, queue, agent)


def caller(count: int, dialled: str = "support", stay: float = 60.0) -> Caller:
    """One whom the customer service does not know; who dials ``support`` is to go to ``standard``."""
    return Caller(number("unknown", count), dialled=dialled, stay=stay)


@BOTH
def test_what_became_of_calls_is_in_the_journal_and_counted(watched: Watched) -> None:
    site, daemon = watched.site, watched.daemon
    site.agents.log_in(site.pbx, "m-ringing", "carol")
    site.agents.log_in(site.pbx, "m-leaving", "carol")
    site.pbx.cli("queue pause member PJSIP/carol queue m-leaving")
    waits = [caller(1), caller(2, stay=0.6), caller(3, "m-strict", 1.5), caller(4, "m-ringing"), caller(5, "m-leaving")]
    site.place(waits)
    watched.settled(c1="waiting", c2="abandoned", c3="abandoned", c4="waiting", c5="waiting")
    site.agents.log_out(site.pbx, "m-leaving", "carol")
    calls = watched.settled(c5="waiting")
    until(lambda: ("rang in vain", "m-ringing", "carol") in what(watched.calls()[waits[3].number]), "carol was rung")
    site.agents.log_in(site.pbx, "m-ringing", "alice")  # another in each: one who is rung by both may be paused in both
    site.agents.log_in(site.pbx, "standard", "bob")
    until(lambda: all(each.talk for each in answered(watched, 1, 4, 5)), lambda: f"{answered(watched, 1, 4, 5)}")

    calls = watched.settled(c1="answered", c4="answered", c5="answered")
    one, two, three, four, five = (calls[each.number] for each in waits)
    assert what(one) == [
        ("entered", "standard", None),
        ("answered", "standard", "bob"),
        ("ended", "standard", "bob"),
    ]
    assert (one.outcome_queue, one.position, one.agent, one.linked) == ("standard", 1, "bob", one.contact)
    assert one.wait is not None
    assert one.talk is not None
    assert 0.25 <= one.talk < 10.0
    assert one.events()[2]["by"] == "agent"
    assert what(two) == [("entered", "standard", None), ("abandoned", "standard", None)]
    assert two.wait is not None
    assert 0 <= two.wait < 10.0
    assert (two.agent, two.talk) == ("", None)
    assert [event["what"] for event in three.events()] == ["let go", "entered", "abandoned"]
    assert (three.queue, three.outcome_queue, three.events()[0]["status"]) == ("m-strict", "standard", "joinempty")
    assert what(four)[:2] == [("entered", "m-ringing", None), ("rang in vain", "m-ringing", "carol")]
    assert what(four)[-2:] == [("answered", "m-ringing", "alice"), ("ended", "m-ringing", "alice")]
    five_did = [(event["what"], event["queue"]) for event in five.events()]
    assert five_did[0] == ("entered", "m-leaving")
    assert ("let go", "m-leaving") in five_did
    assert five_did[-1] == ("ended", "standard")
    assert next(event["status"] for event in five.events() if event["what"] == "let go") == "leaveempty"

    def left(queue: str, how: str) -> float:
        return daemon.metric("ariroute_queue_left_total", pbx="pbx1", queue=queue, how=how)

    until(lambda: left("standard", "abandoned") == 2, "both who hung up are counted")
    assert left("standard", "answered") == 2
    assert left("m-ringing", "answered") == 1
    assert left("m-strict", "joinempty") == 1
    assert left("m-leaving", "leaveempty") == 1
    assert left("m-leaving", "abandoned") == 0
    assert daemon.metric("ariroute_queue_entered_total", queue="standard") == 4
    assert daemon.metric("ariroute_queue_rings_in_vain_total", queue="m-ringing") >= 1
    assert daemon.metric("ariroute_queue_talk_seconds_count") == 3
    assert daemon.metric("ariroute_queue_wait_seconds_count", how="let_go") == 1


@BOTH
def test_a_daemon_that_was_away_says_so_and_knows_the_rest_again(watched: Watched) -> None:
    site, daemon = watched.site, watched.daemon
    site.place([caller(11), caller(12, stay=2.5)])
    watched.settled(c11="waiting", c12="waiting")
    daemon.stop()
    calls = watched.settled(c11="unknown", c12="unknown")
    assert calls[number("unknown", 11)].events()[-1]["why"]
    until(lambda: "1 active call" in site.pbx.cli("core show channels count"), "the second one has hung up")
    daemon.start()
    watched.settled(c11="waiting", c12="unknown")
    until(lambda: daemon.metric("ariroute_queue_waiting", queue="standard") == 1, "one waits")
    site.agents.log_in(site.pbx, "standard", "alice")
    until(lambda: all(each.talk for each in answered(watched, 11)), lambda: f"{answered(watched, 11)}")
    (first,) = answered(watched, 11)
    assert [event["what"] for event in first.events()] == [
        *("entered", "unwatched", "found waiting", "answered", "ended")
    ]
    assert first.wait is not None
    assert first.wait > 2
    assert daemon.metric("ariroute_queue_waiting", queue="standard") == 0


@BOTH
def test_a_caller_who_is_sent_back_is_decided_again_and_each_decision_has_its_own_outcome(watched: Watched) -> None:
    site = watched.site
    site.place([caller(31), caller(32)])
    calls = watched.settled(c31="waiting", c32="waiting")
    site.agents.log_in(site.pbx, "m-ringing", "alice")
    for line in site.pbx.cli("core show channels concise").splitlines():
        site.pbx.cli(f"channel redirect {line.partition('!')[0]} ariroute-demo,m-ringing,1")
    until(lambda: sum(each.talk is not None for each in watched.every()) == 2, lambda: f"{watched.every()}")
    every = watched.every()
    assert len(every) == 4
    for contact in (recorded.contact for recorded in calls.values()):
        before, after = (each for each in every if each.contact == contact)
        assert (before.queue, before.outcome, before.outcome_queue) == ("standard", "abandoned", "standard")
        assert [each["what"] for each in before.events()] == ["entered", "abandoned"]
        assert (after.queue, after.outcome, after.outcome_queue) == ("m-ringing", "answered", "m-ringing")
        assert [each["what"] for each in after.events()] == ["entered", "answered", "ended"]


def answered(watched: Watched, *counts: int) -> list[Recorded]:
    calls = watched.calls()
    return [calls[number("unknown", count)] for count in counts]


def test_a_call_that_the_daemon_was_never_given_is_recorded_by_what_the_dialplan_tells(
    site: Site, new_daemon: NewDaemon
) -> None:
    with Relay(site.pbx.http_port) as relay:
        daemon = watching(site, new_daemon, ari=f"http://127.0.0.1:{relay.port}")
        watched = Watched(site, daemon)
        relay.newcomers = Newcomers.RESET
        relay.reset()
        until(lambda: daemon.metric("ariroute_pbx_up") == 0, "the event websocket is down")
        site.place([caller(21)])
        call = watched.settled(c21="waiting")[number("unknown", 21)]
    assert (call.handed, call.dialled, call.flow, call.queue) == ("never taken", "support", "", "")
    assert "the event websocket was down" in call.reason
    assert [event["what"] for event in call.events()] == ["undecided", "entered"]
    assert daemon.metric("ariroute_calls_undecided_total", pbx="pbx1") == 1
