"""What a condition compares with what: the sets of values between which it tells a fact apart.

Two values of a fact that lie in the same of these sets make no difference to the condition. Of a fact that is read in
a way that is not understood that cannot be said: it is *loose*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ariroute.flow.cel_tree import Node
from ariroute.flow.domains import Domain, of
from ariroute.flow.facts import Scalar
from ariroute.flow.regions import Comparisons, Region, literal

EMPTY = of([None, ""])
JOINS = ("_&&_", "_||_", "!_", "_?_:_")


@dataclass(slots=True)
class Atoms:
    """Of conditions and values: ``sets`` by fact, ``loose`` facts, the ``hours`` that open() asks for, all literals."""

    sets: dict[str, list[Domain]] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    hours: set[str] = field(default_factory=set)
    literals: dict[Scalar, None] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Node, records: Collection[str], names: Collection[str], *, condition: bool) -> Atoms:
        """What the expression ``root`` says, which reads ``names``; ``condition``: only its truth matters."""
        found = cls()
        reader = _Reader(found, Comparisons(records))
        if condition:
            reader.truth(root)
        else:
            reader.value(root)
        found.loose.update(set(names).difference(found.sets, ("now",) if found.hours else ()))
        return found

    def add(self, other: Atoms) -> None:
        """Also what ``other`` says."""
        for fact, domains in other.sets.items():
            self.sets.setdefault(fact, []).extend(domains)
        self.loose |= other.loose
        self.hours |= other.hours
        self.literals |= other.literals


@dataclass(frozen=True, slots=True)
class _Reader:
    atoms: Atoms
    comparisons: Comparisons

    def truth(self, node: Node) -> None:
        """A node of which only the truth matters."""
        if node.WhichOneof("kind") == "call" and node.call.function in JOINS:
            for argument in node.call.args:
                self.truth(argument)
        elif not self._understood(node):
            self.value(node)

    def value(self, node: Node) -> None:
        """A node whose value matters: what is compared within is understood, all else is loose."""
        if fact := self.comparisons.fact(node):
            self.atoms.loose.add(fact)
            return
        kind = node.WhichOneof("kind")
        if kind == "ident" and node.ident.name in ("now", "arguments"):
            self.atoms.loose.add(node.ident.name)
        if kind == "select" and node.select.test_only:
            self.atoms.loose.add(f"{node.select.operand.ident.name}.{node.select.field}")
        known, found = literal(node)
        if known:
            self.atoms.literals[found] = None
        for inner in _inner(node):
            if inner.WhichOneof("kind") != "call" or not self._understood(inner):
                self.value(inner)

    def _understood(self, node: Node) -> bool:
        if node.WhichOneof("kind") == "call":
            if self._opening(node) or self._first_known(node):
                return True
        elif node.WhichOneof("kind") == "select" and self.comparisons.fact(node):
            return self._add(self.comparisons.sides(node)[0])
        true, false = self.comparisons.sides(node)
        if not true.facts and not false.facts:
            return bool(true.always or false.always)
        return self._add(true if true.facts else false)

    def _add(self, found: Region) -> bool:
        for fact, domain in found.facts.items():
            self.atoms.sets.setdefault(fact, []).append(domain)
        return True

    def _opening(self, node: Node) -> bool:
        if node.call.function != "open" or len(node.call.args) != 1:
            return False
        known, name = literal(node.call.args[0])
        if known and isinstance(name, str):
            self.atoms.hours.add(name)
        return bool(known)

    def _first_known(self, node: Node) -> bool:
        """``coalesce(a, b, "none") == "gold"``: each of the facts is empty, or compared in the others' place."""
        arguments = node.call.args
        which = [number for number, each in enumerate(arguments) if _is_coalesce(each)]
        if len(which) != 1:
            return False
        options = arguments[which[0]].call.args
        facts = [each for each in options if self.comparisons.fact(each)]
        if len(facts) + sum(literal(each)[0] for each in options) != len(options):
            return False
        for option in facts:
            stand_in = type(node)()
            stand_in.CopyFrom(node)
            stand_in.call.args[which[0]].CopyFrom(option)
            true, false = self.comparisons.sides(stand_in)
            if not true.facts and not false.facts:
                return False
            self._add(true if true.facts else false)
            self._add(Region({self.comparisons.fact(option): EMPTY}))
        return True


def _is_coalesce(node: Node) -> bool:
    return bool(node.WhichOneof("kind") == "call" and node.call.function == "coalesce")


def _inner(node: Node) -> Iterator[Node]:
    match node.WhichOneof("kind"):
        case "select":
            yield node.select.operand
        case "call":
            if node.call.HasField("target"):
                yield node.call.target
            yield from node.call.args
        case "list":
            yield from node.list.elements
        case "struct":
            for entry in node.struct.entries:
                yield entry.value
        case "comprehension":
            part = node.comprehension
            yield from (part.iter_range, part.accu_init, part.loop_condition, part.loop_step, part.result)
