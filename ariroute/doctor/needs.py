"""What the configuration needs of an Asterisk: the comparison of ``ariroute check --live``, as findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ariroute.asterisk.inventory import Inventory, Unread
from ariroute.config.dialplan import Dialplan, entrances, ours
from ariroute.config.dialplan_rules import armed_for, judge
from ariroute.config.live import Comparison
from ariroute.doctor.findings import Finding, Severity, fault, note, ok, warning
from ariroute.errors import Problem

REPORTING: Final = (
    "write = agent,reporting   ; manager.conf, section of the user; then: sudo asterisk -rx 'manager reload'"
)
AS_IT_IS: Final = "cp dialplan/extensions-ariroute.conf /etc/asterisk/ariroute/ && sudo asterisk -rx 'dialplan reload'"
WHY: dict[Severity, str] = {
    Severity.FAULT: "calls that need it fail there, go to a default queue, or are lost",
    Severity.WARNING: "some calls are routed otherwise than the flow says, or a caller's text gets in",
}


def needs(comparison: Comparison, *, seen: bool = False) -> Iterator[Finding]:
    """What is missing, what is risky, and what could not be compared; ``seen``: the dialplan is, in its file."""
    for problem in comparison.problems:
        yield _finding(problem, Severity.FAULT)
    for problem in comparison.warnings:
        yield _finding(problem, Severity.WARNING)
    for text in comparison.unread:
        what, _, why = text.partition(": ")[2].partition(": ")
        if not (seen and "dialplan" in what):
            remedy = REPORTING if "reporting" in why else "ariroute check --live"
            yield note(f"{what} could not be compared", why=why.partition(": ")[0], remedy=remedy)
    if not comparison.problems:
        yield ok("nothing is missing of what the flows need")


def dialplan(found: Inventory, file: Dialplan | None, guard: float, app: str) -> Iterator[Finding]:
    """The dialplan of extensions.conf, where the one that runs could not be read."""
    if not isinstance(found.dialplan, Unread) or file is None:
        return
    if not entrances(file, app):
        yield fault(
            f"extensions.conf gives no calls to Stasis({app})",
            "extensions.conf",
            why="no call reaches ariroute",
            remedy='#include "ariroute/extensions-ariroute.conf"   ; extensions.conf; then: dialplan reload',
        )
        return
    judgement = judge(file, app)
    for each in judgement.losing:
        yield fault(each.text, each.place, why="calls are lost, or cut off", remedy=AS_IT_IS)
    for each in judgement.risky:
        yield warning(each.text, each.place, why=WHY[Severity.WARNING], remedy=AS_IT_IS)
    for seconds in armed_for(ours(file, app)):
        if abs(seconds - guard) > 0.001:
            yield fault(
                f"the dialplan's guard is {seconds:g} s and daemon.guard {guard:g} s",
                "extensions.conf",
                why="flows are checked by the latter: a call may be taken from the daemon before it has decided",
                remedy=f"daemon: {{guard: {seconds:g}s}}",
            )
    if not judgement.losing:
        yield ok("the guard stands in the dialplan of extensions.conf")


def _finding(problem: Problem, severity: Severity) -> Finding:
    text = problem.text.partition(": ")[2]
    what, remedy = split(text)
    return Finding(severity, what, f"{problem.file}:{problem.line}:{problem.column}", WHY[severity], remedy)


def split(text: str) -> tuple[str, str]:
    """The sentence that says what is wrong, and the one that says what to do."""
    for mark in ("; ", ": "):
        what, found, remedy = text.rpartition(mark)
        if found:
            return what, remedy
    return text, "ariroute check --live"
