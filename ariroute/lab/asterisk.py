"""A private Asterisk of one's own: no root, 127.0.0.1 only, free ports, every file under one folder, gone when we are.

>>> with PrivateAsterisk(Path("/tmp/pbx"), extra_dialplan="[test]\\nexten => s,1,Echo()\\n") as pbx:
...     print(pbx.http_port, pbx.cli("queue show"))
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ariroute.lab import leash, pbxconfig, ports
from ariroute.lab.debian import AsteriskProgram, LabError, Version, asterisk_program
from ariroute.lab.socket_folder import fits, socket_folder

START_DEADLINE: Final = 30.0
STOP_DEADLINE: Final = 5.0
_STATE: Final = "pbx.json"


class PrivateAsterisk:
    """One Asterisk in `directory`; a context manager, or `start()` and `stop()`.

    `release` is "22", "16" or None for the newest to be had. `agents` maps a name to the SIP port on 127.0.0.1
    where that agent's phone listens; the agent is then PJSIP/<name>. `variables` are dialplan globals
    (ARIROUTE_DEFAULT, ...). `queues` replaces the sample tiers, `extra_queues` adds to them, `extra_dialplan` comes
    after our own dialplan, and `extra_config` replaces whole files of the configuration (name -> text).

    Ports and passwords are chosen once, so an Asterisk started again after `kill()` or `stop()` is found where it was.
    """

    ari_user: Final = "ariroute"
    ari_reader: Final = "ariroute-reader"
    ami_user: Final = "ariroute"
    app: Final = "ariroute"

    def __init__(
        self,
        directory: Path,
        *,
        release: str | None = None,
        agents: Mapping[str, int] | None = None,
        variables: Mapping[str, str] | None = None,
        queues: str | None = None,
        extra_queues: str = "",
        extra_dialplan: str = "",
        extra_config: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.program: AsteriskProgram = asterisk_program(release)
        self.ari_password = secrets.token_urlsafe(24)
        self.ari_reader_password = secrets.token_urlsafe(24)
        self.ami_password = secrets.token_urlsafe(24)
        self._extras = pbxconfig.Extras(
            agents or {}, extra_dialplan, variables or {}, queues, extra_queues, extra_config or {}
        )
        self._ports: ports.Ports | None = None
        self._numbers = pbxconfig.Ports(0, 0, 0)
        self._folders: pbxconfig.Folders | None = None
        self._process: leash.Leashed | None = None

    def __enter__(self) -> PrivateAsterisk:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what it is

    @property
    def version(self) -> Version:
        """For example (22, 10, 1)."""
        return self.program.version

    @property
    def rest_api(self) -> Path | None:
        """Folder with the API description that this Asterisk ships (`events.json`, ...), or None."""
        return self.program.rest_api

    @property
    def sip_port(self) -> int:
        """UDP."""
        return self._numbers.sip

    @property
    def http_port(self) -> int:
        """TCP; ARI is at `ari_url`."""
        return self._numbers.http

    @property
    def ami_port(self) -> int:
        """TCP."""
        return self._numbers.ami

    @property
    def ari_url(self) -> str:
        """Base address of the web server, without /ari."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def queue_log(self) -> Path:
        """Asterisk's own record of its queues; times in whole seconds."""
        return self.directory / "log/queue_log"

    @property
    def cel_log(self) -> Path:
        """Channel event log, columns as in `dialplan/cel_custom.conf`; times with microseconds."""
        return self.directory / "log/cel-custom/Master.csv"

    @property
    def cdr_log(self) -> Path:
        """Call detail records."""
        return self.directory / "log/cdr-csv/Master.csv"

    @property
    def sounds(self) -> Path:
        """Folder for sounds of one's own: `custom/hello.wav` in it is played as `custom/hello`."""
        return self.directory / "data/sounds"

    @property
    def log(self) -> Path:
        """Notices, warnings and errors."""
        return self.directory / "log/messages"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self.is_running and self._process else None

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    # ---- what it does

    def start(self, timeout: float = START_DEADLINE) -> None:
        """Start and wait until it takes calls. Raises LabError, with the end of its log, when that takes too long."""
        if self.is_running:
            return
        self._prepare()
        with (self.directory / "log/stdout").open("ab") as output:
            self._process = leash.spawn(self._command("-f"), output=output, cwd=self.directory)
        try:
            self._wait_until_ready(timeout, lambda: not self.is_running)
        except LabError:
            self.kill()
            raise

    def start_detached(self, timeout: float = START_DEADLINE) -> None:
        """Start so that it stays when we end; `stop_detached(directory)` ends it. Raises LabError as `start` does."""
        if _detached_pid(self.directory):
            raise LabError(f"{self.directory}: an Asterisk runs there already; scripts/asterisk stop {self.directory}")
        self._prepare()
        command, log = self._command("-f"), os.O_WRONLY | os.O_CREAT | os.O_APPEND
        pid = os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, self.directory / "log/stdout", log, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        state = {
            "pid": pid,
            "command": self._command(),
            "version": self.version,
            "ari": {"url": self.ari_url, "user": self.ari_user, "password": self.ari_password},
            "ami": {"address": f"127.0.0.1:{self.ami_port}", "user": self.ami_user, "password": self.ami_password},
            "sip": f"127.0.0.1:{self.sip_port}",
        }
        _write_private(self.directory / _STATE, json.dumps(state, indent=1) + "\n")
        # Asked of the kernel, not of /proc: a process that was started this instant has no command line there yet.
        has_ended = functools.partial(_child_has_ended, pid)
        try:
            self._wait_until_ready(timeout, has_ended)
        except LabError:
            (self.directory / _STATE).unlink()
            if not has_ended():
                os.kill(pid, signal.SIGKILL)
            raise

    def stop(self) -> None:
        """End it as `systemctl stop` would; callers get their BYE. Ports and files are kept for a new `start()`."""
        if self._process is not None:
            self._process.stop(STOP_DEADLINE)

    def kill(self) -> None:
        """End it as a crash would (SIGKILL): nobody is told anything."""
        if self._process is not None:
            self._process.kill()

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the process, SIGSTOP and SIGCONT for example."""
        if self._process is not None:
            self._process.send_signal(number)

    def close(self) -> None:
        """Stop it and give its ports back."""
        self.stop()
        if self._ports is not None:
            self._ports.close()
            self._ports = None
        if self._folders is not None and not self._folders.run.is_relative_to(self.directory):
            shutil.rmtree(self._folders.run, ignore_errors=True)

    def cli(self, command: str, timeout: float = 10.0) -> str:
        """Run a command on its console and return what it prints. Raises LabError when nobody answers."""
        return run_cli(self._command(), command, timeout)

    # ---- how

    def _command(self, *options: str) -> list[str]:
        return [*self.program.command, "-C", str(self.directory / "etc/asterisk.conf"), *options]

    def _prepare(self) -> None:
        if self._ports is None:
            self._ports = ports.Ports(3)
            self._numbers = pbxconfig.Ports(*self._ports)
        if self._folders is None:
            self._folders = pbxconfig.Folders(
                self.directory, _run_folder(self.directory), self.program.modules, self.program.data
            )
        for folder in self._folders.written:
            folder.mkdir(parents=True, exist_ok=True)
        link_data(self._folders.data, self._folders.own_data)
        # Left behind by a kill; the new process would be taken for ready while it is not.
        for name in ("asterisk.ctl", "asterisk.pid"):
            (self._folders.run / name).unlink(missing_ok=True)
        modules = pbxconfig.modules_to_load(path.name for path in self.program.modules.glob("*.so"))
        passwords = pbxconfig.Secrets(self.ari_password, self.ami_password, self.ari_reader_password)
        texts = pbxconfig.configuration(self._folders, self._numbers, passwords, self._extras, modules)
        for name, text in texts.items():
            _write_private(self._folders.etc / name, text)

    def _wait_until_ready(self, timeout: float, has_ended: Callable[[], bool]) -> None:
        deadline = time.monotonic() + timeout
        assert self._folders is not None
        control = self._folders.run / "asterisk.ctl"
        while time.monotonic() < deadline:
            if has_ended():
                raise LabError(f"Asterisk ended while it started{self._log_tail()}")
            if control.exists():
                with contextlib.suppress(LabError):
                    self.cli("core waitfullybooted", max(1.0, deadline - time.monotonic()))
                    if all(map(_listens, (self.http_port, self.ami_port))):
                        return
            time.sleep(0.03)
        raise LabError(f"Asterisk was not ready after {timeout:g} s{self._log_tail()}")

    def _log_tail(self) -> str:
        lines = [
            line
            for path in (self.directory / "log/stdout", self.log)
            if path.is_file()
            for line in path.read_text(errors="replace").splitlines()[-15:]
        ]
        return f"; the end of its log in {self.directory / 'log'}:\n" + "\n".join(lines)


def link_data(shared: Path, own: Path) -> None:
    """Make `own` a copy of Asterisk's data folder in links, with a folder `sounds/custom` of its own.

    Debian lets `sounds/en` point to the voice installed (update-alternatives), which unpacking alone does not.
    """
    sounds = own / "sounds"
    (sounds / "custom").mkdir(parents=True, exist_ok=True)
    wanted = {own / part.name: part for part in shared.iterdir() if part.name != "sounds"}
    if (shared / "sounds").is_dir():
        voices = {part.name: part for part in sorted((shared / "sounds").iterdir()) if part.name != "custom"}
        english = next((part for name, part in voices.items() if name.startswith("en")), None)
        wanted |= {sounds / name: part for name, part in voices.items()}
        wanted |= {sounds / "en": english} if english else {}
    for link, target in wanted.items():
        if not link.is_symlink():
            link.symlink_to(target)


def run_cli(asterisk: list[str], command: str, timeout: float = 10.0) -> str:
    """Run `command` on the console of the Asterisk run by `asterisk`, and return what it prints.

    Raises LabError when nobody answers.
    """
    try:
        done = subprocess.run(
            [*asterisk, "-rx", command], capture_output=True, text=True, timeout=timeout, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"Asterisk did not answer {command!r} within {timeout:g} s") from None
    if done.returncode != 0:
        raise LabError(f"Asterisk did not take {command!r}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def read_state(directory: Path) -> dict[str, object]:
    """Return what `start_detached` noted in `directory`. Raises LabError when there is nothing."""
    try:
        state: dict[str, object] = json.loads((directory / _STATE).read_text())
    except (OSError, ValueError) as error:
        raise LabError(f"{directory}: no private Asterisk was started there ({error})") from None
    return state


def stop_detached(directory: Path, timeout: float = STOP_DEADLINE) -> None:
    """End the Asterisk that `start_detached` started in `directory`. Raises LabError when there was none."""
    read_state(directory)
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + timeout
        if pid := _detached_pid(directory):
            os.kill(pid, number)
        while _detached_pid(directory) and time.monotonic() < deadline:
            time.sleep(0.05)
    (directory / _STATE).unlink(missing_ok=True)


def _detached_pid(directory: Path) -> int | None:
    """The process id noted in `directory`, if that process still is that Asterisk and not somebody else's since."""
    try:
        pid = int(str(read_state(directory)["pid"]))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (LabError, OSError):
        return None
    return pid if os.fsencode(directory.resolve() / "etc/asterisk.conf") in command else None


def _child_has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:  # it ended, and an earlier call was told so
        return True


def _run_folder(directory: Path) -> Path:
    inside = directory / "run"
    return inside if fits(inside / "asterisk.ctl") else socket_folder("ariroute-run-")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _write_private(path: Path, text: str) -> None:
    """Write a file that only we can read: it may hold passwords."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
