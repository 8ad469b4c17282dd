"""A private PostgreSQL: the machine's own, or version 15 from Debian's packages, unpacked without root.

PostgreSQL refuses to run as root. Under root it therefore runs as `nobody`, to whom its folder belongs, with the one
capability that lets it read what lies in root's folders (the unpacked packages, a test's folder); `setpriv` of
util-linux does both.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ariroute.lab.database import PrivateDatabase, run
from ariroute.lab.debian import LabError, loader_command, unpacked
from ariroute.lab.leash import Leashed

SUITE: Final = "bookworm"
PACKAGES: Final = ("postgresql-15", "postgresql-client-15")
TOOLS: Final = ("initdb", "postgres", "psql")
NOBODY: Final = 65534
AS_NOBODY: Final = (
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--pdeathsig=keep",
)


class PrivatePostgres(PrivateDatabase):
    """PostgreSQL. Passwords by SCRAM; nothing is synced to disk."""

    scheme = "postgresql"
    admin = "postgres"

    def __init__(self, directory: Path, *options: str, tools: Path | None = None) -> None:
        """`tools` is the folder of its programs; else the machine's own are taken, else those from Debian."""
        super().__init__(directory, *options)
        self._tools = tools

    @property
    def socket(self) -> Path:
        return self.socket_folder / f".s.PGSQL.{self.port}"

    def create(self) -> None:
        secret = self.directory / "admin.secret"
        secret.write_text(self.password)
        if self._tools is None:
            # In the folder of the sockets: a program that PostgreSQL is to find must be in `nobody`'s reach.
            self._tools = installed_tools() or unpacked_tools(self.socket_folder / "tree")
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                raise LabError("PostgreSQL does not run as root, and setpriv (util-linux) is not there to change that")
            for folder in (self.directory, self.socket_folder, secret):
                os.chown(folder, NOBODY, NOBODY)
        names = (f"--pgdata={self._data}", f"--username={self.admin}", f"--pwfile={secret}")
        options = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
        run([*self._as_somebody(), str(self._tools / "initdb"), *names, *options])

    def command(self) -> Sequence[str]:
        assert self._tools is not None
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_folder),
            "max_connections": "300",
            "fsync": "off",
        }
        options = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
        return [*self._as_somebody(), str(self._tools / "postgres"), "-D", str(self._data), *options, *self.options]

    def client(self, database: str) -> tuple[Sequence[str], Mapping[str, str]]:
        assert self._tools is not None
        options = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--field-separator=\t"]
        where = [f"--host={self.socket_folder}", f"--port={self.port}", f"--username={self.admin}"]
        command = [str(self._tools / "psql"), *options, *where, "--set=ON_ERROR_STOP=1", database or "postgres"]
        return command, {"PGPASSWORD": self.password}

    def signal_end(self, process: Leashed) -> None:
        process.send_signal(signal.SIGINT)  # "fast": SIGTERM would wait for the clients to leave

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @staticmethod
    def _as_somebody() -> Sequence[str]:
        return AS_NOBODY if os.geteuid() == 0 else ()


def installed_tools() -> Path | None:
    """The folder with all programs of the newest PostgreSQL on this machine: Debian's are not on PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name.zfill(4))
    found = shutil.which("initdb")
    candidates = [*reversed(folders), *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in candidates if all((folder / tool).is_file() for tool in TOOLS)), None)


def unpacked_tools(folder: Path) -> Path:
    """Make a tree in `folder` from which the unpacked programs run; return the folder of the programs in it.

    PostgreSQL finds its parts from the place of its program, which it takes from its first argument, and initdb starts
    the `postgres` beside itself. So there are scripts that run each program through its loader, under the script's own
    name, in a tree with the packages' layout. Raises LabError.
    """
    root = unpacked(SUITE, PACKAGES)
    programs = next(iter(root.glob("usr/lib/postgresql/*/bin")), None)
    if programs is None:
        raise LabError(f"{root} holds no PostgreSQL; delete that folder and try again")
    scripts = folder / programs.relative_to(root)
    scripts.mkdir(parents=True)
    for tool in TOOLS:
        loader, *rest = loader_command(root, programs / tool)
        script = scripts / tool
        script.write_text(f'#!/bin/sh\nexec {shlex.join([loader, "--argv0", str(script), *rest])} "$@"\n')
        script.chmod(0o755)
    (scripts.parent / "lib").symlink_to(programs.parent / "lib")
    (folder / "usr/share").symlink_to(root / "usr/share")
    return scripts
