"""F12: a full disk, a locked database, and a clock that jumps: routing goes on, and no deadline moves."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from running_daemon import COMMAND, until

from ariroute.lab.customers import CustomerService
from ariroute.lab.debian import unpacked
from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site, edit, number
from .load import BUSY, Note, callers, judge, quantile
from .scale import scaled

COUNT = scaled(12, 60)
LOCAL = """  local:
    sql: {url: "sqlite:customers.db", query: "SELECT loyalty FROM customers WHERE phone = :caller.e164", timeout: 500ms}
    fields: {loyalty: string}
"""
FLOW = """  local:
    trigger: {call: {to: local}}
    default: platinum
    steps:
      - lookup: local
      - branch: [{match: {local.loyalty: gold}, queue: gold}, {else: null, queue: standard}]
"""
SPEECH = """speech:
  command: {command}
  cache: {cache}
"""


FULL_DISK = ("/bin/sh", "-c", 'ulimit -f 0; exec "$@" 2>/dev/full', "sh", COMMAND)
"""No byte can be written to any file (EFBIG), and what it logs goes to a full device (ENOSPC)."""


def test_f12_on_a_full_disk_and_with_a_locked_database_every_call_is_routed(
    site: Site, new_daemon: NewDaemon, note: Note, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F12: neither logs nor made sounds nor the rescue file can be written, SQLite is locked: 100 % by their rules."""
    daemon = new_daemon(site, timeout="2500ms")
    speak = tmp_path / "speak"
    speak.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'wb').write(b'RIFF')\n")
    speak.chmod(0o755)
    edit(daemon, "\nqueues:\n", f"\n{LOCAL}queues:\n")
    edit(daemon, "\ndaemon: ", f"\n{FLOW}daemon: ")
    edit(daemon, "      - lookup: crm\n", '      - lookup: crm\n      - say: "Hello"\n')
    edit(daemon, "\nflows:", "\n" + SPEECH.format(command=[str(speak), "{file}"], cache=tmp_path / "speech") + "flows:")
    database = sqlite3.connect(tmp_path / "customers.db")
    database.execute("CREATE TABLE customers (phone TEXT PRIMARY KEY, loyalty TEXT)")
    database.execute("INSERT INTO customers VALUES (?, 'gold')", [number("silver", 0)])
    database.commit()
    daemon.program = FULL_DISK
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))  # where systemd lets a service write
    daemon.start()

    site.place([Caller(number("silver", 0), dialled="local")])
    site.accounts.settled(1)
    database.execute("BEGIN EXCLUSIVE")
    site.place(callers(COUNT), rate=20)
    site.place([Caller(number("silver", place), dialled="local") for place in range(1, COUNT)], rate=20)
    site.accounts.settled(2 * COUNT)
    database.close()

    calls = judge(site, note)
    assert {call.queue for call in calls if call.caller.startswith(number("gold", 0)[:6])} == {"gold"}
    local = {call.caller: call for call in calls if call.caller.startswith(number("silver", 0)[:6])}
    assert local.pop(number("silver", 0)).queue == "gold"
    assert {call.queue for call in local.values()} == {"standard"}
    assert not list((tmp_path / "speech").glob("*.wav"))
    assert daemon.text() == ""
    assert daemon.stop() == 0


@pytest.fixture
def jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Moves the clock on the wall, as libfaketime has it, of what is started from now on: ``jump("+1h")``."""
    (library,) = unpacked("bookworm", ("libfaketime",)).rglob("libfaketime.so.1")
    file = tmp_path / "clock"

    def move(offset: str) -> None:
        fresh = file.with_suffix(".new")
        fresh.write_text(f"{offset}\n")
        fresh.rename(file)

    move("+0")
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(file))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    return move


def test_f12_when_the_clock_jumps_no_deadline_moves(
    site: Site,
    new_daemon: NewDaemon,
    crm: CustomerService,
    note: Note,
    jump: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F12: an hour on, then two back, with decisions under way: in time is in time, too late is at the deadline."""
    daemon = new_daemon(site, timeout="1500ms")
    edit(daemon, "timeout: 1500ms}", "timeout: 1500ms, connections: 200}")
    daemon.launch()
    monkeypatch.delenv("LD_PRELOAD")
    until(lambda: daemon.is_ready, daemon.text)
    for place, (offset, delay) in enumerate([("+1h", 0.7), ("-1h", 0.7), ("+1h", 5.0)]):
        crm.delay = delay
        loyalty = "gold" if delay < 1.0 else "silver"
        site.place(callers(COUNT, loyalty, start=place * COUNT), rate=60)
        until(lambda: daemon.in_flight >= COUNT // 2, "calls in the daemon's hands")
        jump(offset)
        site.accounts.settled((place + 1) * COUNT)

    calls = judge(site, note)
    in_time = [call.wait for call in calls if call.queue == "gold"]
    late = [call.wait for call in calls if call.queue == "standard"]
    assert (len(in_time), len(late)) == (2 * COUNT, COUNT)
    for waits, expected in ((in_time, 0.7), (late, 1.5)):
        assert min(waits) >= expected
        assert quantile(waits, 0.5) < expected + 0.1
        assert max(waits) < expected + 0.1 + BUSY
    hours = {line["time"][11:13] for line in daemon.logs("routed")}
    assert len(hours) >= 2, "the daemon has seen the clock jump"
