"""`scripts/bench memory`: the daemon's resident memory, idle and with thousands of contacts held open.

The daemon is the installed one, in its own process; Asterisk is the fake PBX of the tests, because the real one would
need gigabytes for so many calls; and the customer service takes every question and never answers, so that each contact
stays in the middle of its lookup until the deadline.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ariroute.lab.debian import LabError
from ariroute.lab.leash import Leashed
from ariroute.lab.ports import Ports
from scripts.benchmark.contenders.ariroute import daemon_command, is_ready, spawn_daemon, write_secret
from scripts.benchmark.contenders.base import wait_until
from scripts.benchmark.meter import memory_kib
from scripts.benchmark.report import Table, Wish

if TYPE_CHECKING:
    from fake_ari import FakePbx

TESTS: Final = str(Path(__file__).resolve().parents[2] / "tests")
IDLE_MB: Final = 90.0
PER_CONTACT_KB: Final = 6.0
_SETTLE: Final = 3.0
_DEADLINE: Final = 25.0
_PER_SECOND: Final = 2000
_FLOW: Final = """\
version: 1
region: SE
asterisk:
  pbx1:
    ari: {{url: "{ari}", user: "{user}", password: "${{file:{secret}}}", app: "{app}"}}
lookups:
  crm:
    http: {{url: "{customers}/customers/{{caller.e164}}", timeout: 30s, max_in_flight: 10000}}
    fields: {{loyalty: string, orders: number}}
queues: {{gold: {{priority: 20}}, standard: {{priority: 0}}}}
flows:
  bench:
    trigger: {{call: {{to: bench}}}}
    default: standard
    steps:
      - lookup: [crm]
      - branch:
          - {{when: 'crm.loyalty == "gold"', queue: gold}}
      - queue: standard
daemon: {{admin: "{admin}", guard: 40s, max_in_flight: 100000}}
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the daemon in KiB: idle, while it held `contacts`, and when all of them had hung up."""

    contacts: int
    idle: int
    holding: int
    afterwards: int

    @property
    def per_contact_kb(self) -> float:
        """What each contact added, in kB of 1000 bytes."""
        return (self.holding - self.idle) * 1.024 / self.contacts


def wishes(memory: Memory) -> list[Wish]:
    """What is wanted, and what was measured."""
    return [
        Wish("ariroute", "idle, MB", memory.idle * 1024 / 1e6, IDLE_MB),
        Wish("ariroute", f"per contact held ({memory.contacts}), kB", memory.per_contact_kb, PER_CONTACT_KB),
    ]


def table(memory: Memory) -> Table:
    """For people."""
    rows = [[wish.what, f"{wish.got:.1f}", wish.bound, wish.verdict] for wish in wishes(memory)]
    rows.append(["after all have hung up, MB", f"{memory.afterwards * 1024 / 1e6:.1f}", "", ""])
    return Table("Resident memory of the daemon", ["figure", "measured", "wanted", ""], rows)


def run(directory: Path, contacts: int, file: Path | None, tell: Callable[[str], None]) -> Table:
    """Measure; write the figures to `file` as JSON where one is given. Raises LabError."""
    memory = asyncio.run(_measure(directory, contacts, tell))
    if file:
        file.write_text(json.dumps(asdict(memory) | {"per_contact_kb": memory.per_contact_kb}, indent=1) + "\n")
    return table(memory)


async def _measure(directory: Path, contacts: int, tell: Callable[[str], None]) -> Memory:
    sys.path.insert(0, TESTS)
    from fake_ari import FakePbx

    async with FakePbx(record=False) as pbx, await asyncio.start_server(_never_answer, "127.0.0.1", 0) as server:
        customers = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with Ports(1) as ports:
            admin = f"127.0.0.1:{ports.numbers[0]}"
        daemon = await asyncio.to_thread(_start, directory, pbx, customers, admin)
        try:
            return await _fill_and_empty(pbx, daemon, admin, contacts, tell)
        finally:
            await asyncio.to_thread(daemon.kill)


def _start(directory: Path, pbx: FakePbx, customers: str, admin: str) -> Leashed:
    flow, log = directory / "memory.yaml", directory / "memory.log"
    secret = write_secret(directory, pbx.password)
    flow.write_text(
        _FLOW.format(ari=pbx.url, user=pbx.user, app=pbx.app, secret=secret, customers=customers, admin=admin)
    )
    daemon = spawn_daemon(daemon_command(flow), log, directory)
    wait_until(partial(is_ready, admin), daemon, "ariroute", log)
    return daemon


async def _fill_and_empty(
    pbx: FakePbx, daemon: Leashed, admin: str, contacts: int, tell: Callable[[str], None]
) -> Memory:
    await asyncio.sleep(_SETTLE)
    idle = memory_kib(daemon.pid, "VmRSS")
    tell(f"idle: {idle / 1024:.1f} MiB; {contacts} contacts come in ...")
    begun = time.monotonic()
    channels = []
    for number in range(contacts):
        channels.append(pbx.call(f"+4670{number:07}", ("bench",)))
        if number % (_PER_SECOND // 100) == 0:
            await asyncio.sleep(0.01)
    await _until(lambda: _in_flight(admin), contacts, begun)
    holding = memory_kib(daemon.pid, "VmRSS")
    tell(f"holding {contacts}: {holding / 1024:.1f} MiB; all hang up ...")
    for number, channel in enumerate(channels):
        pbx.hang_up(channel)
        if number % 100 == 0:
            await asyncio.sleep(0.01)
    await _until(lambda: _in_flight(admin), 0, time.monotonic())
    await asyncio.sleep(_SETTLE)
    return Memory(contacts, idle, holding, memory_kib(daemon.pid, "VmRSS"))


async def _until(read: Callable[[], Awaitable[int]], wanted: int, begun: float) -> None:
    """Wait until the daemon holds that many. Raises LabError when that takes longer than the lookup's own deadline."""
    while (held := await read()) != wanted:
        if time.monotonic() - begun > _DEADLINE:
            raise LabError(f"the daemon held {held} contacts instead of {wanted} after {_DEADLINE:g} s")
        await asyncio.sleep(0.2)


async def _in_flight(admin: str) -> int:
    metrics = await asyncio.to_thread(_metrics, admin)
    return round(sum(map(float, re.findall(r"^ariroute_calls_in_flight\{[^}]*\} (\S+)", metrics, re.MULTILINE))))


def _metrics(admin: str) -> str:
    with urllib.request.urlopen(f"http://{admin}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


async def _never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass
    writer.close()
