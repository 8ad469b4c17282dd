"""``ariroute plan``: by figures, by a queue_log, by the journal; what it refuses."""

from __future__ import annotations

import gzip
import re
import time
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from recorded_calls import BEGIN, Placed, record

from ariroute.journal.record import Happened
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Statement

from .conftest import FLOW_FILE, Ariroute

FIGURES = (
    *("--calls", "platinum=40/h", "--calls", "gold=60/h", "--calls", "standard=50/30m"),
    *("--talk", "180s", "--target", "80/20s"),
)
JOURNAL = 'journal: {url: "sqlite:journal.db"}\n'
MORNING = datetime(2026, 11, 2, 9, 0, tzinfo=ZoneInfo("Europe/Stockholm")).timestamp()


def queue_log(folder: Path, hostile: str = "") -> Path:
    """A morning: gold has a call each 30 s of 100 s, and every tenth gives up; standard one each minute."""
    rows = []
    for number in range(240):
        at, queue = round(MORNING + 30 * number), "gold" if number % 3 else "standard"
        rows.append((at, f"{number}|{queue}|NONE|ENTERQUEUE||+4670{number:07}|1"))
        if number % 10 == 7:
            rows.append((at + 40, f"{number}|{queue}|NONE|ABANDON|1|1|40"))
            continue
        rows.append((at + 10, f"{number}|{queue}|Ann|CONNECT|10|x|4"))
        rows.append((at + 110, f"{number}|{queue}|Ann|COMPLETEAGENT|10|100|1"))
    path = folder / "queue_log"
    path.write_text("".join(f"{at}|{rest}\n" for at, rest in sorted(rows)) + hostile, encoding="utf-8")
    return path


@pytest.fixture
def recorded(flow_file: Path, tmp_path: Path) -> Path:
    """The flow file with sixty calls of a morning in its journal, one a minute; each tenth gave up."""
    flow_file.write_text(JOURNAL + FLOW_FILE.replace('!open("office")', "false"), encoding="utf-8")
    calls = [
        Placed({"crm": {"loyalty": "gold" if number % 2 else "", "orders": 1.0, "blocked": False}})
        for number in range(60)
    ]
    record(tmp_path / "journal.db", flow_file, calls)
    statements: list[Statement] = []
    for number in range(60):
        queue = "gold" if number % 2 else "standard"
        columns = {"outcome": "answered", "wait": 12.0, "agent": "Ann", "talk": 90.0, "outcome_queue": queue}
        if number % 10 == 3:
            columns = {"outcome": "abandoned", "wait": 30.0, "outcome_queue": queue}
        answered = {"what": "answered", "at": BEGIN.timestamp(), "ring": 5}
        statements += Happened(f"call.{number}", "pbx1", answered, columns).statements()
    store = SqliteStore(tmp_path / "journal.db")
    store.write(statements)
    store.close()
    return flow_file


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_figures_give_agents_for_an_hour_and_what_splitting_costs(ariroute: Ariroute) -> None:
    ended = ariroute("plan", *FIGURES, "--agents", "12")

    assert (ended.code, ended.err) == (0, "")
    lines = squeezed(ended.out)
    assert lines[0] == "200 calls of 3 tiers: an hour as given"
    assert lines[2].startswith(
        "Splitting costs 3 agents in such an hour: 17 when each tier has its own, 14 in one pool"
    )
    assert (
        "platinum wait 8.1 s, gold wait 14 s and standard wait 69 s on average; split among the tiers they" in lines[3]
    )
    assert "gold, 60.0/h of 180 s 80% in 20 s" in lines
    assert "its own agents 5 81% 21 s 60%" in lines
    assert "one pool with priority 14 95% 2.6 s 71%" in lines
    assert not any("half hour" in line for line in lines)


def test_as_json_everything_is_there(ariroute: Ariroute) -> None:
    found = ariroute("plan", *FIGURES, "--format", "json", "--shrinkage", "30%", "--patience", "platinum=2m").json

    assert [tier["queue"] for tier in found["tiers"]] == ["platinum", "gold", "standard"]
    assert (found["busiest"]["own"], found["busiest"]["pool"], found["shrinkage"]) == (17, 14, 0.3)
    assert found["busiest"]["tiers"]["standard"]["calls_per_hour"] == 100
    assert found["scheduled_hours"] == {"own": 25, "impatient": 25, "pool": 20}
    gold = next(tier for tier in found["peak"] if tier["queue"] == "gold")
    assert gold["ways"]["its own agents"]["service"]["in_time"] == pytest.approx(0.8109, abs=1e-4)
    assert found["tiers"][0]["agents_per_call"] is None
    assert found["on_duty"]["split"]["platinum"]["agents"] == 3
    assert found["doubts"] == []


def test_the_flow_file_says_tiers_service_levels_and_ratios(ariroute: Ariroute, flow_file: Path) -> None:
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(
        text.replace("platinum: {priority: 30}", "platinum: {priority: 30, service_level: {target: 90, within: 10s}}"),
        encoding="utf-8",
    )
    ended = ariroute(
        "plan", "--calls", "standard=100/h", "--calls", "gold=60/h", "--calls", "platinum=40/h", "--talk", "3m"
    )

    lines = squeezed(ended.out)
    assert lines[0] == "200 calls of 3 tiers: an hour as given, tiers of ariroute.yaml"
    tiers = [line for line in lines if "/h of 180 s" in line]
    assert [line.split(",")[0] for line in tiers] == ["platinum", "gold", "standard"]
    assert tiers[0].endswith(" 90% in 10 s")
    assert any(line.startswith("Gold at 0.5 agents per call: callers wait 151 s on average") for line in lines)
    assert "gold 10 min 151 s 15 s 0.1 s 0 s 0 s" in lines


def test_a_queue_log_gives_half_hours(ariroute: Ariroute, tmp_path: Path) -> None:
    queue_log(tmp_path)
    options = ("--timezone", "Europe/Stockholm", "--tiers", "gold,standard", "--wrap-up", "16s")
    ended = ariroute("plan", "--queue-log", "queue_log", *options)

    assert (ended.code, ended.err) == (0, "")
    lines = squeezed(ended.out)
    assert lines[0] == "240 calls of 2 tiers: queue_log, 2026-11-02"
    assert [line.split()[0] for line in lines if re.match(r"\d\d:\d\d ", line)] == ["09:00", "09:30", "10:00", "10:30"]
    assert any(re.match(r"09:00 60\.0 ", line) for line in lines)
    assert "gold, 80.0/h of 120 s 80% in 20 s" in lines
    assert any(
        line.startswith("- Patience of gold, standard, where few gave up, is that of all tiers: ") for line in lines
    )
    assert any("(24 of 240 gave up; who was answered would have waited longer)" in line for line in lines)


def test_tiers_are_ordered_anew_and_keep_what_the_flow_file_says_of_them(
    ariroute: Ariroute, flow_file: Path, tmp_path: Path
) -> None:
    queue_log(tmp_path)
    found = ariroute("plan", "--queue-log", "queue_log", "--tiers", "standard", "--format", "json").json
    assert [(tier["queue"], tier["agents_per_call"]) for tier in found["tiers"]] == [("standard", None), ("gold", 0.5)]
    assert found["pieces"][0]["begin"] == "09:00"  # by the flow file's clock
    assert found["doubts"] == []


def test_who_gives_up_at_once_tells_nothing_of_patience(ariroute: Ariroute, tmp_path: Path) -> None:
    """As a queue_log in whole seconds may have it."""
    rows = ["1000|1|gold|NONE|ENTERQUEUE|||1", "1000|1|gold|NONE|ABANDON|1|1|0"]
    rows += ["1001|2|gold|NONE|ENTERQUEUE|||1", "1001|2|gold|A|CONNECT|0|x|0", "1001|2|gold|A|COMPLETEAGENT|0|0|1"]
    (tmp_path / "queue_log").write_text("\n".join(rows), encoding="utf-8")
    ended = ariroute("plan", "--queue-log", "queue_log")

    assert (ended.code, ended.err) == (0, "")
    assert "Gold needs 1 agent in the busiest half hour" in ended.out
    assert "Patience of gold: nobody of 2 waited, so nobody gives up here." in ended.out


def test_the_order_of_tiers_is_asked_for_where_nobody_says_it(ariroute: Ariroute, tmp_path: Path) -> None:
    path = queue_log(tmp_path)
    compressed = path.with_name("queue_log.1.gz")
    compressed.write_bytes(gzip.compress(path.read_bytes()))
    ended = ariroute("plan", "--queue-log", "queue_log.1.gz", "--format", "json")

    assert ended.code == 0
    assert ended.err.startswith("note: gold, standard: nobody says how high these tiers are")
    assert [tier["queue"] for tier in ended.json["tiers"]] == ["gold", "standard"]
    assert ended.json["pieces"][0]["begin"] == "08:00"  # by UTC, as nobody said otherwise


def test_bad_lines_are_told_and_left_out(ariroute: Ariroute, tmp_path: Path) -> None:
    queue_log(tmp_path, "what?\x1b[2J\n" * 7)
    ended = ariroute("plan", "--queue-log", "queue_log", "--tiers", "gold,standard", "--days", "mon-fri")

    assert ended.code == 0
    notes = ended.err.splitlines()
    assert len(notes) == 6
    assert notes[0].startswith("note: queue_log:697: not a line of queue_log")
    assert notes[-1] == "note: 2 more lines are left out; 703 were read"
    assert "\x1b" not in ended.out + ended.err


def test_the_journal_gives_half_hours_of_the_day_that_is_asked_for(ariroute: Ariroute, recorded: Path) -> None:
    ended = ariroute("plan", "--since", "2026-11-02", "--until", "2026-11-03", "--format", "json")

    assert (ended.code, ended.err) == (0, "")
    found = ended.json
    assert found["source"] == "the journal, 2026-11-02"
    assert [(piece["begin"], piece["calls"]) for piece in found["pieces"]] == [("09:00", 30), ("09:30", 30)]
    assert [tier["queue"] for tier in found["tiers"]] == ["gold", "standard"]
    gold, standard = found["tiers"]
    assert (gold["agents_per_call"], standard["agents_per_call"]) == (0.5, None)
    assert gold["patience"] == standard["patience"]
    assert gold["patience"]["mean"] == pytest.approx((54 * 12 + 6 * 30) / 6)
    assert found["busiest"]["tiers"]["gold"]["ring"] == 5
    assert found["busiest"]["tiers"]["gold"]["handling"] == 95


def test_a_journal_alone_needs_no_flow_file(ariroute: Ariroute, recorded: Path, tmp_path: Path) -> None:
    recorded.unlink()
    ended = ariroute("plan", "--journal", "journal.db", "--since", "2026-11-02", "--tiers", "gold,standard")
    assert (ended.code, ended.err) == (0, "")
    assert squeezed(ended.out)[0] == "60 calls of 2 tiers: the journal, 2026-11-02"


def test_the_page_and_the_picture_need_nothing_else(ariroute: Ariroute, tmp_path: Path) -> None:
    queue_log(tmp_path)
    options = ("--queue-log", "queue_log", "--tiers", "gold,standard", "--agents-per-call", "gold=1")
    page = ariroute("plan", *options, "--format", "html").out
    picture = ariroute("plan", *options, "--format", "svg").out

    assert "<h1>" in page
    assert page.count("<svg") >= 2
    for text in ("one pool with priority", "Half hours", "What agents per call buy", "Content-Security-Policy"):
        assert text in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    root = ElementTree.fromstring(picture)
    assert root.tag.endswith("svg")
    assert "Calls by half hour" in picture


@pytest.mark.parametrize("form", ["text", "json", "html", "svg"])
def test_a_hostile_name_of_a_queue_is_no_markup_and_moves_no_cursor(
    ariroute: Ariroute, tmp_path: Path, form: str
) -> None:
    queue = "<script>x</script>\x1b[2J\u202e&"
    rows = [f"1000|1|{queue}|NONE|ENTERQUEUE|||1", f"1009|1|{queue}|A|CONNECT|9|x|4"]
    rows += [f"1100|1|{queue}|A|COMPLETEAGENT|9|91|1", "1000|2|gold|NONE|ENTERQUEUE|||1"]
    (tmp_path / "queue_log").write_text("\n".join(rows), encoding="utf-8")
    ended = ariroute("plan", "--queue-log", "queue_log", "--format", form)

    assert ended.code == 0
    assert "\x1b" not in ended.out + ended.err
    assert "\u202e" not in ended.out + ended.err
    if form in ("html", "svg"):
        assert "<script" not in ended.out
    if form == "svg":
        ElementTree.fromstring(ended.out)


def test_the_page_of_an_hour_in_figures(ariroute: Ariroute) -> None:
    page = ariroute("plan", *FIGURES, "--format", "html").out
    assert "<h1>17 agents of their own, or 14 in one pool</h1>" in page
    assert "Half hours" not in page
    assert ElementTree.fromstring(ariroute("plan", *FIGURES, "--format", "svg").out) is not None


def test_a_goal_that_no_number_of_agents_meets_is_told(ariroute: Ariroute) -> None:
    ended = ariroute("plan", "--calls", "gold=40/h", "--talk", "3m", "--answer", "25s")
    assert ended.code == 0
    assert "No number of agents answers 80% of gold within 20 s" in ended.out
    assert "No number of agents answers 80% of gold within 20 s" in ended.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--calls gold=4", "--calls gold=4: write QUEUE=NUMBER/h"),
        ("--calls gold=4/h", "--talk: how long do agents talk with callers of gold? Write --talk gold=3m"),
        ("--calls gold=0/h --talk 3m", "--calls gold: nobody comes"),
        ("--calls gold=4/0h --talk 3m", "--calls gold=4/0h: no time at all: write such as gold=40/h"),
        ("--calls gold=4/h --calls gold=5/h", "--calls gold=5/h: is said twice: write each queue once"),
        ("--calls gold=4/h --agents-per-call gold=9999999", "'9999999' is not a number above 0, and below a million"),
        ("--calls gold:5=4/h --talk 3m", "in a plan a queue is one tier: leave out the priority"),
        ("--calls gold=4/h --talk silver=3m", "there is no queue 'silver'"),
        ("--calls gold=9999999/s --talk 9h", "these calls keep 323,999,967,600 agents busy"),
        ("--calls gold=4/h --talk 3m --since 7d", "--since is for a record, and --calls gives figures"),
        ("--calls gold=4/h --talk 3m --shrinkage 96%", "--shrinkage 96%: write a percentage from 0% to 95%"),
        ("--calls gold=4/h --talk 3m --max-occupancy x", "--max-occupancy x: write a percentage from 1% to 100%"),
        ("--calls gold=4/h --talk 3m --target 80", "--service-level 80: '80' is no service level"),
        ("--calls gold=4/h --queue-log queue_log", "--calls and --queue-log both say who comes"),
        ("--queue-log queue_log --talk 3m", "--talk goes with --calls: a record has it"),
        ("--queue-log queue_log --days moo", "--days moo: write days such as mon-fri, or sat,sun"),
        ("--queue-log queue_log --timezone Mars/X", "--timezone Mars/X: no such time zone"),
        ("--queue-log queue_log --tiers a,a", "--tiers a,a: write each queue once"),
        ("--queue-log queue_log --days sat", "queue_log has no call of a queue for this time"),
        ("--queue-log queue_log --wrap-up silver=3s", "there is no queue 'silver'"),
        ("--queue-log nothing", "nothing: No such file or directory: check the path"),
        ("--queue-log empty", "empty has no call of a queue for this time"),
        ("--queue-log waited", "waited has no call that was answered and ended"),
        ("--journal nothing.db", "nothing.db: cannot be read: No such file or directory"),
        ("", "no flow file: "),
    ],
)
def test_what_cannot_be_meant_is_told(ariroute: Ariroute, tmp_path: Path, options: str, words: str) -> None:
    queue_log(tmp_path)
    (tmp_path / "empty").write_text("", encoding="utf-8")
    (tmp_path / "waited").write_text("1000|1|gold|NONE|ENTERQUEUE|||1\n1010|1|gold|NONE|ABANDON|1|1|10\n")
    ended = ariroute("plan", *options.split())
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_a_day_of_twenty_queues_is_planned_at_once(ariroute: Ariroute, tmp_path: Path) -> None:
    """Under a second on one core; ten times as long is allowed for a machine that has much to do."""
    rows = []
    for number in range(9600):
        at, queue, who = round(MORNING + 9 * number), f"q{number % 20}", f"{number}"
        rows.append((at, f"{who}|{queue}|NONE|ENTERQUEUE|||1"))
        if number % 9 == 4:
            rows.append((at + 40, f"{who}|{queue}|NONE|ABANDON|1|1|40"))
        else:
            rows += [(at + 9, f"{who}|{queue}|A|CONNECT|9|x|4"), (at + 300, f"{who}|{queue}|A|COMPLETEAGENT|9|291|1")]
    (tmp_path / "queue_log").write_text("".join(f"{at}|{rest}\n" for at, rest in sorted(rows)), encoding="utf-8")
    begun = time.process_time()
    ended = ariroute("plan", "--queue-log", "queue_log", "--format", "json")
    assert ended.code == 0
    assert len(ended.json["tiers"]) == 20
    assert len(ended.json["pieces"]) == 48
    assert time.process_time() - begun < 10


def test_the_flow_file_says_wrap_ups_that_the_command_line_does_not(ariroute: Ariroute, flow_file: Path) -> None:
    text = FLOW_FILE.replace(
        "  platinum: {priority: 30}", "  platinum: {priority: 30, agents_per_call: 1, wrap_up: 1m}"
    )
    text = text.replace(
        'password: "${env:NO_SUCH_SECRET}"}',
        'password: "${env:NO_SUCH_SECRET}"}\n    ami: {user: a, password: "${env:NO}"}',
    )
    agents = "agents: {anna: {dial: PJSIP/anna, queues: [platinum, gold]}}\nstaffing: {mode: advise}\n"
    flow_file.with_name("staffed.yaml").write_text(text + agents, encoding="utf-8")

    def handling(*more: str) -> dict[str, float]:
        calls = ("--calls", "platinum=40/h", "--calls", "gold=10/h", "--talk", "180s", "--format", "json")
        tiers = ariroute("plan", "-c", "staffed.yaml", *calls, *more).json["busiest"]["tiers"]
        return {queue: tier["handling"] for queue, tier in tiers.items()}

    assert handling() == {"platinum": 240.0, "gold": 180.0}
    assert handling("--wrap-up", "platinum=30s") == {"platinum": 210.0, "gold": 180.0}
    assert handling("--wrap-up", "gold=5s") == {"platinum": 240.0, "gold": 185.0}
    assert handling("--wrap-up", "10s") == {"platinum": 190.0, "gold": 190.0}


def test_of_very_many_tiers_in_no_order_only_some_are_named(ariroute: Ariroute, tmp_path: Path) -> None:
    rows = [f"1000|{n}|q{n:02}|NONE|ENTERQUEUE|||1\n1009|{n}|q{n:02}|A|CONNECT|9|x|4\n" for n in range(50)]
    rows.append("1100|1|q01|A|COMPLETEAGENT|9|91|1\n")
    (tmp_path / "queue_log").write_text("".join(rows), encoding="utf-8")
    assert "q18, q19 and 30 more: nobody says how high" in ariroute("plan", "--queue-log", "queue_log").err
