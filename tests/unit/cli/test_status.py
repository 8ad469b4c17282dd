"""``ariroute status`` against an HTTP server that answers what each test says."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conftest import Ariroute

PBX = {"ready": True, "up": True, "transport": "websocket", "version": "22.10.1", "in_flight": 3, "refused": ""}
LOOKUP = {"breaker": "closed", "failures_in_a_row": 0, "seconds_to_probe": 0.0, "in_flight": 2, "cached": 17}
GOOD = {
    "ready": True,
    "digest": "abc",
    "pbxs": {"pbx1": {**PBX, "ami": {"up": True, "failure": ""}}},
    "lookups": {"crm": LOOKUP},
}

Says = Callable[[int, Any], str]


@pytest.fixture
def says() -> Iterator[Says]:
    """A daemon that answers so; its address."""
    answer: list[tuple[int, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer[-1] if self.path == "/status" else (404, b"")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: it would land in the output under test."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def say(status: int, body: Any) -> str:
            answer.append((status, body if isinstance(body, bytes) else json.dumps(body).encode()))
            return f"127.0.0.1:{server.server_port}"

        yield say
        server.shutdown()
        thread.join()


def test_pbxs_and_lookups_are_shown(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("status", "--admin", says(200, GOOD))

    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["pbx1", "ready", "websocket", "22.10.1", "3", "up", "-"] in lines
    assert ["crm", "closed", "0", "-", "2", "17"] in lines
    assert ended.err == ""


def test_what_is_down_is_said_with_its_reason_and_the_exit_code_is_3(ariroute: Ariroute, says: Says) -> None:
    bad = json.loads(json.dumps(GOOD))
    bad["ready"] = False
    bad["pbxs"]["pbx1"] |= {"ready": False, "up": False, "refused": "the password is wrong"}
    bad["pbxs"]["pbx1"]["ami"] = {"up": False, "failure": "nobody answers\x1b[2J"}
    bad["lookups"]["crm"] |= {"breaker": "open", "failures_in_a_row": 5, "seconds_to_probe": 7.25}

    ended = ariroute("status", "--admin", says(200, bad))

    assert ended.code == 3
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["pbx1", "down", "websocket", "22.10.1", "3", "down", "-"] in lines
    assert ["crm", "open", "5", "7.2", "2", "17"] in lines
    assert ended.err.splitlines() == [
        "pbx1: the password is wrong",
        "pbx1: AMI is down: nobody answers\\x1b[2J",
    ]


@pytest.mark.parametrize(
    ("state", "shown", "said"),
    [
        ({"mode": "dynamic", "acting": True, "why": ""}, "dynamic", ""),
        ({"mode": "advise", "acting": False, "why": "advise"}, "advise", ""),
        ({"mode": "dynamic", "acting": False, "why": "released by hand"}, "dynamic, released", ""),
        ({"mode": "", "acting": False, "why": "no staffing in the flow file"}, "-", ""),
        (
            {"mode": "static", "acting": False, "why": "QueueAdd: Permission denied"},
            "static, stands still",
            "pbx1: no agent is moved: QueueAdd: Permission denied\n",
        ),
        (None, "-", ""),
    ],
)
def test_the_staffing_is_told_by_its_mode_and_why_it_stands_still(
    ariroute: Ariroute, says: Says, state: Any, shown: str, said: str
) -> None:
    pbx = GOOD["pbxs"]["pbx1"] | {"staffing": state}  # type: ignore[index]
    ended = ariroute("status", "--admin", says(200, GOOD | {"pbxs": {"pbx1": pbx}}))
    assert ended.out.splitlines()[1].rstrip().endswith(f"up   {shown}")
    assert (ended.code, ended.err) == (0, said)


def test_what_is_amiss_with_the_journal_is_said_and_calls_are_routed_all_the_same(
    ariroute: Ariroute, says: Says
) -> None:
    journal = {"written": 9, "dropped": 3, "refused": 1, "waiting": 20, "bytes": 4096, "failure": "the disk is full"}

    ended = ariroute("status", "--admin", says(200, GOOD | {"journal": journal}))
    assert ended.code == 0
    assert ended.err.splitlines() == [
        "journal: the disk is full",
        "journal: 4 records were lost since the daemon was started",
    ]

    well = journal | {"dropped": 0, "refused": 0, "failure": ""}
    for said in (well, None):
        ended = ariroute("status", "--admin", says(200, GOOD | {"journal": said}))
        assert (ended.code, ended.err) == (0, "")


def test_a_pbx_without_ami_and_a_file_without_lookups(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("status", "--admin", says(200, GOOD | {"pbxs": {"a": {**PBX, "ami": None}}, "lookups": {}}))

    assert ended.code == 0
    assert ended.out.splitlines()[-1].split() == ["a", "ready", "websocket", "22.10.1", "3", "-", "-"]


def test_nothing_that_a_terminal_obeys_is_shown(ariroute: Ariroute, says: Says) -> None:
    odd = json.loads(json.dumps(GOOD))
    odd["pbxs"] = {"pbx\x1b[2J1": {**PBX, "version": "22\u202e\x9b2J", "ami": None}}

    ended = ariroute("status", "--admin", says(200, odd))

    assert ended.code == 0
    assert "22\\u202e" in ended.out
    assert all(line.isprintable() for line in ended.out.splitlines())


def test_json_is_the_daemons_own(ariroute: Ariroute, says: Says) -> None:
    ended = ariroute("status", "--json", "--admin", says(200, GOOD))

    assert (ended.code, json.loads(ended.out)) == (0, GOOD)


@pytest.mark.parametrize("body", [b"<html>", {"ready": True}, []])
def test_what_is_no_daemon_is_3(ariroute: Ariroute, says: Says, body: Any) -> None:
    ended = ariroute("status", "--admin", says(200, body))

    assert (ended.code, ended.out) == (3, "")
    assert "answers 200, but not as an ariroute daemon does" in ended.err


def test_one_that_stands_by_is_as_it_should_be(ariroute: Ariroute, says: Says) -> None:
    down = {**GOOD["pbxs"]["pbx1"], "ready": False, "up": False}  # type: ignore[index]
    ended = ariroute("status", "--admin", says(200, {**GOOD, "ready": False, "standing_by": True, "pbxs": {"p": down}}))

    assert ended.code == 0
    assert ended.err == "standing by: another daemon routes the calls\n"
