"""Callers who listen and press keys: real phones, the installed daemon, both Asterisks."""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import pytest
from running_daemon import RunningDaemon, until

from ariroute.lab import audio, voices
from ariroute.lab.accounts import ANSWERING_16, BOUND, GUARD, Account
from ariroute.lab.customers import CustomerService
from ariroute.lab.phone import CallState, Phone
from ariroute.lab.ports import Ports

from .conftest import Site, number

TONES = {"welcome": 400, "menu": 700, "wrong": 1000, "bye": 1300, "long": 1700}
"""Our sounds, by their frequency in Hz; so the test hears which was played."""
SECONDS = {"long": 30.0}
HEARD = tuple(TONES.values())

HEAD = """
version: 1
region: SE
asterisk:
  pbx1:
    ari: {{url: "{ari}", user: ariroute, password: "${{file:{secret}}}", app: {app}}}
lookups:
  crm:
    http: {{url: "{crm}/customers/{{caller.e164}}", timeout: 2500ms}}
    fields: {{loyalty: string}}
queues:
  platinum: {{priority: 30}}
  gold: {{priority: 20}}
  standard: {{priority: 0}}
daemon: {{admin: "127.0.0.1:{admin}", guard: 4s, mask_numbers: false}}
flows:
  support:
    trigger: {{call: {{to: support}}}}
    default: standard
    steps: {steps}
  other:
    trigger: {{call: {{to: other}}}}
    default: standard
    steps: [{{lookup: crm}}]
"""

BOTH = pytest.mark.parametrize("site", ["22", "16"], indirect=True)

NewTalk = Callable[..., RunningDaemon]
NewPhone = Callable[[], Phone]


@pytest.fixture
def talk(site: Site, tmp_path: Path, crm: CustomerService) -> Iterator[NewTalk]:
    """``talk({"play": "custom/welcome"}, ...)``: a daemon that takes these steps with every call, started."""
    for name, hertz in TONES.items():
        audio.write_tone(site.pbx.sounds / f"custom/{name}.wav", hertz, SECONDS.get(name, 0.5))
    with ExitStack() as made:

        def start(*steps: dict[str, Any], **sections: Any) -> RunningDaemon:
            (admin,) = made.enter_context(Ports(1))
            secret, file = tmp_path / "ari.secret", tmp_path / "ariroute.yaml"
            secret.touch(mode=0o600)
            secret.write_text(site.pbx.ari_password)
            text = HEAD.format(
                ari=site.pbx.ari_url, secret=secret, app=site.app, crm=crm.url, admin=admin, steps=json.dumps(steps)
            )
            file.write_text(text + "".join(f"{name}: {json.dumps(value)}\n" for name, value in sections.items()))
            daemon = RunningDaemon(file, admin)
            made.callback(daemon.close)
            daemon.start()
            return daemon

        yield start


@pytest.fixture
def phone(site: Site) -> Iterator[NewPhone]:
    """A new caller each time, who hangs up at the end of the test."""
    counter = itertools.count(1)
    with ExitStack() as phones:

        def ring() -> Phone:
            placed = phones.enter_context(Phone(("127.0.0.1", site.pbx.sip_port), number("gold", next(counter))))
            placed.call("support")
            return placed

        yield ring


def the_call(site: Site) -> Account:
    (call,) = site.accounts.settled(1)
    return call


def assert_quiet(daemon: RunningDaemon) -> None:
    """Nothing is in the daemon's hands, and it complained of nothing."""
    until(lambda: daemon.in_flight == 0, "no call in flight")
    assert daemon.complaints() == []


@BOTH
def test_a_prompt_to_a_call_that_is_not_answered_is_early_media(site: Site, talk: NewTalk, phone: NewPhone) -> None:
    daemon = talk({"play": "custom/welcome"}, {"queue": "gold"})
    caller = phone()
    caller.wait_for(CallState.ANSWERED)  # before its queue
    assert the_call(site).queue == "gold"
    assert caller.tones(HEARD) == [TONES["welcome"]]
    assert caller.answered_at is not None
    loud = [heard.at for heard in caller.heard if audio.is_loud(heard.samples) and heard.at < caller.answered_at]
    assert len(loud) > 20
    assert_quiet(daemon)


@BOTH
def test_items_are_played_in_their_order_and_one_that_is_not_there_is_left_out(
    site: Site, talk: NewTalk, phone: NewPhone
) -> None:
    said: list[Any] = ["custom/none", {"number": 12}, {"digits": "47"}, {"tone": "busy"}]
    daemon = talk({"answer": True}, {"play": ["custom/welcome", *said, "custom/bye"]}, {"queue": "gold"})
    caller = phone()
    caller.wait_to_hear(TONES["welcome"])
    assert caller.state is CallState.ANSWERED
    began = time.monotonic()
    caller.wait_to_hear(TONES["bye"], 20.0)
    assert 4.0 < time.monotonic() - began < 9.0  # "twelve", "four seven", three seconds of tone
    assert caller.loud(since=began) > 2.5
    assert caller.tones(HEARD) == [TONES["welcome"], TONES["bye"]]
    assert the_call(site).queue == "gold"
    assert_quiet(daemon)


@BOTH
def test_a_language_has_sounds_of_its_own_and_takes_the_others_where_it_has_none(
    site: Site, talk: NewTalk, phone: NewPhone
) -> None:
    daemon = talk({"play": {"prompt": ["custom/welcome", "custom/menu"], "language": "sv"}}, {"queue": "gold"})
    swedish = audio.write_tone(site.pbx.sounds / "sv/custom/welcome.wav", TONES["bye"], 0.5)
    try:
        caller = phone()
        assert the_call(site).queue == "gold"
        assert caller.tones(HEARD) == [TONES["bye"], TONES["menu"]]
    finally:
        swedish.unlink()
    assert_quiet(daemon)


MENU = {
    "menu": {
        "prompt": "custom/menu",
        "keys": {"1": {"queue": "gold"}, "2": {"queue": "platinum"}},
        "timeout": "5s",
        "tries": 2,
        "invalid": "custom/wrong",
        "on_no_input": {"queue": "standard"},
        "on_invalid": {"queue": "standard"},
    }
}


def menu(**changes: Any) -> dict[str, Any]:
    return {"menu": MENU["menu"] | changes}


@BOTH
@pytest.mark.parametrize("way", ["rtp", "info"])
def test_a_key_ends_the_prompt_and_chooses(
    site: Site, talk: NewTalk, phone: NewPhone, way: Literal["rtp", "info"]
) -> None:
    daemon = talk(menu(prompt="custom/long"))
    caller = phone()
    caller.wait_to_hear(TONES["long"])
    pressed = time.monotonic()
    caller.press("2", by=way)
    assert the_call(site).queue == "platinum"
    time.sleep(0.1)  # what is on its way to the phone
    assert caller.loud(since=pressed) < 1.0
    assert_quiet(daemon)


@BOTH
def test_a_key_ends_a_number_too(site: Site, talk: NewTalk, phone: NewPhone) -> None:
    daemon = talk(menu(prompt=["custom/welcome", {"number": 777777777}]))
    caller = phone()
    caller.wait_to_hear(TONES["welcome"])
    since = time.monotonic() + 0.5
    until(lambda: caller.loud(since) > 0.3, "the number")
    pressed = time.monotonic()
    caller.press("2")
    assert the_call(site).queue == "platinum"
    assert time.monotonic() - pressed < 3.0  # nine words take eight seconds
    assert_quiet(daemon)


@BOTH
def test_keys_typed_ahead_spare_the_caller_the_menu(site: Site, talk: NewTalk, phone: NewPhone) -> None:
    daemon = talk({"answer": True}, {"play": "custom/welcome"}, MENU)
    caller = phone()
    caller.wait_for(CallState.ANSWERED)
    caller.press("2")
    assert the_call(site).queue == "platinum"
    assert caller.tones(HEARD) == [TONES["welcome"]]
    assert_quiet(daemon)


@BOTH
def test_after_a_wrong_key_the_menu_comes_again(site: Site, talk: NewTalk, phone: NewPhone) -> None:
    daemon = talk(MENU)
    caller = phone()
    caller.wait_to_hear(TONES["menu"])
    caller.press("9")
    caller.wait_to_hear(TONES["wrong"])
    caller.press("1")
    assert the_call(site).queue == "gold"
    assert caller.tones(HEARD) == [TONES["menu"], TONES["wrong"]]
    assert_quiet(daemon)


@BOTH
def test_who_presses_nothing_goes_the_way_for_that(site: Site, talk: NewTalk, phone: NewPhone) -> None:
    daemon = talk(menu(timeout="300ms", on_no_input={"queue": "platinum"}))
    caller = phone()
    assert the_call(site).queue == "platinum"
    assert caller.tones(HEARD) == [TONES["menu"]]
    assert caller.loud() > 0.9  # twice
    assert_quiet(daemon)


def test_a_text_is_spoken(
    site: Site, talk: NewTalk, phone: NewPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = voices.install(tmp_path / "bin", ["flite"])
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    speech = {"command": ["flite", "-o", "{file}"], "cache": str(tmp_path / "speech"), "timeout": "20s"}
    daemon = talk({"say": "Welcome back, {caller.number}."}, {"play": "custom/bye"}, {"queue": "gold"}, speech=speech)
    for _ in range(2):  # the second time from the cache
        caller = phone()
        caller.wait_to_hear(TONES["bye"], 30.0)
        assert caller.loud() > 2.0
    assert len(list((tmp_path / "speech").iterdir())) == 2  # each caller has a number of their own
    assert {call.queue for call in site.accounts.settled(2)} == {"gold"}
    assert_quiet(daemon)


def test_when_the_speech_command_fails_then_the_flow_goes_on(
    site: Site, talk: NewTalk, phone: NewPhone, tmp_path: Path
) -> None:
    speech = {"command": ["false", "{file}"], "cache": str(tmp_path / "speech")}
    daemon = talk({"say": "Welcome."}, {"play": "custom/bye"}, {"queue": "gold"}, speech=speech)
    caller = phone()
    caller.wait_to_hear(TONES["bye"])
    assert the_call(site).queue == "gold"
    assert daemon.complaints() == ["speech: 'false' ended with 1: it said nothing"]


@BOTH
def test_digits_are_collected_and_the_flow_goes_by_them(site: Site, talk: NewTalk, phone: NewPhone) -> None:
    collect = {"into": "customer", "prompt": "custom/menu", "digits": "2-8", "timeout": "5s", "between": "5s"}
    known = {"match": {"vars.customer": "4711"}, "queue": "platinum"}
    daemon = talk({"collect": collect}, {"branch": [known]}, {"queue": "gold"})
    caller = phone()
    caller.wait_to_hear(TONES["menu"])
    caller.press("4711#")
    assert the_call(site).queue == "platinum"
    assert_quiet(daemon)


@BOTH
def test_the_guard_is_longer_in_a_prompt_and_tight_again_after_it(
    site: Site, talk: NewTalk, phone: NewPhone, crm: CustomerService
) -> None:
    crm.delay, before = 10.0, crm.requests
    daemon = talk({"play": {"prompt": "custom/long", "at_most": "1500ms"}}, {"lookup": "crm"}, {"queue": "gold"})
    caller = phone()
    caller.wait_to_hear(TONES["long"])
    (call,) = site.accounts.calls()
    assert 4.0 < guard_of(site, call) <= 5.5
    until(lambda: crm.requests > before, "the lookup after the prompt")
    asked = time.time()
    until(lambda: 3.0 < guard_of(site, call) <= 4.0, "a tight guard", 0.5)
    daemon.kill()
    call = the_call(site)
    assert call.queue == "standard"
    assert call.in_queue is not None
    answering = ANSWERING_16 if site.pbx.version < (18,) else 0.0
    assert GUARD - 0.3 < call.in_queue - asked < BOUND + answering


def guard_of(site: Site, call: Account) -> float:
    """In how many seconds the guard fires."""
    return float(site.variable(call.uniqueid, "TIMEOUT(absolute)") or 0)


@BOTH
@pytest.mark.parametrize("pressing", [False, True], ids=["prompt", "keys"])
def test_when_killed_in_a_prompt_then_the_caller_is_in_the_default_queue_when_its_bound_and_the_guard_are_over(
    site: Site, talk: NewTalk, phone: NewPhone, pressing: bool
) -> None:
    step = {"into": "customer", "prompt": "custom/long", "digits": 3, "timeout": "500ms", "between": "500ms"}
    bound = 1.0 + 0.5 + 3 * 0.5
    daemon = talk({"collect": step | {"at_most": "1s"}})
    caller = phone()
    caller.wait_to_hear(TONES["long"])
    if pressing:
        caller.press("1")
    daemon.kill()
    call = the_call(site)
    assert call.queue == "standard"
    assert GUARD < call.wait < bound + BOUND
    assert site.accounts.census().lost == frozenset()


@BOTH
def test_a_daemon_started_again_takes_the_caller_out_of_the_old_prompt(
    site: Site, talk: NewTalk, phone: NewPhone
) -> None:
    daemon = talk(menu(prompt="custom/long", at_most="3s"))
    caller = phone()
    caller.wait_to_hear(TONES["long"])
    daemon.kill()
    daemon.start()
    until(lambda: daemon.in_flight == 1, "the call in the new daemon's hands")
    caller.press("1")
    assert the_call(site).queue == "gold"


@BOTH
def test_callers_who_hang_up_at_any_moment_leave_nothing_behind(site: Site, talk: NewTalk, phone: NewPhone) -> None:
    chance = random.Random(4711)
    play = {"play": ["custom/welcome", {"number": 12}, "custom/bye"]}
    daemon = talk(play, {"answer": True}, menu(timeout="300ms"))
    callers = 30
    leaving: list[tuple[float, Phone]] = []
    for _ in range(callers):
        leaving.append((time.monotonic() + chance.uniform(0.0, 5.0), phone()))
        time.sleep(0.05)
    for moment, caller in sorted(leaving, key=lambda pair: pair[0]):
        time.sleep(max(0.0, moment - time.monotonic()))
        caller.hang_up()
    until(lambda: "0 active channels" in site.pbx.cli("core show channels count"), "all channels gone")
    until(lambda: sum(call.left for call in site.accounts.calls()) == callers, "all calls left")
    assert_quiet(daemon)


@BOTH
def test_when_told_to_end_in_a_prompt_then_the_caller_is_in_the_default_queue_at_once(
    site: Site, talk: NewTalk, phone: NewPhone
) -> None:
    daemon = talk({"play": {"prompt": "custom/long", "at_most": "30s"}}, {"queue": "gold"})
    caller = phone()
    caller.wait_to_hear(TONES["long"])
    began = time.monotonic()
    assert daemon.stop() == 0
    assert the_call(site).queue == "standard"
    assert time.monotonic() - began < 8.0  # daemon.drain is 5 s
