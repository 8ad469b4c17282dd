"""The command run in this process, and a small flow file to run it on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ariroute.cli.main import main

FLOW_FILE = """\
version: 1
region: SE
timezone: Europe/Stockholm

asterisk:
  pbx1:
    ari: {url: "http://127.0.0.1:8088", user: ariroute, password: "${env:NO_SUCH_SECRET}"}

lookups:
  crm:
    http: {url: "http://127.0.0.1:9/customers/{caller.e164}"}
    fields: {loyalty: string, orders: number, blocked: bool}
  vip_list:
    csv: {path: vip.csv, key: phone}
    fields: {tier: string}

hours:
  office: {mon-fri: "08:00-17:00"}

queues:
  platinum: {priority: 30}
  gold: {priority: 20, agents_per_call: 0.5}
  standard: {priority: 0}

flows:
  support:
    trigger: {call: {to: ["+46850000000", "support"]}}
    default: standard
    steps:
      - branch:
          - when: '!open("office")'
            queue: standard
      - lookup: [crm]
      - branch:
          - when: crm.blocked
            hangup: 21
          - when: crm.loyalty == "platinum"
            queue: platinum
          - when: crm.loyalty == "gold" || crm.orders >= 10.0
            queue: gold
  sales:
    trigger: {call: {to: ["sales"]}}
    default: standard
    steps:
      - lookup: [vip_list]
      - goto: support
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Ariroute = Callable[..., Ended]


@pytest.fixture
def ariroute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ariroute:
    """Runs the command with these arguments in an empty folder, without any ARIROUTE_ variable of this machine."""
    for name in [name for name in os.environ if name.startswith("ARIROUTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> Ended:
        result = CliRunner().invoke(main, list(arguments), env=environment, prog_name="ariroute")
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def flow_file(tmp_path: Path) -> Path:
    """``ariroute.yaml`` in the folder where the command runs."""
    path = tmp_path / "ariroute.yaml"
    path.write_text(FLOW_FILE, encoding="utf-8")
    (tmp_path / "vip.csv").write_text("phone,tier\n+46701234567,gold\n", encoding="utf-8")
    return path
