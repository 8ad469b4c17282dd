"""A private redis-server on 127.0.0.1, from PATH or unpacked from Debian's packages: nothing kept on disk, no root."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError, loader_command, unpacked
from ariroute.lab.leash import spawn
from ariroute.lab.server import PrivateServer

SUITE: Final = "bookworm"
PACKAGES: Final = ("redis-server",)
PASSWORD: Final = "s3cret-of-the-lab"  # noqa: S105  # of a server that lives as long as a test
"""Of the user `ariroute`, who may read keys that begin with `customer:`. The default user needs none and may do all."""

_SETTINGS: Final = {"bind": "127.0.0.1", "save": "", "appendonly": "no", "daemonize": "no", "databases": "4"}


def redis_command() -> tuple[str, ...]:
    """Return the command of redis-server. Raises LabError where it cannot be had."""
    if path := shutil.which("redis-server"):
        return (path,)
    root = unpacked(SUITE, PACKAGES)
    return loader_command(root, root / "usr/bin/redis-server")


class RedisServer(PrivateServer):
    """A server in `folder`, running from `start()` to `stop()` or as a context manager; started again it is empty."""

    program = "redis-server"

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are lines of redis.conf beyond our own."""
        super().__init__(folder, ports=1)
        self._settings = {**_SETTINGS, **(settings or {})}
        (self.port,) = self._ports

    @property
    def url(self) -> str:
        """The address, for the flow file."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers. Raises LabError."""
        command = redis_command()
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = [f'{name} "{value}"' for name, value in self._settings.items()]
        lines += [f"port {self.port}", f"dir {self._folder}"]
        lines += [f"user ariroute on >{PASSWORD} ~customer:* +@read +@connection"]
        settings = self._folder / "redis.conf"
        settings.write_text("\n".join([*lines, ""]))
        with (self._folder / "redis.log").open("wb") as log:
            self._process = spawn([*command, str(settings)], output=log)
        self._wait(lambda: self.ask("PING"), self._folder / "redis.log")

    def ask(self, *command: str | bytes) -> bytes:
        """Send one command and return the beginning of the reply as it came. Raises LabError for an error reply."""
        parts = [part.encode() if isinstance(part, str) else part for part in command]
        packed = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            link.sendall(packed)
            reply = link.recv(65536)
        if not reply or reply.startswith(b"-"):
            raise LabError(f"redis-server refuses {command[0]!r}: {reply!r}")
        return reply

    def hash(self, key: str | bytes, fields: Mapping[str, str]) -> None:
        """Let `key` hold a hash with these fields."""
        self.ask("HSET", key, *(part for pair in fields.items() for part in pair))
