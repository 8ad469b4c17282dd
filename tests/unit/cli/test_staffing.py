"""``ariroute staffing`` before a server that answers as the daemon does, and the moves of a journal."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console, RenderableType

from ariroute.cli.main import main
from ariroute.cli.staffing import _pictures
from ariroute.cli.staffing_tables import picture
from ariroute.errors import DaemonUnreachable
from ariroute.journal.moves import Moved
from ariroute.journal.sqlite import SqliteStore

from .conftest import FLOW_FILE, Ariroute

PLATINUM: dict[str, Any] = {
    "queue": "platinum",
    "target": 1.0,
    "achieved": 1.5,
    "average": 1.214,
    "held": 98.4,
    "calls": 4,
    "waiting": 1,
    "talking": 3,
    "agents": 6,
    "needed": 4,
    "kept": 5,
    "short": 0,
    "borrowed": ["carl", "dora", "eve", "fred"],
    "lent": [],
    "estimated_wait": 0.4,
    "service_level": 97.1,
    "why": "has what it needs",
}
GOLD: dict[str, Any] = PLATINUM | {
    "queue": "gold",
    "target": 0.5,
    "achieved": 0.4,
    "agents": 2,
    "needed": 3,
    "short": 1,
    "borrowed": [],
    "lent": ["carl"],
    "estimated_wait": 95.4,
    "why": "short of 1",
}
NOTHING = dict.fromkeys(("target", "achieved", "average", "held", "estimated_wait", "service_level"))
IDLE: dict[str, Any] = {"queue": "idle", "calls": 0, "waiting": 0, "agents": 0, "needed": 0, "short": 0, **NOTHING}
AGENTS: list[dict[str, Any]] = [
    {"agent": "zoe", "state": "paused", "since": 4000.0, "queue": "gold", "home": "gold", "by_hand": "paused by hand"},
    {"agent": "carl", "state": "free", "since": 0.2, "queue": "platinum", "home": "gold", "by_hand": ""},
]
MOVES: list[dict[str, Any]] = [
    {
        "at": f"2026-11-22T07:5{minute}:01.250+00:00",
        "agent": f"agent{minute}",
        "from": ["gold", "standard"] if minute else [],
        "to": "platinum",
        "why": "target",
        "reason": "platinum needs 4",
        "done": minute != 3,
        "failure": "no such interface" if minute == 3 else "",
    }
    for minute in range(7)
]
STATUS: dict[str, Any] = {
    "mode": "dynamic",
    "acting": True,
    "why": "",
    "suffices": True,
    "tiers": [PLATINUM, GOLD, IDLE],
    "agents": AGENTS,
    "moves": MOVES,
}
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def all_of(**status: Any) -> dict[str, Any]:
    """The daemon's answer for one PBX."""
    return {"timezone": "Europe/Stockholm", "pbxs": {"pbx1": STATUS | status}}


class Says:
    """A daemon that answers so, by method and path."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []

    def __call__(self, body: Any, what: str = "GET /staffing", status: int = 200) -> str:
        self.answers[what] = (status, body)
        return self.address


@pytest.fixture
def says() -> Iterator[Says]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            what = f"{self.command} {self.path}"
            found.asked.append(what)
            status, body = found.answers.get(what, (404, None))
            if self.command == "POST" and "X-Ariroute" not in self.headers:
                status = 403
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(text)

        do_POST = do_GET  # the name is the library's

        def log_message(self, *_: object) -> None:
            """Nothing: it would land in the output under test."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        found = Says(server.server_port)
        yield found
        server.shutdown()
        thread.join()


def rows(out: str) -> list[list[str]]:
    """The cells of tables, two blanks or more between them."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]


def drawn(found: dict[str, Any], width: int = 160, *, with_agents: bool = False, note: str = "") -> list[list[str]]:
    """The table on a terminal so wide."""
    console = Console(width=width, markup=False, highlight=False)
    with console.capture() as captured:
        console.print(picture(found, NOW, width, with_agents=with_agents, note=note))
    return rows(captured.get())


# ---- the picture


def test_each_tier_is_told_with_its_target_and_what_it_has(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("staffing", "--admin", says(all_of()))

    assert (ended.code, ended.err) == (0, "")
    lines = rows(ended.out)
    assert lines[0] == ["pbx1: dynamic: it moves agents; the agents on duty suffice"]
    assert lines[1][:9] == ["Tier", "Target", "Now", "15 min", "Held", "Calls", "Waiting", "Agents", "Free"]
    tail = ["0 s", "97 %", "carl, dora, eve and 1 more", "-", "has what it needs"]
    assert lines[2] == ["platinum", "1.00", "1.50", "1.21", "98 %", "4", "1", "6", "1", "4", *tail]
    assert lines[3][:4] + lines[3][10:] == [
        *("gold", "0.50", "0.40", "1.21"),
        "1 min 35 s",
        "97 %",
        "-",
        "carl",
        "short of 1",
    ]
    assert lines[4] == ["idle", "-", "-", "-", "-", "0", "0", "0", "0", "0", "-", "-", "-", "-"]


def test_the_latest_moves_come_first_with_what_became_of_them() -> None:
    lines = drawn(all_of(moves=MOVES[::-1]))

    at = lines.index(["moved last:"])
    assert [line[1] for line in lines[at + 2 : at + 7]] == ["agent6", "agent5", "agent4", "agent3", "agent2"]
    assert lines[at + 2] == ["08:56:01", "agent6", "gold, standard", "platinum", "target", "platinum needs 4"]
    assert lines[at + 5][-1] == "platinum needs 4 (not done: no such interface)"
    assert len(lines) == at + 7


def test_a_move_of_another_day_has_its_date_and_one_from_nowhere_a_dash() -> None:
    early = MOVES[0] | {"at": "2026-11-21T22:59:59+00:00"}
    assert drawn(all_of(moves=[early]))[-1][:3] == ["2026-11-21 23:59:59", "agent0", "-"]


def test_in_the_mode_advise_the_moves_are_those_that_would_be_made() -> None:
    lines = drawn(all_of(mode="advise", acting=False, why="advise"))
    assert lines[0] == ["pbx1: advise: it says what it would do, and does nothing; the agents on duty suffice"]
    assert ["would be moved:"] in lines


def test_a_move_that_was_only_advised_says_so_once_others_are_made() -> None:
    advised = MOVES[0] | {"done": False}
    assert drawn(all_of(moves=[advised]))[-1][-1] == "platinum needs 4 (only advised)"
    assert drawn(all_of(moves=[advised], mode="advise"))[-1][-1] == "platinum needs 4"


def test_agents_are_told_by_queue_with_where_they_belong() -> None:
    lines = drawn(all_of(), with_agents=True)
    at = lines.index(["Agent", "Serves", "Does", "For", "Home", "Left alone, because"])
    assert lines[at + 1 :] == [
        ["zoe", "gold", "paused", "1 h 6 min", "gold", "paused by hand"],
        ["carl", "platinum", "free", "0 s", "gold"],
    ]
    assert not any("Serves" in line for line in drawn(all_of()))


def test_a_narrow_terminal_keeps_what_tells_most() -> None:
    always = ["Tier", "Target", "Now", "15 min", "Held", "Calls", "Agents", "Needs", "Why"]
    lines = drawn(all_of(), 80)
    assert lines[1] == always
    assert lines[2][-1] == "has what it needs"
    assert set(drawn(all_of(), 120)[1]) == {*always, "Waiting", "Free", "Borrowed"}
    assert set(drawn(all_of(), 160)[1]) == {*always, "Waiting", "Free", "Borrowed", "Lent", "Wait", "In time"}


@pytest.mark.parametrize(
    ("status", "says_so", "code"),
    [
        ({"suffices": False}, "pbx1: dynamic: it moves agents; the agents on duty do not suffice", 0),
        (
            {"acting": False, "why": "AMI is down: nobody answers"},
            "it stands still: AMI is down: nobody answers; the figures are as they were then",
            3,
        ),
        ({"acting": False, "why": "released by hand"}, "leaves all agents alone until 'ariroute staffing resume'", 0),
        ({"acting": False, "why": ""}, "it stands still: the daemon does not say why", 3),
        ({"acting": False, "why": "QueueAdd: Permission denied"}, "it stands still: QueueAdd: Permission denied", 3),
        ({"acting": False, "why": "another daemon has the calls"}, "another daemon has the calls, and moves agents", 0),
    ],
)
def test_the_first_line_says_what_it_does(
    ariroute: Ariroute, says: Says, status: dict[str, Any], says_so: str, code: int
) -> None:
    ended = ariroute("staffing", "--admin", says(all_of(**status)))
    assert ended.code == code
    assert says_so in ended.out.splitlines()[0]


def test_a_file_without_staffing_is_one_line(ariroute: Ariroute, says: Says) -> None:
    none = {"mode": "", "acting": False, "why": "no staffing in the flow file", "tiers": [], "agents": [], "moves": []}
    ended = ariroute("staffing", "--admin", says({"pbxs": {"pbx1": none}}))
    assert (ended.code, ended.out) == (0, "pbx1: no staffing in the flow file\n")


def test_one_of_several_pbxs_can_be_chosen(ariroute: Ariroute, says: Says) -> None:
    address = says({"pbxs": {"a": STATUS, "b": STATUS | {"tiers": [], "moves": []}}})
    assert [line for line in ariroute("staffing", "--admin", address).out.splitlines() if line[:2] in ("a:", "b:")] == [
        "a: dynamic: it moves agents; the agents on duty suffice",
        "b: dynamic: it moves agents",
    ]
    assert list(ariroute("staffing", "--pbx", "b", "--json", "--admin", address).json["pbxs"]) == ["b"]
    ended = ariroute("staffing", "--pbx", "c", "--admin", address)
    assert (ended.code, ended.err) == (2, "there is no PBX 'c'; there is a, b\n")


def test_without_ami_nobody_can_be_moved(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("staffing", "--admin", says({"pbxs": {}}))
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "nobody can be moved: no PBX of the flow file has AMI (asterisk.NAME.ami)\n"


def test_one_that_stands_by_is_as_it_should_be(ariroute: Ariroute, says: Says) -> None:
    down = all_of(acting=False, why="AMI is down: ", tiers=[], agents=[], moves=[])
    ended = ariroute("staffing", "--admin", says(down | {"standing_by": True}))
    assert ended.code == 0
    assert ended.err == "standing by: another daemon routes the calls\n"


def test_json_is_the_daemons_own(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("staffing", "--json", "--admin", says(all_of()))
    assert (ended.code, ended.json) == (0, all_of())


def test_nothing_that_a_terminal_obeys_is_shown(ariroute: Ariroute, says: Says) -> None:
    odd = "o\x1b[2J\u202ed"
    tier = PLATINUM | {"queue": odd, "borrowed": [odd], "lent": [odd], "why": odd}
    agent = {"agent": odd, "state": odd, "queue": odd, "home": odd, "by_hand": odd, "since": None}
    move = MOVES[0] | {"agent": odd, "from": [odd], "to": odd, "why": odd, "reason": odd, "failure": odd}
    found = all_of(tiers=[tier], agents=[agent], moves=[move])
    ended = ariroute("staffing", "--agents", "--admin", says(found))
    assert ended.code == 0
    assert ended.out.count("o\\x1b[2J\\u202ed") >= 14
    assert all(line.isprintable() for line in ended.out.splitlines())
    ended = ariroute("staffing", "--admin", says({"pbxs": {odd: STATUS | {"acting": False, "why": odd, "mode": odd}}}))
    assert all(line.isprintable() for line in ended.out.splitlines())


def test_what_is_no_daemon_or_an_older_one_is_3(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("staffing", "--admin", says({"hello": 1}))
    assert ended.code == 3
    assert "not as an ariroute daemon does" in ended.err
    ended = ariroute("staffing", "--admin", says(None, status=404))
    assert ended.code == 3
    assert "does not tell of staffing: is it an older version?" in ended.err


# ---- live


def test_watching_needs_a_terminal_or_json(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("staffing", "--watch", "--admin", says(all_of()))
    assert ended.code == 2
    assert "--watch draws on a terminal: for a pipe or a file add --json" in ended.err


def test_watching_with_json_gives_a_line_each_time(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def rest(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", rest)
    result = CliRunner().invoke(main, ["staffing", "--watch", "--json", "--admin", says(all_of())])
    assert result.exit_code == 130
    assert [json.loads(line) for line in result.stdout.splitlines()] == [all_of()] * 3
    assert looks == [1.0] * 3


def test_a_daemon_that_goes_is_waited_for_and_one_that_never_was_is_an_error(says: Says) -> None:
    looks = _pictures(says(all_of()), "", with_agents=False)
    assert text_of(next(looks))[0] == "pbx1: dynamic: it moves agents; the agents on duty suffice"
    says(None, status=503)
    for _ in range(2):
        note, _, first = text_of(next(looks))[:3]
        assert note.startswith(f"this is as it was: {says.address} answers 503")
        assert first == "pbx1: dynamic: it moves agents; the agents on duty suffice"
    says(all_of(mode="static"))
    assert text_of(next(looks))[0] == "pbx1: static: it moves agents; the agents on duty suffice"
    says(None, status=503)
    with pytest.raises(DaemonUnreachable):
        next(_pictures(says.address, "", with_agents=False))


def text_of(drawing: RenderableType) -> list[str]:
    console = Console(width=200, markup=False, highlight=False)
    with console.capture() as captured:
        console.print(drawing)
    return captured.get().splitlines()


# ---- letting go, and taking over again


RELEASED = {"pbxs": {"a": {"undone": ["anna: back in gold"], "failed": []}, "b": {"undone": [], "failed": []}}}


def test_letting_go_says_what_was_undone(ariroute: Ariroute, says: Says) -> None:
    address = says(RELEASED, "POST /staffing/release")
    ended = ariroute("staffing", "release", "--admin", address)
    assert (ended.code, ended.out) == (0, "a: anna: back in gold\n")
    assert ended.err == f"released by the daemon at {address}: nobody is moved until 'ariroute staffing resume'\n"
    ended = ariroute("staffing", "release", "--json", "--admin", address)
    assert (ended.code, ended.json) == (0, RELEASED)


def test_what_could_not_be_undone_is_said_and_the_exit_code_is_3(ariroute: Ariroute, says: Says) -> None:
    failed = {"pbxs": {"a": {"undone": [], "failed": ["AMI is down: bob stays in gold"]}}}
    ended = ariroute("staffing", "release", "--admin", says(failed, "POST /staffing/release"))
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.splitlines()[0] == "a: AMI is down: bob stays in gold"


def test_without_a_daemon_and_its_file_there_is_nothing_to_be_undone(ariroute: Ariroute, flow_file: Path) -> None:
    text = FLOW_FILE.replace("NO_SUCH_SECRET", "SECRET")
    flow_file.write_text(f'{text}daemon: {{admin: "127.0.0.1:9"}}\n', encoding="utf-8")
    ended = ariroute("staffing", "release", SECRET="x")
    assert (ended.code, ended.out) == (3, "")
    assert "no ariroute daemon answers at 127.0.0.1:9" in ended.err
    assert "nothing to be undone: no file tells what was before, as no PBX has AMI" in ended.err
    ami = '    ami: {address: "127.0.0.1:9", user: a, password: "${env:SECRET}"}\nlookups:'
    flow_file.write_text(f'{text.replace("lookups:", ami, 1)}daemon: {{admin: "127.0.0.1:9"}}\n', encoding="utf-8")
    looked = f"({flow_file.with_name('ariroute.staffing.pbx1.json')}, /var/lib/ariroute/ariroute.staffing.pbx1.json)"
    assert looked in ariroute("staffing", "release", SECRET="x").err
    assert (
        "(/nowhere/ariroute.staffing.pbx1.json)"
        in ariroute("staffing", "release", "--state", "/nowhere", SECRET="x").err
    )
    ended = ariroute("staffing", "release", "--admin", "127.0.0.1:9", SECRET="x")  # a wrong address is no dead daemon
    assert (ended.code, "nothing to be undone" in ended.err) == (3, False)


def test_taking_over_again(ariroute: Ariroute, says: Says) -> None:
    address = says({"pbxs": {"a": {}}}, "POST /staffing/resume")
    ended = ariroute("staffing", "resume", "--admin", address)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"resumed: the daemon at {address} moves agents again\n"


def test_what_the_daemon_refuses_is_said(ariroute: Ariroute, says: Says) -> None:
    refused = {"problems": ["no staffing in the flow file"]}
    ended = ariroute("staffing", "resume", "--admin", says(refused, "POST /staffing/resume", 422))
    assert (ended.code, ended.err) == (2, "no staffing in the flow file\n")


def test_an_option_before_the_subcommand_is_refused_and_not_ignored(ariroute: Ariroute, says: Says) -> None:
    address = says(RELEASED, "POST /staffing/release")
    ended = ariroute("staffing", "--admin", address, "release")
    assert ended.code == 2
    assert "write --admin behind release" in ended.err
    assert says.asked == []
    assert ariroute("staffing", "release", ARIROUTE_ADMIN=address).code == 0


# ---- the moves of the journal


ANNA = Moved(1.8e9, "pbx1", "anna", ("gold",), "platinum", "target", "platinum needs 4", "dynamic", True, "")
BOB = ANNA._replace(at=1.8e9 + 60, agent="bob", left=(), queue="gold", why="floor")
EVE = ANNA._replace(at=1.8e9 + 120.5, agent="eve", done=False, failure="no such interface")


@pytest.fixture
def put(flow_file: Path, tmp_path: Path) -> Callable[..., None]:
    """Puts moves into the journal of the flow file."""
    flow_file.write_text(f'journal: {{url: "sqlite:journal.db"}}\n{FLOW_FILE}', encoding="utf-8")

    def write(*items: Moved) -> None:
        store = SqliteStore(tmp_path / "journal.db")
        store.migrate()
        store.write([statement for item in items for statement in item.statements()])
        store.close()

    return write


def test_the_moves_of_the_journal_the_latest_first(ariroute: Ariroute, put: Callable[..., None]) -> None:
    put(ANNA, BOB, EVE)
    ended = ariroute("staffing", "moves")
    assert (ended.code, ended.err) == (0, "")
    assert rows(ended.out) == [
        ["Time", "Agent", "From", "To", "Why", "Reason"],
        [
            *("2027-01-15 09:02:00", "eve", "gold", "platinum"),
            "target",
            "platinum needs 4 (not done: no such interface)",
        ],
        ["2027-01-15 09:01:00", "bob", "-", "gold", "floor", "platinum needs 4"],
        ["2027-01-15 09:00:00", "anna", "gold", "platinum", "target", "platinum needs 4"],
    ]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], ["eve", "bob", "anna"]),
        (["--since", "2027-01-15T09:01"], ["eve", "bob"]),
        (["--until", "2027-01-15T08:01Z"], ["anna"]),
        (["--agent", "bob"], ["bob"]),
        (["--queue", "gold"], ["eve", "bob", "anna"]),
        (["--queue", "platinum", "--limit", "1"], ["eve"]),
        (["--pbx", "pbx2"], []),
    ],
    ids=str,
)
def test_the_options_choose(ariroute: Ariroute, put: Callable[..., None], options: list[str], found: list[str]) -> None:
    put(ANNA, BOB, EVE)
    ended = ariroute("staffing", "moves", "--json", *options)
    assert [move["agent"] for move in ended.json] == found
    assert ("no such move is in the journal" in ended.err) == (not found)
    assert ("there are more: --limit 5" in ended.err) == ("--limit" in options)


def test_a_move_as_json_is_as_the_daemon_tells_it(ariroute: Ariroute, put: Callable[..., None]) -> None:
    put(EVE)
    (move,) = ariroute("staffing", "moves", "--json").json
    assert move == {
        "at": "2027-01-15T09:02:00.500+01:00",
        "pbx": "pbx1",
        "agent": "eve",
        "from": ["gold"],
        "to": "platinum",
        "why": "target",
        "reason": "platinum needs 4",
        "mode": "dynamic",
        "done": False,
        "failure": "no such interface",
    }


def test_moves_of_several_pbxs_say_of_which(ariroute: Ariroute, put: Callable[..., None]) -> None:
    put(ANNA, BOB._replace(pbx="pbx2"))
    assert [row[0] for row in rows(ariroute("staffing", "moves").out)] == ["PBX", "pbx2", "pbx1"]


def test_a_journal_without_moves_says_so(ariroute: Ariroute, put: Callable[..., None], flow_file: Path) -> None:
    put()
    ended = ariroute("staffing", "moves")
    assert (ended.code, ended.out, ended.err) == (0, "", "the journal has no moves yet\n")
    flow_file.write_text(FLOW_FILE, encoding="utf-8")
    ended = ariroute("staffing", "moves")
    assert ended.code == 2
    assert "no journal is kept" in ended.err
    assert ariroute("staffing", "moves", "--since", "soon").code == 2
