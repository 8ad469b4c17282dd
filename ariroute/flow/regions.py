"""What a condition says of single facts: where they must lie for it to be true, and whether that is all it says.

Read from the condition's syntax tree. ``crm.loyalty in ["gold"] && crm.orders >= 10`` is exactly two such statements;
of what is not understood nothing is said, so that every conclusion drawn from here is certain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ariroute.flow.cel_tree import Node
from ariroute.flow.domains import EVERYTHING, NUMBERS, TEXTS, TRUTHS, Domain, compared, of, prefixed
from ariroute.flow.facts import Scalar

EXACT = 2.0**53
"""Whole numbers beyond this are not told apart as fractions."""

NONE: Mapping[str, Domain] = MappingProxyType({})
FLIPPED = {"_<_": ">", "_<=_": ">=", "_>_": "<", "_>=_": "<="}
ORDERS = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}


@dataclass(frozen=True, slots=True)
class Region:
    """When it holds, every fact in ``facts`` is known and lies in its domain.

    ``exact``: it holds whenever they do. ``never``: it cannot hold at all.
    """

    facts: Mapping[str, Domain] = field(default_factory=lambda: NONE)
    exact: bool = False
    never: bool = False

    @property
    def always(self) -> bool:
        """Whether it holds whatever the facts are."""
        return self.exact and not self.facts and not self.never

    def within(self, other: Region) -> bool:
        """Whether ``other`` is certain to hold when this one does."""
        if self.never:
            return True
        return (
            other.exact
            and not other.never
            and all(fact in self.facts and self.facts[fact] <= domain for fact, domain in other.facts.items())
        )


ALWAYS, NEVER, UNTOLD = Region(exact=True), Region(never=True), Region()

Sides = tuple[Region, Region]
"""When it is true, and when it is false; it may be neither, for unknown facts and empty fields."""


def region(root: Node, records: Collection[str]) -> Region:
    """When the condition ``root`` is true; ``records`` are the names whose fields are facts."""
    return Comparisons(records).sides(root)[0]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Reads conditions; ``records`` are the names whose fields are facts."""

    records: Collection[str]

    def sides(self, node: Node) -> Sides:
        """When the condition ``node`` is true, and when it is false."""
        kind = node.WhichOneof("kind")
        if kind == "const" and node.const.WhichOneof("kind") == "bool":
            return (ALWAYS, NEVER) if node.const.bool else (NEVER, ALWAYS)
        if kind == "select" and (fact := self.fact(node)):
            return _about(fact, of([True]), TRUTHS)
        if kind == "call":
            return self._call(node)
        return UNTOLD, UNTOLD

    def _call(self, node: Node) -> Sides:
        function, arguments = node.call.function, node.call.args
        match function:
            case "!_":
                true, false = self.sides(arguments[0])
                return false, true
            case "_&&_" | "_||_":
                one, other = (self.sides(argument) for argument in arguments)
                if function == "_&&_":
                    return _both(one[0], other[0]), _either(one[1], other[1])
                return _either(one[0], other[0]), _both(one[1], other[1])
            case "_==_" | "_!=_":
                true, false = self._equal(*arguments)
                return (true, false) if function == "_==_" else (false, true)
            case "@in":
                return self._listed(*arguments)
            case "prefix":
                return self._prefix(arguments[0], _texts(arguments[1]))
            case "startsWith" if node.call.HasField("target") and len(arguments) == 1:
                known, text = literal(arguments[0])
                return self._prefix(node.call.target, [text] if known and isinstance(text, str) else None)
        return self._ordered(function, *arguments) if function in ORDERS else (UNTOLD, UNTOLD)

    def _equal(self, left: Node, right: Node) -> Sides:
        for one, other in ((left, right), (right, left)):
            known, value = literal(other)
            if known and (fact := self.fact(one)):
                return _about(fact, of([value]), EVERYTHING)
        (one_known, one_value), (other_known, other_value) = literal(left), literal(right)
        if one_known and other_known:
            return (ALWAYS, NEVER) if _same(one_value, other_value) else (NEVER, ALWAYS)
        return UNTOLD, UNTOLD

    def _listed(self, left: Node, right: Node) -> Sides:
        fact = self.fact(left)
        if not fact or right.WhichOneof("kind") != "list":
            return UNTOLD, UNTOLD
        literals = [literal(element) for element in right.list.elements]
        if not all(known for known, _ in literals):
            return UNTOLD, UNTOLD
        return _about(fact, of(value for _, value in literals), EVERYTHING)

    def _ordered(self, function: str, left: Node, right: Node) -> Sides:
        for one, other, operator in ((left, right, ORDERS[function]), (right, left, FLIPPED[function])):
            known, value = literal(other)
            if known and isinstance(value, float) and (fact := self.fact(one)):
                return _about(fact, compared(operator, value), NUMBERS)
        return UNTOLD, UNTOLD

    def _prefix(self, node: Node, prefixes: list[str] | None) -> Sides:
        fact = self.fact(node)
        return _about(fact, prefixed(prefixes), TEXTS) if fact and prefixes is not None else (UNTOLD, UNTOLD)

    def fact(self, node: Node) -> str:
        """``crm.loyalty`` when ``node`` is that and nothing more; else empty."""
        if node.WhichOneof("kind") != "select" or node.select.test_only:
            return ""
        operand = node.select.operand
        if operand.WhichOneof("kind") != "ident":
            return ""
        root = operand.ident.name.removeprefix(".")
        return f"{root}.{node.select.field}" if root in self.records else ""


def _about(fact: str, true: Domain, told: Domain) -> Sides:
    """True in ``true``, false elsewhere in ``told``, neither outside of that."""
    return _single(fact, true), _single(fact, told & ~true)


def _single(fact: str, domain: Domain) -> Region:
    return NEVER if domain.is_empty else Region({fact: domain}, exact=True)


def _both(one: Region, other: Region) -> Region:
    if one.never or other.never:
        return NEVER
    facts = dict(one.facts)
    for fact, domain in other.facts.items():
        facts[fact] = facts[fact] & domain if fact in facts else domain
    if any(domain.is_empty for domain in facts.values()):
        return NEVER
    return Region(facts, one.exact and other.exact)


def _either(one: Region, other: Region) -> Region:
    if one.never or other.never:
        return other if one.never else one
    if one.always or other.always:
        return ALWAYS
    facts = {fact: domain | other.facts[fact] for fact, domain in one.facts.items() if fact in other.facts}
    alike = one.exact and other.exact and len(one.facts) == 1 and one.facts.keys() == other.facts.keys()
    return Region(facts, alike)


def literal(node: Node) -> tuple[bool, Scalar]:
    """Whether ``node`` is a literal that is understood, and its value; numbers as floats."""
    kind = node.const.WhichOneof("kind") if node.WhichOneof("kind") == "const" else None
    if kind in ("int", "uint", "double"):
        value = getattr(node.const, kind)
        return abs(value) <= EXACT, float(value)
    if kind in ("string", "bool"):
        return True, getattr(node.const, kind)
    return kind == "null", None


def _same(one: Scalar, other: Scalar) -> bool:
    return type(one) is type(other) and one == other


def _texts(node: Node) -> list[str] | None:
    if node.WhichOneof("kind") != "list":
        return None
    values = [value for known, value in map(literal, node.list.elements) if known and isinstance(value, str)]
    return values if len(values) == len(node.list.elements) else None
