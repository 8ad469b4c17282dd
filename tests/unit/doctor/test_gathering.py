"""Gathering on this machine: what is read out of files and tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ariroute.config.model import PbxSettings
from ariroute.doctor.conf import parse
from ariroute.doctor.facts import Member, QueueFacts, beyond_loopback, is_loopback
from ariroute.doctor.gather_daemon import daemon
from ariroute.doctor.gather_machine import asterisk_files, broken_packages, file_facts, secret_paths
from ariroute.doctor.gather_pbx import offset_of, pbx, queues_of, skew_of
from ariroute.doctor.sockets import listening
from ariroute.values import Secret

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F98 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 00000000:13AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0100007F:1F98 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:1F98 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:13AE 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000200007F:13AE 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


def test_where_a_port_is_bound_to(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TCP)
    (tmp_path / "tcp6").write_text(TCP6)
    tables = (tmp_path / "tcp", tmp_path / "tcp6")

    assert listening(8088, tables) == ("127.0.0.1", "::")
    assert listening(5038, tables) == ("0.0.0.0", "127.0.0.2", "::1")
    assert listening(1, tables) == ()
    assert listening(8088, (tmp_path / "nothing",)) is None
    assert beyond_loopback(listening(5038, tables)) == ["0.0.0.0"]


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.9.9.9", True), ("[::1]", True), ("localhost", True), ("pbx", False)]
)
def test_which_hosts_are_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


CONF = """\
; a comment
[general]
enabled = yes ; another
[tier](!)
joinempty = yes
weight=1
[gold](tier)
weight => 5
[gold](+)
permit = a
permit = b
stray
"""


def test_a_file_of_asterisk_is_read_with_its_templates() -> None:
    found = parse(CONF.splitlines())

    assert found.is_on("general", "enabled", False)
    assert found.get("gold", "joinempty") == "yes"
    assert found.get("gold", "weight") == "5"
    assert found.values("gold", "permit") == ["a", "b"]
    assert found.get("nowhere", "x", "default") == "default"
    assert found.is_on("nowhere", "x", True)


def test_blocks_of_comments_are_no_settings() -> None:
    text = """\
[gold] ;------ a rule
a = 1 ;-- hidden --;2
;-- b = 1
c = 1 ;-- nested --;
--; d = 1
e = 1 ; plain ;-- begins nothing
f = 1 --; is a comment
;-- to the end
g = 1
"""
    assert parse(text.splitlines()).sections == {"gold": (("a", "1 2"), ("d", "1"), ("e", "1"), ("f", "1 --"))}


def test_the_folder_is_that_of_the_asterisk_that_has_the_port(tmp_path: Path) -> None:
    (tmp_path / "http.conf").write_text("[general]\nbindport = 8088\n")
    (tmp_path / "queues.conf").write_text('#include "more/*.conf"\n#include nowhere.conf\n')
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "gold.conf").write_text("[gold]\nweight = 2\n")
    (tmp_path / "ari.conf").write_text("[general]\n")
    (tmp_path / "ari.conf").chmod(0o644)
    (tmp_path / "manager.conf").write_text("[general]\n")
    (tmp_path / "manager.conf").chmod(0o640)

    found = asterisk_files(tmp_path, 8088)

    assert found is not None
    assert set(found.files) == {"http.conf", "queues.conf", "ari.conf", "manager.conf"}
    assert found.files["queues.conf"].get("gold", "weight") == "2"
    assert found.readable_by_all == (str(tmp_path / "ari.conf"),)
    assert asterisk_files(tmp_path, 9999) is None
    assert asterisk_files(tmp_path / "nowhere", 8088) is None


def test_the_files_of_secrets_are_found_in_the_flow_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        'a: "${file:/s/one}"\n# b: "${file:/s/two}"\nc: "x ${env:X} ${file:/s/three}"\nd: "${file:/s/one}"\n'
    )

    assert secret_paths([str(file), str(tmp_path / "nowhere")]) == ("/s/one", "/s/three")


def test_permissions_of_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "a").chmod(0o640)

    (found,) = file_facts([str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "a")])

    assert found.mode & 0o777 == 0o640
    assert found.path == str(tmp_path / "a")


def test_a_package_that_cannot_be_imported_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "damaged_for_test.py").write_text("raise RuntimeError('no such symbol')\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert broken_packages({"damaged": "damaged_for_test", "json": "json", "none": "no_such_module_here"}) == {
        "damaged": "RuntimeError: no such symbol",
        "none": "ModuleNotFoundError: No module named 'no_such_module_here'",
    }


@pytest.mark.parametrize(
    ("body", "error", "unlisted"),
    [
        ("[]", "answers HTTP 200; is this Asterisk's HTTP server?", ""),
        ("<html>", "answers HTTP 200; is this Asterisk's HTTP server?", ""),
        ('{"system": {"version": "22.1.0"}, "status": [1]}', "", "gives answers that are none of ARI's"),
    ],
)
async def test_a_server_that_is_no_asterisk_and_no_daemon(body: str, error: str, unlisted: str, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server:
        address = f"127.0.0.1:{server.port}"
        url = f"http://{address}"
        settings = {"url": url, "user": "u", "password": Secret("x"), "reader": {"user": "r", "password": Secret("x")}}
        found = await pbx("main", PbxSettings.model_validate({"ari": settings}), tmp_path)
        running = await daemon(address)

    assert (error in found.ari.error, bool(found.ari.error)) == (True, bool(error))
    assert (unlisted in found.unlisted, bool(found.unlisted)) == (True, bool(unlisted))
    assert found.inventory is None
    assert running.error == f"whoever answers at {address} is no daemon of ariroute"


BEGUN = datetime(2026, 11, 22, 12, 0, 0, 900_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "skew"),
    [
        ("Sun, 22 Nov 2026 12:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:00:11 GMT", 10.0),
        ("Sun, 22 Nov 2026 11:59:50 GMT", -9.9),
        ("Sun, 22 Nov 2026 12:00:00 -0000", 0.0),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_skew_of_a_clock_by_whole_seconds(date: str, skew: float | None) -> None:
    found = skew_of(date, BEGUN, BEGUN + timedelta(milliseconds=100))
    assert found == (None if skew is None else pytest.approx(skew))


@pytest.mark.parametrize(
    ("info", "offset"),
    [
        ({"status": {"startup_time": "2026-11-22T01:40:24.402+0100"}}, "+0100"),
        ({"status": {"startup_time": "2026-11-22T01:40:24.402-0330"}}, "-0330"),
        ({"status": {"startup_time": "soon"}}, ""),
        ({"status": {"startup_time": "x+9999"}}, ""),
        ({"status": ["x"]}, ""),
        ({}, ""),
    ],
)
def test_the_time_zone_of_an_asterisk(info: dict[str, Any], offset: str) -> None:
    assert offset_of(info) == offset


def test_queues_and_members_of_queue_status() -> None:
    events = [
        {"event": "QueueParams", "queue": "gold", "strategy": "rrmemory", "weight": "3"},
        {"event": "QueueMember", "queue": "gold", "location": "PJSIP/a", "paused": "1", "status": "1", "penalty": "2"},
        {"event": "QueueMember", "queue": "gold", "name": "b", "paused": "0", "status": "5", "penalty": "x"},
        {"event": "QueueParams", "queue": "empty", "strategy": "ringall", "weight": ""},
        {"event": "QueueStatusComplete"},
    ]
    assert queues_of(events) == {
        "gold": QueueFacts(
            "gold",
            "rrmemory",
            3,
            (Member("PJSIP/a", paused=True, reachable=True, penalty=2), Member("b", paused=False, reachable=False)),
        ),
        "empty": QueueFacts("empty", "ringall", 0),
    }
