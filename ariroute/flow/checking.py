"""What we ask of an expression beyond CEL's own type check, and the changes made to it before it runs.

The walk finds the names it reads, refuses what could only fail on a call, and makes two changes: ``outcome.crm`` and
``vars.level`` become variables (so that one not told yet is unknown, not empty), and the calls of our own functions
are taken out (see :mod:`ariroute.flow.functions`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import NoReturn

from cel_expr_python import cel

from ariroute.errors import ExpressionError
from ariroute.flow.cel_tree import Node, Tree
from ariroute.flow.facts import Scalar
from ariroute.flow.functions import CALL_LIMIT, FUNCTIONS
from ariroute.flow.literals import Literals
from ariroute.flow.messages import Vocabulary

OUTCOME, VARIABLE = "@outcome.", "@vars."
"""Prefixes of the hidden variables of outcomes and of the flow's own; nothing that people write begins with ``@``."""

_HIDDEN = {"outcome": OUTCOME, "vars": VARIABLE}

CALL = "@call."
"""Prefix of the hidden variable that holds what one of our functions gave."""

_EQUALITY = ("_==_", "_!=_", "@in")
_ORDER = ("_<_", "_<=_", "_>_", "_>=_")
_ARITHMETIC = {"_+_": "+", "_-_": "-", "_*_": "*", "_/_": "/", "_%_": "%"}
_PROBES = cel.NewEnv(variables={"now": cel.Type.TIMESTAMP, "given": cel.Type.STRING})
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_ZONED = (
    "getHours",
    "getMinutes",
    "getDayOfWeek",
    "getDayOfMonth",
    "getDayOfYear",
    "getMonth",
    "getFullYear",
    "getDate",
)

_TYPE_NAMES = {"bool", "int", "uint", "double", "string", "bytes", "list", "map", "type", "null_type"}


class Check:
    """One walk over one expression. Raises ExpressionError at the first thing that it refuses."""

    def __init__(
        self,
        text: str,
        tree: Tree,
        env: cel.Env,
        records: Mapping[str, Collection[str]],
        hours: Collection[str],
        vocabulary: Vocabulary,
        timezone: str,
        literals: Literals,
    ) -> None:
        self._text = text
        self._tree = tree
        self._env = env
        self._records = records
        self._hours = hours
        self._vocabulary = vocabulary
        self._timezone = timezone
        self._literals = literals
        self.reads: dict[str, None] = {}
        """Names in the order of the text; a dict as an ordered set."""
        self.calls: list[Node] = []
        """The outermost calls of our functions, as copies; the n-th is read as the variable ``@call.n``."""
        self.bindings: set[str] = set()
        """The records and variables that the changed expression reads."""

    def walk(self, node: Node, bound: frozenset[str] = frozenset()) -> bool:
        """Check what is below ``node``; ``bound`` are the names of macros around it. True when it is constant."""
        kind = node.WhichOneof("kind")
        if kind == "const":
            return True
        if kind == "ident":
            return self._ident(node, bound)
        if kind == "select":
            return self._select(node, bound)
        if kind == "call":
            return self._call(node, bound)
        if kind == "list":
            return self._all(node.list.elements, bound)
        if kind == "struct":
            return self._struct(node, bound)
        if kind == "comprehension":
            return self._comprehension(node, bound)
        return False

    def _all(self, nodes: Iterable[Node], bound: frozenset[str]) -> bool:
        """Walk every one; true when all are constant."""
        constants = [self.walk(node, bound) for node in nodes]
        return all(constants)

    def _ident(self, node: Node, bound: frozenset[str]) -> bool:
        name = node.ident.name.removeprefix(".")
        if name in bound or name in _TYPE_NAMES:
            return False
        if name in self._records:
            example = next(iter(self._records[name]), "")
            self._refuse(node, f"{name} is a whole record: name one of its fields", f"{name}.{example}")
        self.reads[name] = None
        self.bindings.add(name)
        return False

    def _select(self, node: Node, bound: frozenset[str]) -> bool:
        operand, field = node.select.operand, node.select.field
        root = operand.ident.name.removeprefix(".") if operand.WhichOneof("kind") == "ident" else ""
        if root not in self._records or root in bound:
            return self.walk(operand, bound) and False
        self.reads[f"{root}.{field}"] = None
        if root in _HIDDEN:
            if node.select.test_only:
                self._refuse(node, f"has() is for the fields of a lookup: compare {root}.{field} instead")
            self._tree.make_variable(node, _HIDDEN[root] + field)
        self.bindings.add(_HIDDEN[root] + field if root in _HIDDEN else root)
        return False

    def _struct(self, node: Node, bound: frozenset[str]) -> bool:
        if node.struct.name:
            self._refuse(node, "a record cannot be made in an expression")
        for entry in node.struct.entries:
            self.walk(entry.key, bound)
            self.walk(entry.value, bound)
        return False

    def _comprehension(self, node: Node, bound: frozenset[str]) -> bool:
        loop = node.comprehension
        self.walk(loop.iter_range, bound)
        self.walk(loop.accu_init, bound)
        inner = bound | {loop.iter_var, loop.iter_var2, loop.accu_var}
        for part in (loop.loop_condition, loop.loop_step, loop.result):
            self.walk(part, inner)
        return False

    def _call(self, node: Node, bound: frozenset[str]) -> bool:
        call = node.call
        if call.function in FUNCTIONS:
            return self._take_out(node, bound)
        if call.function in _ZONED:
            self._zone(node)
        if call.function in _ARITHMETIC:
            self._arithmetic(node)
        if call.function in (*_EQUALITY, *_ORDER):
            self._comparison(node, bound)
        constant = self._all(call.args, bound)
        if call.HasField("target"):
            constant = self.walk(call.target, bound) and constant
        if call.function == "matches":
            self._pattern(node)
        if constant:
            self._constant(node)
        return constant

    def _take_out(self, node: Node, bound: frozenset[str]) -> bool:
        """A call of one of our functions: a variable takes its place."""
        function = node.call.function
        if len(self.calls) == CALL_LIMIT:
            self._refuse(node, f"more than {CALL_LIMIT} functions in one expression: split it")
        if bound & self._tree.idents(node):
            self._refuse(node, f"{function}() cannot read the variable of exists(), all(), map() or filter() around it")
        if function == "open":
            self._open(node)
        kept = type(node)()
        kept.CopyFrom(node)
        self._tree.make_variable(node, f"{CALL}{len(self.calls)}")
        self.calls.append(kept)
        return False

    def _open(self, node: Node) -> None:
        name = node.call.args[0]
        known = list(self._hours)
        if name.WhichOneof("kind") != "const":
            self._refuse(name, 'open() takes the name of hours in quotes, such as open("office")')
        if name.const.string not in self._hours:
            suggestion = self._vocabulary.suggest(name.const.string, known)
            listed = f" (there are: {', '.join(known)})" if known and not suggestion else ""
            self._refuse(
                name, f"there are no hours called '{name.const.string}'{listed}", suggestion and f'"{suggestion}"'
            )
        if len(node.call.args) == 1:
            self._tree.add_variable(node, "now")

    def _zone(self, node: Node) -> None:
        arguments = node.call.args
        if not arguments:
            function = node.call.function
            self._refuse(node, f"{function}() reads UTC: say the zone", f'{function}("{self._timezone}")')
        zone = arguments[0]
        if zone.WhichOneof("kind") == "const" and not _runs("now.getHours(given)", zone.const.string):
            self._refuse(zone, f"there is no time zone '{zone.const.string}'")

    def _pattern(self, node: Node) -> None:
        pattern = node.call.args[-1]
        if pattern.WhichOneof("kind") == "const" and not _runs('"".matches(given)', pattern.const.string):
            self._refuse(pattern, "this is not a regular expression (RE2 syntax)")

    def _arithmetic(self, node: Node) -> None:
        """CEL checks ``crm.orders + 1`` as any value and a whole number, and then fails on every call."""
        kinds = [self._tree.type_of(argument) for argument in node.call.args]
        if "any" not in kinds or "int" not in kinds:
            return
        whole = node.call.args[kinds.index("int")]
        sign = _ARITHMETIC[node.call.function]
        if whole.WhichOneof("kind") != "const":
            self._refuse(node, f"{sign} on a number field and a whole number: put double( ) around the latter")
        if sign == "%":
            self._refuse(node, "% works on whole numbers only: put int( ) around the field")
        self._refuse(whole, "a number field counts in fractions", f"{whole.const.int}.0")

    def _comparison(self, node: Node, bound: frozenset[str]) -> None:
        """``field == literal``, ``field in [literals]``: a literal that the field never is makes it a mistake."""
        left, right = node.call.args
        judge = self._literals.impossible if node.call.function in _EQUALITY else self._literals.mistyped
        for fact, other in ((left, right), (right, left)):
            name = self._fact(fact, bound)
            for literal in (other.list.elements if node.call.function == "@in" else (other,)) if name else ():
                message, suggestion = judge(name, _literal(literal))
                if message:
                    self._refuse(literal, message, suggestion)

    def _fact(self, node: Node, bound: frozenset[str]) -> str:
        """``crm.loyalty`` when ``node`` is that and nothing more; else empty."""
        if node.WhichOneof("kind") != "select" or node.select.operand.WhichOneof("kind") != "ident":
            return ""
        root = node.select.operand.ident.name.removeprefix(".")
        return f"{root}.{node.select.field}" if root in self._records and root not in bound else ""

    def _constant(self, node: Node) -> None:
        """What is made of constants alone and fails, fails on every call: ``1/0``, ``timestamp("monday")``."""
        try:
            value = self._tree.part(node).program(self._env).eval(data={})
        except RuntimeError as error:
            self._refuse(node, f"this cannot be computed: {error}")
        if value.type() == cel.Type.ERROR:
            self._refuse(node, f"this always fails: {str(value.value()).partition(': ')[2]}")

    def _refuse(self, node: Node, message: str, suggestion: str = "") -> NoReturn:
        line, column = place(self._text, self._tree.position(node))
        raise ExpressionError(self._text, line, column, message, suggestion)


def _literal(node: Node) -> Scalar:
    """The text, number or truth value that ``node`` writes; None for everything else."""
    kind = node.const.WhichOneof("kind") if node.WhichOneof("kind") == "const" else None
    if kind in ("int", "uint", "double"):
        return float(getattr(node.const, kind))
    return getattr(node.const, kind) if kind in ("string", "bool") else None


def _runs(probe: str, given: str) -> bool:
    """Whether ``probe``, an expression over ``now`` and ``given``, can be computed."""
    value = _PROBES.compile(probe).eval(data={"given": given, "now": _SOME_TIME})
    return bool(value.type() != cel.Type.ERROR)


def place(text: str, position: int) -> tuple[int, int]:
    """Line and column, both from 1, of the code point at ``position``."""
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
