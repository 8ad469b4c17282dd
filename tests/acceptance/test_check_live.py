"""``ariroute check --live`` beside a real Asterisk: what is missing, and nothing else; nothing is changed there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from running_daemon import RunningDaemon, ariroute

from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.ports import Ports

MANAGER = """
[full]
secret = not-secret
write = agent,reporting
[least]
secret = not-secret
write = agent
"""
GOOD = """
version: 1
asterisk:
  main:
    ari: {{url: "{ari}", user: ariroute, password: "${{file:{folder}/ari}}"}}
    ami: {{address: "127.0.0.1:{ami}", user: {user}, password: "${{file:{folder}/ami}}"}}
lookups:
  gold_now: {{queue: {{name: gold}}}}
  vip: {{astdb: {{family: vip, key: "{{caller.e164}}"}}}}
  call: {{channel: {{variables: {{plan: CRM_PLAN, header: "PJSIP_HEADER(read,X-Plan)"}}}}}}
endpoints: {{office: PJSIP/caller}}
agents: {{anna: PJSIP/caller}}
queues:
  gold: {{priority: 10}}
  standard: {{}}
flows:
  support:
    trigger: {{call: {{}}}}
    default: standard
    steps:
      - lookup: [gold_now, vip, call]
      - play: beep
      - dial: office
      - queue: gold
"""


@pytest.fixture(params=["22", "16"])
def pbx(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PrivateAsterisk]:
    with PrivateAsterisk(tmp_path / "pbx", release=request.param) as pbx:
        let_in(pbx)
        yield pbx


def let_in(pbx: PrivateAsterisk) -> None:
    manager = pbx.directory / "etc" / "manager.conf"
    manager.write_text(manager.read_text() + MANAGER)
    pbx.cli("manager reload")


Check = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def check(pbx: PrivateAsterisk, tmp_path: Path) -> Check:
    """Runs the command for a changed flow file: its exit code, what it says of the PBX, and its words."""

    def run(*changes: tuple[str, str], user: str = "full", ami: int = 0) -> tuple[int, dict[str, Any], str]:
        for name, text in (("ari", pbx.ari_password), ("ami", "not-secret")):
            (tmp_path / name).touch(mode=0o600)
            (tmp_path / name).write_text(text)
        text = GOOD.format(ari=pbx.ari_url, ami=ami or pbx.ami_port, folder=tmp_path, user=user)
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        file = tmp_path / "ariroute.yaml"
        file.write_text(text)
        done = ariroute("check", "--live", "--json", str(file))
        return done.returncode, json.loads(done.stdout)["live"]["main"], done.stderr

    return run


def told(live: dict[str, Any]) -> list[str]:
    return [f"{each['path']}: {each['text']}" for each in live["problems"]]


def test_when_all_is_there_then_0(pbx: PrivateAsterisk, check: Check) -> None:
    code, live, words = check()
    assert (told(live), live["warnings"], live["not_compared"]) == ([], [], [])
    assert code == 0
    assert live["version"].startswith(".".join(map(str, pbx.version)))
    assert f"main: Asterisk {live['version']} has what was compared" in words


def test_every_lack_is_told_at_its_place(check: Check) -> None:
    code, live, words = check(
        ("  gold: {priority: 10}", "  gold: {priority: 10}\n  golden: {}"),
        ("{queue: {name: gold}}", "{queue: {name: golld}}"),
        ("{office: PJSIP/caller}", "{office: PJSIP/support@carier}"),
        ("anna: PJSIP/caller", "anna: PJSIP/callr"),
        ("- play: beep", "- play: [beep, custom/nowhere]"),
        ("- dial: office", "- dial: office\n      - voicemail: '100'"),
        ("      - queue: gold\n", ""),
        ("flows:", "daemon: {guard: 5s}\nflows:"),
    )
    assert code == 2
    assert [text.partition("; ")[0] for text in told(live)] == [
        "queues.golden: main: there is no queue 'golden', did you mean 'gold'?: add it to queues.conf, then 'queue "
        "reload all' (a realtime queue is known once it has been used)",
        "lookups.gold_now.queue.name: main: there is no queue 'golld', did you mean 'gold'?: add it to queues.conf, "
        "then 'queue reload all' (a realtime queue is known once it has been used)",
        "agents.anna: main: there is no endpoint PJSIP/callr, did you mean 'PJSIP/caller'?: see 'pjsip show endpoints'",
        "flows.support.steps[1]: main: there is no sound 'custom/nowhere': put the file into Asterisk's sounds folder, "
        "then 'core reload'",
        "endpoints.office: main: there is no endpoint PJSIP/carier, did you mean 'PJSIP/caller'?: see "
        "'pjsip show endpoints'",
        "asterisk.main: main: the dialplan's guard is 4 s and daemon.guard 5s: make them the same, since flows are "
        "checked by the latter",
    ]
    lines = {each["path"]: each["line"] for each in live["problems"]}
    assert lines["queues.golden"] == 15
    assert f"lacks {len(live['problems'])} things" in words


def test_modules_and_the_dialplan_are_looked_at(pbx: PrivateAsterisk, check: Check) -> None:
    for module in ("func_timeout.so", "app_dial.so"):
        pbx.cli(f"module unload {module}")
    pbx.cli("dialplan remove extension T@ariroute")
    pbx.cli("dialplan remove context ariroute-deliver")
    pbx.cli("dialplan set global ARIROUTE_DEFAULT nowhere")
    pbx.cli("dialplan set global ARIROUTE_APP another")
    code, live, _ = check()
    texts = [each["text"] for each in live["problems"]]
    assert code == 2
    assert [text.split(":")[1].strip() for text in texts if "module" in text] == [
        "the module func_timeout is not loaded",
        "the module app_dial is not loaded",
    ]
    assert [text for text in texts if "[ariroute] of the dialplan: no extension T" in text]
    assert [text for text in texts if "no context [ariroute-deliver]" in text]
    assert [text for text in texts if "no queue 'nowhere', where the dialplan sends calls" in text]
    (warning,) = live["warnings"]
    assert warning["path"].startswith("asterisk.main.ari")
    assert "the application 'another', and app is 'ariroute'" in warning["text"]


def test_rights_that_are_missing_are_named(check: Check) -> None:
    code, live, words = check(user="least")
    assert code == 2
    assert told(live) == [
        "lookups.vip.astdb: main: the AMI user may not read the database: add reporting to write in its section of "
        "manager.conf"
    ]
    (unread,) = live["not_compared"]
    assert unread.startswith("main: the guard in the dialplan: the AMI user 'least' may not: add reporting")
    assert f"not compared: {unread}" in words


def test_without_ami_the_rest_is_compared(pbx: PrivateAsterisk, check: Check, tmp_path: Path) -> None:
    ami = f'    ami: {{address: "127.0.0.1:{pbx.ami_port}", user: full, password: "${{file:{tmp_path}/ami}}"}}\n'
    code, live, _ = check((ami, ""), ("  gold_now: {queue: {name: gold}}\n", ""), ("[gold_now, vip, call]", "call"))
    assert [text.split(": ", 2)[2] for text in told(live)] == [
        "values of the database need AMI: add ami to it, or write exists: true"
    ]
    assert [text.rpartition(": ")[2] for text in live["not_compared"]] == ["no ami in the file"] * 2
    assert code == 2


def test_an_asterisk_that_cannot_be_asked_is_3(pbx: PrivateAsterisk, check: Check) -> None:
    code, live, words = check(user="nobody")
    assert code == 3
    assert not live["reached"]
    assert "refuses the AMI user 'nobody'" in live["error"]
    with Ports(1) as (port,):
        assert check(ami=port)[0] == 3
    pbx.stop()
    code, live, words = check()
    assert (code, live["reached"]) == (3, False)
    assert "main: not compared: " in words


def test_a_running_daemon_keeps_its_application(pbx: PrivateAsterisk, check: Check, tmp_path: Path) -> None:
    """Compared over HTTP alone: a second event websocket would take the application from the daemon."""
    with Ports(1) as (admin,):
        routed = ("flows:", f'daemon: {{admin: "127.0.0.1:{admin}"}}\nflows:')
        assert check(routed)[0] == 0
        daemon = RunningDaemon(tmp_path / "ariroute.yaml", admin)
        try:
            daemon.start()
            assert check(routed)[0] == 0
            assert daemon.stop() == 0  # it would have ended by itself, with 3
            assert daemon.complaints() == []
        finally:
            daemon.close()
