"""``ariroute reload`` against a real HTTP server that answers what each test says."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .conftest import Ariroute


@dataclass
class Daemon:
    """An admin API: it answers ``status`` and ``body``, and remembers what it was sent."""

    address: str
    status: int = 200
    body: bytes = b""
    seen: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, status: int, body: Any) -> None:
        self.status, self.body = status, json.dumps(body).encode()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            here.seen.append((self.path, self.headers["X-Ariroute"]))
            self.send_response(here.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(here.body)))
            self.end_headers()
            self.wfile.write(here.body)

        def log_message(self, *_: object) -> None:
            """Nothing: it would land in the output under test."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        here = Daemon(f"127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield here
        server.shutdown()
        thread.join()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that is taken, so that nothing else gets it, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_when_the_daemon_takes_the_file_then_the_changes_are_printed(ariroute: Ariroute, daemon: Daemon) -> None:
    daemon.answer(200, {"changed": ["flow support changed", "queue gold added"], "digest": "abc"})

    ended = ariroute("reload", "--admin", daemon.address)

    assert (ended.code, ended.out) == (0, "flow support changed\nqueue gold added\n")
    assert "reloaded" in ended.err
    assert daemon.seen == [("/reload", "1")]


def test_when_nothing_changed_then_standard_output_is_empty(ariroute: Ariroute, daemon: Daemon) -> None:
    daemon.answer(200, {"changed": [], "digest": "abc"})

    ended = ariroute("reload", "--admin", daemon.address)

    assert (ended.code, ended.out) == (0, "")
    assert "sees no change" in ended.err


def test_when_the_daemon_refuses_the_file_then_each_problem_is_printed_and_2(
    ariroute: Ariroute, daemon: Daemon
) -> None:
    daemon.answer(422, {"problems": ["a.yaml:1:2: wrong", "a.yaml:3:4: wrong too"]})

    ended = ariroute("reload", ARIROUTE_ADMIN=daemon.address)

    assert (ended.code, ended.out) == (2, "a.yaml:1:2: wrong\na.yaml:3:4: wrong too\n")
    assert "goes on with the rules it has" in ended.err


def test_when_json_is_wanted_then_both_answers_have_the_same_key(ariroute: Ariroute, daemon: Daemon) -> None:
    daemon.answer(200, {"changed": ["x"], "digest": "abc"})
    assert ariroute("reload", "--json", "--admin", daemon.address).json == {
        "reloaded": True,
        "changed": ["x"],
        "digest": "abc",
    }
    daemon.answer(422, {"problems": ["p"]})
    assert ariroute("reload", "--json", "--admin", daemon.address).json == {"reloaded": False, "problems": ["p"]}


def test_when_nobody_listens_then_3_and_a_sentence_with_the_remedy(ariroute: Ariroute, nobody: str) -> None:
    ended = ariroute("reload", "--admin", nobody)

    assert (ended.code, ended.out) == (3, "")
    assert f"no ariroute daemon answers at {nobody} (connection refused): start it with 'ariroute run'" in ended.err


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"nothing here"), (200, b"hello"), (200, b"[1]"), (302, b""), (422, b'{"problems": []}'), (500, b"{}")],
)
def test_when_something_else_answers_then_3_and_the_address_is_doubted(
    ariroute: Ariroute, daemon: Daemon, status: int, body: bytes
) -> None:
    daemon.status, daemon.body = status, body

    ended = ariroute("reload", "--admin", daemon.address)

    assert (ended.code, ended.out) == (3, "")
    assert f"{daemon.address} answers {status}, but not as an ariroute daemon does" in ended.err
    assert len(daemon.seen) == 1


@pytest.mark.parametrize("address", ["127.0.0.1:port", "[::1", "a..b:1", "127.0.0.1:99999"])
def test_when_the_address_is_none_then_2_and_the_form(ariroute: Ariroute, address: str) -> None:
    ended = ariroute("reload", "--admin", address)

    assert ended.code == 2
    assert ended.err == f"'{address}' is not an address: write HOST:PORT, such as 127.0.0.1:8067\n"


def test_when_the_environment_has_a_proxy_then_it_is_not_asked(ariroute: Ariroute, daemon: Daemon, nobody: str) -> None:
    daemon.answer(200, {"changed": [], "digest": "abc"})

    ended = ariroute("reload", "--admin", daemon.address, http_proxy=f"http://{nobody}", no_proxy="")

    assert ended.code == 0


def test_when_the_flow_file_names_the_address_then_it_is_asked(
    ariroute: Ariroute, daemon: Daemon, flow_file: Path
) -> None:
    daemon.answer(200, {"changed": [], "digest": "abc"})
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(f"{text}\ndaemon: {{admin: '{daemon.address}'}}\n", encoding="utf-8")

    assert ariroute("reload").code == 0
    assert daemon.seen == [("/reload", "1")]


def test_when_the_flow_file_is_not_usable_then_its_mistakes_are_told_and_nobody_is_asked(
    ariroute: Ariroute, daemon: Daemon, flow_file: Path
) -> None:
    flow_file.write_text("version: 2\n", encoding="utf-8")

    ended = ariroute("reload")

    assert ended.code == 2
    assert "ariroute.yaml:1" in ended.out
    assert ended.err == "not reloaded: the daemon was not asked, and goes on with the rules it has\n"
    assert daemon.seen == []
    assert ariroute("reload", "--json").json["reloaded"] is False
