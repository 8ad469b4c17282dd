"""A private MariaDB: the machine's own, or 10.11 from Debian's packages, unpacked without root."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ariroute.lab.database import PrivateDatabase, run
from ariroute.lab.debian import loader_command, unpacked

SUITE: Final = "bookworm"
PACKAGES: Final = ("mariadb-server-core", "mariadb-client-core")
SYSTEM_TABLES: Final = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")


@dataclass(frozen=True, slots=True)
class MariadbPrograms:
    """The commands of server and client, and the folder of their messages, character sets and system tables."""

    server: tuple[str, ...]
    client: tuple[str, ...]
    share: Path


class PrivateMariadb(PrivateDatabase):
    """MariaDB, with InnoDB and little memory."""

    scheme = "mariadb"
    admin = "root"

    def __init__(self, directory: Path, *options: str, programs: MariadbPrograms | None = None) -> None:
        """`programs` are the machine's own unless given, else those from Debian."""
        super().__init__(directory, *options)
        self._programs = programs

    @property
    def socket(self) -> Path:
        return self.socket_folder / "mariadb.sock"

    def create(self) -> None:
        """As mariadb-install-db does, which is a script that does not know of loaders."""
        if self._programs is None:
            self._programs = installed_programs() or unpacked_programs()
        self._data.mkdir()
        tables = [(self._programs.share / name).read_text() for name in SYSTEM_TABLES]
        start = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n"
        # Rights are in force from the first real start on: until then nobody but this process can ask anything.
        secret = f"FLUSH PRIVILEGES;\nALTER USER root@localhost IDENTIFIED BY '{self.password}';\n"
        run([*self._server(), "--bootstrap"], start + "\n".join([*tables, secret]))

    def command(self) -> Sequence[str]:
        where = [f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.socket}"]
        return [*self._server(), *where, "--max-connections=300", "--skip-name-resolve", *self.options]

    def client(self, database: str) -> tuple[Sequence[str], Mapping[str, str]]:
        assert self._programs is not None
        where = [f"--socket={self.socket}", f"--user={self.admin}", *([database] if database else ())]
        options = ["--no-defaults", "--batch", "--skip-column-names", "--default-character-set=utf8mb4"]
        return [*self._programs.client, *options, *where], {"MYSQL_PWD": self.password}

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _server(self) -> list[str]:
        assert self._programs is not None
        return [
            *(*self._programs.server, "--no-defaults", f"--datadir={self._data}", f"--tmpdir={self.directory}"),
            *(f"--lc-messages-dir={self._programs.share}", f"--character-sets-dir={self._programs.share / 'charsets'}"),
            *("--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"),
            f"--pid-file={self.directory / 'server.pid'}",
            *(["--user=root"] if os.geteuid() == 0 else ()),
        ]


def installed_programs() -> MariadbPrograms | None:
    """Those of this machine, when server and client are there."""
    server = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/libexec:/usr/local/sbin")
    client = shutil.which("mariadb")
    shares = [Path("/usr/share/mysql"), Path("/usr/share/mariadb")]
    share = next((folder for folder in shares if (folder / SYSTEM_TABLES[0]).is_file()), None)
    return MariadbPrograms((server,), (client,), share) if server and client and share else None


def unpacked_programs() -> MariadbPrograms:
    """Those from Debian, run through their own loader. Raises LabError."""
    root = unpacked(SUITE, PACKAGES)
    server = loader_command(root, root / "usr/sbin/mariadbd")
    return MariadbPrograms(server, loader_command(root, root / "usr/bin/mariadb"), root / "usr/share/mysql")
