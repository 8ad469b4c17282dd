"""What the kernel says of processes and of the machine: CPU time, memory, and how much of it was somebody else's."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_QUIET_SAMPLE: Final = 0.25
_SPEED_LOOP: Final = 200_000


def tree(pid: int) -> list[int]:
    """`pid` and its descendants, as far as they are alive."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time used by these processes so far, ended threads included; to the nanosecond, where /proc has 10 ms.

    The clock of a process is numbered as in the kernel's posix-timers.h: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED).
    """
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def own_cpu_seconds() -> float:
    """CPU time of this process and of all its children that have ended, theirs included (SIPp among them)."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def machine_busy_seconds(stat: str | None = None) -> float:
    """CPU time used on this machine so far, of all processors; time stolen by the host counts as used."""
    line = (stat if stat is not None else Path("/proc/stat").read_text()).partition("\n")[0]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def memory_kib(pid: int, field: str) -> int:
    """One of the sizes in /proc/PID/status, such as VmRSS or VmHWM (the highest so far), in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise KeyError(f"/proc/{pid}/status has no {field}")


def machine_speed() -> float:
    """Milliseconds that a fixed piece of work takes now: on a shared host it may change from one minute to the next."""
    begun = time.perf_counter()
    total = 0
    for number in range(_SPEED_LOOP):
        total += number & 7
    return (time.perf_counter() - begun) * 1000


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds used by a moment, or, as a difference, between two: ours by name, and the whole machine's."""

    at: float
    ours: dict[str, float]
    busy: float

    def __sub__(self, earlier: Usage) -> Usage:
        spent = {name: used - earlier.ours.get(name, 0.0) for name, used in self.ours.items()}
        return Usage(self.at - earlier.at, spent, self.busy - earlier.busy)

    @property
    def foreign(self) -> float:
        """Cores that others used meanwhile; in a difference only. What the kernel does for our packets counts too."""
        return max(0.0, self.busy - sum(self.ours.values())) / self.at


class Meter:
    """Reads the CPU time of the named processes, each with its descendants."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = processes
        self._last = dict.fromkeys(processes, 0.0)

    def read(self) -> Usage:
        """The state now. A process that has ended stays at what was last read of it: its calls will be found lost."""
        for name, pid in self._processes.items():
            with contextlib.suppress(OSError):
                self._last[name] = cpu_seconds(tree(pid))
        ours = self._last | {"bench": own_cpu_seconds()}
        return Usage(time.monotonic(), ours, machine_busy_seconds())

    def peak_mib(self, name: str) -> float:
        """Highest resident memory so far of one of them, with its descendants; 0 when it has ended."""
        try:
            return sum(memory_kib(pid, "VmHWM") for pid in tree(self._processes[name])) / 1024
        except OSError:
            return 0.0

    def wait_until_quiet(self, limit: float, patience: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Return once others use less than `limit` cores; False after `patience` seconds of waiting in vain."""
        deadline = time.monotonic() + patience
        while True:
            before = self.read()
            sleep(_QUIET_SAMPLE)
            if (self.read() - before).foreign < limit:
                return True
            if time.monotonic() > deadline:
                return False
