"""What is allowed and can hardly be meant: conditions never true, cases never reached, hours never used.

Only warnings, and only of what is certain: what is concluded from conditions is in :mod:`ariroute.flow.regions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ariroute.config.build import Built
from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings
from ariroute.config.places import Path
from ariroute.flow.domains import TEXTS, Domain
from ariroute.flow.regions import Region
from ariroute.flow.scope import CONTACT_FACTS
from ariroute.flow.steps import Branch, Case


def lint(settings: FileSettings, data: Mapping[str, Any], built: Built, findings: Findings) -> None:
    """Add a warning for everything of this sort; ``data`` is the configuration as it was read."""
    for flow in built.ruleset.flows.values():
        for step in flow.walk():
            if isinstance(step, Branch):
                _Cases(built.places, findings).branch(step)
    texts = " ".join(_texts(data.get("flows")))
    for name in settings.hours:
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", texts):
            findings.warn(("hours", name), "are never used: no flow asks for them")


def _texts(value: Any) -> Iterator[str]:
    """Every text in ``value``, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value)


class _Cases:
    """Looks at the cases of one branch from first to last."""

    def __init__(self, places: Mapping[str, Path], findings: Findings) -> None:
        self._places = places
        self._findings = findings
        self._before: list[Case] = []
        self._taken: dict[str, Domain] = {}
        """For each fact what the cases so far take for certain."""

    def branch(self, step: Branch) -> None:
        """Warn of its cases, and of its ``else``."""
        for number, case in enumerate(step.cases):
            if case.condition.region.always:
                if number + 1 < len(step.cases) or step.otherwise:
                    self._warn(case, "is always true, so that no case after it is ever reached: make it the last one")
                return
            self._case(case)
        full = next((fact for fact, domain in self._taken.items() if fact in CONTACT_FACTS and domain >= TEXTS), "")
        if full and step.otherwise:
            path = (*self._places[step.path], "branch", len(step.cases))
            self._findings.warn(path, f"is never reached: the cases above take every {full} that there is")

    def _case(self, case: Case) -> None:
        region = case.condition.region
        if region.never:
            self._warn(case, f"can never be true{_whatever(case)}: the call always goes on to the next case")
            return
        if earlier := next((other for other in self._before if region.within(other.condition.region)), None):
            line = self._findings.places.of(self._places[earlier.path])[0]
            self._warn(
                case, f"is never reached: whenever it is true, the case in line {line} is too; move it above that"
            )
        elif fact := next((fact for fact, domain in region.facts.items() if self._covered(fact, domain)), ""):
            self._warn(case, f"is never reached: the cases above take every {fact} that it asks for")
        if region.exact:
            self._before.append(case)
            self._take(region)

    def _covered(self, fact: str, domain: Domain) -> bool:
        return fact in self._taken and domain <= self._taken[fact]

    def _take(self, region: Region) -> None:
        if len(region.facts) == 1:
            ((fact, domain),) = region.facts.items()
            self._taken[fact] = self._taken[fact] | domain if fact in self._taken else domain

    def _warn(self, case: Case, text: str) -> None:
        path = self._places[case.path]
        key = "when" if (*path, "when") in self._findings.places.keys else "match"
        place = self._findings.places.value((*path, key))
        self._findings.warnings.append(self._findings.places.problem((*path, key), text, at=place))


def _whatever(case: Case) -> str:
    names = sorted(case.condition.names)
    return f", whatever {' and '.join(names)} {'is' if len(names) == 1 else 'are'}" if names else ""
