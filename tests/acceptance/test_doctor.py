"""``ariroute doctor`` on a call centre in good health, and on one where everything is wrong at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from running_daemon import RunningDaemon, ariroute

from ariroute.lab import pbxconfig
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.ports import Ports

FLOW: Final = """
version: 1
timezone: {timezone}
asterisk:
  main:
    ari:
      url: "{ari}"
      user: ariroute
      password: "${{file:{folder}/ari}}"
      reader: {{user: ariroute-reader, password: "${{file:{folder}/reader}}"}}
    ami: {{address: "127.0.0.1:{ami}", user: ariroute, password: "${{file:{folder}/ami}}"}}
queues: {{gold: {{priority: 10}}, standard: {{}}}}
flows:
  support: {{trigger: {{call: {{}}}}, default: standard, steps: [{{queue: gold}}]}}
daemon: {{admin: "127.0.0.1:{admin}", guard: 4s}}
"""

Told = dict[str, dict[str, Any]]
"""Findings by what they say."""


@pytest.fixture
def admin() -> Iterator[int]:
    with Ports(1) as (port,):
        yield port


def write(folder: Path, pbx: PrivateAsterisk, admin: int, secrets: dict[str, str], timezone: str = "UTC") -> Path:
    """The flow file, and its secrets in files that only we may read."""
    for name, text in secrets.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    file = folder / "ariroute.yaml"
    text = FLOW.format(timezone=timezone, ari=pbx.ari_url, ami=pbx.ami_port, folder=folder, admin=admin)
    file.write_text(text)
    file.chmod(0o644)
    return file


def doctor(file: Path, pbx: PrivateAsterisk) -> tuple[int, Told]:
    """The exit code, and what is not in order."""
    done = ariroute("doctor", "--json", "-c", str(file), "--asterisk", str(pbx.directory / "etc"))
    secrets = [(file.parent / name).read_text() for name in ("ari", "reader", "ami")]
    assert not [text for text in secrets if text in done.stdout + done.stderr]
    sections = json.loads(done.stdout)["sections"]
    findings = [finding for each in sections for finding in each["findings"]]
    assert len(findings) > 20
    return done.returncode, {each["what"]: each for each in findings if each["severity"] != "ok"}


def test_when_all_is_well_then_nothing_is_said(pbx22: PrivateAsterisk, tmp_path: Path, admin: int) -> None:
    secrets = {"ari": pbx22.ari_password, "reader": pbx22.ari_reader_password, "ami": pbx22.ami_password}
    file = write(tmp_path, pbx22, admin, secrets)
    for queue in ("gold", "standard"):
        pbx22.cli(f"queue add member Local/s@test-rings to {queue}")
    daemon = RunningDaemon(file, admin)
    try:
        daemon.start()
        code, told = doctor(file, pbx22)
    finally:
        daemon.close()
        for queue in ("gold", "standard"):
            pbx22.cli(f"queue remove member Local/s@test-rings from {queue}")

    assert told == {}
    assert code == 0


ARI_CONF: Final = """
[general]
enabled = yes
allowed_origins = *
websocket_write_timeout = 50
[ariroute]
type = user
password = ariroute2026
[ariroute-reader]
type = user
password = ariroute2026
"""
MANAGER_CONF: Final = """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
[ariroute]
secret = CHANGE-ME-AMI
read = all
write = all
"""
QUEUES: Final = """
[gold]
weight = 5
joinempty = strict
leavewhenempty = yes
autofill = no
member => Local/s@sick-phone,3,alice
"""
DIALPLAN: Final = """
[sick-phone]
exten => s,1,Wait(60)
"""
SICK: Final = {
    # what the finding says: its weight, and what to type or write
    "every user of this machine may change": ("fault", "chmod o-w "),
    "every user of this machine can read this secret": ("fault", "chmod 0600 "),
    "its group can read this secret": ("warning", "chmod 0600 "),
    "the daemon has another configuration in force": ("warning", "ariroute reload"),
    "main: the password of the ARI user 'ariroute' is the user's name": ("fault", "openssl rand"),
    "main: the password of the AMI user 'ariroute' is still the one of the sample": ("fault", "openssl rand"),
    "main: the password of the ARI user 'ariroute-reader' has 12 characters": ("warning", "openssl rand"),
    "main: the ARI user 'ariroute-reader' has the password of": ("warning", "openssl rand"),
    "the ARI user 'ariroute-reader', who is to read only, may change everything": ("warning", "read_only = yes"),
    "ARI lets web pages of every origin ask": ("warning", "allowed_origins ="),
    "websocket_write_timeout is 50 ms": ("warning", "websocket_write_timeout = 1000"),
    "live_dangerously is on": ("fault", "live_dangerously = no"),
    "every user of this machine can read the passwords in": ("fault", "sudo chmod o-r "),
    "may do more than ariroute needs: command, originate, system, config, call": ("warning", "write = agent"),
    "the AMI user 'ariroute' may read events of the classes all": ("note", "read = agent,user"),
    "the AMI user 'ariroute' may come from anywhere": ("warning", "deny = 0.0.0.0/0.0.0.0"),
    "queue_log is off": ("warning", "queue_log = yes"),
    "CEL is off": ("note", "cp dialplan/cel.conf"),
    "Asterisk's time zone is UTC+0000, that of the flow file Asia/Tokyo": (
        "note",
        "timedatectl set-timezone Asia/Tokyo",
    ),
    "there is no queue 'standard'": ("fault", "add it to queues.conf"),
    "there is no queue 'last', where the dialplan sends calls": ("fault", "ARIROUTE_LAST"),
    "the module app_exec is not loaded": ("fault", "load it in modules.conf"),
    "[ariroute] of the dialplan: no extension T": ("fault", "dialplan/extensions-ariroute.conf"),
    "of the dialplan: Stasis() without a guard": ("fault", "dialplan/extensions-ariroute.conf"),
    "of the dialplan: jumps past the guard": ("fault", "dialplan/extensions-ariroute.conf"),
    "all 1 members of the queue 'gold' are paused": ("warning", "queue unpause member Local/s@sick-phone queue gold"),
    "the queue 'gold' has weight 5": ("warning", "weight = 0"),
    "members of the queue 'gold' have penalties": ("note", "queue set penalty 0 on Local/s@sick-phone in gold"),
    "the queue 'gold' has joinempty = strict": ("warning", "joinempty = yes"),
    "the queue 'gold' has leavewhenempty = yes": ("warning", "leavewhenempty = no"),
    "the queue 'gold' has autopause = no": ("warning", "autopause = all"),
    "the queue 'gold' has autofill = no": ("warning", "autofill = yes"),
}


@pytest.fixture
def sick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateAsterisk]:
    """An Asterisk with every fault at once, but those that need another network."""
    usual = pbxconfig._asterisk_conf

    def dangerous(folders: pbxconfig.Folders) -> str:
        return usual(folders).replace("live_dangerously = no", "live_dangerously = yes")

    monkeypatch.setattr(pbxconfig, "_asterisk_conf", dangerous)
    logger = pbxconfig._LOGGER.replace("queue_log = yes", "queue_log = no")
    files = {"ari.conf": ARI_CONF, "logger.conf": logger, "cel.conf": "[general]\nenable = no\n"}
    with PrivateAsterisk(
        tmp_path / "pbx", release="22", queues=QUEUES, extra_dialplan=DIALPLAN, extra_config=files
    ) as pbx:
        manager = pbx.directory / "etc" / "manager.conf"
        manager.write_text(MANAGER_CONF.format(port=pbx.ami_port))
        manager.chmod(0o644)
        for command in (
            "manager reload",
            "queue pause member Local/s@sick-phone queue gold",
            "dialplan remove extension T@ariroute",
            "dialplan remove extension s@ariroute 7",
            "module unload app_exec.so",
        ):
            pbx.cli(command)
        yield pbx


def test_each_of_many_faults_is_named_with_its_remedy(sick: PrivateAsterisk, tmp_path: Path, admin: int) -> None:
    secrets = {"ari": "ariroute2026", "reader": "ariroute2026", "ami": "CHANGE-ME-AMI"}
    file = write(tmp_path, sick, admin, secrets, "Asia/Tokyo")
    daemon = RunningDaemon(file, admin)
    try:
        daemon.start()
        file.write_text(file.read_text().replace("priority: 10", "priority: 20"))
        file.chmod(0o666)
        (tmp_path / "ari").chmod(0o604)
        (tmp_path / "ami").chmod(0o640)
        code, told = doctor(file, sick)
    finally:
        daemon.close()

    assert code == 1
    for what, (severity, remedy) in SICK.items():
        named = [finding for text, finding in told.items() if what in text]
        assert named, f"{what} is not among {list(told)}"
        assert (named[0]["severity"], remedy in named[0]["remedy"]) == (severity, True), named[0]
    unforeseen = [text for text in told if not any(what in text for what in SICK)]
    assert unforeseen == []
