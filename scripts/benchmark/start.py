"""`scripts/bench start`: what it costs to begin: a command that reads a flow file, and the daemon until it takes calls.

Each row is a process of its own; Asterisk is the fake PBX of the tests, which answers at once. The rows follow one
another in rounds, and the ratio is taken within a round: to a Python that does nothing but import aiohttp, which is the
least that any router in Python begins with.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ariroute.lab.leash import spawn
from ariroute.lab.ports import Ports
from scripts.benchmark.contenders.ariroute import daemon_command, write_secret
from scripts.benchmark.memory import TESTS
from scripts.benchmark.meter import cpu_seconds, own_cpu_seconds
from scripts.benchmark.report import Table, Wish

if TYPE_CHECKING:
    from fake_ari import FakePbx

ROUNDS: Final = 9
PYTHON, REFERENCE, CHECK, DAEMON = "python, nothing else", "python, import aiohttp", "ariroute check", "ariroute run"
CHECK_CPU, DAEMON_READY = 0.6, 0.9
_ARIROUTE: Final = str(Path(sys.executable).with_name("ariroute"))
_KEPT: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What is compiled is kept, as pip keeps it of what it installs."""
_RULES: Final = """\
version: 1
region: SE
lookups:
  vip:
    csv: {path: vip.csv, key: phone}
    fields: {tier: string}
queues: {gold: {priority: 20}, standard: {priority: 0}}
flows:
  bench:
    trigger: {call: {to: bench}}
    default: standard
    steps:
      - lookup: vip
      - branch:
          - {when: 'vip.tier == "gold"', queue: gold}
      - queue: standard
"""
_LIVE: Final = """\
asterisk:
  pbx1:
    ari: {{url: "{ari}", user: "{user}", password: "${{file:{secret}}}", app: "{app}"}}
daemon: {{admin: "{admin}"}}
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """CPU seconds of one process, and the seconds until it had ended; of the daemon, until it was connected."""

    cpu: float
    wall: float


Rounds = list[dict[str, Taken]]


def run(directory: Path, file: Path | None) -> Table:
    """Measure; write the figures to `file` as JSON where one is given."""
    (directory / "vip.csv").write_text("phone,tier\n+46701234567,gold\n")
    rules = directory / "rules.yaml"
    rules.write_text(_RULES)
    commands: dict[str, Callable[[], Taken]] = {
        PYTHON: lambda: _command([sys.executable, "-c", "pass"]),
        REFERENCE: lambda: _command([sys.executable, "-c", "import aiohttp"]),
        "ariroute --help": lambda: _command([_ARIROUTE, "--help"]),
        CHECK: lambda: _command([_ARIROUTE, "check", str(rules)]),
        "ariroute test": lambda: _command([_ARIROUTE, "test", "bench", "-c", str(rules), "--set", "vip.tier=gold"]),
        DAEMON: lambda: asyncio.run(_daemon(directory)),
    }
    for measure in commands.values():
        measure()  # compiles what is not compiled yet, and brings the files into memory
    rounds = [{name: measure() for name, measure in commands.items()} for _ in range(ROUNDS)]
    if file:
        file.write_text(json.dumps([{name: asdict(each) for name, each in one.items()} for one in rounds]) + "\n")
    return table(rounds)


def table(rounds: Rounds) -> Table:
    """For people: the fastest of the rounds, the median of the ratios, and what is wanted."""
    rows = []
    wanted = {wish.what: wish for wish in wishes(rounds)}
    for name in rounds[0]:
        cpu = min(one[name].cpu for one in rounds)
        ratio = statistics.median(one[name].cpu / one[REFERENCE].cpu for one in rounds)
        wall = min(one[name].wall for one in rounds)
        wish = wanted.get(name)
        rows.append(
            [name, f"{cpu:.2f}", f"{ratio:.1f}", f"{wall:.2f}", f"{wish.bound} s: {wish.verdict}" if wish else ""]
        )
    head = ["", "CPU s", "CPU / import aiohttp", "seconds", "wanted"]
    return Table(
        f"To begin, the fastest of {len(rounds)} rounds: a command until its end, run until it takes calls", head, rows
    )


def wishes(rounds: Rounds) -> list[Wish]:
    """What is wanted: CPU of a check, and the time from the daemon's start until it takes calls."""
    return [
        Wish("ariroute", CHECK, min(one[CHECK].cpu for one in rounds), CHECK_CPU),
        Wish("ariroute", DAEMON, min(one[DAEMON].wall for one in rounds), DAEMON_READY),
    ]


def _command(command: list[str]) -> Taken:
    cpu, begun = own_cpu_seconds() - time.process_time(), time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_KEPT, check=True)  # noqa: S603 - ours
    return Taken(own_cpu_seconds() - time.process_time() - cpu, time.monotonic() - begun)


async def _daemon(directory: Path) -> Taken:
    sys.path.insert(0, TESTS)
    from fake_ari import FakePbx

    async with FakePbx(record=False) as pbx:
        flow = _flow(directory, pbx)
        with (directory / "start.log").open("wb") as log:
            daemon = spawn(daemon_command(flow), output=log, cwd=directory, environ=_KEPT)
            begun = time.monotonic()
        try:
            await pbx.until(lambda: pbx.connections, timeout=20.0)
            return Taken(cpu_seconds([daemon.pid]), time.monotonic() - begun)
        finally:
            await asyncio.to_thread(daemon.kill)


def _flow(directory: Path, pbx: FakePbx) -> Path:
    with Ports(1) as ports:
        admin = f"127.0.0.1:{ports.numbers[0]}"
    secret = write_secret(directory, pbx.password)
    live = _LIVE.format(ari=pbx.url, user=pbx.user, app=pbx.app, secret=secret, admin=admin)
    flow = directory / "start.yaml"
    flow.write_text(_RULES + live)
    return flow
