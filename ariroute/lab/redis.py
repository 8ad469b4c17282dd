"""A private redis-server on 127.0.0.1, from PATH or unpacked from Debian's packages: nothing kept on disk, no root."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from ariroute.lab.debian import LabError, loader_command, unpacked
from ariroute.lab.leash import Leashed, spawn
from ariroute.lab.ports import Ports

SUITE: Final = "bookworm"
PACKAGES: Final = ("redis-server",)
PASSWORD: Final = "s3cret-of-the-lab"  # noqa: S105
"""Of the user `ariroute`, who may read keys that begin with `customer:`. The default user needs none and may do all."""

_SETTINGS: Final = {"bind": "127.0.0.1", "save": "", "appendonly": "no", "daemonize": "no", "databases": "4"}
_READY: Final = 20.0


def redis_command() -> tuple[str, ...]:
    """Return the command of redis-server. Raises LabError where it cannot be had."""
    if path := shutil.which("redis-server"):
        return (path,)
    root = unpacked(SUITE, PACKAGES)
    return loader_command(root, root / "usr/bin/redis-server")


class RedisServer:
    """A server in `folder`, running from `start()` to `stop()` or as a context manager; started again it is empty."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are lines of redis.conf beyond our own."""
        self._folder = folder
        self._ports = Ports(1)
        self._settings = {**_SETTINGS, **(settings or {})}
        self._process: Leashed | None = None
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
        self._wait()

    def stop(self) -> None:
        """End it; the port stays ours until `close()`."""
        if self._process:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End it by SIGKILL."""
        if self._process:
            self._process.kill()
            self._process = None

    def close(self) -> None:
        """End it and give the port back."""
        self.stop()
        self._ports.close()

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

    def _wait(self) -> None:
        until = time.monotonic() + _READY
        while time.monotonic() < until:
            try:
                self.ask("PING")
                return
            except (OSError, LabError):
                if self._process and self._process.returncode is not None:
                    break
                time.sleep(0.01)
        said = (self._folder / "redis.log").read_text(errors="replace").strip()[-400:]
        self.stop()
        raise LabError(f"redis-server does not start: {said}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
