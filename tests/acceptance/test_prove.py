"""`ariroute prove` as a user runs it: real calls, real deaths, a verdict; on a private Asterisk and on a given one."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_daemon import until

from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.daemon import COMMAND, environment
from ariroute.lab.pbxconfig import SAMPLES

LOYALTY = Path(__file__).parents[2] / "docs" / "examples" / "loyalty" / "ariroute.yaml"
LATE_HERE = 0.5
"""Seconds beyond the promise that are forgiven: the tests share two cores (see ariroute.lab.accounts.BOUND)."""


def prove(*options: str | Path, **environ: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    command = [COMMAND, "prove", *map(str, options)]
    environ = environment() | environ
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=110, check=False)
    return done.returncode, done.stdout, done.stderr


def shown(code: int, out: str, words: str) -> dict[str, Any]:
    """The proof as JSON. Its exit code says what it says; being late alone is forgiven here."""
    assert code in (0, 1), words
    proof: dict[str, Any] = json.loads(out)
    assert proof["holds"] is (code == 0)
    run = proof["run"]
    assert run["lost"] == 0, proof
    assert run["twice"] == 0, proof
    assert run["time_to_queue"]["max"] <= run["guard"] + 0.1 + LATE_HERE, proof
    assert code == 0 or all("waited longer" in failure for failure in proof["failures"]), proof["failures"]
    return proof


def working_in(folder: Path) -> list[str]:
    """The command lines of processes that name this folder, or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in f"{command} {where}":
            found.append(command)
    return found


def test_the_daemon_dies_and_no_call_is_lost_but_in_the_control(tmp_path: Path) -> None:
    folder, page = tmp_path / "kept", tmp_path / "proof.html"

    proof = shown(
        *prove(
            *("-c", LOYALTY, "--calls", "30", "--kill", "3", "--faults", "cut"),
            *("--json", "--html", page, "--keep", folder),
        )
    )

    assert proof["run"]["placed"] == 30
    assert {each["kind"]: each["injected"] for each in proof["run"]["faults_by_kind"]} == {"kill": 3, "cut": 1}
    control = proof["control"]
    assert control["lost"] / control["placed"] > 0.1
    assert "<html" in page.read_text(encoding="utf-8")
    assert (folder / "pbx" / "log" / "queue_log").is_file()
    assert working_in(folder) == []


@pytest.fixture
def own_pbx(tmp_path: Path) -> Iterator[PrivateAsterisk]:
    """The user's server, with the test extension of dialplan/extensions-prove.conf."""
    test_extension = (SAMPLES / "extensions-prove.conf").read_text(encoding="utf-8")
    with PrivateAsterisk(tmp_path / "own", extra_dialplan=test_extension) as pbx:
        yield pbx


def test_a_given_asterisk_makes_the_calls_itself(own_pbx: PrivateAsterisk, tmp_path: Path) -> None:
    file = tmp_path / "ariroute.yaml"
    file.write_text(LOYALTY.read_text(encoding="utf-8").replace("http://127.0.0.1:8088", own_pbx.ari_url))
    where = ("--queue-log", own_pbx.queue_log, "--cel", own_pbx.cel_log)

    proof = shown(
        *prove(
            *("-c", file, "--live", "pbx1", "--yes", *where),
            *("--calls", "10", "--kill", "1", "--faults", "none", "--json"),
            ARI_SECRET=own_pbx.ari_password,
        )
    )

    assert proof["run"]["placed"] == 10
    assert "0 active channels" in own_pbx.cli("core show channels count")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_end_from_outside_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    folder, words = tmp_path / "files", tmp_path / "words"
    folder.mkdir()
    with words.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, "prove", "-c", str(LOYALTY)],
            stderr=output,
            stdout=subprocess.DEVNULL,
            env=environment() | {"TMPDIR": str(folder)},
            start_new_session=True,
        )
    try:
        until(lambda: "the control" in words.read_text(), words.read_text, within=80)
        process.send_signal(number)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    until(lambda: working_in(folder) == [], lambda: str(working_in(folder)))
    assert list(folder.glob("ariroute-prove-*")) == []
