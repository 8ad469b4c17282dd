"""Calendars in ``ariroute test``: read from files, asked behind URLs only with ``--live-lookups``."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.lookups.test_ical import calendar

from .conftest import Ariroute

STOCKTAKING = calendar("SUMMARY:Stocktaking|DTSTART;VALUE=DATE:20261123")
MONDAY = ("test", "support", "--at", "2026-11-23T09:00", "--missing", "crm")
EXPECTED = '!open("office")'


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(STOCKTAKING)))
        self.end_headers()
        self.wfile.write(STOCKTAKING)

    def log_message(self, *parts: object) -> None:
        """Nothing: the test's output is looked at."""


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/office.ics"
        server.shutdown()
        thread.join()


def with_calendar(flow_file: Path, where: str) -> None:
    text = flow_file.read_text("utf-8")
    flow_file.write_text(text.replace('"08:00-17:00"}', f'"08:00-17:00", calendar: "{where}"}}'), "utf-8")


def test_a_calendar_s_file_counts(ariroute: Ariroute, flow_file: Path) -> None:
    (flow_file.parent / "office.ics").write_bytes(STOCKTAKING)
    with_calendar(flow_file, "office.ics")

    ended = ariroute(*MONDAY, "--json")

    assert EXPECTED in ended.json["reason"]
    assert ended.json["remarks"] == ["lookup crm was given an answer, but the flow did not ask it"]


def test_a_calendar_s_url_is_asked_with_live_lookups_alone(ariroute: Ariroute, flow_file: Path, url: str) -> None:
    with_calendar(flow_file, url)

    ended, live = ariroute(*MONDAY, "--json"), ariroute(*MONDAY, "--live-lookups", "--json")

    assert ended.json["remarks"] == [
        "hours office: the calendar at 127.0.0.1 is not asked without --live-lookups: its events do not count"
    ]
    assert EXPECTED not in ended.json["reason"]
    assert EXPECTED in live.json["reason"]
    assert live.json["remarks"] == ["lookup crm was given an answer, but the flow did not ask it"]


def test_a_url_that_does_not_answer_is_said(ariroute: Ariroute, flow_file: Path) -> None:
    with_calendar(flow_file, "http://127.0.0.1:1/office.ics")

    assert ariroute(*MONDAY, "--live-lookups", "--json").json["remarks"] == [
        "hours office: the calendar at 127.0.0.1 did not answer: its events do not count"
    ]
