"""The members that Asterisk has as a CSV file of agents, which the flow file can name as it is."""

from __future__ import annotations

from pathlib import Path

from ariroute.asterisk.queue_events import QueueMember
from ariroute.config.agents_file import read_agents
from ariroute.config.agents_found import Row, csv_text, rows_of
from ariroute.errors import Problem
from ariroute.staffing.rules import StaffedAgent

QUEUES = ["platinum", "gold", "standard"]


def member(queue: str, interface: str, name: str = "", penalty: int = 0, state: str = "") -> QueueMember:
    return QueueMember(queue, interface, name or interface, state or interface, penalty=penalty)


def test_an_agent_has_the_queues_of_their_memberships_and_the_penalties_as_skill_order() -> None:
    (row,) = rows_of([member("gold", "PJSIP/anna", penalty=1), member("platinum", "PJSIP/anna", penalty=3)], QUEUES)
    assert row == Row("anna", "PJSIP/anna", "gold", {"platinum": 3, "gold": 1})
    assert row.cells() == ("anna", "PJSIP/anna", "gold", "platinum:3 gold:1", "")


def test_where_all_queues_are_alike_home_is_the_lowest_tier() -> None:
    (row,) = rows_of([member(queue, "PJSIP/anna") for queue in ("standard", "platinum", "gold")], QUEUES)
    assert row.home == "standard"


def test_queues_that_the_file_does_not_name_are_left_out() -> None:
    rows = rows_of([member("sales", "PJSIP/anna"), member("sales", "PJSIP/bo"), member("gold", "PJSIP/bo")], QUEUES)
    assert rows == [Row("bo", "PJSIP/bo", "gold", {"gold": 0})]


def test_the_telephone_behind_a_local_member_is_told() -> None:
    rows = rows_of(
        [
            member("gold", "Local/anna@agents", state="PJSIP/anna"),
            member("gold", "Local/100@from-queue/n", "Bo Ek", state="hint:100@ext-local"),
        ],
        QUEUES,
    )
    assert rows == [
        Row("Bo-Ek", "Local/100@from-queue/n", "gold", {"gold": 0}),
        Row("anna", "PJSIP/anna", "gold", {"gold": 0}, "Local/anna@agents"),
    ]


def test_every_agent_gets_a_name_of_their_own_that_the_file_can_hold() -> None:
    rows = rows_of(
        [
            member("gold", "PJSIP/100", "Åsa Öst"),
            member("gold", "PJSIP/101", "Asa Ost"),
            member("gold", "PJSIP/102", "=HYPERLINK(1)"),
            member("gold", "PJSIP/103", "我"),
            member("gold", "PJSIP/+*#", "我"),
            member("gold", "PJSIP/104", "Cid"),
            member("gold", "PJSIP/105", "x" * 500),
        ],
        QUEUES,
        taken=["cid"],
    )
    names = ["103", "Asa-Ost", "Asa-Ost-2", "Cid-2", "HYPERLINK-1", "agent", "x" * 60]
    assert [row.name for row in rows] == names


def test_the_names_that_the_file_has_for_telephones_are_kept() -> None:
    (row,) = rows_of([member("gold", "PJSIP/anna")], QUEUES, names={"pjsip/anna": "maja"}, taken=["maja"])
    assert row.name == "maja"


def test_agents_of_the_file_that_is_named_already_stay_as_they_are() -> None:
    known = StaffedAgent("bo", "PJSIP/bo", "gold", {"gold": 1, "standard": 2})
    away = StaffedAgent("cid", "PJSIP/cid", "gold", {"gold": 0})
    rows = rows_of([member("platinum", "PJSIP/Bo"), member("gold", "PJSIP/dag")], QUEUES, [known, away])
    assert rows == [
        Row("bo", "PJSIP/bo", "gold", {"gold": 1, "standard": 2}),
        Row("cid", "PJSIP/cid", "gold", {"gold": 0}),
        Row("dag", "PJSIP/dag", "gold", {"gold": 0}),
    ]


def test_an_interface_that_could_never_be_dialled_has_no_row() -> None:
    assert rows_of([member("gold", "PJSIP/a&PJSIP/b"), member("gold", "nothing")], QUEUES) == []


def test_what_is_written_can_be_read_as_it_is(tmp_path: Path) -> None:
    rows = rows_of(
        [
            member("gold", "Local/anna@agents", "Anna", 2, "PJSIP/anna"),
            member("platinum", "Local/anna@agents", "Anna", 1, "PJSIP/anna"),
            member("standard", "PJSIP/bo", 'Bo "the, boss"'),
        ],
        QUEUES,
    )
    path = tmp_path / "agents.csv"
    path.write_text(csv_text(rows))
    problems: list[Problem] = []
    found = read_agents(path, ",", dict.fromkeys(QUEUES), problems)
    assert problems == []
    assert {name: agent for name, (agent, _) in found.items()} == {
        "Anna": StaffedAgent("Anna", "Local/anna@agents", "platinum", {"platinum": 1, "gold": 2}),
        "Bo-the-boss": StaffedAgent("Bo-the-boss", "PJSIP/bo", "standard", {"standard": 0}),
    }


def test_nobody_is_a_header_alone() -> None:
    assert csv_text([]) == "name,dial,home,queues,member\n"
