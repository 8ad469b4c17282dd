"""One daemon's life at log level debug, with marked secrets and marked callers: no output of ours shows any of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import requests
from running_daemon import DEADLINE, RunningDaemon, ariroute, until

from ariroute.lab.contacts import Desk
from ariroute.lab.evil import EvilService
from ariroute.lab.ports import Ports
from ariroute.lab.sip import Caller

from .conftest import Site

FLOW = """
version: 1
region: SE
asterisk:
  pbx1:
    ari: {{url: "{ari}", user: ariroute, password: "${{file:{folder}/ari}}", app: {app}}}
    ami: {{address: "127.0.0.1:{ami}", user: ariroute, password: "${{file:{folder}/ami}}"}}
lookups:
  crm:
    http:
      url: "{crm}/customers/{{caller.e164}}?name={{caller.name}}"
      headers: {{X-Key: "${{env:MARKED_TOKEN}}", X-Who: "{{caller.e164}}"}}
      auth: {{basic: {{user: reader, password: "${{file:{folder}/crm}}"}}}}
    fields: {{loyalty: string}}
  customers:
    sql:
      url: "postgresql://reader@127.0.0.1:{closed}/crm"
      password: "${{file:{folder}/sql}}"
      query: "SELECT tier FROM customers WHERE phone = :caller.e164"
    fields: {{tier: string}}
  store:
    redis: {{url: "redis://127.0.0.1:{closed}/0", key: "c:{{caller.e164}}", password: "${{file:{folder}/redis}}"}}
    fields: {{tier: string}}
notify:
  desk:
    url: "{desk}/api/tickets"
    auth: {{bearer: "${{file:{folder}/desk}}"}}
    json: {{number: "{{caller.e164}}"}}
    tries: 1
queues: {{gold: {{priority: 20}}, standard: {{}}}}
flows:
  support:
    trigger: {{call: {{to: support}}}}
    default: standard
    steps:
      - lookup: [crm, customers, store]
      - label: {{name_prefix: {{cel: caller.e164}}, variables: {{WHO: {{cel: caller.number}}}}}}
      - notify: desk
      - queue: gold
daemon: {{admin: "127.0.0.1:{admin}", log: {{level: debug}}}}
"""
CALLERS = ["+46709876501", "+46709876502", "+46709876503"]
NAME = "Marked Markedsdotter"
BROKEN = ("500", "garbage", "types")


MARKED = ("crm", "sql", "redis", "desk", "token", "wrong", "inline")


class Stage:
    """The flow file with its secrets, and everything that was written, by what wrote it."""

    def __init__(self, site: Site, folder: Path, desk: str, ports: tuple[int, int]) -> None:
        self.folder = folder
        self.secrets = {name: f"m4rked-{name}-%&+/=" for name in MARKED}
        self.secrets |= {"ari": site.pbx.ari_password, "ami": site.pbx.ami_password}
        for name, text in self.secrets.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text)
        self.file = folder / "ariroute.yaml"
        self.written: dict[str, str] = {}
        admin, closed = ports
        self._values = {
            "ari": site.pbx.ari_url,
            "app": site.app,
            "ami": site.pbx.ami_port,
            "folder": folder,
            "desk": desk,
            "admin": admin,
            "closed": closed,
        }
        more = ("--log-level", "debug", "--log-format", "text")
        self.daemon = RunningDaemon(self.file, admin, more, {"MARKED_TOKEN": self.secrets["token"]})

    def write(self, crm: str, ami: str = "") -> None:
        """The flow file; ``ami`` is a password that stands in it as it must not."""
        text = FLOW.format(crm=crm, **self._values)
        self.file.write_text(text.replace(f"${{file:{self.folder}/ami}}", ami) if ami else text)

    def run(self, *arguments: str) -> None:
        done = ariroute(*arguments)
        assert "Traceback" not in done.stderr
        assert done.stdout + done.stderr
        self.written[" ".join(arguments)] = done.stdout + done.stderr

    def leaks(self) -> list[tuple[str, str]]:
        """What wrote which secret, in whatever form it travels."""
        found = []
        for name, secret in self.secrets.items():
            coded = [base64.b64encode(f"{user}{secret}".encode()).decode() for user in ("ariroute:", "reader:", "")]
            forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *coded}
            found += [(what, name) for what, text in self.written.items() if any(form in text for form in forms)]
        return found


@pytest.fixture
def stage(site: Site, tmp_path: Path) -> Iterator[Stage]:
    with Desk() as desk, Ports(2) as (admin, closed):
        stage = Stage(site, tmp_path, desk.url, (admin, closed))
        yield stage
        stage.daemon.close()


def test_no_secret_and_no_number_in_full_is_in_anything_that_is_written(
    site: Site, stage: Stage, evil: EvilService
) -> None:
    daemon, file, admin = stage.daemon, str(stage.file), ("--admin", stage.daemon.admin)
    stage.written["a control"] = base64.b64encode(b"ariroute:" + site.pbx.ari_password.encode()).decode()
    assert stage.leaks() == [("a control", "ari")]
    stage.written.clear()
    stage.write(evil.url_of("empty"))
    daemon.start()
    for count, fault in enumerate(BROKEN, 1):
        stage.write(evil.url_of(fault))
        answer = requests.post(f"http://{daemon.admin}/reload", headers={"X-Ariroute": "1"}, timeout=DEADLINE)
        stage.written[f"reload {count}"] = answer.text
        site.place([Caller(CALLERS[count % 3], NAME)])
        site.accounts.settled(count)
    until(lambda: "notify desk: failed" in daemon.text(), "a notice that was refused")
    stage.write(evil.url_of("500"), ami=stage.secrets["inline"])
    stage.run("reload", "--json", *admin)
    stage.run("check", "-c", file)
    stage.write(evil.url_of("500"))
    stage.run("check", "--live", "-c", file)
    stage.run("explain", "support", "-c", file, "--caller", CALLERS[0])
    for path in ("live", "ready", "status", "metrics", "nothing"):
        stage.written[path] = requests.get(f"http://{daemon.admin}/{path}", timeout=DEADLINE).text
    daemon.kill()
    for name in ("ari", "ami"):
        (stage.folder / name).write_text(stage.secrets["wrong"])
    before = len(daemon.text())
    daemon.launch()
    until(lambda: "refuse" in daemon.text()[before:], lambda: f"a refusal: {daemon.text()[before:]}")
    stage.run("status", "--json", *admin)
    stage.run("queues", "-c", file)
    daemon.stop()
    stage.written["log"] = log = daemon.text()

    assert log.count("routed") == len(BROKEN)
    assert "+46******501" in log
    assert "reload refused" in log
    assert stage.leaks() == []
    assert NAME not in log
    numbers = [caller.removeprefix("+46") for caller in CALLERS]
    assert [line for line in log.splitlines() if any(number in line for number in numbers)] == []
    assert not re.search("Traceback|never awaited|ResourceWarning", log)
