"""``ariroute trace`` against an HTTP server that says what each test wants."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conftest import Ariroute

SHOWN = {"watching": {"timezone": "Europe/Stockholm", "mask_numbers": True, "standing_by": False}}
CALL = {
    "contact": "1795325040.20",
    "pbx": "pbx1",
    "medium": "call",
    "arrived": "2026-11-22T05:24:00.100+00:00",
    "caller": "+46******001",
    "dialled": "support",
    "flow": "support",
    "to": "queue platinum, priority 30",
    "queue": "platinum",
    "priority": 30,
    "by_default": False,
    "reason": 'flows.support.steps[1].branch[0]: crm.loyalty == "platinum"',
    "handed": "handed over",
    "ms": 25.2,
    "rules": "0123",
    "trace": [
        {"path": "flows.support", "what": "flow", "result": "support"},
        {"path": "s0", "what": "lookup", "result": "found", "text": "crm", "ms": 21.7, "origin": "source"},
        {"path": "s0", "what": "lookup", "result": "missing", "text": "vip", "ms": 0.0},
        {"path": "s1.branch[0]", "what": "case", "result": "true", "text": 'crm.loyalty == "platinum"'},
        {"path": "s1.branch[0].queue", "what": "queue", "result": "platinum", "values": {"priority": 30}},
    ],
}
LINE = (
    "06:24:00  +46******001   support -> platinum 30   25 ms  crm found 22 ms  vip missing  "
    'crm.loyalty == "platinum"  1795325040.20\n'
)
EVENT = {
    "contact": "1795325040.20",
    "pbx": "pbx1",
    "event": {"what": "let go", "at": 1795325045.0, "queue": "platinum"},
}
EVENT["event"] |= {"status": "timeout"}  # type: ignore[operator]

Says = Callable[..., str]


@pytest.fixture
def asked() -> list[str]:
    """What was asked of the daemon."""
    return []


@pytest.fixture
def says(asked: list[str]) -> Iterator[Says]:
    """A daemon that says these lines, and ends; its address."""
    answer: list[tuple[int, str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, kind, body = answer[-1]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: it would land in the output under test."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def say(*lines: Any, status: int = 200, kind: str = "application/jsonl") -> str:
            body = b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in lines)
            answer.append((status, kind, body))
            return f"127.0.0.1:{server.server_port}"

        yield say
        server.shutdown()
        thread.join()


def test_each_call_is_a_line(ariroute: Ariroute, says: Says, asked: list[str]) -> None:
    address = says(SHOWN, b"\n", CALL, EVENT, CALL, CALL)

    ended = ariroute("trace", "--admin", address, "--count", "2")

    assert (ended.code, ended.out) == (0, 2 * LINE)
    assert ended.err == f"the calls, as the daemon at {address} decides them; Ctrl-C ends\n"
    assert asked == ["/calls"]


def test_one_caller_is_asked_for(ariroute: Ariroute, says: Says, asked: list[str]) -> None:
    ended = ariroute("trace", "+46701000001", "--count", "1", "--admin", says(SHOWN, CALL))

    assert ended.err.startswith("the calls of +46701000001, as the daemon at ")
    assert asked == ["/calls?caller=%2B46701000001"]


def test_what_asterisk_does_then_is_told_if_wanted(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("trace", "--then", "--count", "2", "--admin", says(SHOWN, CALL, EVENT, CALL))

    assert ended.out == f"{LINE}06:24:05    queue platinum let it go: timeout  1795325040.20\n{LINE}"


def test_a_call_is_a_tree_if_wanted(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("trace", "--tree", "--count", "1", "--admin", says(SHOWN, CALL))

    assert ended.out.splitlines() == [
        LINE.removesuffix("\n"),
        "├── flow support",
        "├── lookup crm: found  (source; 21.7 ms)",
        "├── lookup vip: missing",
        '└── when crm.loyalty == "platinum": true',
        "    └── queue platinum  (priority = 30)",
    ]
    assert "values are hidden, as in the log (daemon.mask_numbers)" in ended.err


def test_json_is_a_line_for_each_call(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("trace", "--json", "--then", "--count", "1", "--admin", says(SHOWN, EVENT, CALL))

    assert [json.loads(line) for line in ended.out.splitlines()] == [EVENT, CALL]


def test_a_call_without_a_decision_says_how_it_left(ariroute: Ariroute, says: Says) -> None:
    left: dict[str, Any] = {
        "to": None,
        "queue": None,
        "priority": None,
        "handed": "passed on",
        "reason": "no flow: add one",
        "trace": [],
    }

    out = ariroute("trace", "--count", "1", "--admin", says(SHOWN, CALL | left)).out

    assert "support -> no decision   25 ms  passed on  no flow: add one  1795325040.20" in out


def test_a_default_is_marked(ariroute: Ariroute, says: Says) -> None:
    assert "-> platinum 30 (default)" in ariroute("trace", "--admin", says(SHOWN, CALL | {"by_default": True})).out


def test_when_the_daemon_ends_then_3(ariroute: Ariroute, says: Says) -> None:
    address = says(SHOWN, CALL)

    ended = ariroute("trace", "--admin", address)

    assert (ended.code, ended.out) == (3, LINE)
    assert ended.err.endswith(f"the daemon at {address} has ended\n")


def test_what_was_dropped_and_a_daemon_that_stands_by_are_said(ariroute: Ariroute, says: Says) -> None:
    waits = {"watching": SHOWN["watching"] | {"standing_by": True}}

    err = ariroute("trace", "--count", "1", "--admin", says(waits, {"dropped": 7}, CALL)).err

    assert "note: it stands by: another daemon routes the calls" in err
    assert "note: 7 lines were dropped: they were not read fast enough" in err


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ({"status": 422}, 2, "'x' is not a telephone number"),
        ({"status": 404}, 3, "does not tell of calls: is it an older version?"),
        ({"status": 200, "kind": "text/html"}, 3, "but not as an ariroute daemon does"),
        ({"status": 500}, 3, "answers 500, but not as an ariroute daemon does"),
    ],
    ids=str,
)
def test_what_else_may_answer(ariroute: Ariroute, says: Says, answer: dict[str, Any], code: int, words: str) -> None:
    ended = ariroute("trace", "--admin", says({"problems": ["'x' is not a telephone number"]}, **answer))

    assert (ended.code, ended.out) == (code, "")
    assert words in ended.err


def test_lines_that_are_no_json_end_it_with_words(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("trace", "--admin", says(SHOWN, b"<html>\n"))

    assert ended.code == 3
    assert "not as an ariroute daemon does" in ended.err


def test_nothing_in_a_line_reaches_the_terminal_as_syntax(ariroute: Ariroute, says: Says) -> None:
    evil = CALL | {"dialled": "\x1b[2J", "reason": "a: \x1b[2J", "contact": "[red]\x1b"}

    for options in ([], ["--tree"], ["--json"]):
        ended = ariroute("trace", *options, "--count", "1", "--admin", says(SHOWN, evil))
        assert ended.code == 0
        assert "\x1b" not in ended.out
