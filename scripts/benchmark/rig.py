"""The place where it happens: one private Asterisk, the customer service, all routers side by side, one observer."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.debian import dotted, sipp_program
from ariroute.lab.leash import Leashed
from ariroute.lab.ports import Ports
from scripts.benchmark.arrivals import Observer, manager_conf
from scripts.benchmark.contenders import CONTENDERS
from scripts.benchmark.contenders.base import Missing, Site
from scripts.benchmark.customers import COUNT, CustomersProcess, callers
from scripts.benchmark.load import place_calls
from scripts.benchmark.meter import Meter, Usage, machine_speed
from scripts.benchmark.steps import Measured, Step, judge

QUIET: Final = 0.15
"""Cores that others may use before a step begins."""
DISTURBED: Final = 0.35
"""Cores that others may use during a step; the kernel's work for our own packets is part of it."""
_ARRIVING: Final = 2.0
_EMPTYING: Final = 10.0

# Off: what only costs CPU here, the same for all. CDR stays on, as in nearly every Asterisk.
_QUIETENED: Final = {
    "cel.conf": "[general]\nenable = no\n",
    "musiconhold.conf": "",  # a waiting caller with music costs more than the whole routing
    "logger.conf": "[general]\nqueue_log = yes\nqueue_log_to_file = yes\n[logfiles]\nmessages => error\n",
}


class Rig:
    """Everything that a measurement needs, up from entry to exit of the context."""

    def __init__(self, directory: Path, contenders: Sequence[str], seconds: float, patience: float) -> None:
        self.missing: dict[str, str] = {}
        self.delay = -1
        self._directory = directory
        self._wanted = contenders
        self._seconds = seconds
        self._patience = patience
        self._next_number = 0
        self._stack = contextlib.ExitStack()
        self._routers: dict[str, Leashed] = {}

    def __enter__(self) -> Rig:
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def contenders(self) -> tuple[str, ...]:
        """Those that could be had."""
        return tuple(name for name in self._wanted if name not in self.missing)

    @property
    def asterisk_version(self) -> str:
        """Such as 22.10.1."""
        return dotted(self._pbx.version)

    def peak_mib(self, contender: str) -> float:
        """Highest memory so far of a router; 0 where there is none."""
        return self._meter.peak_mib(contender) if contender in self._routers else 0.0

    def measure(self, step: Step) -> Measured:
        """Run one step and say what came of it."""
        if step.delay != self.delay:
            self._customers.set_delay(step.delay)
            self.delay = step.delay
        numbers = self._numbers(round(step.rate * self._seconds))
        self._pbx.cli(f"dialplan set global BENCH_CONTENDER {step.contender}")
        is_quiet = self._meter.wait_until_quiet(QUIET, self._patience)
        speed = machine_speed()
        self._observer.start()
        before = self._meter.read()
        finished = place_calls(self._sipp, f"127.0.0.1:{self._pbx.sip_port}", numbers, step.rate, self._directory)
        spent = self._meter.read() - before
        outcome = judge(numbers, self._observer.arrivals(len(numbers), _ARRIVING))
        self._empty()
        return Measured(
            step,
            placed=len(numbers),
            lost=outcome.lost,
            misrouted=outcome.misrouted,
            twice=outcome.twice,
            reached_rate=outcome.reached_rate,
            router_cpu=_per_call(spent, step.contender, len(numbers)),
            asterisk_cpu=_per_call(spent, "asterisk", len(numbers)),
            customers_cpu=_per_call(spent, "customers", len(numbers)),
            foreign=spent.foreign,
            speed=speed,
            disturbed=not is_quiet or spent.foreign > DISTURBED,
            finished=finished,
            delays=outcome.delays,
        )

    def _numbers(self, count: int) -> list[str]:
        self._next_number += count
        return callers((self._next_number - count) % COUNT, count)

    def _start(self, stack: contextlib.ExitStack) -> None:
        self._sipp = sipp_program()
        (fastagi_port,) = stack.enter_context(Ports(1))
        self._customers = stack.enter_context(CustomersProcess())
        variables = {
            "BENCH_CUSTOMERS": self._customers.url,
            "BENCH_FASTAGI_PORT": str(fastagi_port),
            "BENCH_CONTENDER": "floor",
        }
        self._pbx = stack.enter_context(
            PrivateAsterisk(
                self._directory / "pbx",
                variables=variables,
                extra_dialplan=Path(__file__).with_name("dialplan.conf").read_text(encoding="utf-8"),
                extra_config=_QUIETENED,
            )
        )
        self._observer = self._observe()
        stack.callback(self._observer.close)
        site = Site(
            self._directory,
            self._pbx.ari_url,
            self._pbx.ari_user,
            self._pbx.ari_password,
            self._customers.url,
            fastagi_port,
        )
        for name in self._wanted:
            self._start_router(name, site, stack)
        assert self._pbx.pid is not None
        watched = {"asterisk": self._pbx.pid, "customers": self._customers.pid}
        self._meter = Meter(watched | {name: router.pid for name, router in self._routers.items()})

    def _start_router(self, name: str, site: Site, stack: contextlib.ExitStack) -> None:
        contender = CONTENDERS[name]
        try:
            contender.prepare()
            if contender.start:
                self._routers[name] = contender.start(site)
                stack.callback(self._routers[name].stop)
        except Missing as reason:
            self.missing[name] = str(reason)

    def _observe(self) -> Observer:
        """Give the manager interface a user for us; only after the start, when the lab has chosen the ports."""
        secret = secrets.token_urlsafe(24)
        file = self._pbx.directory / "etc/manager.conf"
        file.write_text(manager_conf(file.read_text(encoding="utf-8"), secret), encoding="utf-8")
        self._pbx.cli("manager reload")
        return Observer(self._pbx.ami_port, secret)

    def _empty(self) -> None:
        """Wait until no call of this step is left; what a broken step leaves behind would disturb the next one."""
        deadline = time.monotonic() + _EMPTYING
        while active_channels(self._pbx.cli("core show channels count")):
            if time.monotonic() > deadline:
                self._pbx.cli("channel request hangup all")
                deadline += _EMPTYING
            time.sleep(0.1)


def active_channels(answer: str) -> int:
    """The number in Asterisk's answer to `core show channels count`."""
    found = re.search(r"^(\d+) active channel", answer, re.MULTILINE)
    return int(found[1]) if found else 0


def _per_call(spent: Usage, name: str, calls: int) -> float:
    """Milliseconds of CPU per call; 0 for a contender that Asterisk itself is."""
    return spent.ours.get(name, 0.0) * 1000 / calls


def fresh_directory(directory: Path) -> Path:
    """An empty directory in place of the one of the last run, whose logs are no longer wanted."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
    return directory
