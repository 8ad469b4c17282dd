"""The daemon's process seen from outside: /proc for memory, file descriptors and threads, /metrics for its tasks."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from scripts.soaking.record import Sample

PATIENCE: Final = 0.5
"""Seconds for /metrics; a daemon that hangs does not answer, and calls go on meanwhile."""
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_TASKS: Final = re.compile(r"^ariroute_tasks (\S+)$", re.MULTILINE)


def sample(pid: int, admin: str, life: int, at: float) -> Sample | None:
    """The process at this moment; None where it has ended."""
    folder = Path(f"/proc/{pid}")
    try:
        status = (folder / "status").read_text(encoding="utf-8", errors="replace")
        fds = sum(1 for _ in (folder / "fd").iterdir())
    except OSError:
        return None
    figures = read_status(status)
    if figures is None:
        return None
    rss, threads = figures
    return Sample(at, life, rss, fds, threads, _tasks(admin))


def read_status(text: str) -> tuple[int, int] | None:
    """Resident memory in bytes and the number of threads, of ``/proc/PID/status``; None of a process that is gone."""
    found = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", text, re.MULTILINE))
    if found.keys() < {"VmRSS", "Threads"}:
        return None  # a zombie has no memory
    return int(found["VmRSS"]) * 1024, int(found["Threads"])


def _tasks(admin: str) -> int | None:
    try:
        with _OPENER.open(f"http://{admin}/metrics", timeout=PATIENCE) as answer:
            return read_tasks(answer.read().decode())
    except (OSError, ValueError):
        return None


def read_tasks(metrics: str) -> int | None:
    """The figure `ariroute_tasks` of ``/metrics``."""
    match = _TASKS.search(metrics)
    return int(float(match[1])) if match else None
