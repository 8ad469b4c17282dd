"""``ariroute doctor``: what is shown, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ariroute.cli.doctor import code_of, lines, summary
from ariroute.cli.exits import ExitCode
from ariroute.cli.main import main
from ariroute.doctor.examine import Examination
from ariroute.doctor.findings import Finding, Section, fault, note, ok, section, warning
from ariroute.lab.ports import Ports


def sections(*findings: Finding) -> tuple[Section, ...]:
    return (section("p: ARI", findings), section("daemon", [ok("it runs")]))


BAD = fault("it is open", "ari.conf", why="anybody may", remedy="close = yes")
WORSE = warning("it is \x1b[31mweak", why="anybody may", remedy="openssl rand -hex 32")


def test_what_is_in_order_is_a_count() -> None:
    assert [line for line in lines(sections(ok("a"), ok("b"), BAD), verbose=False) if line] == [
        "\x1b[1mp: ARI\x1b[0m  \x1b[32m2 in order\x1b[0m",
        "  \x1b[31mfault   \x1b[0mit is open  (ari.conf)",
        "          anybody may",
        "          > close = yes",
        "\x1b[1mdaemon\x1b[0m  \x1b[32m1 in order\x1b[0m",
    ]


def test_with_v_every_check_has_its_line() -> None:
    text = "\n".join(lines(sections(ok("a", "here"), BAD), verbose=True))
    assert "ok      \x1b[0ma  (here)" in text
    assert "it runs" in text


def test_nothing_that_a_terminal_obeys_comes_from_a_finding() -> None:
    assert "is \\x1b[31mweak" in "\n".join(lines(sections(WORSE), verbose=False))


def test_the_summary_counts_each_weight() -> None:
    assert summary(sections(ok("a"), note("b"), BAD, BAD)) == "2 faults, 1 note, 2 in order"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Examination(sections(ok("a"), note("b"))), ExitCode.OK),
        (Examination(sections(WORSE)), ExitCode.NOT_AS_EXPECTED),
        (Examination(sections(BAD)), ExitCode.NOT_AS_EXPECTED),
        (Examination(sections(BAD), unreachable=True), ExitCode.UNREACHABLE),
        (Examination(sections(BAD), unreachable=True, unusable=True), ExitCode.UNUSABLE_INPUT),
    ],
)
def test_the_exit_code(found: Examination, code: ExitCode) -> None:
    assert code_of(found) == code


FLOW = """\
version: 1
asterisk:
  main:
    ari: {{url: "http://127.0.0.1:{ari}", user: ariroute, password: "${{file:{folder}/secret}}"}}
    ami: {{address: "127.0.0.1:{ami}", user: ariroute, password: "${{file:{folder}/secret}}"}}
queues: {{gold: {{}}}}
flows: {{x: {{default: gold}}}}
daemon: {{admin: "127.0.0.1:{admin}"}}
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    file = tmp_path / "ariroute.yaml"
    with Ports(3) as (ari, ami, admin):
        file.write_text(FLOW.format(ari=ari, ami=ami, admin=admin, folder=tmp_path))
    return file


def run(file: Path, *options: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(main, ["doctor", "-c", str(file), "--asterisk", str(file.parent), *options])
    return ended.exit_code, ended.stdout, ended.stderr


def test_a_file_whose_secrets_are_missing_is_told_and_the_rest_examined(flow: Path) -> None:
    code, out, words = run(flow)
    assert code == 2
    assert f"the secret's file {flow.parent}/secret cannot be read" in out
    assert f"> ariroute check {flow}" in out
    assert "no daemon answers: Connection refused" in out
    assert "main: ARI" not in out
    assert "\x1b" not in out
    assert words.startswith("3 faults, ")


def test_a_file_that_is_wrong_is_told(flow: Path) -> None:
    flow.write_text("version: 1\nflows: {x: {default: nowhere}}\n")
    code, out, _ = run(flow)
    assert code == 2
    assert "fault   " in out
    assert "this machine" in out


def test_an_asterisk_that_nobody_reaches_is_3(flow: Path) -> None:
    (flow.parent / "secret").touch(mode=0o600)
    (flow.parent / "secret").write_text("0f8a6b4c2d1e3f5a7b9c8d6e4f2a1b3c")
    code, out, _ = run(flow, "--json")
    plain = json.loads(out)
    told = {each["title"]: each["findings"] for each in plain["sections"]}
    assert code == 3
    assert (plain["worst"], plain["usable"], plain["reached"]) == ("fault", True, False)
    assert told["main: ARI"][0]["severity"] == "fault"
    assert "cannot be reached: Connection refused" in told["main: ARI"][0]["what"]
    assert "cannot be reached: Connection refused" in told["main: AMI"][0]["what"]
    assert told["passwords"][0]["what"] == "main: the AMI user 'ariroute' has the password of the ARI user 'ariroute'"


def test_a_source_that_cannot_be_started_is_told(flow: Path) -> None:
    text = flow.read_text() + "lookups:\n  vip:\n    csv: {path: nowhere.csv, key: phone}\n    fields: {tier: string}\n"
    flow.write_text(text)
    (flow.parent / "secret").touch(mode=0o600)
    (flow.parent / "secret").write_text("x" * 20)
    code, out, _ = run(flow)
    assert code == 2
    assert "nowhere.csv" in out
    assert "main: ARI" in out
