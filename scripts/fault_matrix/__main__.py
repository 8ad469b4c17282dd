"""Run the fault matrix several times, each in a process of its own, and stop with a report at the first failure."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from scripts.fault_matrix.lines import say

MATRIX = "tests/acceptance/matrix"


def main() -> int:
    """The exit code: 0 when every row held in every run."""
    parser = argparse.ArgumentParser(prog="scripts/matrix", description=__doc__)
    parser.add_argument("--times", type=int, default=1, metavar="N", help="runs in a row (1)")
    parser.add_argument("--full", action="store_true", help="the full figures of each row, not the short form")
    parser.add_argument("-k", metavar="ROWS", default="", help="only the tests that pytest's -k chooses")
    wanted = parser.parse_args()
    begun = time.monotonic()
    for run in range(1, wanted.times + 1):
        if code := once(run, wanted.k, wanted.full):
            say(f"run {run} of {wanted.times} failed: the report is above")
            return code
    say(f"{wanted.times} runs, every row held; {time.monotonic() - begun:.0f} s")
    return 0


def once(run: int, rows: str, full: bool) -> int:
    """pytest's exit code for one run of the matrix."""
    command = [
        *(sys.executable, "-m", "pytest", MATRIX, "--exitfirst", "-p", "scripts.fault_matrix.lines"),
        *("-p", "no:cacheprovider", "-p", "no:terminalreporter", "-k", rows),
    ]
    environment = {**os.environ, "ARIROUTE_FULL_MATRIX": "1" if full else "0", "ARIROUTE_MATRIX_RUN": str(run)}
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
