"""--press, --ring and what --expect can name: callers with a telephone, rehearsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.cli.expectation import expectation
from ariroute.errors import UnknownName
from ariroute.flow.decision import EndpointDestination, VoicemailDestination

from .conftest import Ariroute

FLOW = """\
version: 1
region: SE
timezone: Europe/Stockholm
speech: {command: ["flite", "-o", "{file}"]}
endpoints: {overflow: "PJSIP/support@carrier"}
agents: {anna: {dial: "PJSIP/anna", also: "Anna Ek"}}
hours: {office: {mon-fri: "08:00-17:00"}}
queues: {gold: {priority: 20}, standard: {}}
flows:
  support:
    trigger: {call: {to: support}}
    default: standard
    steps:
      - answer: true
      - hours: {calendar: office, closed: {voicemail: "100"}}
      - menu:
          prompt: custom/menu
          invalid: custom/wrong
          keys:
            "1": {queue: gold}
            "2": {then: [{agent: {name: Anna Ek, on_busy: {queue: gold}}}]}
            "3": {then: [{dial: overflow}]}
      - collect: {into: number, prompt: [custom/number, {number: 4}], digits: 4}
      - label: {name_prefix: VIP}
      - note: {cel: '"keyed in " + vars.number'}
      - split: {name: trial, ways: [{percent: 100, then: [{say: "Thank you, {caller.name}"}]}]}
"""
OPEN = ("support", "--caller", "+46701234567", "--name", "Ann", "--at", "2026-11-24T09:00")


@pytest.fixture(autouse=True)
def flow_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ariroute.yaml").write_text(FLOW)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        ("--press", "1", "--expect", "gold:20"),
        ("--press", "9", "--press", "1", "--expect", "gold"),
        ("--press", "2", "--ring", "answered", "--expect", "dial:anna"),
        ("--press", "2", "--ring", "busy", "--expect", "gold"),
        ("--press", "2", "--ring", "no_answer", "--press", "1234", "--expect", "standard"),
        ("--press", "3", "--ring", "answered", "--expect", "dial:overflow"),
        ("--expect", "standard"),
        ("--at", "2026-11-24T20:00", "--expect", "voicemail:100"),
        ("--at", "2026-11-24T20:00", "--expect", "voicemail:100@default"),
    ],
)
def test_the_call_ends_where_keys_and_rings_lead(ariroute: Ariroute, options: tuple[str, ...]) -> None:
    ended = ariroute("test", *OPEN, *options)
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("expected", ["dial:anna", "voicemail:100", "hangup"])
def test_another_end_is_told(ariroute: Ariroute, expected: str) -> None:
    ended = ariroute("test", *OPEN, "--press", "1", "--expect", expected)
    assert ended.code == 1
    assert "got queue gold, priority 20" in ended.err


def test_the_tree_shows_prompts_keys_and_what_was_said(ariroute: Ariroute) -> None:
    out = ariroute("test", *OPEN, "--press", "8", "--press", "", "--press", "", "--press", "1234#").out
    assert [line.strip("│├└─ ") for line in out.splitlines()[2:]] == [
        "answer answered",
        "hours office: open",
        'menu custom/menu: invalid  (digits = "8")',
        "menu custom/wrong, custom/menu: no_input",
        "menu custom/menu: no_input",
        'collect custom/number, number 4: collected  (digits = "1234")',
        'label name_prefix = "VIP"',
        "note keyed in 1234",
        "split trial: 100 percent  (drawn = 69.88)",
        'say "Thank you, Ann": played',
        "default standard  (the steps ended without a destination)",
        "queue standard, priority 0  (by flows.support.default: the steps ended without a destination)",
    ]


def test_explain_tells_the_prompts_in_sentences(ariroute: Ariroute) -> None:
    out = ariroute("explain", *OPEN, "--press", "8", "--press", "2", "--ring", "busy").out
    for sentence in (
        "It answered the call.",
        "Hours office are open. Not taken: closed or holiday (to voicemail 100).",
        "Menu: the caller was asked with custom/menu. The caller keyed in 8: invalid.",
        "Menu: the caller was asked with custom/wrong, custom/menu. The caller keyed in 2. "
        "Not taken: key 1 (to queue gold), key 3 (to endpoint overflow).",
        "It rang anna: busy.",
        "So the call goes to queue gold, priority 20, by flows.support.steps[2].menu.keys.'2'.then[0].agent.on_busy: "
        "agent anna busy.",
    ):
        assert sentence in out.splitlines()
    rest = ariroute("explain", *OPEN, "--press", "", "--press", "", "--press", "").out
    assert 'It labelled the call: name_prefix is "VIP".' in rest
    assert 'The caller heard "Thank you, Ann".' in rest
    assert 'The note "keyed in " + vars.number could not be told (vars.number is empty).' in rest
    menus = [line for line in rest.splitlines() if line.startswith("Menu:")]
    assert [" Not taken: " in line for line in menus] == [False, False, True]
    assert menus[2].endswith(
        "Not taken: key 1 (to queue gold), key 2 (to an agent or queue gold), key 3 (to endpoint overflow)."
    )


def test_explain_lists_the_other_ways_of_menus_hours_and_splits_in_json(ariroute: Ariroute) -> None:
    cases = ariroute("explain", *OPEN, "--press", "9", "--press", "9", "--press", "9", "--json").json["cases"]
    told = [
        (case["path"].removeprefix("flows.support.steps"), case["when"], case["verdict"], case["why"]) for case in cases
    ]
    assert told == [
        ("[1].hours.closed", "closed or holiday", "not taken", "hours office: open"),
        *((f"[2].menu.keys.'{key}'", f"key {key}", "not taken", "menu: invalid") for key in "123"),
    ]


def test_keys_and_rings_that_nothing_came_for_are_remarked(ariroute: Ariroute) -> None:
    ended = ariroute("test", *OPEN, "--press", "1", "--press", "5", "--ring", "busy")
    assert ended.err.splitlines() == [
        "note: --press 5 was not needed: the flow asked for keys so often only",
        "note: --ring busy was not needed: the flow rang so often only",
    ]


@pytest.mark.parametrize(
    ("option", "remedy"),
    [(("--press", "1a"), "a telephone has the keys 0 to 9, * and #"), (("--ring", "bussy"), "did you mean 'busy'")],
)
def test_what_cannot_be_is_refused(ariroute: Ariroute, option: tuple[str, str], remedy: str) -> None:
    ended = ariroute("test", *OPEN, *option)
    assert ended.code == 2
    assert remedy in ended.err


def test_an_unknown_endpoint_is_no_failed_expectation() -> None:
    with pytest.raises(UnknownName, match="did you mean 'anna'"):
        expectation("dial:ana", ["gold"], ["anna"])


def test_a_queue_called_dial_is_meant_with_its_priority() -> None:
    assert expectation("dial:20", ["dial"]).kind == "queue"


def test_the_others_read_as_destinations_do() -> None:
    assert expectation("voicemail:100", []).met_by(VoicemailDestination("100@default", "busy"))
    assert not expectation("voicemail:100", []).met_by(VoicemailDestination("100@other"))
    assert expectation("dial:anna", [], ["anna"]).met_by(EndpointDestination("anna", "PJSIP/anna"))
    assert str(expectation("voicemail:100", [])) == str(VoicemailDestination("100"))
