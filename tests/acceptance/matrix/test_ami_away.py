"""AMI refuses, hangs, has another password, goes silent, or breaks in the middle of a list: routing never waits for it.

Calls whose flow asks AMI nothing are routed by their rule as fast as ever. A lookup of a queue fails within its
deadline, so that the flow's ``else`` has the call; and once AMI is back it is asked again.
"""

from __future__ import annotations

from pathlib import Path

from running_daemon import RunningDaemon, until

from ariroute.lab.accounts import Account, by_caller
from ariroute.lab.relay import Newcomers, Relay, Way
from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site, edit
from .load import BUSY, Note, callers, judge, quantile
from .scale import scaled

PLAIN, ASKING = scaled(5, 50), scaled(2, 10)
QUICK = 0.1
"""Seconds of a decision that waits for nothing: it takes 5 ms, and half of them may not find a busy core."""
DEADLINE = 0.8
"""Of the lookup."""
BACK = 5.0 + 1.0
"""Seconds until AMI is tried again: the longest pause, and a login."""

FLOW = """  asks:
    trigger: {call: {to: asks}}
    default: standard
    steps:
      - lookup: gold_now
      - branch:
          - when: gold_now.waiting >= 0.0
            queue: platinum
      - queue: standard
"""


class Stage:
    """A daemon that reaches AMI through a relay, and its callers."""

    def __init__(self, site: Site, daemon: RunningDaemon, relay: Relay, password: str, folder: Path) -> None:
        self._site = site
        self.daemon = daemon
        self.relay = relay
        self._placed = 0
        secret = folder / "ami"
        secret.touch(mode=0o600)
        secret.write_text(password)
        ami = f'ami: {{address: "127.0.0.1:{relay.port}", user: ariroute, password: "${{file:{secret}}}"}}'
        asked = f"gold_now: {{queue: {{name: gold, timeout: {DEADLINE * 1000:g}ms}}, cache: {{for: 50ms}}}}"
        edit(daemon, "\nlookups:\n", f"\n    {ami}\nlookups:\n  {asked}\n")
        edit(daemon, "\ndaemon: ", f"\n{FLOW}daemon: ")

    @property
    def is_up(self) -> bool:
        """Whether the daemon has AMI."""
        return self.daemon.metric("ariroute_ami_up", pbx="pbx1") == 1.0

    def place(self, count: int, dialled: str) -> list[Caller]:
        placed = callers(count, start=self._placed, dialled=dialled)
        self._placed += count
        self._site.place(placed, rate=20)
        return placed

    def accounts(self, placed: list[Caller]) -> list[Account]:
        """Those of these callers, settled."""
        found = by_caller(self._site.accounts.settled(self._placed))
        return [found[each.number] for each in placed]

    def route(self, note: Note, fault: str) -> None:
        """Calls by their rule, at once; those that ask by their else, within the deadline."""
        plain, asking = self.place(PLAIN, "support"), self.place(ASKING, "asks")
        routed, answered = self.accounts(plain), self.accounts(asking)
        waits = [call.wait for call in routed]
        note(f"{fault}: p50 {quantile(waits, 0.5):.3f} s, those that ask {max(each.wait for each in answered):.3f} s")
        assert {call.queue for call in routed} == {"gold"}, fault
        assert quantile(waits, 0.5) < QUICK, fault
        assert {call.queue for call in answered} == {"standard"}, fault
        assert max(call.wait for call in answered) < DEADLINE + 2 * BUSY, fault

    def recover(self, fault: str) -> None:
        """AMI is well again: it is found out, and asked."""
        until(lambda: self.is_up, f"AMI is connected after {fault}: {self.daemon.text()}", BACK + 10 * BUSY)
        (call,) = self.accounts(self.place(1, "asks"))
        assert call.queue == "platinum", fault


def test_ami_that_refuses_hangs_goes_silent_or_breaks_is_not_waited_for_and_used_again(
    site: Site, new_daemon: NewDaemon, note: Note, tmp_path: Path
) -> None:
    with Relay(site.pbx.ami_port) as relay:
        stage = Stage(site, new_daemon(site), relay, site.pbx.ami_password, tmp_path)
        relay.stop()
        stage.daemon.start()
        until(lambda: "Connection refused" in stage.daemon.text(), stage.daemon.text)
        stage.route(note, "refused")
        relay.newcomers = Newcomers.IGNORED
        relay.start()
        until(lambda: relay.turned_away, "the daemon tries again")
        stage.route(note, "hanging")
        relay.newcomers = Newcomers.SERVED
        stage.recover("hanging")

        relay.lose()
        stage.route(note, "silent")
        until(lambda: not stage.is_up, "the daemon sees that nobody answers")
        relay.mend()
        stage.recover("silent")

        relay.slow(Way.BACK, bytes_per_second=500)
        before = relay.passed[Way.BACK]
        asking = stage.place(1, "asks")
        until(lambda: relay.passed[Way.BACK] > before, "a part of the list has passed")
        relay.reset()
        (call,) = stage.accounts(asking)
        relay.mend()
        assert (call.queue, call.wait < DEADLINE + 2 * BUSY) == ("standard", True)
        stage.recover("reset in the middle of a list")

    judge(site, note)
    daemon = stage.daemon
    assert daemon.metric("ariroute_decisions_total", by_default="yes") == 0
    failed = daemon.metric("ariroute_lookups_total", lookup="gold_now", outcome="failed")
    assert failed == 3 * ASKING + 1
    assert daemon.metric("ariroute_lookup_breaker", lookup="gold_now", state="closed") == 1.0
    assert "Traceback" not in daemon.text()


def test_with_a_wrong_password_for_ami_calls_are_routed_all_the_same(
    site: Site, new_daemon: NewDaemon, note: Note, tmp_path: Path
) -> None:
    with Relay(site.pbx.ami_port) as relay:
        stage = Stage(site, new_daemon(site), relay, "not the secret", tmp_path)
        stage.daemon.start()
        until(lambda: "refuses the AMI user" in stage.daemon.text(), stage.daemon.text)
        stage.route(note, "wrong password")
    judge(site, note)
    assert stage.daemon.is_ready
    assert "not the secret" not in stage.daemon.text()
