"""Real calls, recorded by the installed daemon, are decided again from the journal: ``scripts/replay`` with a few."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALLS = 48
STEPS = {"split", "lookup", "set", "label", "note", "hours", "case", "menu", "collect", "dial"}


@pytest.mark.parametrize(("release", "numbers"), [("22", "masked"), ("16", "full")])
def test_every_recorded_call_is_decided_again_as_it_was(release: str, numbers: str, tmp_path: Path) -> None:
    options = [
        "--calls",
        str(CALLS),
        "--rate",
        "16",
        "--release",
        release,
        "--numbers",
        numbers,
        "--folder",
        str(tmp_path),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.replaying", *options],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    left = sum(told["left_without_a_decision"].values())  # on a busy machine somebody may hang up before it
    assert (told["placed"], told["records"], told["same"] + left) == (CALLS, CALLS, CALLS)
    assert (told["different"], told["cannot_be_told"], told["numbers_in_the_files"]) == (0, {}, 0)
    assert set(told["steps"]) >= STEPS
