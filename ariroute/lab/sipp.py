"""One SIPp process: its ports on 127.0.0.1, its files, its end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from ariroute.lab.debian import LabError
from ariroute.lab.leash import spawn
from ariroute.lab.ports import Ports

LOOPBACK = "127.0.0.1"


class SipError(LabError):
    """SIPp could not be run or was given values that it cannot carry; the text names the remedy."""


class Sipp:
    """SIPp playing one scenario; dies with us, and needs neither root nor a terminal.

    It works in `directory`, where the scenario lies, and writes there: events.log (the scenario's own log actions),
    errors.log, screen.log.
    """

    def __init__(
        self, command: Sequence[str], options: Sequence[str], directory: Path, port: int | None = None
    ) -> None:
        """Start at `port`, or at a port of its own. Raises SipError where the command cannot be run."""
        self.directory = directory
        self._ports = Ports(3)
        own, control, media = self._ports
        self.port = own if port is None else port
        arguments = [
            *command,
            *options,
            *("-i", LOOPBACK, "-p", str(self.port), "-mi", LOOPBACK, "-mp", str(media)),
            *("-ci", LOOPBACK, "-cp", str(control), "-nostdin", "-aa", "-max_invite_retrans", "4"),
            *("-trace_err", "-error_file", "errors.log", "-trace_logs", "-log_file", "events.log"),
        ]
        with (directory / "screen.log").open("wb") as screen:
            try:
                # SIPp opens a screen even when nobody looks, so there must be a kind of terminal.
                self._process = spawn(arguments, output=screen, cwd=directory, environ=os.environ | {"TERM": "vt100"})
            except FileNotFoundError as error:
                self._ports.close()
                raise SipError(f"{error}: install SIPp (sip-tester)") from None

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    def log_lines(self) -> list[str]:
        """The whole lines written so far by the scenario's log actions."""
        try:
            text = (self.directory / "events.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return text[: text.rfind("\n") + 1].split("\n")[:-1]

    def wait_until_bound(self, timeout: float) -> None:
        """Return once the SIP port is open. Raises SipError with SIPp's words where it ends or takes too long."""
        deadline = time.monotonic() + timeout
        while not _udp_bound(self.port):
            if not self.running or time.monotonic() > deadline:
                self.stop()
                raise SipError(f"SIPp did not open UDP port {self.port}: {self._why()}")
            time.sleep(0.02)

    def wait(self, timeout: float) -> None:
        """Wait for the end. Raises TimeoutError after `timeout` seconds, SipError where SIPp itself failed."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"calls still up after {timeout:g} s, see {self.directory}") from None
        self.stop()
        if code not in (0, 1):  # 1: some call did not follow the scenario; its own lines say so
            raise SipError(f"SIPp ended with {code}: {self._why()}")

    def stop(self) -> None:
        """End it at once; a polite signal would only make SIPp wait for its calls. A second call does nothing."""
        self._process.kill()
        self._ports.close()

    def _why(self) -> str:
        for name in ("errors.log", "screen.log"):
            path = self.directory / name
            if path.exists() and (text := path.read_text(errors="replace").strip()):
                return f"{text[-400:]} (see {path})"
        return f"it wrote nothing, see {self.directory}"


def new_directory(run_dir: Path, kind: str) -> Path:
    """Make the first free `kind-N` under `run_dir`."""
    for count in range(1, 100_000):
        directory = run_dir / f"{kind}-{count}"
        with contextlib.suppress(FileExistsError):
            directory.mkdir(parents=True)
            return directory
    raise SipError(f"{run_dir} is full of {kind}-N directories: remove it")


def _udp_bound(port: int) -> bool:
    """Whether somebody holds this port; asked of the kernel, since trying to bind it would take it from SIPp."""
    local = f"0100007F:{port:04X}"
    return any(line.split()[1:2] == [local] for line in Path("/proc/net/udp").read_text().splitlines())
