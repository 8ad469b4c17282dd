"""A private Prometheus on 127.0.0.1, and its promtool, from PATH or unpacked from Debian's packages: no root."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from ariroute.lab.debian import LabError, loader_command, unpacked
from ariroute.lab.leash import spawn
from ariroute.lab.server import PrivateServer

SUITE: Final = "bookworm"
PACKAGES: Final = ("prometheus",)


def prometheus_command(program: str = "prometheus") -> tuple[str, ...]:
    """Return the command of `prometheus` or `promtool`. Raises LabError where it cannot be had."""
    if path := shutil.which(program):
        return (path,)
    root = unpacked(SUITE, PACKAGES)
    return loader_command(root, root / "usr/bin" / program)


def promtool(*arguments: str, folder: Path) -> str:
    """Run promtool in `folder` and return what it says. Raises LabError with its words where it finds a mistake."""
    command = [*prometheus_command("promtool"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise LabError(f"promtool {' '.join(arguments)}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


class Prometheus(PrivateServer):
    """A server in `folder` with this prometheus.yml, running from `start()` to `close()` or as a context manager."""

    program = "prometheus"

    def __init__(self, folder: Path, configuration: str) -> None:
        super().__init__(folder, ports=1)
        self._configuration = configuration
        (self.port,) = self._ports

    def start(self) -> None:
        """Start it and wait until it is ready. Raises LabError."""
        command = prometheus_command()
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = self._folder / "prometheus.yml"
        settings.write_text(self._configuration, encoding="utf-8")
        options = [
            *(f"--config.file={settings}", f"--storage.tsdb.path={self._folder / 'data'}"),
            *(f"--web.listen-address=127.0.0.1:{self.port}", "--query.lookback-delta=1m"),
        ]
        log = self._folder / "prometheus.log"
        with log.open("wb") as output:
            self._process = spawn([*command, *options], output=output, cwd=self._folder)
        self._wait(lambda: self._get("/-/ready"), log)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an expression now: each with `metric` (labels) and `value`. Raises LabError for a mistake."""
        answer = json.loads(self._get(f"/api/v1/query?{urlencode({'query': expression})}"))
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """The rules that it has loaded, as its API tells them."""
        answer = json.loads(self._get("/api/v1/rules"))
        return [rule for group in answer["data"]["groups"] for rule in group["rules"]]

    def _get(self, path: str) -> bytes:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request("GET", path)
            reply = link.getresponse()
            body = reply.read()
        except http.client.HTTPException as error:
            raise LabError(f"Prometheus at 127.0.0.1:{self.port}: {error!r}") from error
        finally:
            link.close()
        if reply.status != 200:
            raise LabError(f"Prometheus answers {reply.status} to {path}: {body[:500].decode(errors='replace')}")
        return body
