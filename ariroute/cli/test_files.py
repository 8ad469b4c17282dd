"""The cases of test files: run, and told to people, programs and continuous integration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ariroute.cases.case import Case, Suite, Verdict
from ariroute.cases.read import Reader
from ariroute.cases.run import run_case
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import flow_file
from ariroute.cli.output import say, show
from ariroute.cli.rehearsal import unread_calendars
from ariroute.cli.test_report import Outcome, json_report, junit_report, tap_report, text_report
from ariroute.errors import UnusableInput

REPORTS: dict[str, Callable[[Sequence[Outcome], bool], str]] = {
    "text": text_report,
    "json": json_report,
    "junit": junit_report,
    "tap": tap_report,
}


def run_files(
    paths: Sequence[Path], given: Path | None, usual: Path | None, form: str, pattern: str, *, verbose: bool
) -> int:
    """Run the cases in ``paths``, and give the exit code.

    ``given`` is the flow file for all of them; ``usual`` that of those which name none. Raises ConfigError with every
    mistake in the files, UnusableInput for a pattern that is none or fits no case.
    """
    suites = Reader(given, lambda: flow_file(usual)).suites(paths)
    chosen = _chosen(suites, pattern)
    outcomes = [Outcome(suite, [run_case(suite.config, case) for case in cases]) for suite, cases in chosen]
    report = REPORTS[form](outcomes, verbose)
    if report:
        show(report)
    for note in _notes(suite for suite, _ in chosen):
        say(f"note: {note}")
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    failed = sum(not verdict.passed for verdict in verdicts)
    say(summary(verdicts, failed))
    return ExitCode.NOT_AS_EXPECTED if failed else ExitCode.OK


def summary(verdicts: Sequence[Verdict], failed: int) -> str:
    """``12 cases passed``, or ``2 of 12 cases failed``."""
    cases = f"{len(verdicts)} case{'' if len(verdicts) == 1 else 's'}"
    return f"{failed} of {cases} failed" if failed else f"{cases} passed"


def _chosen(suites: Sequence[Suite], pattern: str) -> list[tuple[Suite, list[Case]]]:
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise UnusableInput(f"--run {pattern}: not a regular expression: {error}") from None
    chosen = [(suite, [case for case in suite.cases if wanted.search(case.name)]) for suite in suites]
    if not any(cases for _, cases in chosen):
        raise UnusableInput(f"--run {pattern}: no case has such a name")
    return [(suite, cases) for suite, cases in chosen if cases]


def _notes(suites: Iterable[Suite]) -> Iterable[str]:
    return dict.fromkeys(note for suite in suites for note in unread_calendars(suite.config, live=False))
