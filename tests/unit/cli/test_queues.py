"""``ariroute queues`` against a small AMI server."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Ariroute

SUMMARY = """\
Event: QueueSummary
ActionID: {id}
Queue: {queue}
LoggedIn: {logged_in}
Available: {available}
Callers: {callers}
HoldTime: 12
TalkTime: 60
LongestHoldTime: {longest}

"""


class AmiHandler(socketserver.StreamRequestHandler):
    """Says what app_queue 22 says to Login and QueueSummary."""

    def handle(self) -> None:
        self.wfile.write(b"Asterisk Call Manager/11.0.0\r\n")
        while action := self.read_action():
            self.send(self.answer(action))

    def read_action(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while line := self.rfile.readline().decode().strip():
            key, _, value = line.partition(": ")
            fields[key] = value
        return fields

    def answer(self, action: dict[str, str]) -> str:
        head = f"ActionID: {action['ActionID']}\n"
        if action["Action"] == "Login":
            right = action["Secret"] == "right"
            words = (
                "Success\n" + head + "Message: Authentication accepted" if right else "Error\n" + head + "Message: no"
            )
            return f"Response: {words}\n\n"
        queues = [
            SUMMARY.format(id=action["ActionID"], queue="gold", logged_in=3, available=1, callers=4, longest=75),
            SUMMARY.format(id=action["ActionID"], queue="standard", logged_in=2, available=2, callers=0, longest=0),
            SUMMARY.format(id=action["ActionID"], queue="other", logged_in=9, available=9, callers=9, longest=9),
        ]
        start = f"Response: Success\n{head}EventList: start\nMessage: Queue summary will follow\n\n"
        end = f"Event: QueueSummaryComplete\n{head}EventList: Complete\nListItems: 3\n\n"
        return start + "".join(queues) + end

    def send(self, text: str) -> None:
        self.wfile.write(text.replace("\n", "\r\n").encode())


@pytest.fixture
def ami() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), AmiHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def with_ami(flow_file: Path, address: str) -> None:
    text = flow_file.read_text(encoding="utf-8").replace("NO_SUCH_SECRET", "ARI_SECRET")
    ami = f"    ami: {{address: '{address}', user: ariroute, password: '${{env:AMI_SECRET}}'}}\n"
    flow_file.write_text(text.replace("\nlookups:", f"{ami}\nlookups:"), encoding="utf-8")


SECRETS = {"ARI_SECRET": "x", "AMI_SECRET": "right"}


def test_each_queue_of_the_file_stands_beside_its_live_figures(ariroute: Ariroute, flow_file: Path, ami: str) -> None:
    with_ami(flow_file, ami)

    ended = ariroute("queues", "--json", **SECRETS)

    assert ended.code == 0
    assert [(row["queue"], row["in_asterisk"], row["priority"]) for row in ended.json] == [
        ("platinum", False, 30),
        ("gold", True, 20),
        ("standard", True, 0),
    ]
    assert ended.json[1] == {
        "pbx": "pbx1",
        "queue": "gold",
        "priority": 20,
        "in_asterisk": True,
        "logged_in": 3,
        "available": 1,
        "callers": 4,
        "longest_wait": 75,
        "agents_per_call": 0.75,
        "agents_per_call_wanted": 0.5,
    }
    assert ended.json[2]["agents_per_call"] is None  # nobody waits


def test_the_table_has_one_line_per_queue_and_marks_the_one_that_asterisk_lacks(
    ariroute: Ariroute, flow_file: Path, ami: str
) -> None:
    with_ami(flow_file, ami)

    ended = ariroute("queues", "--pbx", "pbx1", **SECRETS)

    lines = {line.split()[1]: line.split() for line in ended.out.splitlines() if line.startswith("pbx1")}
    assert list(lines) == ["platinum", "gold", "standard"]
    assert lines["gold"] == ["pbx1", "gold", "20", "3", "1", "4", "75", "0.75", "0.5"]
    assert "not in Asterisk" in " ".join(lines["platinum"])
    assert "note: pbx1 has no queue platinum: add it to queues.conf" in ended.err


def test_when_ami_is_not_configured_then_3_and_what_to_add(ariroute: Ariroute, flow_file: Path) -> None:
    ended = ariroute("queues", NO_SUCH_SECRET="x")

    assert (ended.code, ended.out) == (3, "")
    assert "add ami with address, user and password to asterisk.pbx1" in ended.err


def test_when_the_secret_is_wrong_then_3_and_where_to_look(ariroute: Ariroute, flow_file: Path, ami: str) -> None:
    with_ami(flow_file, ami)

    ended = ariroute("queues", **{**SECRETS, "AMI_SECRET": "wrong"})

    assert (ended.code, ended.out) == (3, "")
    assert "manager.conf" in ended.err
    assert "wrong" not in ended.err


def test_when_nobody_answers_then_3_and_the_address(ariroute: Ariroute, flow_file: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with_ami(flow_file, address)

        ended = ariroute("queues", **SECRETS)

    assert (ended.code, ended.out) == (3, "")
    assert ended.err.count(address) == 1
    assert ended.err.count(address.partition(":")[0]) == 1
    assert "cannot be reached: Connection refused; see enabled" in ended.err


def test_when_the_pbx_is_misspelt_then_2_and_the_closest(ariroute: Ariroute, flow_file: Path, ami: str) -> None:
    with_ami(flow_file, ami)

    ended = ariroute("queues", "--pbx", "pbx2", **SECRETS)

    assert (ended.code, ended.out) == (2, "")
    assert "there is no PBX 'pbx2'; did you mean 'pbx1'?" in ended.err


def test_when_a_secret_is_not_there_then_2_and_its_place(ariroute: Ariroute, flow_file: Path) -> None:
    ended = ariroute("queues")

    assert (ended.code, ended.out) == (2, "")
    assert "NO_SUCH_SECRET" in ended.err
