"""What SIPp is given to read and how its lines are understood; real calls are in tests/integration/test_lab_sip.py."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ariroute.lab import sip
from ariroute.lab.sip import Agent, AgentEvent, AgentRecord, Agents, Caller, Callers, CallResult, Identity, Outcome
from ariroute.lab.sipp import SipError


@pytest.mark.parametrize(
    ("caller", "header"),
    [
        (Caller("+46701"), "<sip:+46701@127.0.0.1>"),
        (Caller("+46701", "Ann Öberg"), '"Ann Öberg" <sip:+46701@127.0.0.1>'),
        (Caller("+46701", 'A"\\'), '"A\\"\\\\" <sip:+46701@127.0.0.1>'),
        (Caller(""), "<sip:127.0.0.1>"),
        (Caller("+46701", "Ann", raw_from="<tel:+1>"), "<tel:+1>"),
    ],
)
def test_when_a_caller_has_a_name_then_from_quotes_it(caller: Caller, header: str) -> None:
    assert caller.from_header() == header


def test_when_text_is_hostile_then_the_scenario_holds_no_keyword_and_no_markup() -> None:
    hostile = 'a[call_id]]>;\r\n${X}\\x41"é'

    literal = sip._literal(hostile)

    assert not set("[]\\;$\r\n") & set(re.sub(r"\\x[0-9A-F]{2}", "", literal))
    decoded = re.sub(r"\\x([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), literal)
    assert decoded.encode("latin-1") == hostile.encode()


@pytest.mark.parametrize("identity", Identity)
@pytest.mark.parametrize("raw", [None, "]]><x"])
def test_when_a_scenario_is_filled_in_then_it_is_xml_without_markers(identity: Identity, raw: str | None) -> None:
    text = sip._caller_scenario([Caller("1", raw_from=raw)], identity)

    assert "{{" not in text.partition("-->")[2]
    assert ElementTree.fromstring(text).tag == "scenario"
    assert ("P-Asserted-Identity" in text) is (identity is Identity.ASSERTED)


def test_when_callers_are_listed_then_each_line_carries_its_values_in_order() -> None:
    callers = [Caller("1", "Ann", dialled="a", patience=1.5, stay=0, after=0.25), Caller("2")]

    assert sip._injection(callers, alone=False).splitlines() == [
        "SEQUENTIAL",
        '0;"Ann" <sip:1@127.0.0.1>;a;1500;1;250',
        "1;<sip:2@127.0.0.1>;support;60000;60000;1",
    ]


@pytest.mark.parametrize("name", ["a;b", "a\nb", "a\0b"])
def test_when_a_list_cannot_carry_a_name_then_the_remedy_is_named(tmp_path: Path, name: str) -> None:
    callers = Callers(["sipp"], ("127.0.0.1", 5060), tmp_path)

    with pytest.raises(SipError, match="place this caller alone"):
        callers.place([Caller("1", name), Caller("2")])


def test_when_there_is_nobody_to_place_then_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SipError, match="no callers"):
        Callers(["sipp"], ("127.0.0.1", 5060), tmp_path).place([])


def test_when_sipp_is_not_there_then_the_text_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(SipError, match="install SIPp"):
        Callers(["/nonexistent/sipp"], ("127.0.0.1", 5060), tmp_path).place_one("1")


def test_when_a_csv_of_callers_is_read_then_missing_columns_have_their_defaults(tmp_path: Path) -> None:
    path = tmp_path / "callers.csv"
    path.write_text('number,name,stay\n+461,"Ann, B",2.5\n+462,,\n', encoding="utf-8")

    assert sip.read_callers(path) == [Caller("+461", "Ann, B", stay=2.5), Caller("+462")]


@pytest.mark.parametrize("row", ["number,stay\n+461,long\n", "name\nAnn\n"])
def test_when_a_csv_of_callers_is_wrong_then_the_line_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "callers.csv"
    path.write_text(row, encoding="utf-8")

    with pytest.raises(SipError, match=r"callers\.csv:2: .*expected number\["):
        sip.read_callers(path)


@pytest.mark.parametrize(
    ("events", "outcome", "answered", "code"),
    [
        (["invited"], Outcome.UNDER_WAY, False, None),
        (["invited", "answered"], Outcome.UNDER_WAY, True, None),
        (["answered", "hung-up caller"], Outcome.HUNG_UP_BY_CALLER, True, None),
        (["answered", "hung-up pbx"], Outcome.HUNG_UP_BY_PBX, True, None),
        (["gave-up", "refused 487"], Outcome.GAVE_UP, False, 487),
        (["gave-up", "answered", "hung-up caller"], Outcome.HUNG_UP_BY_CALLER, True, None),
        (["refused 486"], Outcome.REFUSED, False, 486),
    ],
)
def test_when_events_come_then_the_result_follows(
    events: list[str], outcome: Outcome, answered: bool, code: int | None
) -> None:
    result = CallResult(Caller("1"))

    for event in events:
        sip._note(result, event)

    assert (result.outcome, result.answered, result.code) == (outcome, answered, code)


def test_when_agents_behave_differently_then_each_has_a_branch() -> None:
    text = sip._agent_scenario([Agent("agent1", rings=0.5, handles=3), Agent.silent("a-2"), Agent("b", answers=False)])

    scenario = ElementTree.fromstring(text)
    values = [
        {assign.attrib["assign_to"]: assign.attrib["value"] for assign in branch.iter("assign")}
        for branch in scenario.iter("nop")
        if branch.get("next") == "ring"
    ]
    assert "{{" not in text.partition("-->")[2]
    assert [label.get("id") for label in scenario.iter("label")][:3] == ["as_agent1", "as_a-2", "as_b"]
    assert values == [
        {"rings": "500", "handles": "3000", "willing": "1"},
        {"rings": "86400000", "handles": "2000", "willing": "1"},
        {"rings": "200", "handles": "2000", "willing": "0"},
    ]


@pytest.mark.parametrize("name", ["", "a b", "a@b", 'a"/>', ".*"])
def test_when_an_agent_has_a_name_of_other_signs_then_it_is_refused(name: str) -> None:
    with pytest.raises(SipError, match="letters, digits"):
        sip._agent_scenario([Agent(name)])


def test_when_there_are_no_agents_then_it_is_an_error() -> None:
    with pytest.raises(SipError, match="no agents"):
        sip._agent_scenario([])


def test_when_phones_write_then_records_keep_the_header_and_skip_what_is_broken() -> None:
    lines = ['agent1 rung  "A b" <sip:1@h>;tag=x', "X-Evil: 1", "agent1 answered <sip:1@h>"]

    assert list(sip._agent_records(lines)) == [
        AgentRecord("agent1", AgentEvent.RUNG, '"A b" <sip:1@h>;tag=x'),
        AgentRecord("agent1", AgentEvent.ANSWERED, "<sip:1@h>"),
    ]


def test_when_asterisk_refuses_a_member_then_its_words_are_in_the_error(tmp_path: Path) -> None:
    class Console:
        def cli(self, command: str) -> str:
            return f"Unable to add interface to queue 'nosuch': No such queue ({command})"

    agents = Agents(["sipp"], [Agent("agent1")], tmp_path)

    with pytest.raises(SipError, match=r"queue add member PJSIP/agent1 to nosuch penalty 0 as agent1.*No such queue"):
        agents.log_in(Console(), "nosuch", "agent1")

    assert agents.contact("agent1") == f"sip:agent1@127.0.0.1:{agents.port}"
    agents.stop()
