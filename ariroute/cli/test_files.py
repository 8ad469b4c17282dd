"""The cases of test files: run, and told to people, programs and continuous integration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ariroute.cases.case import Case, Suite, Verdict
from ariroute.cases.read import Reader
from ariroute.cases.run import run_case
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import flow_file
from ariroute.cli.output import say, show
from ariroute.cli.rehearsal import unread_calendars
from ariroute.cli.test_coverage import Covered, covered_by, lines, to_plain
from ariroute.cli.test_report import Outcome, json_report, junit_report, tap_report, text_report
from ariroute.errors import UnusableInput

REPORTS: dict[str, Callable[[Sequence[Outcome], bool], str]] = {
    "text": text_report,
    "json": json_report,
    "junit": junit_report,
    "tap": tap_report,
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for beside the files. ``floor`` is the least coverage in percent, None for none.

    ``live`` plays each case as a real call.
    """

    form: str = "text"
    pattern: str = ""
    verbose: bool = False
    coverage: bool = False
    floor: float | None = None
    live: bool = False


def run_files(paths: Sequence[Path], given: Path | None, usual: Path | None, order: Order) -> int:
    """Run the cases in ``paths``, and give the exit code.

    ``given`` is the flow file for all of them; ``usual`` that of those which name none. Raises ConfigError with every
    mistake in the files, UnusableInput for a pattern that is none or fits no case.
    """
    suites = Reader(given, lambda: flow_file(usual)).suites(paths)
    chosen = _chosen(suites, order.pattern)
    outcomes = _played(chosen) if order.live else _walked(chosen)
    covered = covered_by(outcomes) if order.coverage or order.floor is not None else []
    _show(outcomes, covered, order)
    for note in _notes(suite for suite, _ in chosen):
        say(f"note: {note}")
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    failed = sum(not verdict.passed for verdict in verdicts)
    say(summary(verdicts, failed))
    below = [] if order.floor is None else list(_below(covered, order.floor))
    for sentence in below:
        say(sentence)
    return ExitCode.NOT_AS_EXPECTED if failed or below else ExitCode.OK


def _walked(chosen: Chosen) -> list[Outcome]:
    return [Outcome(suite, [run_case(suite.config, case) for case in cases]) for suite, cases in chosen]


def _played(chosen: Chosen) -> list[Outcome]:
    """The cases as real calls; those that no call can be like are said. Raises LiveFailed, UnusableInput for none."""
    from tempfile import TemporaryDirectory

    from ariroute.cases.live import LeftOut, play
    from ariroute.cli.prove import ended_by_signals

    outcomes: list[Outcome] = []
    for suite, cases in chosen:
        say(f"{suite.file}: {len(cases)} calls to a private Asterisk, by {suite.config.file}")
        verdicts: list[Verdict] = []
        with ended_by_signals(), TemporaryDirectory(prefix="ariroute-live-") as folder:
            for played in play(suite.config, cases, Path(folder)):
                if isinstance(played, LeftOut):
                    say(f"left out: {played.case.place}: {played.case.name}: {played.why}")
                else:
                    verdicts.append(played)
        outcomes.append(Outcome(suite, verdicts))
    if not any(outcome.verdicts for outcome in outcomes):
        raise UnusableInput("no case can be a real call, so nothing was tested")
    return outcomes


def _show(outcomes: Sequence[Outcome], covered: Covered, order: Order) -> None:
    """The report, and the coverage with it where the format has a place for that; else on standard error."""
    report = REPORTS[order.form](outcomes, order.verbose)
    told = list(lines(covered))
    match order.form:
        case "json" if covered:
            report = json.dumps({**json.loads(report), "coverage": to_plain(covered)}, indent=2)
        case "text":
            report = "\n".join([*([report] if report else []), *told])
        case "tap":
            report = "\n".join([report, *(f"# {line}" for line in told)])
        case "junit":
            for line in told:
                say(line)
    if report:
        show(report)


def _below(covered: Covered, floor: float) -> Iterable[str]:
    for config, found in covered:
        if found.percent < floor:
            yield f"the coverage of {config.file} is {found.percent:g} %, and --fail-under {floor:g} is wanted"


Chosen = Sequence[tuple[Suite, list[Case]]]


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
