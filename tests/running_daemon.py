"""The installed ``ariroute run`` as a process of its own, and everything that is known of it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families

from ariroute.lab.leash import Leashed, spawn

COMMAND = str(Path(sys.executable).parent / "ariroute")
DEADLINE = 30.0
"""Seconds for whatever takes one when the machine has nothing else to do."""


def until(condition: Callable[[], object], what: str | Callable[[], str], within: float = DEADLINE) -> None:
    """Wait until ``condition`` is true. Fails, saying ``what`` was waited for, after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.02)


def environment() -> dict[str, str]:
    """Ours, without what would change the command's answers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ARIROUTE_")}


class RunningDaemon:
    """``ariroute run -c file``, from :meth:`start` until :meth:`stop` or :meth:`kill`; dies with us.

    ``admin`` is the port that the file names in ``daemon.admin``. Logs of all its lives are kept in one file.
    """

    def __init__(self, file: Path, admin: int) -> None:
        self.file = file
        self.admin = f"127.0.0.1:{admin}"
        self._log = file.with_suffix(f".{admin}.log")
        self._process: Leashed | None = None
        self._http = requests.Session()
        self._http.trust_env = False

    # Its life

    def launch(self) -> None:
        """Start it, and do not wait for anything."""
        command = [COMMAND, "run", "-c", str(self.file), "--log-format", "json", "--log-level", "info"]
        with self._log.open("ab") as log:
            self._process = spawn(command, output=log, cwd=self.file.parent, environ=environment())

    def start(self) -> None:
        """Start it and wait until it is connected with its Asterisk."""
        self.launch()
        until(lambda: self.is_ready or self.has_ended, lambda: f"a daemon that is ready: {self.text()}")
        assert not self.has_ended, self.text()

    def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon did not end: {self.text()}") from None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens when it has ended."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it by SIGKILL; returns when it is gone."""
        self.process.kill()

    def stop(self) -> int:
        """End it by SIGTERM, and give the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def close(self) -> None:
        """Whatever state it is in: gone."""
        if self._process is not None:
            self._process.kill()
        self._http.close()

    @property
    def process(self) -> Leashed:
        """The process of its latest start."""
        assert self._process is not None, "the daemon has not been started"
        return self._process

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, by itself or not."""
        return self.process.returncode is not None

    # What it says

    @property
    def is_ready(self) -> bool:
        """Whether ``/ready`` says so; a daemon that does not answer is not."""
        try:
            return self._http.get(f"http://{self.admin}/ready", timeout=DEADLINE).status_code == 200
        except requests.ConnectionError:
            return False

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name whose labels have these values."""
        text = self._http.get(f"http://{self.admin}/metrics", timeout=DEADLINE).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(
            sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    @property
    def in_flight(self) -> int:
        """Calls being decided or handed over."""
        return int(self.metric("ariroute_calls_in_flight"))

    def text(self) -> str:
        """Everything that it wrote."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def logs(self, message: str = "") -> list[dict[str, Any]]:
        """Its log lines whose message begins so."""
        lines = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["message"].startswith(message)]

    def said(self) -> list[str]:
        """The lines that are no log lines: what the command says when it ends."""
        return [line for line in self.text().splitlines() if not line.startswith("{")]

    def complaints(self) -> list[str]:
        """The messages of its warnings and errors."""
        return [line["message"] for line in self.logs() if line["level"] not in ("info", "debug")]

    def memory(self, name: str) -> float:
        """A line of Linux's ``/proc/PID/status`` in MiB: VmRSS for now, VmHWM for the most ever."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (kib,) = [line.split()[1] for line in status.splitlines() if line.startswith(f"{name}:")]
        return int(kib) / 1024

    # What it is told

    def reload(self) -> subprocess.CompletedProcess[str]:
        """``ariroute reload``."""
        return ariroute("reload", "--admin", self.admin)


def ariroute(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, run to its end."""
    return subprocess.run(
        [COMMAND, *arguments], env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
