"""A plug-in of pytest: a line for each row as it ends, with what it measured; of one that failed, the whole report."""

from __future__ import annotations

import os
import re
import sys

import pytest

RUN = os.environ.get("ARIROUTE_MATRIX_RUN", "1")
PATH = re.compile(r".*/matrix/test_|\.py|test_")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A row has been prepared, run, or cleared away."""
    if report.when != "call" and report.passed:
        return
    figures = [str(value) for name, value in report.user_properties if name == "figures"]
    outcome = "held" if report.passed else f"{report.outcome.upper()} ({report.when})"
    say(f"run {RUN}  {outcome}  {row(report.nodeid)}  {report.duration:.1f} s  {'; '.join(figures)}")
    if not report.passed:
        say(report.longreprtext)
        for title, text in report.sections:
            say(f"--- {title}\n{text}")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file of tests could not be read."""
    if report.failed:
        say(report.longreprtext)


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def row(nodeid: str) -> str:
    """A test's id in words: its file, what it shows, and its variant."""
    return PATH.sub("", nodeid).replace("::", ": ").replace("_", " ")
