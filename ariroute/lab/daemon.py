"""``ariroute run`` as a process of its own: started, killed, stopped, hung, and asked whether it is ready."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ariroute.lab.leash import Leashed, spawn
from ariroute.lab.waiting import DEADLINE, until

COMMAND = str(Path(sys.executable).parent / "ariroute")
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def environment() -> dict[str, str]:
    """Ours, without what would change the command's answers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ARIROUTE_")}


class DaemonProcess:
    """``ariroute run -c file``, from :meth:`start` until :meth:`stop` or :meth:`kill`; dies with us.

    ``admin`` is the port that the file names in ``daemon.admin``. Logs of all its lives are kept in one file.
    ``more`` are further arguments of the command, ``environ`` what its environment has besides ours.
    """

    def __init__(
        self, file: Path, admin: int, more: tuple[str, ...] = (), environ: Mapping[str, str] | None = None
    ) -> None:
        self.file = file
        self.admin = f"127.0.0.1:{admin}"
        self.more = more
        self.program: tuple[str, ...] = (COMMAND,)
        """What is run; words before the command may change what it finds, as `nice` does."""
        self.environ = environ or {}
        self._log = file.with_suffix(f".{admin}.log")
        self._process: Leashed | None = None

    # Its life

    def launch(self) -> None:
        """Start it, and do not wait for anything."""
        command = [
            *self.program,
            "run",
            "-c",
            str(self.file),
            "--log-format",
            "json",
            "--log-level",
            "info",
            *self.more,
        ]
        with self._log.open("ab") as log:
            self._process = spawn(command, output=log, cwd=self.file.parent, environ={**environment(), **self.environ})

    def start(self) -> None:
        """Start it and wait until it is connected with its Asterisk."""
        self.launch()
        until(lambda: self.is_ready or self.has_ended, lambda: f"a daemon that is ready: {self.text()}")
        if self.has_ended:
            raise AssertionError(f"the daemon ended: {self.text()}")

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
            with _OPENER.open(f"http://{self.admin}/ready", timeout=DEADLINE):
                return True
        except urllib.error.HTTPError as refused:
            refused.close()
            return False
        except OSError:
            return False

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
