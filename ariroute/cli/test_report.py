"""What came of test files: lines for people, JSON, JUnit's XML and TAP.

A case that failed is told with what was expected, what came, and the tree of its trace, in every format.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from rich.console import Console

from ariroute.cases.case import Suite, Verdict
from ariroute.cli.output import PIPED_WIDTH, printable
from ariroute.cli.rehearsal import Rehearsal
from ariroute.cli.trace_tree import trace_tree


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the cases of one file."""

    suite: Suite
    verdicts: Sequence[Verdict]

    @property
    def failed(self) -> int:
        return sum(not verdict.passed for verdict in self.verdicts)


def text_report(outcomes: Sequence[Outcome], verbose: bool) -> str:
    """A few lines for each case that failed; with ``verbose`` one for each that passed, too."""
    several = len({outcome.suite.config.file for outcome in outcomes}) > 1
    lines: list[str] = []
    for outcome in outcomes:
        by = f"  by {outcome.suite.config.file}" if several else ""
        for verdict in outcome.verdicts:
            if not verdict.passed:
                lines += [f"FAIL  {verdict.case.place}: {verdict.case.name}{by}", *_indented(_failure(verdict))]
            elif verbose:
                lines.append(f"pass  {verdict.case.place}: {verdict.case.name}{by}  ({verdict.took * 1000:.1f} ms)")
            if verbose or not verdict.passed:
                lines += [f"      note: {note}" for note in verdict.notes]
    return "\n".join(lines)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"      {line}" for line in lines)


def _failure(verdict: Verdict) -> Iterator[str]:
    """What was expected and what came, of each thing that differs, and the trace."""
    for each in verdict.mismatches:
        yield each.what
        yield f"  expected: {each.expected}"
        yield f"  got:      {each.got}"
    yield from tree_lines(verdict)


def tree_lines(verdict: Verdict) -> list[str]:
    """The trace as a tree, without colours."""
    ruleset, given = verdict.ruleset, verdict.case.given
    draws = verdict.history.draws
    rehearsal = Rehearsal(ruleset, ruleset.flows[given.flow], given.contact, verdict.decision, draws)
    stream = io.StringIO()
    Console(file=stream, width=PIPED_WIDTH, markup=False, highlight=False, emoji=False, color_system=None).print(
        trace_tree(rehearsal)
    )
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def json_report(outcomes: Sequence[Outcome], verbose: bool) -> str:
    """Every case with its decision, and how many passed and failed."""
    cases = [_plain(outcome.suite, verdict) for outcome in outcomes for verdict in outcome.verdicts]
    failed = sum(outcome.failed for outcome in outcomes)
    return json.dumps({"passed": len(cases) - failed, "failed": failed, "cases": cases}, indent=2)


def _plain(suite: Suite, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.case.name,
        "place": verdict.case.place,
        "config": suite.config.file,
        "passed": verdict.passed,
        "mismatches": [{"what": each.what, "expected": each.expected, "got": each.got} for each in verdict.mismatches],
        "notes": list(verdict.notes),
        "after_ms": round(verdict.after * 1000, 3),
        "decision": verdict.decision.to_plain(),
    }


def junit_report(outcomes: Sequence[Outcome], verbose: bool) -> str:
    """One ``testsuite`` for each file, as Jenkins, GitLab and GitHub's actions read it."""
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    root = ElementTree.Element("testsuites", _counts("ariroute test", verdicts))
    for outcome in outcomes:
        name = outcome.suite.file
        suite = ElementTree.SubElement(root, "testsuite", _counts(name, outcome.verdicts))
        for verdict in outcome.verdicts:
            file, line, _ = verdict.case.place.rsplit(":", 2)
            about = {"name": _clean(verdict.case.name), "classname": _clean(outcome.suite.config.file)}
            about |= {"file": _clean(file), "line": line, "time": f"{verdict.took:.6f}"}
            case = ElementTree.SubElement(suite, "testcase", about)
            if not verdict.passed:
                message = "; ".join(map(str, verdict.mismatches))
                failure = ElementTree.SubElement(case, "failure", {"message": _clean(message), "type": "expectation"})
                failure.text = "\n".join(map(_clean, _failure(verdict)))
    ElementTree.indent(root)
    in_ascii: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)  # right in any locale
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + in_ascii.decode("ascii")


def _counts(name: str, verdicts: Sequence[Verdict]) -> dict[str, str]:
    return {
        "name": _clean(name),
        "tests": str(len(verdicts)),
        "failures": str(sum(not verdict.passed for verdict in verdicts)),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(verdict.took for verdict in verdicts):.6f}",
    }


def _clean(text: str) -> str:
    """``text`` without what XML 1.0 cannot write: control characters, halves of characters, U+FFFE and U+FFFF."""
    return "".join(c if c not in "\ufffe\uffff" else ascii(c)[1:-1] for c in printable(text))


def tap_report(outcomes: Sequence[Outcome], verbose: bool) -> str:
    """Version 14 of the Test Anything Protocol; what failed stands in a block of YAML, as JSON texts."""
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    lines = ["TAP version 14", f"1..{len(verdicts)}"]
    for number, verdict in enumerate(verdicts, 1):
        ok = "ok" if verdict.passed else "not ok"
        lines.append(f"{ok} {number} - {_described(verdict.case.name)}")
        if not verdict.passed:
            lines += ["  ---", *_block(verdict), "  ..."]
    return "\n".join(lines)


def _described(name: str) -> str:
    """``name`` as a description: ``#`` would begin a directive."""
    return printable(name).replace("\\", "\\\\").replace("#", "\\#")


def _block(verdict: Verdict) -> Iterator[str]:
    yield f"  at: {json.dumps(verdict.case.place)}"
    yield "  mismatches:"
    for each in verdict.mismatches:
        yield f"    - what: {json.dumps(each.what)}"
        yield f"      expected: {json.dumps(each.expected)}"
        yield f"      got: {json.dumps(each.got)}"
    yield "  trace:"
    yield from (f"    - {json.dumps(line)}" for line in tree_lines(verdict))
