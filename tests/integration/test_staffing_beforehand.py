"""What is told before agents are moved, beside real Asterisks of both releases: nothing is changed there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ariroute.cli.main import main
from ariroute.config.load import load
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.staffing.rules import StaffedAgent

FILE = """\
version: 1
asterisk:
  main:
    ari: {{url: "{ari}", user: ariroute, password: "${{file:{folder}/ari}}"}}
    ami: {{address: "127.0.0.1:{ami}", user: {user}, password: "${{file:{folder}/{user}}}"}}
queues:
  platinum: {{agents_per_call: 1}}
  gold: {{wrap_up: 10s}}
  standard: {{}}
agents:
  anna: {{dial: PJSIP/caller, member: Local/s@test-rings, queues: [platinum, gold, standard]}}
  bo: {{dial: PJSIP/caller, member: PJSIP/nobody, queues: [gold, platinum]}}
  desk: PJSIP/caller
staffing: {{mode: {mode}}}
flows: {{support: {{trigger: {{call: {{}}}}, default: standard}}}}
"""
MEMBERS = (
    ("Local/s@test-rings", "gold", 2, "Anna Ek", "Local/s@test-rings"),
    ("Local/s@test-busy", "gold", 0, "Åsa", "PJSIP/caller"),
    ("Local/s@test-busy", "standard", 3, "Åsa", "PJSIP/caller"),
    ("Local/s@test-rings", "last", 0, "Anna Ek", "Local/s@test-rings"),
)
READER = """
[looker]
secret = not-secret
read = agent
write = reporting
"""


@pytest.fixture
def staffed(pbx: PrivateAsterisk) -> Iterator[PrivateAsterisk]:
    """With members, a queue that is heavier than the others, and an AMI user who may move nobody."""
    queues, manager = (pbx.directory / "etc" / name for name in ("queues.conf", "manager.conf"))
    before = {file: file.read_text() for file in (queues, manager)}
    queues.write_text(before[queues] + "\n[platinum](+)\nweight = 7\n")
    manager.write_text(before[manager] + READER)
    pbx.cli("manager reload")
    pbx.cli("queue reload all")
    try:
        for interface, queue, penalty, name, state in MEMBERS:
            quoted = f'"{name}"'
            pbx.cli(f"queue add member {interface} to {queue} penalty {penalty} as {quoted} state_interface {state}")
        yield pbx
    finally:
        for interface, queue, *_ in MEMBERS:
            pbx.cli(f"queue remove member {interface} from {queue}")
        for file, text in before.items():
            file.write_text(text)
        pbx.cli("manager reload")
        pbx.cli("queue reload all")


def written(pbx: PrivateAsterisk, folder: Path, mode: str = "dynamic", user: str = "") -> Path:
    for name, text in (("ari", pbx.ari_password), (pbx.ami_user, pbx.ami_password), ("looker", "not-secret")):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    file = folder / "ariroute.yaml"
    user = user or pbx.ami_user
    file.write_text(FILE.format(ari=pbx.ari_url, ami=pbx.ami_port, folder=folder, user=user, mode=mode))
    return file


def ariroute(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def live(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ariroute("check", "--live", "--json", file).stdout)["live"]["main"]
    return found


def told(found: list[dict[str, Any]]) -> list[str]:
    return [f"{each['line']} {each['path']}: {each['text']}" for each in found]


def test_what_would_be_in_the_way_is_told(staffed: PrivateAsterisk, tmp_path: Path) -> None:
    found = live(written(staffed, tmp_path))
    assert [text for text in told(found["problems"]) if "dialplan" not in text] == [
        "12 agents.bo: main: there is no endpoint PJSIP/nobody: see 'pjsip show endpoints'"
    ]
    assert told(found["warnings"]) == [
        "7 queues.platinum: main: weight 7 starves gold and standard: while callers wait here, no member of both is "
        "rung there, not even one paused here; set weight = 0 in queues.conf, then 'queue reload all'",
        "7 queues.platinum: main: the wrap-up of platinum, standard is not known: agents who wrap up there may be "
        "moved; write it as wrapuptime of queues.conf says, such as wrap_up: 10s, and wrap_up: 0s for none",
        "11 agents.anna: main: is a member of last, where they may not serve: left alone until logged out",
        "14 staffing: main: Local/s@test-busy, a member of gold and standard, is none of the agents: nobody moves them",
    ]
    assert any("joinempty" in text for text in found["not_compared"])


def test_the_doctor_tells_it_too_and_who_pauses_whom(staffed: PrivateAsterisk, tmp_path: Path) -> None:
    file = written(staffed, tmp_path)
    done = ariroute("doctor", "--json", "-c", file, "--asterisk", staffed.directory / "etc")
    sections = {each["title"]: each["findings"] for each in json.loads(done.stdout)["sections"]}
    found = {each["what"]: each["severity"] for each in sections["main: staffing"]}
    assert found.pop("there is no endpoint PJSIP/nobody") == "fault"
    assert found.pop("1 of the agents is logged in") == "ok"
    notes = [what for what, severity in found.items() if severity == "note"]
    assert notes == [
        f"the queue '{queue}' pauses who does not answer before ariroute does (autopause = all)"
        for queue in ("platinum", "gold", "standard")
    ]
    assert any(what.startswith("weight 7 starves gold and standard") for what in found)
    assert any(what.startswith("the wrap-up of platinum, standard is not known") for what in found)
    assert found["the wrap-up of the queue 'gold' is 10s in the flow file, and 0s in queues.conf"] == "warning"
    told_of_queues = [each["what"] for each in sections["main: queues"]]
    assert not any("penalties" in what for what in told_of_queues)
    assert "nobody serves the queue 'platinum' now; agents are moved there when callers come" in told_of_queues


def test_a_user_who_may_move_nobody_is_a_mistake_unless_it_only_advises(
    staffed: PrivateAsterisk, tmp_path: Path
) -> None:
    text = (
        "5 asterisk.main.ami: main: the AMI user 'looker' may not move agents (QueueAdd, QueueRemove, QueuePause, "
        "QueuePenalty): add agent to write in its section of manager.conf, then 'manager reload'"
    )
    assert text in told(live(written(staffed, tmp_path, user="looker"))["problems"])
    found = live(written(staffed, tmp_path, "advise", "looker"))
    assert not any("wrap-up" in each for each in told(found["warnings"]))  # this user may read it
    assert text in told(found["warnings"])
    assert text not in told(found["problems"])


def test_the_members_become_a_csv_file_that_the_flow_file_can_name(staffed: PrivateAsterisk, tmp_path: Path) -> None:
    file = written(staffed, tmp_path)
    done = ariroute("staffing", "agents", "-c", file)
    assert done.exit_code == 0, done.output
    assert list(csv.DictReader(io.StringIO(done.stdout))) == [
        {
            "name": "Asa",
            "dial": "PJSIP/caller",
            "home": "gold",
            "queues": "gold:0 standard:3",
            "member": "Local/s@test-busy",
        }
    ]
    assert done.stderr.splitlines() == ["1 agent", "left out, with queues in the flow file itself: anna, bo"]

    (tmp_path / "agents.csv").write_text(done.stdout)
    file.write_text(file.read_text().replace("mode: dynamic", "agents: {csv: agents.csv}"))
    rules = load(file).staffing
    assert rules is not None
    asa = StaffedAgent("Asa", "Local/s@test-busy", "gold", {"gold": 0, "standard": 3})
    assert rules.agents["Asa"] == asa

    again = ariroute("staffing", "agents", "-c", file)
    assert next(csv.DictReader(io.StringIO(again.stdout)))["queues"] == "gold:0 standard:3"


def test_without_ami_it_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    (tmp_path / "ari").write_text("not-secret")
    ari = f'{{url: "http://127.0.0.1:9", user: a, password: "${{file:{tmp_path}/ari}}"}}'
    file.write_text(
        f"version: 1\nasterisk: {{main: {{ari: {ari}}}}}\nqueues: {{gold: {{}}}}\n"
        "flows: {a: {trigger: {call: {}}, default: gold}}\n"
    )
    done = ariroute("staffing", "agents", "-c", file)
    assert done.exit_code == 3
    assert "add ami" in done.stderr
