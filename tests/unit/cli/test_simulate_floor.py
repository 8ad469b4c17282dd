"""``ariroute simulate``: what it needs, what it refuses, and that all forms tell the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from recorded_calls import BEGIN, Placed, record

from ariroute.cli import simulate_runs
from ariroute.cli.simulate_report import percent_text, scale, seconds_text, wait_mark
from ariroute.journal.record import Happened
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Statement

from .conftest import FLOW_FILE, Ariroute

STAFFED = (
    FLOW_FILE.replace("  platinum: {priority: 30}", "  platinum: {priority: 30, agents_per_call: 1.0}").replace(
        "  standard: {priority: 0}",
        "  standard: {priority: 0, agents_per_call: 0.2, service_level: {target: 80, within: 20s}}",
    )
    + """\
agents:
  anna: {dial: PJSIP/anna, queues: {platinum: 1, standard: 2}}
  bob: {dial: PJSIP/bob, queues: [gold, standard]}
  cleo: {dial: PJSIP/cleo, queues: {standard: 1, platinum: 2}}
  dora: {dial: PJSIP/dora, queues: [standard, gold, platinum]}
staffing: {mode: advise}
"""
)
POOL = ("--calls", "gold=40/h", "--agents", "gold=4", "--runs", "3")
TIERS = ("-c", "staffed.yaml", "--calls", "platinum=6/h", "--calls", "standard=30/h", "--runs", "2", "--for", "30m")


@pytest.fixture
def staffed(tmp_path: Path, flow_file: Path) -> Path:
    text = STAFFED.replace(
        'password: "${env:NO_SUCH_SECRET}"}',
        'password: "${env:NO_SUCH_SECRET}"}\n    ami: {user: a, password: "${env:NO}"}',
    )
    path = tmp_path / "staffed.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_figures_alone_are_enough(ariroute: Ariroute) -> None:
    found = ariroute("simulate", *POOL, "--format", "json", "--runs", "20", "--for", "10h").json
    (arm,) = found["modes"]
    (gold,) = arm["tiers"]
    assert (arm["mode"], gold["queue"], found["flow_file"], found["agents"]) == ("none", "gold", None, 4)
    assert gold["callers"]["mean"] == pytest.approx(400, rel=0.05)
    assert abs(gold["wait"]["mean"] - 15.65) < 1.5 * gold["wait"]["margin"] < 6  # Erlang C: 2 erlangs, 4 agents
    assert arm["floor"]["occupancy"]["mean"] == pytest.approx(0.5, abs=0.03)
    assert "agents_per_call" not in gold


def test_the_text_has_tables_lines_and_what_is_assumed(ariroute: Ariroute) -> None:
    ended = ariroute("simulate", *POOL)
    assert (ended.code, ended.err) == (0, "")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert lines[0].startswith("3 runs of 2h of calls, about ")
    assert any(re.fullmatch(r"gold \d+ ±\d+ [\d.]+ s ±[\d.]+ .*", line) for line in lines)
    assert "Mean wait from 0 min to 2:00 h, 5m a piece" in lines
    assert "- Agents are those of --agents, all the time. They answer at once." in lines
    assert "- Queues are as in the sample queues (dialplan/queues-ariroute.conf)." in lines
    assert not any("moves" in line for line in lines)


def test_the_same_seed_gives_the_same_and_another_one_something_else(ariroute: Ariroute) -> None:
    first = ariroute("simulate", *POOL).out
    assert ariroute("simulate", *POOL).out == first
    assert ariroute("simulate", *POOL, "--seed", "9").out != first


def test_modes_are_compared_before_the_same_callers(ariroute: Ariroute, staffed: Path) -> None:
    found = ariroute("simulate", *TIERS, "--compare", "all", "--format", "json").json
    assert [arm["mode"] for arm in found["modes"]] == ["none", "home", "penalties", "weights", "static", "dynamic"]
    callers = [[tier["callers"] for tier in arm["tiers"]] for arm in found["modes"]]
    assert all(each == callers[0] for each in callers)
    none, home, *_, dynamic = found["modes"]
    assert none["tiers"][0]["change"] is None
    assert home["tiers"][1]["change"]["wait"]["mean"] > 0
    assert none["floor"]["moves"]["mean"] == home["floor"]["moves"]["mean"] == 0 < dynamic["floor"]["moves"]["mean"]
    assert dynamic["tiers"][0]["held"]["mean"] >= home["tiers"][0]["held"]["mean"]


def test_the_mode_is_that_of_the_file_and_advise_shows_what_dynamic_would_do(ariroute: Ariroute, staffed: Path) -> None:
    assert "  dynamic: ariroute moves agents" in ariroute("simulate", *TIERS).out
    staffed.write_text(staffed.read_text().replace("mode: advise", "mode: static"))
    assert "  static: ariroute shares the agents" in ariroute("simulate", *TIERS).out
    assert "  none: nobody is moved" in ariroute("simulate", *TIERS, "--mode", "none").out


def test_a_target_can_be_tried_without_writing_it_down(ariroute: Ariroute) -> None:
    found = ariroute(
        *("simulate", "--calls", "gold=20/h", "--calls", "rest=60/h", "--agents", "rest+gold=8", "--agents-per-call"),
        *("gold=1", "--service-level", "90/10s", "--mode", "dynamic", "--runs", "2", "--format", "json"),
    ).json
    gold, rest = found["modes"][0]["tiers"]
    assert (gold["target"], gold["within"], rest["target"], rest["within"]) == (1.0, 10.0, None, 10.0)
    assert gold["held"]["mean"] > 0.9
    assert "held" not in rest


def test_one_who_never_answers_makes_callers_wait(ariroute: Ariroute) -> None:
    there = ariroute("simulate", *POOL, "--autopause", "no", "--format", "json").json
    absent = ariroute("simulate", *POOL, "--autopause", "no", "--absent", "gold-1", "--format", "json").json
    waits = [each["modes"][0]["tiers"][0]["wait"]["mean"] for each in (there, absent)]
    assert waits[1] > waits[0] + 3


def test_a_burst_comes_when_it_was_said(ariroute: Ariroute) -> None:
    found = ariroute("simulate", *POOL, "--burst", "gold=30@30m", "--format", "json").json
    course = [piece["callers"]["mean"] for piece in found["modes"][0]["tiers"][0]["course"]]
    assert course.index(max(course)) == 30 * 60 / found["step"]
    assert max(course) >= 30


def test_the_page_and_the_picture_need_nothing_else(ariroute: Ariroute, staffed: Path) -> None:
    page = ariroute("simulate", *TIERS, "--compare", "none,dynamic", "--format", "html")
    assert page.code == 0
    assert "<h1>Simulation of staffed.yaml</h1>" in page.out
    assert page.out.count('<svg class="chart" viewBox="0 0 440') == 1 + 2 * 5
    assert "://" not in re.sub(r"http://www\.w3\.org/2000/svg", "", page.out)
    assert "Mean wait, none" in page.out
    picture = ariroute("simulate", *TIERS, "--compare", "none,dynamic", "--format", "svg")
    root = ElementTree.fromstring(picture.out)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"platinum", "standard", "Mean wait, dynamic", "Occupancy, none"} <= set(texts)


@pytest.fixture
def journal(tmp_path: Path, staffed: Path) -> Path:
    """An hour of calls, one a minute; half talk with anna, half with one whom the file does not know."""
    text = f'journal: {{url: "sqlite:journal.db"}}\n{staffed.read_text()}'.replace('!open("office")', "false")
    staffed.write_text(text, encoding="utf-8")
    record(tmp_path / "journal.db", staffed, [Placed({"crm": {"orders": 1.0, "loyalty": "", "blocked": False}})] * 60)
    return staffed


def outcomes(folder: Path, wait: float = 2.0, agents: tuple[str, str] = ("anna", "Zoe")) -> None:
    statements: list[Statement] = []
    for number in range(60):
        columns = {"outcome": "answered", "wait": wait, "agent": agents[number % 2], "talk": 60.0}
        if number % 20 == 19:
            columns = {"outcome": "abandoned", "wait": 90.0}
        told = {"what": "answered", "at": BEGIN.timestamp(), "ring": 2.0}
        statements += Happened(f"call.{number}", "pbx1", told, {**columns, "outcome_queue": "standard"}).statements()
    store = SqliteStore(folder / "journal.db")
    store.write(statements)
    store.close()


DAY = ("--since", "2026-11-02T09:00", "--until", "2026-11-02T11:00", "--runs", "3")


def test_a_day_of_the_journal_is_played_by_its_own_callers_and_agents(
    ariroute: Ariroute, journal: Path, tmp_path: Path
) -> None:
    outcomes(tmp_path)
    ended = ariroute("simulate", "-c", "staffed.yaml", *DAY, "--format", "json")
    assert ended.code == 0
    (arm,) = ended.json["modes"]
    assert ended.json["agents"] == 2
    (standard,) = arm["tiers"]
    assert standard["callers"]["mean"] == pytest.approx(60, abs=15)
    assert standard["recorded_wait"] == pytest.approx((57 * 2 + 3 * 90) / 60)
    assert [piece["callers"]["mean"] > 0 for piece in standard["course"]] == [True, True, False, False]
    assert standard["wait"]["mean"] >= 2.0  # the phone rings for so long
    text = ariroute("simulate", "-c", "staffed.yaml", *DAY)
    assert "calls as in the journal from 2026-11-02 09:00 to 2026-11-02 11:00" in text.out
    assert "3 gave up; who was answered would have waited longer" in text.out
    assert "Mean wait from 09:00 to 11:00, 30m a piece" in text.out


def test_who_called_a_queue_that_nobody_serves_is_left_out_and_said(
    ariroute: Ariroute, journal: Path, tmp_path: Path
) -> None:
    outcomes(tmp_path)
    store = SqliteStore(tmp_path / "journal.db")
    store.write([Statement("UPDATE contacts SET queue = 'old' WHERE contact IN ('call.19', 'call.39')", ())])
    store.close()
    found = ariroute("simulate", "-c", "staffed.yaml", *DAY, "--format", "json").json
    assert "2 callers of old are left out, as nobody serves them: say who would (--agents)." in found["assumptions"]
    served = ariroute(
        "simulate", "-c", "staffed.yaml", *DAY, "--agents", "old=1", "--agents", "standard=2", "--format", "json"
    )
    assert [tier["queue"] for tier in served.json["modes"][0]["tiers"]] == ["standard", "old"]


def test_an_agent_is_known_by_another_name_and_by_the_interface(
    ariroute: Ariroute, journal: Path, tmp_path: Path
) -> None:
    journal.write_text(journal.read_text().replace("{dial: PJSIP/bob,", "{dial: PJSIP/bob, also: [Zoe],"))
    outcomes(tmp_path, agents=("PJSIP/anna", "Zoe"))
    ended = ariroute("simulate", "-c", "staffed.yaml", *DAY, "--absent", "nobody")
    assert "there is no agent 'nobody'; there is anna, bob" in ended.err


def test_more_callers_than_were_recorded_have_no_record_beside_them(
    ariroute: Ariroute, journal: Path, tmp_path: Path
) -> None:
    outcomes(tmp_path)
    found = ariroute("simulate", "-c", "staffed.yaml", *DAY, "--times", "2", "--format", "json").json
    (standard,) = found["modes"][0]["tiers"]
    assert standard["callers"]["mean"] == pytest.approx(120, abs=25)
    assert standard["recorded_wait"] is None


def test_a_floor_that_differs_from_the_record_is_a_note(ariroute: Ariroute, journal: Path, tmp_path: Path) -> None:
    outcomes(tmp_path, wait=300.0)
    ended = ariroute("simulate", "-c", "staffed.yaml", *DAY, "--agents", "standard=20")
    assert "note: standard: callers waited 4:50 min on average, and with dynamic it would be 2.0 s" in ended.err


def test_queues_conf_says_how_queues_are_set(ariroute: Ariroute, tmp_path: Path) -> None:
    conf = tmp_path / "queues.conf"
    conf.write_text("[gold]\nwrapuptime=60\nmember => Local/x\n#include more.conf\n", encoding="utf-8")
    (tmp_path / "more.conf").write_text("[rest]\nstrategy=linear\n", encoding="utf-8")
    slow = ariroute("simulate", *POOL, "--queues-conf", "queues.conf", "--format", "json").json
    quick = ariroute("simulate", *POOL, "--queues-conf", "queues.conf", "--wrap-up", "0s", "--format", "json").json
    busy = [each["modes"][0]["floor"]["occupancy"]["mean"] for each in (slow, quick)]
    assert busy[0] == pytest.approx(busy[1] * 240 / 180, rel=0.1)
    assert f"Queues are as {conf.name} has them." in slow["assumptions"]
    conf.write_text("[god]\n", encoding="utf-8")
    other = ariroute("simulate", *POOL, "--queues-conf", "queues.conf", "--format", "json").json
    sentence = "Queues are as queues.conf has them, but for gold, which it does not have: as in the sample queues."
    assert sentence in other["assumptions"]


def test_the_flow_file_says_wrap_ups_that_nothing_else_says(ariroute: Ariroute, tmp_path: Path, staffed: Path) -> None:
    text = staffed.read_text(encoding="utf-8")
    staffed.write_text(text.replace("agents_per_call: 0.2,", "agents_per_call: 0.2, wrap_up: 3m,"), encoding="utf-8")

    def busy(*more: str) -> float:
        found = ariroute("simulate", *TIERS, "--mode", "none", *more, "--format", "json").json
        mean: float = found["modes"][0]["floor"]["occupancy"]["mean"]
        return mean

    quick, slow = busy("--wrap-up", "0s"), busy()
    assert slow > 1.5 * quick
    assert busy("--wrap-up", "3m") > slow  # platinum's too
    (tmp_path / "queues.conf").write_text("[standard]\n[platinum]\n", encoding="utf-8")
    assert busy("--queues-conf", "queues.conf") < 1.3 * quick


def test_queues_conf_says_whether_queues_know_of_each_other_s_last_calls(ariroute: Ariroute, tmp_path: Path) -> None:
    calls = ("--calls", "gold=60/h", "--calls", "silver=60/h", "--agents", "gold+silver=8", "--runs", "2")

    def waits(shared: str) -> float:
        text = f"[general]\nshared_lastcall={shared}\n[gold]\nwrapuptime=120\n[silver]\nwrapuptime=120\n"
        (tmp_path / "queues.conf").write_text(text, encoding="utf-8")
        found = ariroute("simulate", *calls, "--queues-conf", "queues.conf", "--format", "json").json
        means: list[float] = [tier["wait"]["mean"] for tier in found["modes"][0]["tiers"]]
        return sum(means)

    assert waits("yes") > 2 * waits("no") > 0


def test_the_members_of_queues_conf_are_the_agents_where_nobody_else_is(
    ariroute: Ariroute, tmp_path: Path, flow_file: Path
) -> None:
    conf = "[gold]\nmember => PJSIP/anna\nmember => PJSIP/bob,2\n[standard]\nmember => PJSIP/bob,1,Bob\n[old]\n"
    (tmp_path / "queues.conf").write_text(conf, encoding="utf-8")
    calls = ("--calls", "gold=10/h", "--calls", "standard=10/h", "--runs", "2", "--queues-conf", "queues.conf")
    found = ariroute("simulate", *calls, "--format", "json").json
    assert found["agents"] == 2
    assert "Agents are the members. They answer at once." in found["assumptions"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--calls", "gold", "--agents", "gold=1"), "--calls gold: write QUEUE=NUMBER/h"),
        ((*POOL, "--talk", "3"), "--talk 3: '3' is not a duration"),
        ((*POOL, "--for", "0s"), "--for 0s: nobody comes in no time"),
        ((*POOL, "--burst", "gold=5"), "--burst gold=5: is no burst; write QUEUE=NUMBER@TIME"),
        ((*POOL, "--burst", "gold=5@3h"), "--burst gold: 3h is when all is over already"),
        ((*POOL, "--burst", "silver=5@3m"), "there is no queue 'silver'"),
        ((*POOL, "--absent", "anna"), "there is no agent 'anna'"),
        ((*POOL, "--mode", "dynamic"), "no queue asks for agents: give one agents_per_call"),
        ((*POOL, "--compare", "none,dynamite"), "there is no mode 'dynamite'; did you mean 'dynamic'?"),
        ((*POOL, "--compare", "all", "--mode", "home"), "--mode and --compare both say"),
        ((*POOL, "--since", "1h"), "leave out --journal, --since and --until"),
        ((*POOL, "--strategy", "roundrobin"), "there is no strategy 'roundrobin'"),
        ((*POOL, "--queues-conf", "none.conf"), "--queues-conf none.conf: cannot be read"),
        ((*POOL, "--calls", "rest=4/h"), "nobody may serve rest, and callers come: say how many do"),
        ((*POOL, "--times", "nan"), "--times nan"),
        ((*TIERS, "--agents", "silver=4"), "there is no queue 'silver'; there is platinum, gold, standard"),
        ((*TIERS, "--calls", "silver=4/h"), "there is no queue 'silver'"),
        ((*TIERS, "--agents-per-call", "silver=4"), "there is no queue 'silver'"),
        ((*TIERS, "--live", "pbx9"), "there is no PBX 'pbx9'"),
        (("-c", "ariroute.yaml", "--calls", "gold=4/h", "--live", "pbx1"), "over AMI: add asterisk.pbx1.ami"),
        ((*POOL, "--live", "pbx1"), "no flow file"),
        ((*POOL, "--times", "100", "--for", "90d"), "callers in a run: at most 1,000,000"),
        (("-c", "ariroute.yaml", "--calls", "gold=4/h"), "nobody is there to answer: write how many agents"),
        (("-c", "ariroute.yaml", "--burst", "gold=4@1m"), "--burst goes with --calls"),
        (("-c", "ariroute.yaml"), "no journal is kept"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    ariroute: Ariroute, staffed: Path, arguments: tuple[str, ...], words: str
) -> None:
    if "-c" not in arguments:
        staffed.with_name("ariroute.yaml").unlink()
    ended = ariroute("simulate", *arguments)
    assert ended.code == 2, ended
    assert words in " ".join(ended.err.split())
    assert ended.out == ""


def test_a_journal_that_knows_no_talk_is_refused(ariroute: Ariroute, journal: Path) -> None:
    ended = ariroute("simulate", "-c", "staffed.yaml", *DAY)
    assert ended.code == 2
    assert "nobody knows how long agents talk: give the daemon AMI" in ended.err
    later = ariroute("simulate", "-c", "staffed.yaml", "--since", "2026-11-03", "--until", "2026-11-04")
    assert later.code == 2
    assert "the journal has no call of a queue for this time" in later.err


def test_a_floor_on_which_nobody_serves_a_queue_is_a_note(ariroute: Ariroute, staffed: Path) -> None:
    arguments = (
        "--agents",
        "standard=6",
        "--agents",
        "standard+platinum=2",
        "--compare",
        "home,dynamic",
        "--patience",
        "1m",
    )
    ended = ariroute("simulate", *TIERS, *arguments)
    assert "note: home: nobody serves platinum, whose callers wait in vain" in ended.err
    assert "dynamic: nobody" not in ended.err


def test_more_work_than_agents_can_do_is_a_note(ariroute: Ariroute) -> None:
    ended = ariroute("simulate", "--calls", "gold=140/h", "--agents", "gold=4", "--runs", "2")
    assert "note: none: agents are busy nearly all the time" in ended.err


def test_long_studies_are_played_by_other_processes_and_give_the_same(
    ariroute: Ariroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = ariroute("simulate", *POOL).out
    monkeypatch.setattr(simulate_runs, "LONG", 0.0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    started: list[int] = []
    several = simulate_runs.several

    def noticed(*given: object) -> object:
        started.append(1)
        return several(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(simulate_runs, "several", noticed)
    assert ariroute("simulate", *POOL).out == alone
    assert started == [1]


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        (seconds_text, 0.04, "0.0 s"),
        (seconds_text, 9.94, "9.9 s"),
        (seconds_text, 9.96, "10 s"),
        (seconds_text, 119.4, "119 s"),
        (seconds_text, -185.0, "-3:05 min"),
        (seconds_text, 7500.0, "2:05 h"),
        (percent_text, 0.5, "50 %"),
        (percent_text, 0.9999, "99.9 %"),
        (percent_text, 1.0, "100 %"),
        (percent_text, 0.004, "0.4 %"),
        (percent_text, 0.0, "0 %"),
        (wait_mark, 0.0, "0"),
        (wait_mark, 90.0, "90 s"),
        (wait_mark, 120.0, "2 min"),
        (wait_mark, 7200.0, "2 h"),
    ],
)
def test_figures_are_as_fine_as_one_can_tell(text: Callable[[float], str], value: float, written: str) -> None:
    assert text(value) == written


def test_a_floor_that_is_out_of_all_proportion_does_not_flatten_the_others() -> None:
    assert scale([3.0, 4.0, 900.0]) == 4.0
    assert scale([3.0, 9.0]) == 9.0
    assert scale([0.0]) == 0.0


@pytest.mark.parametrize("form", ["text", "json", "html", "svg"])
def test_a_floor_to_which_nobody_comes_has_no_waits(ariroute: Ariroute, form: str) -> None:
    ended = ariroute("simulate", *POOL, "--for", "1s", "--runs", "1", "--format", form)
    assert (ended.code, ended.err) == (0, "")
