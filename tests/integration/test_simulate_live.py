"""``ariroute simulate`` by the queues of a real Asterisk: what AMI tells of them is what we read in queues.conf."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ariroute.asterisk.settings import AmiSettings
from ariroute.cli.main import main
from ariroute.cli.simulate_queues import Placed, of_asterisk, of_file
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.values import Secret

QUEUES = """
[odd]
strategy = Linear
weight = 7   ; heavier
member => Local/s@test-rings,2,Anna Ek
member = Local/s@test-busy
[templated](ariroute-tier)
strategy = linear       ; too late: the template has said it
[bare]
strategy = nonsense
member => Local/s@test-busy,-1
"""
FILE = """\
version: 1
asterisk:
  main:
    ari: {{url: "{ari}", user: ariroute, password: "${{file:{folder}/ari}}"}}
    ami: {{address: "127.0.0.1:{ami}", user: {user}, password: "${{file:{folder}/ami}}"}}
queues: {{odd: {{agents_per_call: 1}}, bare: {{}}}}
flows: {{support: {{trigger: {{call: {{}}}}, default: bare}}}}
"""


@pytest.fixture
def odd(pbx: PrivateAsterisk) -> Iterator[PrivateAsterisk]:
    """With queues that are set otherwise than the sample's."""
    queues = pbx.directory / "etc" / "queues.conf"
    before = queues.read_text()
    queues.write_text(before + QUEUES)
    pbx.cli("queue reload all")
    try:
        yield pbx
    finally:
        queues.write_text(before)
        pbx.cli("queue reload all")


def test_what_the_running_asterisk_tells_is_what_its_file_says(odd: PrivateAsterisk) -> None:
    told = of_asterisk(
        "main", AmiSettings(address=f"127.0.0.1:{odd.ami_port}", user=odd.ami_user, password=Secret(odd.ami_password))
    )
    read = of_file(odd.directory / "etc" / "queues.conf")
    assert {"odd", "bare", "platinum", "gold", "standard", "last"} <= set(told.queues) <= set(read.queues)
    for name, queue in told.queues.items():
        assert (queue.strategy, queue.weight) == (read.queues[name].strategy, read.queues[name].weight), name
    assert (told.queues["odd"].strategy, told.queues["odd"].weight) == ("linear", 7)
    assert (told.queues["bare"].strategy, told.queues["templated"].strategy) == ("ringall", "rrmemory")
    assert {each for each in told.members if each.queue in ("odd", "bare")} == set(read.members)
    assert Placed("odd", "Local/s@test-rings", "Anna Ek", 2) in told.members


def test_its_members_are_the_agents_of_the_floor(odd: PrivateAsterisk, tmp_path: Path) -> None:
    for name, text in (("ari", odd.ari_password), ("ami", odd.ami_password)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(text)
    file = tmp_path / "ariroute.yaml"
    file.write_text(FILE.format(ari=odd.ari_url, ami=odd.ami_port, user=odd.ami_user, folder=tmp_path))
    calls = ("--calls", "odd=20/h", "--calls", "bare=10/h", "--runs", "2", "--compare", "none,dynamic")
    ended = CliRunner().invoke(main, ["simulate", "-c", str(file), "--live", "main", *calls, "--format", "json"])
    assert ended.exit_code == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["agents"] == 2
    assert "Agents are the members. They answer at once." in found["assumptions"]
    assert any(each.startswith("Queues are as main has them; timeout,") for each in found["assumptions"])
    assert [tier["queue"] for tier in found["modes"][0]["tiers"]] == ["odd", "bare"]
