"""`scripts/soak` against a real Asterisk, for some seconds: what it sees is told when it is ended by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from ariroute.lab.waiting import until

ROOT = Path(__file__).parents[2]
FLOW = """\
version: 1
queues: {gold: {priority: 20}, standard: {}}
flows:
  direct:
    trigger: {call: {to: direct}}
    default: standard
    steps: [{queue: gold}]
"""


def test_ctrl_c_gives_the_report_so_far(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(FLOW)
    folder, output = tmp_path / "soak", tmp_path / "output"
    options = ["--minutes", "5", "--rate", "5", "--faults-every", "2", "--flow", str(tmp_path / "flow.yaml")]
    with output.open("wb") as out:
        process = subprocess.Popen(
            [ROOT / "scripts/soak", *options, "--folder", folder, "--json", tmp_path / "report.json"],
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(lambda: has_seen_enough(folder / "record.jsonl") or process.poll() is not None, output.read_text, 70)
        os.kill(process.pid, signal.SIGINT)
        code = process.wait(30)
    finally:
        process.kill()
        process.wait()

    report = json.loads((tmp_path / "report.json").read_text())
    assert code == (1 if report["calls"]["late"] else 0), output.read_text()  # a busy machine may make a caller wait
    assert report["calls"]["placed"] >= 10
    assert (report["calls"]["lost"], report["calls"]["twice"]) == (0, 0)
    assert report["calls"]["endings"].keys() <= {"queued", "left"}
    assert sum(report["faults"].values()) >= 3
    assert f"after {report['calls']['placed']} calls and " in output.read_text()
    record = entries(folder / "record.jsonl")
    assert record[-1]["entry"] == "ended"
    assert record[-1]["why"] == "Ctrl-C"
    assert [each["why"] for each in record if each["entry"] == "life"] == ["start"]
    assert all(each["rss"] < 150e6 and each["fds"] > 5 for each in record if each["entry"] == "sample")


def entries(path: Path) -> list[dict[str, Any]]:
    """The record so far; its last line may be half written."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def has_seen_enough(path: Path) -> bool:
    """Three faults, and a sample with tasks."""
    record = entries(path)
    faults = sum(each["entry"] == "fault" for each in record)
    return faults >= 3 and any(each["tasks"] for each in record if each["entry"] == "sample")
