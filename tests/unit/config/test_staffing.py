"""Staffing from the flow file, and from a CSV file beside it."""

from __future__ import annotations

import random
import time
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from ariroute.config.changes import changes
from ariroute.config.enough import too_few, too_many
from ariroute.config.load import load_rules
from ariroute.errors import ConfigError
from ariroute.flow.queues import ServiceLevel
from ariroute.staffing.rules import Lend, NoAnswer, Reserve, StaffedAgent, StaffingRules, Threshold, Tier
from unit.config.texts import loaded

QUEUES = """\
version: 1
queues:
  platinum:
    priority: 30
    agents_per_call: 1.0
    service_level: {target: 90, within: 10s}
    min_agents: 2
    max_agents: 12
    reserve: {from: [gold, standard], agents: 2, when: {wait: 20s}, until: {wait: 5s}}
    lend: {floor: 1, while: {service_level: 85}}
  gold:
    agents_per_call: 0.5
    service_level: {target: 80, within: 20s}
    reserve: {from: standard, agents: 1, when: {service_level: 70}, until: {service_level: 75.5}}
  standard: {}
flows: {support: {trigger: {call: {}}, default: standard}}
"""
AGENTS = """\
agents:
  anna: PJSIP/anna
  bob: {dial: PJSIP/bob, queues: [standard, gold, platinum]}
  eve: {dial: PJSIP/eve, queues: {platinum: 1, gold: 2}, home: gold, member: Local/eve@agents}
  fay: {dial: PJSIP/fay, queues: platinum}
"""
WHOLE = QUEUES + AGENTS + "staffing: {mode: dynamic, min_stay: 30s, look_back: 5m, no_answer: {rings: 2, pause: 90s}}\n"


def rules_of(text: str) -> StaffingRules:
    rules = loaded(text).staffing
    assert rules is not None
    return rules


def written(folder: Path, rows: str, more: str = "", text: str = QUEUES) -> Path:
    """A flow file in ``folder`` that takes its agents of the CSV file ``rows``."""
    (folder / "agents.csv").write_text(rows, encoding="utf-8")
    path = folder / "ariroute.yaml"
    path.write_text(f"{text}{more}staffing: {{agents: {{csv: agents.csv}}}}\n", encoding="utf-8")
    return path


def test_every_setting_reaches_the_rules() -> None:
    assert rules_of(WHOLE) == StaffingRules(
        "dynamic",
        (
            Tier(
                "platinum",
                1.0,
                2,
                12,
                ServiceLevel(90, 10),
                Reserve(("gold", "standard"), 2, Threshold(wait=20), Threshold(wait=5)),
                Lend(1, Threshold(service_level=85)),
            ),
            Tier(
                "gold",
                0.5,
                service_level=ServiceLevel(80, 20),
                reserve=Reserve(("standard",), 1, Threshold(service_level=70), Threshold(service_level=75.5)),
            ),
            Tier("standard"),
        ),
        {
            "bob": StaffedAgent("bob", "PJSIP/bob", "standard", {"standard": 0, "gold": 0, "platinum": 0}),
            "eve": StaffedAgent("eve", "Local/eve@agents", "gold", {"platinum": 1, "gold": 2}),
            "fay": StaffedAgent("fay", "PJSIP/fay", "platinum", {"platinum": 0}),
        },
        30.0,
        300.0,
        NoAnswer(2, 90.0),
    )


def test_without_the_section_nobody_is_staffed_and_that_is_said_where_it_was_hoped_for() -> None:
    config = loaded(QUEUES + AGENTS)
    assert config.staffing is None
    assert [each.path for each in config.warnings] == [
        *("queues.platinum.min_agents", "queues.platinum.max_agents", "queues.platinum.reserve"),
        *("queues.platinum.lend", "queues.gold.reserve"),
        *("agents.bob.queues", "agents.eve.queues", "agents.fay.queues"),
    ]


def test_it_only_advises_unless_told_otherwise() -> None:
    assert rules_of(QUEUES + AGENTS + "staffing: {}\n") == StaffingRules(
        "advise", rules_of(WHOLE).tiers, rules_of(WHOLE).agents
    )


def test_nobody_is_paused_for_not_answering_where_that_is_off() -> None:
    assert rules_of(QUEUES + AGENTS + "staffing: {no_answer: off}\n").no_answer is None


def test_with_asterisk_no_agent_need_be_named_and_nobody_counts_them() -> None:
    rules = rules_of(QUEUES + "staffing: {agents: asterisk}\n")
    assert rules.from_asterisk
    assert rules.agents == {}


def test_agents_of_a_csv_file_are_added_to_those_of_the_file(tmp_path: Path) -> None:
    rows = (
        "\ufeffdesk,queues,name,dial,home,member\n"
        "4,platinum:1 gold:2,gus,PJSIP/gus,gold,\n"
        "4,standard  gold,hal,PJSIP/hal,,Local/hal@agents\n"
        "\n"
        "5,gold,anna,PJSIP/anna,,\n"
    )
    rules = load_rules(written(tmp_path, rows, AGENTS)).staffing
    assert rules is not None
    assert list(rules.agents) == ["bob", "eve", "fay", "gus", "hal", "anna"]
    assert rules.agents["gus"] == StaffedAgent("gus", "PJSIP/gus", "gold", {"platinum": 1, "gold": 2})
    assert rules.agents["hal"] == StaffedAgent("hal", "Local/hal@agents", "standard", {"standard": 0, "gold": 0})
    assert rules.agents["anna"] == StaffedAgent("anna", "PJSIP/anna", "gold", {"gold": 0})


def test_home_and_member_need_no_column(tmp_path: Path) -> None:
    text = "version: 1\nqueues: {gold: {agents_per_call: 1}}\nflows: {a: {trigger: {call: {}}, default: gold}}\n"
    rules = load_rules(written(tmp_path, "name,dial,queues\ngus,PJSIP/gus,gold:3\n", text=text)).staffing
    assert rules is not None
    assert rules.agents == {"gus": StaffedAgent("gus", "PJSIP/gus", "gold", {"gold": 3})}


def test_a_csv_file_is_looked_for_beside_the_file_that_names_it(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "agents.csv").write_text("name,dial,queues\ngus,PJSIP/gus,gold\n")
    (folder / "staffing.yaml").write_text("staffing: {agents: {csv: agents.csv}}\n")
    main = tmp_path / "ariroute.yaml"
    main.write_text(
        "version: 1\ninclude: people/staffing.yaml\nqueues: {gold: {agents_per_call: 1}}\n"
        "flows: {a: {trigger: {call: {}}, default: gold}}\n"
    )
    rules = load_rules(main).staffing
    assert rules is not None
    assert list(rules.agents) == ["gus"]


def test_a_site_may_only_advise(tmp_path: Path) -> None:
    (tmp_path / "ariroute.yaml").write_text(WHOLE)
    site = tmp_path / "north.yaml"
    site.write_text("base: ariroute.yaml\nstaffing: {mode: advise}\nqueues: {gold: {agents_per_call: 0.25}}\n")
    rules = load_rules(site).staffing
    assert rules is not None
    assert (rules.mode, rules.tiers[1].agents_per_call) == ("advise", 0.25)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "there is no column 'name' in the header; columns: none"),
        (b"name,dial,queues\n\xff,PJSIP/a,gold\n", "is not UTF-8: save it as 'CSV UTF-8'"),
        (b'name,dial,queues\n"bo,PJSIP/bo,gold\n', "not CSV: unexpected end of data"),
        (b"name,dial,queues\n,PJSIP/bo,gold\n", "name is empty"),
        (b"name,dial,queues\nbo\x07,PJSIP/bo,gold\n", "cannot be a name: use letters, digits, _ and -, 64 at most"),
    ],
)
def test_whatever_a_csv_file_holds_ends_in_a_message(tmp_path: Path, content: bytes, told: str) -> None:
    path = written(tmp_path, "")
    (tmp_path / "agents.csv").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_rules(path)
    assert any(told in problem.text for problem in caught.value.problems)


def test_of_a_broken_csv_file_no_more_is_told_than_can_be_read(tmp_path: Path) -> None:
    rows = "name,dial,queues\n" + "".join(f"a{number},PJSIP/a{number},godl\n" for number in range(500))
    with pytest.raises(ConfigError) as caught:
        load_rules(written(tmp_path, rows))
    assert len(caught.value.problems) == 20


def test_ten_thousand_agents_are_read_in_a_second(tmp_path: Path) -> None:
    rows = "name,dial,queues\n" + "".join(
        f"a{number},PJSIP/a{number},platinum:{number % 3} gold\n" for number in range(10_000)
    )
    path = written(tmp_path, rows, text=QUEUES.replace("reserve:", "#"))
    begun = time.process_time()
    rules = load_rules(path).staffing
    assert time.process_time() - begun < 3  # 0.1 s where it was measured
    assert rules is not None
    assert len(rules.agents) == 10_000


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("max_agents: 12", "max_agents: 9", ["queue platinum changed"]),
        ("agents_per_call: 0.5", "agents_per_call: 0.25", ["queue gold changed"]),
        ("mode: dynamic", "mode: static", ["staffing.mode changed"]),
        ("min_stay: 30s", "min_stay: 40s", ["staffing.min_stay changed"]),
        ("look_back: 5m", "look_back: 6m", ["staffing.look_back changed"]),
        ("rings: 2", "rings: 3", ["staffing.no_answer changed"]),
        ("gold: 2}", "gold: 3}", ["agent eve changed"]),
        ("PJSIP/bob", "PJSIP/bob2", ["agent bob changed"]),
        ("  fay:", "  kim:", ["agent kim added", "agent fay removed"]),
        ("mode: dynamic", "mode: dynamic, agents: asterisk", ["staffing.agents changed"]),
    ],
)
def test_a_reload_tells_what_changes(old: str, new: str, told: list[str]) -> None:
    assert old in WHOLE
    assert changes(loaded(WHOLE), loaded(WHOLE.replace(old, new))) == told


def test_a_reload_tells_when_staffing_begins_and_ends() -> None:
    without = loaded(QUEUES + AGENTS)
    assert changes(without, loaded(WHOLE)) == ["staffing added"]
    assert changes(loaded(WHOLE), without) == ["staffing removed"]


def test_of_a_file_of_agents_that_is_another_one_only_the_numbers_are_told(tmp_path: Path) -> None:
    def rows(first: int) -> str:
        return "name,dial,queues\n" + "".join(f"a{each},PJSIP/a{each},platinum\n" for each in range(first, first + 50))

    text = QUEUES.replace("lend: {floor: 1, while: {service_level: 85}}", "").replace("reserve", "#")
    path = written(tmp_path, rows(0), AGENTS, text)
    old = load_rules(path)
    (tmp_path / "agents.csv").write_text(rows(30))
    assert changes(old, load_rules(path)) == ["30 agents added", "30 agents removed"]


SMALL = """\
version: 1
queues: {gold: {agents_per_call: 0.5}, silver: {}, standard: {}}
agents:
  anna: {dial: PJSIP/anna, queues: [gold]}
  bo: {dial: PJSIP/bo, queues: [gold]}
  cid: {dial: PJSIP/cid, queues: [standard, gold]}
staffing: {}
flows: {support: {trigger: {call: {}}, default: standard}}
"""


@pytest.mark.parametrize(
    ("queue", "told"),
    [
        (
            "max_agents: 1",
            "queues.gold.max_agents: leaves 1 agent without a queue when all are logged in: max_agents of gold is 1, "
            "and more agents may serve no other",
        ),
        (
            "reserve: {from: standard, agents: 2, when: {wait: 20s}, until: {wait: 5s}}",
            "queues.gold.reserve.agents: only 1 agent of those queues may serve 'gold'",
        ),
        (
            "min_agents: 2, lend: {floor: 1, while: {wait: 5s}}",
            "queues.gold.lend.floor: has no effect: min_agents keeps 2 agents there in any case",
        ),
        ("min_agents: 2, max_agents: 2, lend: {floor: 2, while: {wait: 5s}}", ""),
    ],
)
def test_what_has_no_effect_is_a_warning(queue: str, told: str) -> None:
    found = loaded(SMALL.replace("agents_per_call: 0.5", f"agents_per_call: 0.5, {queue}")).warnings
    assert [f"{each.path}: {each.text}" for each in found] == ([told] if told else [])


def test_ceilings_are_counted_together() -> None:
    text = SMALL.replace("agents_per_call: 0.5", "agents_per_call: 0.5, max_agents: 1").replace(
        "standard: {}}", "standard: {max_agents: 1}}"
    )
    (found,) = loaded(text).warnings
    assert found.text.startswith("leaves 1 agent without a queue when all are logged in: max_agents of gold is 1,")
    (found,) = loaded(text.replace("queues: [gold]", "queues: [gold, standard]")).warnings
    assert found.text == (
        "leaves 1 agent without a queue when all are logged in: max_agents of gold and standard is 2 together, and "
        "more agents may serve no other"
    )


def test_enough_is_found_where_one_must_make_room_for_another() -> None:
    agents = [("platinum", "gold", "silver"), ("platinum", "gold"), ("platinum",)]
    assert too_few({"platinum": 1, "gold": 1, "silver": 1}, agents) == (frozenset(), 0)
    assert too_many({"platinum": 1, "gold": 1, "silver": 1}, agents) == (frozenset(), 0)


def test_those_who_want_too_much_together_are_named() -> None:
    agents = [("platinum", "gold"), ("platinum", "gold"), ("gold",), ("silver",), ("silver",), ("silver",)]
    assert too_few({"silver": 3, "platinum": 2, "gold": 2}, agents) == (frozenset({"platinum", "gold"}), 3)
    assert too_many({"silver": 3, "platinum": 1, "gold": 1}, agents) == (frozenset({"platinum", "gold"}), 1)
    assert too_many({"silver": 1, "platinum": 1, "gold": 1}, agents) == (frozenset({"platinum", "gold", "silver"}), 3)


@pytest.mark.parametrize("seed", range(60))
def test_enough_agrees_with_trying_every_way(seed: int) -> None:
    dice = random.Random(seed)
    queues = ["a", "b", "c"][: dice.randint(1, 3)]
    agents = [dice.sample(queues, dice.randint(1, len(queues))) for _ in range(dice.randint(0, 6))]
    numbers = {queue: dice.randint(0, 3) for queue in queues}
    ways = [Counter(way) for way in product(*agents)]
    floors_hold = any(all(way[queue] >= number for queue, number in numbers.items()) for way in ways)
    least_left = min(sum(max(0, way[queue] - number) for queue, number in numbers.items()) for way in ways)

    names, able = too_few(numbers, agents)
    assert (not names) == floors_hold
    if names:
        assert sum(numbers[name] for name in names) > able == sum(not names.isdisjoint(each) for each in agents)
    full, left = too_many(numbers, agents)
    assert (left, bool(full)) == (least_left, least_left > 0)
    if full:
        assert sum(names_only <= full for names_only in map(set, agents)) == sum(numbers[each] for each in full) + left


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "queues: [standard, gold]",
            "queues: [standard]",
            ["staffing: nobody can be moved: no agent may serve more than one queue"],
        ),
        (
            "standard: {}",
            "standard: {agents_per_call: 0.7, priority: 5}",
            [
                "queues.gold.agents_per_call: 0.5 is less than the 0.7 of 'standard', a lower tier: the highest tier "
                "comes first",
                "queues.gold.priority: 0 is less than the 5 of 'standard', a lower tier: the highest tier comes first",
                "queues.silver.priority: 0 is less than the 5 of 'standard', a lower tier: the highest tier comes "
                "first",
            ],
        ),
        (
            "agents_per_call: 0.5}",
            "agents_per_call: 2.5, max_agents: 3, "
            "reserve: {from: standard, agents: 1, when: {wait: 20s}, until: {wait: 5s}}}",
            ["queues.gold.reserve: never comes: max_agents is 3, and a single call takes as many"],
        ),
        (
            "agents_per_call: 0.5}, silver: {}, standard: {}}",
            "agents_per_call: 0.5, spare: 2}, silver: {}, standard: {lend: {floor: 1, while: {wait: 5s}}}}",
            [
                "queues.gold.spare: has no effect with mode static, which does not follow the calls",
                "queues.standard.lend: has no effect with mode static, which does not follow the calls",
            ],
        ),
    ],
)
def test_what_is_hardly_meant_is_a_warning(old: str, new: str, told: list[str]) -> None:
    mode = "static" if "static" in told[0] else "dynamic"
    text = SMALL.replace("staffing: {}", f"staffing: {{mode: {mode}}}")
    assert loaded(text).warnings == ()
    assert [f"{each.path}: {each.text}" for each in loaded(text.replace(old, new)).warnings] == told


def test_who_logs_in_to_asterisk_may_serve_several_queues() -> None:
    text = SMALL.replace("queues: [standard, gold]", "queues: [standard]").replace(
        "{}\nflows", "{agents: asterisk}\nflows"
    )
    assert loaded(text).warnings == ()
