"""The staffing beside what AMI says of an Asterisk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ariroute.asterisk.floor_inventory import FloorInventory
from ariroute.asterisk.queue_events import QueueMember
from ariroute.config.live import Comparison
from ariroute.config.live_staffing import compare_staffing
from ariroute.config.load import Config, load_rules, load_text

FILE = """\
version: 1
asterisk:
  main:
    ari: {url: "http://127.0.0.1:8088", user: ariroute, password: "${env:A}"}
    ami: {user: mover, password: "${env:A}"}
queues:
  platinum: {agents_per_call: 1}
  gold: {}
  standard: {}
agents:
  anna: {dial: PJSIP/anna, queues: [gold, standard]}
  bo: {dial: PJSIP/100, member: Local/bo@agents, queues: [platinum, gold]}
  cid: {dial: PJSIP/cid, member: PJSIP/cid2, queues: [standard]}
  desk: PJSIP/desk
staffing: {mode: dynamic}
flows: {support: {trigger: {call: {}}, default: standard}}
"""
CONFIG = load_text(FILE, "ariroute.yaml")
ENDPOINTS = {"PJSIP/anna", "PJSIP/100", "PJSIP/cid", "PJSIP/cid2"}
FLOOR = FloorInventory(
    "mover",
    frozenset({"queueadd", "queueremove", "queuepause", "queuepenalty", "ping", "getvar"}),
    {"platinum": 0, "gold": 0, "standard": 0, "sales": 9},
    (QueueMember("gold", "PJSIP/anna"), QueueMember("standard", "PJSIP/anna"), QueueMember("gold", "Local/bo@agents")),
)


def compared(floor: FloorInventory, config: Config = CONFIG, endpoints: set[str] = ENDPOINTS) -> Comparison:
    return compare_staffing(config, "main", endpoints, floor)


def told(floor: FloorInventory, config: Config = CONFIG, endpoints: set[str] = ENDPOINTS) -> list[str]:
    found = compared(floor, config, endpoints)
    return [
        *(f"{each.line} {each.path}: {each.text}" for each in found.problems),
        *(f"{each.line} {each.path}: {each.text} (warning)" for each in found.warnings),
    ]


def with_members(*members: tuple[str, str]) -> FloorInventory:
    return replace(FLOOR, members=tuple(QueueMember(queue, interface) for queue, interface in members))


def test_where_all_is_as_it_should_be_only_what_cannot_be_seen_is_told() -> None:
    found = compared(FLOOR)
    assert (found.problems, found.warnings) == ([], [])
    assert found.unread == [
        "main: joinempty, leavewhenempty, autofill and autopause of the queues: AMI does not tell them; 'ariroute "
        "doctor' reads them in queues.conf",
        "main: whether 'mover' is told of members and calls (read = agent): AMI does not tell that; 'ariroute doctor' "
        "reads it in manager.conf",
    ]


def test_wrap_ups_that_neither_the_file_nor_asterisk_tells_are_missed() -> None:
    floor = replace(FLOOR, actions=FLOOR.actions - {"getvar"})
    config = load_text(FILE.replace("gold: {}", "gold: {wrap_up: 0s}"), "ariroute.yaml")
    assert told(floor, config) == [
        "7 queues.platinum: main: the wrap-up of platinum, standard is not known: agents who wrap up there may be "
        "moved; write it as wrapuptime of queues.conf says, such as wrap_up: 10s, and wrap_up: 0s for none (warning)"
    ]
    all_given = FILE.replace("gold: {}", "gold: {wrap_up: 0s}").replace("standard: {}", "standard: {wrap_up: 5s}")
    all_given = all_given.replace("agents_per_call: 1}", "agents_per_call: 1, wrap_up: 1m}")
    assert told(floor, load_text(all_given, "ariroute.yaml")) == []


def test_without_staffing_there_is_nothing_to_compare() -> None:
    config = load_text(FILE.replace("staffing: {mode: dynamic}\n", ""), "ariroute.yaml")
    assert compared(replace(FLOOR, actions=frozenset()), config) == Comparison()


def test_a_user_who_may_not_move_agents_is_told() -> None:
    floor = replace(FLOOR, actions=frozenset({"queueadd", "queuepause", "ping", "getvar"}))
    text = (
        "5 asterisk.main.ami: main: the AMI user 'mover' may not move agents (QueueRemove, QueuePenalty): add agent to "
        "write in its section of manager.conf, then 'manager reload'"
    )
    assert told(floor) == [text]
    assert told(floor, load_text(FILE.replace("dynamic", "advise"), "ariroute.yaml")) == [f"{text} (warning)"]


def test_agents_without_an_endpoint_are_told_where_they_stand() -> None:
    assert told(FLOOR, endpoints={"PJSIP/cid"}) == [
        "13 agents.cid: main: there is no endpoint PJSIP/cid2, did you mean 'PJSIP/cid'?: see 'pjsip show endpoints'"
    ]  # what the others have to dial is told with the rest of the file


def test_of_many_agents_of_a_csv_file_a_few_are_told(tmp_path: Path) -> None:
    rows = "name,dial,queues\n" + "".join(f"w{number},IAX2/worker{number},gold\n" for number in range(50))
    (tmp_path / "agents.csv").write_text(rows)
    (tmp_path / "f.yaml").write_text(FILE.replace("mode: dynamic", "agents: {csv: agents.csv}"))
    texts = told(FLOOR, load_rules(tmp_path / "f.yaml"))
    assert len(texts) == 11
    assert texts[0] == "15 staffing.agents: main: w0: there is no endpoint IAX2/worker0: see 'pjsip show endpoints'"
    assert texts[10].endswith("(and 39 more like it)")


def test_an_interface_in_other_letters_is_told() -> None:
    assert told(with_members(("gold", "PJSIP/Anna"))) == [
        "11 agents.anna: main: in the queues 'PJSIP/anna' is written 'PJSIP/Anna': write it so"
    ]


def test_a_heavier_queue_starves_those_with_which_it_shares_agents() -> None:
    floor = replace(FLOOR, weights={"platinum": 5, "gold": 1, "standard": 0, "sales": 9})
    assert [text.partition(": while")[0] for text in told(floor)] == [
        "7 queues.platinum: main: weight 5 starves gold",
        "8 queues.gold: main: weight 1 starves standard",
    ]


def test_weights_are_looked_at_where_members_are_shared_now_too() -> None:
    floor = replace(FLOOR, weights={"platinum": 5, "gold": 5, "standard": 0})
    assert [text.partition(": while")[0] for text in told(floor)] == ["8 queues.gold: main: weight 5 starves standard"]
    floor = replace(with_members(("platinum", "PJSIP/x"), ("standard", "PJSIP/x")), weights=floor.weights)
    assert [text.partition(": while")[0] for text in told(floor)[:2]] == [
        "7 queues.platinum: main: weight 5 starves standard",
        "8 queues.gold: main: weight 5 starves standard",
    ]


def test_the_same_weight_everywhere_starves_nobody() -> None:
    assert told(replace(FLOOR, weights={"platinum": 5, "gold": 5, "standard": 5})) == []


def test_who_serves_elsewhere_is_left_alone_and_that_is_told() -> None:
    assert told(with_members(("gold", "PJSIP/anna"), ("sales", "PJSIP/anna"), ("platinum", "PJSIP/anna"))) == [
        "11 agents.anna: main: is a member of platinum and sales, where they may not serve: left alone until logged "
        "out (warning)"
    ]
    paused = QueueMember("platinum", "PJSIP/anna", paused=True)
    assert told(replace(FLOOR, members=(*FLOOR.members, paused))) == []


def test_members_who_are_none_of_the_agents_are_told() -> None:
    floor = with_members(("gold", "PJSIP/zoe"), ("standard", "PJSIP/zoe"), ("sales", "PJSIP/yan"))
    assert told(floor) == [
        "15 staffing: main: PJSIP/zoe, a member of gold and standard, is none of the agents: nobody moves them "
        "(warning)"
    ]
    assert told(floor, load_text(FILE.replace("mode: dynamic", "agents: asterisk"), "ariroute.yaml")) == []
