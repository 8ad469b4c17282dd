"""A private database server of one's own, as far as all engines are alike: started, asked, stopped, gone when we are.

>>> with PrivatePostgres(Path("/tmp/db")) as server:
...     server.sql("CREATE TABLE customers (phone text)")
...     print(server.url("crm"))
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from ariroute.lab import leash, ports
from ariroute.lab.debian import LabError
from ariroute.lab.socket_folder import socket_folder

START_DEADLINE: Final = 60.0
STOP_DEADLINE: Final = 10.0
CLIENT_DEADLINE: Final = 30.0


class PrivateDatabase:
    """One server in `directory`, on a free port of 127.0.0.1 and a Unix socket; a context manager.

    `admin` with `password` may do anything. Port and password are chosen once, so a server started again after `stop()`
    or `kill()` is found where it was, with its data.
    """

    scheme: str
    admin: str

    def __init__(self, directory: Path, *options: str) -> None:
        """`options` are given to the server's command."""
        self.directory = directory.resolve()
        self.password = secrets.token_hex(16)
        self.options = options
        self._ports: ports.Ports | None = None
        self._process: leash.Leashed | None = None
        self._sockets: Path | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what an engine says of itself

    @property
    def socket(self) -> Path:
        """The Unix socket."""
        raise NotImplementedError

    def create(self) -> None:
        """Make the data folder. Raises LabError."""
        raise NotImplementedError

    def command(self) -> Sequence[str]:
        """What runs the server in the foreground."""
        raise NotImplementedError

    def client(self, database: str) -> tuple[Sequence[str], Mapping[str, str]]:
        """What takes SQL on standard input as the admin, and its environment."""
        raise NotImplementedError

    def signal_end(self, process: leash.Leashed) -> None:
        """Tell the server to end without waiting for its clients, where SIGTERM does not."""

    # ---- what can be done with it

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.directory / "server.log"

    @property
    def socket_folder(self) -> Path:
        """A folder with a short path: that of a Unix socket has 107 characters at most."""
        assert self._sockets is not None
        return self._sockets

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def url(self, database: str, user: str = "ariroute") -> str:
        """The address as a flow file has it."""
        return f"{self.scheme}://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it answers; the first time, make its data. Raises LabError."""
        if self.is_running:
            return
        try:
            if self._ports is None:
                self._ports = ports.Ports(1)
                (self.port,) = self._ports
                self._sockets = socket_folder("ariroute-db-")
                self.directory.mkdir(parents=True, exist_ok=True)
                self.create()
            with self.log.open("ab") as log:
                self._process = leash.spawn(self.command(), output=log, cwd=self.directory)
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    def sql(self, text: str, database: str = "") -> list[list[str]]:
        """Run `text` as the admin; return the rows of its answers as the server's client prints them.

        Raises LabError with what the server said.
        """
        command, environment = self.client(database)
        try:
            done = subprocess.run(
                command,
                input=text,
                capture_output=True,
                text=True,
                env={**os.environ, **environment, "LC_ALL": "C.UTF-8"},
                timeout=CLIENT_DEADLINE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"no answer from the database within {CLIENT_DEADLINE:g} s") from error
        if done.returncode != 0:
            raise LabError(done.stderr.strip()[:1000])
        return [line.split("\t") for line in done.stdout.splitlines()]

    def stop(self) -> None:
        """End it in order, its clients' connections included; the data stays."""
        if self._process is not None:
            self.signal_end(self._process)
            self._process.stop(STOP_DEADLINE)
            self._process = None

    def kill(self) -> None:
        """End it by SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def close(self) -> None:
        """Stop it and give its port back. The folder stays for who wants to look."""
        self.stop()
        if self._ports is not None:
            self._ports.close()
            self._ports = None
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + START_DEADLINE
        while self.is_running and time.monotonic() < end:
            with contextlib.suppress(LabError):
                self.sql("SELECT 1")
                return
            time.sleep(0.05)
        self.kill()
        raise LabError(f"{type(self).__name__} did not start: {last_lines(self.log)}")


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a log, in one line."""
    return " / ".join(log.read_text(errors="replace").splitlines()[-count:])[-1000:]


def run(command: Sequence[str], text: str = "", environment: Mapping[str, str] | None = None) -> None:
    """Run a tool of a database to its end. Raises LabError with the end of what it said."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, env={**os.environ, **(environment or {})}, check=False
    )
    if done.returncode != 0:
        raise LabError(f"{command[-1]}: " + " / ".join((done.stderr or done.stdout).strip().splitlines()[-5:]))
