"""What each fact can be at all: a text, a number, one of a few words, as lookups and steps say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ariroute.config.matching import field_types
from ariroute.config.model import FileSettings
from ariroute.flow.domains import EVERYTHING, NUMBERS, TEXTS, TRUTHS, Domain, of
from ariroute.flow.literals import CHOICES
from ariroute.flow.scope import CONTACT_FACTS
from ariroute.flow.steps import Collect, Consent, Set
from ariroute.flow.tree import Flow

EMPTY = Domain(null=True)
TYPES: Mapping[str, Domain] = {"string": TEXTS, "number": NUMBERS, "bool": TRUTHS, "any": EVERYTHING}
WORDS = ((TEXTS, "a text: write it in quotes"), (TRUTHS, "true or false"), (NUMBERS, "a number"))


@dataclass(frozen=True, slots=True)
class Possible:
    """The values that each fact can have, and the facts that are always told."""

    domains: Mapping[str, Domain] = field(default_factory=dict)
    told: frozenset[str] = frozenset()

    def of(self, fact: str) -> Domain:
        return self.domains.get(fact, EVERYTHING)

    def words(self, fact: str) -> str:
        """``one of failed, found, missing`` or ``a text: write it in quotes``; empty for what can be many things."""
        domain = self.of(fact) & ~EMPTY
        points = domain.points() if domain != TRUTHS else None
        if points is not None:
            return f"one of {', '.join(map(str, points))}"
        return next((words for whole, words in WORDS if domain <= whole), "")


def possible(settings: FileSettings, flows: Iterable[Flow]) -> Possible:
    """Those of a whole configuration. A variable holds what its steps put into it; until then it is empty."""
    domains = {
        name: _choices(name) or (TYPES.get(kind, EVERYTHING) | (Domain() if name in CONTACT_FACTS else EMPTY))
        for name, kind in field_types(settings).items()
    }
    doubtful: set[str] = set()
    for step in (step for flow in flows for step in flow.walk()):
        if isinstance(step, Set):
            for name, value in step.values.items():
                _put(domains, name, TYPES[value.type])
                doubtful.add(f"vars.{name}")
        elif isinstance(step, Collect | Consent):
            _put(domains, step.into, TEXTS if isinstance(step, Collect) else TRUTHS)
    variables = {name for name in domains if name.startswith("vars.")}
    return Possible(domains, frozenset({*CONTACT_FACTS, *variables} - doubtful))


def _choices(name: str) -> Domain | None:
    words = CHOICES.get(name) or CHOICES.get(name.partition(".")[0])
    return of(words) if words else None


def _put(domains: dict[str, Domain], name: str, domain: Domain) -> None:
    domains[f"vars.{name}"] = domains.get(f"vars.{name}", EMPTY) | domain
