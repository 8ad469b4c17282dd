"""What an examination ends in: findings with their weight, and the remedy as a line to copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How bad it is, the worst last."""

    OK = 0
    NOTE = 1
    """Worth knowing, or could not be seen; nothing has to be done."""
    WARNING = 2
    """Works now, and will not under load, after a fault, or against somebody who means harm."""
    FAULT = 3
    """Calls are not routed as the flow says, or anybody may do harm."""

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: ``what`` in a sentence, ``where``, ``why`` it matters, and what to type or write."""

    severity: Severity
    what: str
    where: str = ""
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one subject, such as ``pbx1: ARI``."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Severity:
        return worst(self.findings)


def ok(what: str, where: str = "") -> Finding:
    return Finding(Severity.OK, what, where)


def note(what: str, where: str = "", *, why: str = "", remedy: str = "") -> Finding:
    return Finding(Severity.NOTE, what, where, why, remedy)


def warning(what: str, where: str = "", *, why: str, remedy: str) -> Finding:
    return Finding(Severity.WARNING, what, where, why, remedy)


def fault(what: str, where: str = "", *, why: str, remedy: str) -> Finding:
    return Finding(Severity.FAULT, what, where, why, remedy)


def worst(findings: Iterable[Finding]) -> Severity:
    """The worst of these; OK when there are none."""
    return max((finding.severity for finding in findings), default=Severity.OK)


def section(title: str, *parts: Iterable[Finding]) -> Section:
    """One subject, the worst finding first, else in the order of ``parts``."""
    found = [finding for part in parts for finding in part]
    return Section(title, tuple(sorted(found, key=lambda finding: -finding.severity)))


def all_findings(sections: Sequence[Section]) -> list[Finding]:
    return [finding for each in sections for finding in each.findings]
