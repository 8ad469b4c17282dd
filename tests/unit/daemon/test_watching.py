"""Those who watch calls as they are decided: what they are told, and what is kept from them."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fake_ari import FakePbx

from ariroute.config.load import Config, load_text
from ariroute.daemon.watching import BACKLOG, MOST, Left, Showing, Watchers, wanted_by
from ariroute.errors import UnusableInput
from ariroute.flow.contact import Contact, Party, dialled_party, party
from ariroute.flow.run import Run
from ariroute.journal.record import Happened
from ariroute.testing import FakeCaller, FakeLookups, drive

from .conftest import Running

FLOW = """
version: 1
region: SE
timezone: Europe/Stockholm
lookups:
  crm:
    http: {url: "http://127.0.0.1:9/{caller.e164}"}
    fields: {loyalty: string, pin: string, manager: string}
queues: {gold: {priority: 20}, standard: {}}
agents: {Eva: PJSIP/eva}
flows:
  support:
    trigger: {call: {to: support}}
    default: standard
    steps:
      - lookup: crm
      - set: {level: {cel: crm.loyalty + "-level"}}
      - note: {cel: '"called " + caller.name + " of " + crm.loyalty'}
      - label: {name_prefix: {cel: crm.loyalty}, headers: {X-Caller: {cel: caller.e164}}}
      - collect: {into: code, prompt: vm-extension, digits: 4}
      - branch:
          - when: vars.code == crm.pin && caller.e164 != ""
            queue: gold
      - agent: {name: {cel: crm.manager}, timeout: 10s}
daemon: {mask_numbers: %s}
"""
ANN = {"loyalty": "carbon", "pin": "7391", "manager": "Zoltan"}
AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def config_with(mask: bool) -> Config:
    return load_text(FLOW % str(mask).lower())


def left_by(config: Config, number: str = "+46701000001", pressed: str = "7391") -> Left:
    """A call of Ann's, decided."""
    contact = Contact("1.1", AT, party(number, "Ann Ek", "SE"), dialled_party("support", "SE"), "call", "pbx1")
    run = Run(config.ruleset, config.ruleset.flows["support"], contact)
    decision = drive(run, FakeLookups({"crm": ANN}), AT, FakeCaller([pressed]))
    return Left(contact, "support", run.history, decision.trace, decision, "handed over", "", 0.025)


def told(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


async def test_a_watcher_is_told_of_each_call_as_it_leaves(fake: FakePbx, running: Running) -> None:
    woken = []
    async with running() as daemon:
        with daemon.watchers.watch(wanted_by("", "SE"), lambda: woken.append(1)) as watcher:
            channel = fake.channels[fake.call("+46701000001", ("support",), name="Ann")]
            await fake.until(lambda: bool(woken))
            call, *_ = told(watcher.take())
        assert not daemon.watchers

    expected = {"contact": channel.id, "caller": "+46701000001", "queue": "platinum", "priority": 30}
    expected |= {"handed": "handed over", "by_default": False, "rules": daemon.config.digest}
    assert expected.items() <= call.items()
    assert call["reason"].endswith('crm.loyalty == "platinum"')
    assert [entry["what"] for entry in call["trace"]] == ["flow", "lookup", "case", "queue"]
    assert call["trace"][1]["values"] == {"loyalty": "platinum", "orders": 3}


async def test_a_call_that_no_flow_takes_is_told_too(fake: FakePbx, running: Running) -> None:
    woken = []
    async with running() as daemon:
        with daemon.watchers.watch(wanted_by("", "SE"), lambda: woken.append(1)) as watcher:
            fake.call("+46701000001", ("900",))
            await fake.until(lambda: bool(woken))
            call, *_ = told(watcher.take())

    assert (call["to"], call["queue"], call["handed"], call["trace"]) == (None, None, "passed on", [])
    assert call["reason"].startswith("no flow answers to '900'")


async def test_a_reload_does_not_end_the_watch(fake: FakePbx, running: Running) -> None:
    woken = []
    async with running() as daemon:
        with daemon.watchers.watch(wanted_by("", "SE"), lambda: woken.append(1)) as watcher:
            await daemon.reload()
            fake.call("+46701000001", ("support",))
            await fake.until(lambda: bool(woken))
            assert told(watcher.take())[0]["caller"] == "+46701000001"


def test_only_the_caller_who_was_asked_for_is_told() -> None:
    watchers, config = Watchers(), config_with(mask=True)
    with (
        watchers.watch(wanted_by("070-100 00 01", "SE"), lambda: None) as hers,
        watchers.watch(wanted_by("+46701000002", "SE"), lambda: None) as his,
    ):
        watchers.left(left_by(config), Showing(config))

        assert [call["caller"] for call in told(hers.take())] == ["+46******001"]
        assert his.take() == []


def test_what_is_no_number_cannot_be_watched() -> None:
    with pytest.raises(UnusableInput, match="'Ann' is not a telephone number"):
        wanted_by("Ann", "SE")
    assert not wanted_by("+46701000001", "SE")(Party())


def test_masked_nothing_is_told_of_what_was_found_out_of_the_caller() -> None:
    secrets = ("+46701000001", "701000001", "Ann", "carbon", "7391", "Zoltan")
    for pressed in ("7391", "1234"):
        left = left_by(config_with(mask=True), pressed=pressed)
        shown = {mask: json.dumps(Showing(config_with(mask=mask)).told(left)) for mask in (True, False)}

        assert all(word in shown[False] for word in secrets if word != "701000001" and word != "Zoltan")
        assert not [word for word in (*secrets, pressed) if word in shown[True]]
        masked, whole = json.loads(shown[True]), json.loads(shown[False])
        assert (masked["caller"], masked["to"]) == ("+46******001", whole["to"])
        steps = [[(entry["path"], entry["what"]) for entry in each["trace"]] for each in (masked, whole)]
        assert steps[0] == steps[1]
        assert masked["trace"][1]["text"] == "crm"


def test_what_the_journal_omits_is_not_shown_either() -> None:
    text = FLOW % "false" + "journal: {omit: [crm.pin, crm.manager, vars.code]}\n"
    config = load_text(text)

    shown = json.dumps(Showing(config).told(left_by(config)))

    assert "7391" not in shown
    assert "Zoltan" not in shown
    assert "carbon" in shown


def test_what_happens_then_is_told_of_calls_that_were_told() -> None:
    watchers, config = Watchers(), config_with(mask=True)
    event = Happened("1.1", "pbx1", {"what": "entered", "at": 1.0, "queue": "gold"}, {"outcome": "waiting"})
    with watchers.watch(wanted_by("", "SE"), lambda: None) as watcher:
        watchers.happened(event)
        assert watcher.take() == []
        watchers.left(left_by(config), Showing(config))
        watchers.happened(event)
        watchers.happened(event._replace(pbx="pbx2"))

        _, then = told(watcher.take())

    assert then == {"contact": "1.1", "pbx": "pbx1", "event": event.event}


def test_what_is_not_read_is_dropped_and_counted() -> None:
    watchers, config = Watchers(), config_with(mask=True)
    left, showing = left_by(config), Showing(config)
    with watchers.watch(wanted_by("", "SE"), lambda: None) as watcher:
        for number in range(BACKLOG + 3):
            watchers.left(left._replace(contact=replace(left.contact, id=str(number))), showing)
        lines = told(watcher.take())

        assert len(lines) == BACKLOG + 1
        assert (lines[0]["contact"], lines[-1]) == ("0", {"dropped": 3})
        assert watcher.take() == []


def test_no_more_than_a_few_watch_at_once() -> None:
    watchers = Watchers()
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(watchers.watch(wanted_by("", "SE"), lambda: None))
        with pytest.raises(UnusableInput, match="8 watch already"):
            stack.enter_context(watchers.watch(wanted_by("", "SE"), lambda: None))
    assert not watchers


def test_without_watchers_nothing_is_worked_out() -> None:
    class Costly(Showing):
        def told(self, left: Left) -> dict[str, Any]:
            raise AssertionError("nobody watches this caller")

    watchers, config = Watchers(), config_with(mask=True)
    watchers.left(left_by(config), Costly(config))
    with watchers.watch(wanted_by("+46701000002", "SE"), lambda: None):
        watchers.left(left_by(config), Costly(config))
