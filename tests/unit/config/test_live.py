"""A configuration beside what an Asterisk says it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ariroute.asterisk.inventory import Inventory, Line, Unread
from ariroute.config.dialplan import parse, source
from ariroute.config.live import CONTEXTS, Comparison, compare
from ariroute.config.load import load_text
from ariroute.config.needs import CORE, Need, needs
from ariroute.lab.pbxconfig import SAMPLES

FILE = """\
version: 1
asterisk:
  main:
    ari: {url: "http://127.0.0.1:8088", user: ariroute, password: "${env:A}"}
lookups:
  gold_now:
    queue: {name: gold}
  vip:
    astdb: {family: vip, key: "{caller.e164}"}
  listed:
    astdb: {family: vip, key: "{caller.e164}", exists: true}
  call:
    channel:
      variables: {plan: PLAN, tier: "PJSIP_HEADER(read,X-Tier)"}
endpoints:
  office: PJSIP/office
  trunk: PJSIP/0850@carrier
  uri: "PJSIP/carrier/sip:queue@127.0.0.1:5060"
  old: DAHDI/g1/0850
  inside: Local/100@internal
agents:
  anna: PJSIP/anna
queues:
  gold: {priority: 10}
flows:
  support:
    trigger: {call: {}}
    default: gold
    steps:
      - play: [custom/welcome, {number: 3}]
      - menu:
          prompt: custom/menu
          keys: {"1": {then: [{dial: office}]}, "2": {voicemail: "100"}}
          invalid: custom/wrong
      - consent: {prompt: custom/consent, yes: "1", no: "2", into: recording, record: true}
      - label: {headers: {X-Tier: gold}}
      - dial: trunk
      - dial: uri
      - dial: old
      - dial: inside
      - agent: {name: anna}
"""
SHIPPED = parse(source((SAMPLES / "extensions-ariroute.conf").read_text(encoding="utf-8")))
PLAN = {
    context: [
        Line(extension.pattern, number, step.application, step.arguments, step.label)
        for extension in SHIPPED.extensions
        if extension.context == context
        for number, step in enumerate(extension.steps, 1)
    ]
    for context in CONTEXTS
}
ENTRANCE, DELIVERY = PLAN["ariroute"], PLAN["ariroute-deliver"]
(STASIS,) = [line for line in ENTRANCE if line.application == "Stasis"]
(GUARD,) = [line for line in ENTRANCE if line.data.startswith("TIMEOUT")]
ALL = Inventory(
    version="22.10.1",
    modules=frozenset(
        {name for name, _ in CORE}
        | {"func_db", "res_pjsip_header_funcs", "app_dial", "chan_pjsip", "app_voicemail_odbc", "app_mixmonitor"}
        | {"func_devstate", "app_stack"}
        | {"func_module", "res_stasis_playback", "res_ari_playbacks"}
    ),
    endpoints=frozenset({"PJSIP/office", "PJSIP/carrier", "PJSIP/anna", "DAHDI/g1"}),
    sounds=frozenset({"custom/welcome", "custom/menu", "custom/wrong", "custom/consent", "digits/1"}),
    variables={"ARIROUTE_DEFAULT": "gold", "ARIROUTE_LAST": "gold", "ARIROUTE_APP": ""},
    queues=frozenset({"gold"}),
    dialplan=PLAN,
    may_read_database=True,
)
CONFIG = load_text(FILE, "ariroute.yaml")


def compared(found: Inventory) -> Comparison:
    return compare(CONFIG, "main", found)


def told(found: Inventory) -> list[str]:
    """What is missing, each as line, path and the beginning of the text."""
    return [
        f"{each.line} {each.path}: {each.text.removeprefix('main: ').partition(':')[0]}"
        for each in compared(found).problems
    ]


def test_nothing_is_missing_where_all_is_there() -> None:
    found = compared(ALL)
    assert (found.problems, found.warnings, found.unread) == ([], [], [])


@pytest.mark.parametrize("need", [need for need in needs(CONFIG) if need.kind == "module"], ids=lambda need: need.names)
def test_each_module_is_missed(need: Need) -> None:
    found = replace(ALL, modules=ALL.modules - set(need.names))
    (text, *_) = [each.text for each in compared(found).problems]
    assert text.startswith(f"main: the module {need.names[0]} is not loaded: ")


def test_each_endpoint_is_missed_at_its_place() -> None:
    assert told(replace(ALL, endpoints=frozenset())) == [
        "22 agents.anna: there is no endpoint PJSIP/anna",
        "16 endpoints.office: there is no endpoint PJSIP/office",
        "17 endpoints.trunk: there is no endpoint PJSIP/carrier",
        "18 endpoints.uri: there is no endpoint PJSIP/carrier",
        "19 endpoints.old: there is no endpoint DAHDI/g1",
    ]


def test_each_sound_is_missed_at_its_step() -> None:
    assert told(replace(ALL, sounds=frozenset())) == [
        "30 flows.support.steps[0]: there is no sound 'custom/welcome'",
        "30 flows.support.steps[0]: there is no sound 'digits/1' (numbers are said with it and its like)",
        "31 flows.support.steps[1]: there is no sound 'custom/menu'",
        "31 flows.support.steps[1]: there is no sound 'custom/wrong'",
        "35 flows.support.steps[2]: there is no sound 'custom/consent'",
    ]


def test_each_queue_is_missed_at_its_place() -> None:
    assert told(replace(ALL, queues=frozenset({"goldd"}))) == [
        "24 queues.gold: there is no queue 'gold', did you mean 'goldd'?",
        "7 lookups.gold_now.queue.name: there is no queue 'gold', did you mean 'goldd'?",
        "3 asterisk.main: there is no queue 'gold', where the dialplan sends calls when ariroute does not answer",
        "3 asterisk.main: there is no queue 'gold', where the dialplan sends calls when ariroute does not answer",
    ]


def test_what_could_not_be_read_is_said_and_is_no_mistake() -> None:
    found = compared(replace(ALL, queues=Unread("no ami in the file"), dialplan=Unread("the AMI user may not")))
    assert found.problems == []
    assert found.unread == [
        "main: queues: no ami in the file",
        "main: the guard in the dialplan: the AMI user may not",
    ]


def test_the_database_needs_ami_and_a_right() -> None:
    assert told(replace(ALL, may_read_database=False)) == [
        "9 lookups.vip.astdb: the AMI user may not read the database"
    ]
    assert told(replace(ALL, may_read_database=Unread("no ami"))) == [
        "9 lookups.vip.astdb: values of the database need AMI"
    ]


@pytest.mark.parametrize("version", ["13.38.3", "11.25.3-cert2"])
def test_an_asterisk_of_long_ago_is_told(version: str) -> None:
    assert told(replace(ALL, version=version)) == [
        f"4 asterisk.main.ari: Asterisk {version} is older than 16, the oldest that ariroute works with"
    ]


def test_an_older_dialplan_lacks_what_newer_steps_need() -> None:
    assert told(replace(ALL, dialplan={**PLAN, "ariroute-ring": None, "ariroute-agent": None})) == [
        "33 flows.support.steps[1].menu.keys.'1'.then[0]: the dialplan has no context [ariroute-ring]",
        "36 flows.support.steps[3]: the dialplan has no context [ariroute-agent]",
        *(
            f"{37 + index} flows.support.steps[{4 + index}]: the dialplan has no context [ariroute-ring]"
            for index in range(5)
        ),
    ]


def test_a_version_that_says_nothing_is_taken() -> None:
    assert told(replace(ALL, version="GIT-master-1234")) == []


GUARD_MISSING = "[ariroute] s,8 of the dialplan: Stasis() without a guard: "


def guarded_by(*lines: Line) -> list[Line]:
    """The entrance with these lines in the place of the one that arms the guard."""
    at = ENTRANCE.index(GUARD)
    return [*ENTRANCE[:at], *lines, *ENTRANCE[at + 1 :]]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (guarded_by(), GUARD_MISSING),
        (guarded_by(replace(GUARD, extension="x")), GUARD_MISSING),
        (guarded_by(replace(GUARD, data="TIMEOUT(absolute)=0")), GUARD_MISSING),
        (guarded_by(replace(GUARD, priority=99)), GUARD_MISSING),
        (guarded_by(replace(GUARD, data="TIMEOUT(absolute)=${X}")), GUARD_MISSING),
        (guarded_by(replace(GUARD, data="TIMEOUT(absolute)=3.5")), "the dialplan's guard is 3.5 s and daemon"),
        ([line for line in ENTRANCE if line.extension != "T"], "[ariroute] of the dialplan: no extension T"),
        (None, "the dialplan has no context [ariroute]"),
        ([], "the dialplan has no context [ariroute]"),
    ],
)
def test_the_guard_of_the_entrance(lines: list[Line] | None, sentence: str) -> None:
    found = compared(replace(ALL, dialplan={**PLAN, "ariroute": lines})).problems
    assert found[0].text.startswith(f"main: {sentence}")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            DELIVERY[1:],
            "[ariroute-deliver] s,2 of the dialplan: the first step before a Queue() must be Set(TIMEOUT(abs",
        ),
        (
            [line for line in DELIVERY if line.extension != "T"],
            "[ariroute-deliver] of the dialplan: no extension T",
        ),
        (None, "the dialplan has no context [ariroute-deliver]"),
    ],
)
def test_the_guard_of_the_delivery(lines: list[Line] | None, sentence: str) -> None:
    found = compared(replace(ALL, dialplan={**PLAN, "ariroute-deliver": lines})).problems
    assert found[0].text.startswith(f"main: {sentence}")
    assert "extensions-ariroute.conf" in found[0].text


def test_a_step_that_is_risky_is_a_warning() -> None:
    changed = [replace(STASIS, data="ariroute,${ARIROUTE_TO}") if line is STASIS else line for line in ENTRANCE]
    found = compared(replace(ALL, dialplan={**PLAN, "ariroute": changed}))
    assert found.problems == []
    assert [each.text for each in found.warnings] == [
        "main: [ariroute] s,8 of the dialplan: ${ARIROUTE_TO} without FILTER; take dialplan/extensions-ariroute.conf "
        "as it is"
    ]


@pytest.mark.parametrize(
    ("data", "variable", "name"),
    [
        (STASIS.data, "other", "other"),
        ("other,x", "", "other"),
        ("ariroute,x", "", ""),
        ("${APP},x", "", ""),
        (STASIS.data, "ariroute", ""),
    ],
)
def test_another_application_is_a_warning(data: str, variable: str, name: str) -> None:
    entrance = [replace(STASIS, data=data) if line is STASIS else line for line in ENTRANCE]
    found = compared(
        replace(
            ALL,
            dialplan={**PLAN, "ariroute": entrance},
            variables={**ALL.variables, "ARIROUTE_APP": variable},
        )
    )
    assert found.problems == []
    assert [each.text.partition(":")[2].partition(",")[0].strip() for each in found.warnings] == (
        [f"the dialplan gives calls to the application '{name}'"] if name else []
    )
