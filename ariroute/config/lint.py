"""What is allowed and can hardly be meant: conditions never true, cases never reached, hours never used.

Only warnings, and only of what is certain: what is concluded from conditions is in :mod:`ariroute.flow.regions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ariroute.config.build import Built
from ariroute.config.findings import Findings
from ariroute.config.idle import warn_of_idle_parts
from ariroute.config.model import FileSettings
from ariroute.config.places import Path
from ariroute.config.possible import Possible, possible
from ariroute.flow.domains import Domain, of
from ariroute.flow.facts import Scalar
from ariroute.flow.regions import Region
from ariroute.flow.steps import Branch, Case


def lint(settings: FileSettings, data: Mapping[str, Any], built: Built, findings: Findings) -> None:
    """Add a warning for everything of this sort; ``data`` is the configuration as it was read."""
    can_be = possible(settings, built.ruleset.flows.values())
    for flow in built.ruleset.flows.values():
        for step in flow.walk():
            if isinstance(step, Branch):
                _Cases(built.places, findings, can_be).branch(step)
    warn_of_idle_parts(data["flows"], can_be.domains, built.ruleset.agents, findings)
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


class _Taken:
    """What the cases so far take for certain of one fact: single values apart, as there may be a thousand."""

    def __init__(self) -> None:
        self._values: set[tuple[type, Scalar]] = set()
        self._domain = Domain()

    def add(self, domain: Domain) -> None:
        points = domain.points()
        if points is None:
            self._domain |= domain
        else:
            self._values.update((type(value), value) for value in points)

    def covers(self, domain: Domain) -> bool:
        points = domain.points()
        if points is None:
            return domain <= self._domain | of(value for _, value in self._values)
        return all((type(value), value) in self._values or value in self._domain for value in points)


class _Cases:
    """Looks at the cases of one branch from first to last."""

    def __init__(self, places: Mapping[str, Path], findings: Findings, can_be: Possible) -> None:
        self._can_be = can_be
        self._places = places
        self._findings = findings
        self._single: list[Case] = []
        self._several: dict[frozenset[str], list[Case]] = {}
        """Earlier cases that are exactly what is known of them, by the facts that they speak of."""
        self._taken: dict[str, _Taken] = {}

    def branch(self, step: Branch) -> None:
        """Warn of its cases, and of its ``else``."""
        for number, case in enumerate(step.cases):
            if case.condition.region.always:
                if number + 1 < len(step.cases) or step.otherwise:
                    self._warn(case, "is always true, so that no case after it is ever reached: make it the last one")
                return
            self._case(case)
        told = self._taken.keys() & self._can_be.told
        full = next((fact for fact in sorted(told) if self._taken[fact].covers(self._can_be.of(fact))), "")
        if full and step.otherwise:
            path = (*self._places[step.path], "branch", len(step.cases))
            self._findings.warn(path, f"is never reached: the cases above take every {full} that there is")

    def _case(self, case: Case) -> None:
        region = case.condition.region
        if wrong := next((fact for fact, domain in region.facts.items() if self._cannot_be(fact, domain)), ""):
            words = self._can_be.words(wrong)
            self._warn(case, f"can never be true{f', as {wrong} is {words}' if words else _whatever(case)}")
            return
        if region.never:
            self._warn(case, f"can never be true{_whatever(case)}: the call always goes on to the next case")
            return
        if earlier := self._earlier(region):
            line = self._findings.places.of(self._places[earlier.path])[0]
            self._warn(
                case, f"is never reached: whenever it is true, the case in line {line} is too; move it above that"
            )
        elif fact := self._covered(region):
            self._warn(case, f"is never reached: the cases above take every {fact} that it asks for")
        if region.exact:
            self._take(case, region)

    def _cannot_be(self, fact: str, domain: Domain) -> bool:
        return (domain & self._can_be.of(fact)).is_empty

    def _earlier(self, region: Region) -> Case | None:
        """The first case above that is true whenever this one is."""
        single = self._single if self._covered(region) else []
        several = (case for facts, cases in self._several.items() if facts <= region.facts.keys() for case in cases)
        return next((case for case in (*single, *several) if region.within(case.condition.region)), None)

    def _covered(self, region: Region) -> str:
        """A fact of which the cases above take all that this one wants; empty when there is none."""
        return next((fact for fact, domain in region.facts.items() if self._covers(fact, domain)), "")

    def _covers(self, fact: str, domain: Domain) -> bool:
        return fact in self._taken and self._taken[fact].covers(domain & self._can_be.of(fact))

    def _take(self, case: Case, region: Region) -> None:
        if len(region.facts) == 1:
            ((fact, domain),) = region.facts.items()
            self._taken.setdefault(fact, _Taken()).add(domain)
            self._single.append(case)
        else:
            self._several.setdefault(frozenset(region.facts), []).append(case)

    def _warn(self, case: Case, text: str) -> None:
        path = self._places[case.path]
        key = "when" if (*path, "when") in self._findings.places.keys else "match"
        place = self._findings.places.value((*path, key))
        self._findings.warnings.append(self._findings.places.problem((*path, key), text, at=place))


def _whatever(case: Case) -> str:
    names = sorted(case.condition.names)
    return f", whatever {' and '.join(names)} {'is' if len(names) == 1 else 'are'}" if names else ""
