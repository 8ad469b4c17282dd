"""Conditions and values in CEL (Common Expression Language), checked when the file loads: the one CEL adapter.

The compiler is cel-expr-python, Google's C++ CEL. What it does differently from what one expects, each with a test:
``eval`` mostly does not raise but returns a value of type ERROR; it does raise when the iteration budget is
spent; a name that is not given is such an ERROR, absorbed by ``||`` and ``&&`` where the other side decides, which
is how a failed lookup stays *unknown* and not false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from cel_expr_python import cel

from ariroute.errors import ExpressionError as ExpressionError
from ariroute.flow.atoms import Atoms
from ariroute.flow.cel_none import hold_none
from ariroute.flow.cel_tree import Tree
from ariroute.flow.checking import CALL, OUTCOME, VARIABLE, Check
from ariroute.flow.contact import Contact
from ariroute.flow.facts import Failure, FieldType, Outcome, Scalar
from ariroute.flow.functions import CALL_LIMIT, FUNCTIONS, Function, declarations, implementations
from ariroute.flow.hours import Hours, State
from ariroute.flow.literals import Literals
from ariroute.flow.match import render, render_match
from ariroute.flow.messages import Vocabulary, explain
from ariroute.flow.records import PACKAGE, Records, WrongType
from ariroute.flow.regions import UNTOLD, Region, region
from ariroute.flow.scope import CONTACT_FACTS, reader
from ariroute.flow.scope import Scope as Scope
from ariroute.flow.scope import Unknown as Unknown

Value = Scalar

ResultType = Literal["bool", "string", "number", "any"]

TEXT_LIMIT = 4000
"""An expression has so many characters at most."""

CONTACT_RECORDS: Mapping[str, tuple[str, ...]] = {
    "caller": ("number", "e164", "name"),
    "dialled": ("number", "e164"),
    "contact": ("medium", "pbx"),
}
"""What is known of every contact: record to fields, all of them text."""

_RESULTS: dict[str, ResultType] = {
    "BOOL": "bool",
    "STRING": "string",
    "INT": "number",
    "UINT": "number",
    "DOUBLE": "number",
    "DYN": "any",
    "NULL": "any",
}

NOBODY = Contact("", datetime(2000, 1, 1, tzinfo=UTC))
"""Whom a constant is worked out for."""

_ABSENT = re.compile(r'No value with name "(.*)" found')

_ERROR = cel.Type.ERROR

hold_none()

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
"""What a lookup, a field or a variable may be called."""


TYPES = frozenset({"bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "string", "type", "uint"})
"""CEL's own names of types: a variable called so would be declared twice."""


class Program:
    """A compiled expression with the calls of our functions taken out; those are worked out first.

    ``uses`` names the bindings that it reads, ``reads`` the facts, those of its calls included.
    """

    __slots__ = ("_calls", "_compiled", "_uses", "language", "reads")

    def __init__(
        self, language: Language, compiled: cel.Expression, uses: Collection[str], reads: Collection[str], calls: Calls
    ) -> None:
        self.language = language
        self._compiled = compiled
        self._uses = tuple(uses)
        self._calls = calls
        self.reads = tuple((name, reader(name)) for name in reads)

    def run(self, scope: Scope) -> Value | Unknown:
        """The value now. Never raises."""
        plain = self.plain(scope)
        if plain is True or plain is False:
            return bool(plain)
        return plain if isinstance(plain, Unknown) else _scalar(plain)

    def plain(self, scope: Scope) -> Any:
        """The same, but also lists and times, as Python has them."""
        if scope.gaps and (lost := scope.miss(name for name, _ in self.reads)):
            return lost
        doubts: dict[str, str] = {}
        try:
            prepared = self.language.prepare(scope)
            if self._calls:
                value = self._compiled.eval(data=self._bindings(scope, prepared.bindings, doubts))
            else:
                value = self._compiled.eval(prepared.activation)
            plain = value.plain_value()
            if plain is True or plain is False:
                return plain
            return Unknown(self._doubt(scope, str(plain), doubts)) if value.type() == _ERROR else plain
        except Exception as error:  # the iteration budget; and an engine that breaks must not break the call
            return Unknown(str(error).partition(" [")[0] or type(error).__name__)

    def _bindings(self, scope: Scope, known: Mapping[str, Any], doubts: dict[str, str]) -> dict[str, Any]:
        """What the expression reads, its calls worked out; why one of them cannot be told goes into ``doubts``."""
        bindings = {name: known[name] for name in self._uses if name in known}
        for name, call in self._calls:
            value = call(scope)
            if isinstance(value, Unknown):
                doubts[name] = value.reason
            else:
                bindings[name] = value
        return bindings

    def _doubt(self, scope: Scope, complaint: str, doubts: dict[str, str]) -> str:
        """Why the value cannot be told: a name that is not known, else one that is empty, else CEL's own words."""
        if absent := _ABSENT.search(complaint):
            name = absent[1]
            if name.startswith(VARIABLE):
                return scope.variable_doubt(name.removeprefix(VARIABLE))
            return doubts.get(name) or scope.doubt(name.removeprefix(OUTCOME))
        return self.empty(scope) or complaint.partition(": ")[2] or complaint

    def empty(self, scope: Scope) -> str:
        """A sentence on the first name that it reads and that is empty; an empty string when none is."""
        return next((f"{name} is empty" for name, read in self.reads if read(scope) is None), "")


Call = Callable[[Scope], Any]
"""Works out a call that was taken out of an expression: a plain value, None when empty, or Unknown."""

Calls = tuple[tuple[str, Call], ...]
"""The variable that stands for each call, and how to work it out."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: immutable, equal to another with the same text.

    ``text`` is CEL as traces show it; ``names`` what it reads, such as ``crm.loyalty`` or ``now``; ``region`` what a
    condition says of single facts.
    """

    text: str
    type: ResultType = field(compare=False)
    names: frozenset[str] = field(compare=False)
    program: Program = field(compare=False, repr=False)
    region: Region = field(default=UNTOLD, compare=False, repr=False)

    def atoms(self) -> Atoms:
        """What it compares with what."""
        return self.program.language.atoms(self)

    def evaluate(self, scope: Scope) -> Value | Unknown:
        """The value in ``scope``, or Unknown with the reason; whole numbers come as floats. Never raises."""
        return self.program.run(scope)

    def holds(self, scope: Scope) -> bool | Unknown:
        """The truth of a condition: an empty field (``crm.vip`` alone) is neither true nor false. Never raises."""
        value = self.program.plain(scope)
        if isinstance(value, (bool, Unknown)):
            return value
        return Unknown(self.program.empty(scope) or "it is neither true nor false")

    def looked_at(self, scope: Scope) -> tuple[tuple[str, Any], ...]:
        """The facts that it reads, with their values now, in the order of the text; unknown ones are left out."""
        pairs = [(name, read(scope)) for name, read in self.program.reads]
        return tuple([pair for pair in pairs if not isinstance(pair[1], Unknown)])


Condition = Expression
"""An expression of type ``bool``, made by :meth:`Language.condition`."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scope's facts in CEL's form, for one language: those that its expressions read."""

    language: Language
    reads: frozenset[str]
    bindings: Mapping[str, Any]
    activation: cel.Activation


class Language:
    """The words of one configuration: its lookups with their fields, its hours, its variables.

    Raises ExpressionError when a lookup, a field or a variable is called something that an expression cannot name.
    """

    def __init__(
        self,
        lookups: Mapping[str, Mapping[str, FieldType]],
        hours: Mapping[str, Hours],
        variables: Collection[str],
        region: str,
        timezone: str,
    ) -> None:
        self._hours = dict(hours)
        self._timezone = timezone
        self._lookups = dict(lookups)
        self._variables = {name: f"{VARIABLE}{name}" for name in variables}
        for name in (*lookups, *variables, *(name for fields in lookups.values() for name in fields)):
            if not NAME.fullmatch(name):
                raise ExpressionError(name, 1, 1, "a name is small letters, digits and _, and begins with a letter")
        fields: dict[str, Mapping[str, Any]] = {
            record: dict.fromkeys(names, "text") for record, names in CONTACT_RECORDS.items()
        }
        fields["vars"] = dict.fromkeys(variables, "any")
        fields["outcome"] = dict.fromkeys(lookups, "string")
        taken = {*fields, *FUNCTIONS, *TYPES, "now", "arguments"}.intersection(lookups)
        if taken:
            name = min(taken)
            raise ExpressionError(name, 1, 1, f"'{name}' has a meaning of its own: call the lookup something else")
        self._records = Records({**fields, **lookups})
        self._vocabulary = Vocabulary({name: tuple(known) for name, known in self._records.fields.items()}, FUNCTIONS)
        self._functions = implementations(region)
        self._literals = Literals(self._lookups, region)
        self._constants: dict[str, Expression] = {}
        self._reads: frozenset[str] = frozenset()  # by the expressions made so far; facts that none reads are not made
        self._env = self._environment()
        self._refuse_reserved_words()

    def _environment(self) -> cel.Env:
        kind = cel.Type
        variables = {name: kind(f"{PACKAGE}.{name}") for name in self._records.fields}
        variables |= {"now": kind.TIMESTAMP, "arguments": kind.List(kind.STRING)}
        variables |= {f"{OUTCOME}{name}": kind.STRING for name in self._lookups}
        variables |= dict.fromkeys(self._variables.values(), kind.DYN)
        variables |= {f"{CALL}{number}": kind.DYN for number in range(CALL_LIMIT)}
        return cel.NewEnv(self._records.pool, variables=variables, functions=declarations())

    def _refuse_reserved_words(self) -> None:
        """A lookup called ``in``, a field called ``null``: ask the compiler, which knows its reserved words best."""
        for record, fields in self._records.fields.items():
            for name in (record, *(f"{record}.{known}" for known in fields)):
                try:
                    self._env.compile(name)
                except RuntimeError:
                    word = name.rpartition(".")[2]
                    raise ExpressionError(
                        word, 1, 1, f"'{word}' is a reserved word of CEL: choose another name"
                    ) from None

    def condition(self, text: str) -> Condition:
        """``text`` as a condition. Raises ExpressionError, also when the result is not true or false."""
        found = self.expression(text)
        if found.type != "bool":
            remedy = f"{text.strip()} == true" if text.strip() in {f"vars.{name}" for name in self._variables} else ""
            what = {"string": "text", "number": "a number"}.get(found.type, "any value")
            raise ExpressionError(text, 1, 1, f"a condition must be true or false; this gives {what}", remedy)
        return found

    def expression(self, text: str) -> Expression:
        """``text`` as an expression that gives text, a number, true or false. Raises ExpressionError."""
        if len(text) > TEXT_LIMIT:
            raise ExpressionError(text, 1, 1, f"longer than {TEXT_LIMIT} characters: split it into several conditions")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ExpressionError(text, 1, 1, f"character {error.start + 1} is not valid text: remove it") from None
        try:
            compiled = self._env.compile(text)
        except RuntimeError as error:
            raise explain(text, str(error), self._vocabulary) from None
        result = _RESULTS.get(compiled.return_type().name())
        tree = Tree.of(compiled)
        if tree is None:
            raise ExpressionError(text, 1, 1, "nested too deep: split it into several conditions")
        where = region(tree.root, self._records.fields) if result == "bool" else UNTOLD
        program = self._program(text, tree)
        if result is None:
            raise ExpressionError(
                text, 1, 1, "a value must be text, a number or true/false, not a list, a record or a time"
            )
        return Expression(text, result, frozenset(name for name, _ in program.reads), program, where)

    def _program(self, text: str, tree: Tree) -> Program:
        check = Check(
            text,
            tree,
            self._env,
            self._vocabulary.fields,
            tuple(self._hours),
            self._vocabulary,
            self._timezone,
            self._literals,
        )
        check.walk(tree.root)
        reads = dict.fromkeys(check.reads)
        calls = []
        for number, node in enumerate(check.calls):
            programs = [self._program(text, tree.part(argument)) for argument in node.call.args]
            reads.update((name, None) for program in programs for name, _ in program.reads)
            calls.append((f"{CALL}{number}", self._call(node.call.function, programs)))
        self._reads |= check.bindings
        return Program(self, tree.program(self._env), check.bindings, reads, tuple(calls))

    def _call(self, function: str, programs: list[Program]) -> Call:
        arguments = [Argument(program) for program in programs]
        if function == "coalesce":
            return lambda scope: _coalesce(arguments, scope)
        if function == "open":
            return lambda scope: _apply(lambda name, at: _is_open(self._hours[name], at, scope), arguments, scope)
        work = self._functions[function]
        return lambda scope: _apply(work, arguments, scope)

    def atoms(self, expression: Expression) -> Atoms:
        """What ``expression``, one of this language, compares with what."""
        tree = Tree.of(self._env.compile(expression.text))
        assert tree is not None  # it was read before
        return Atoms.of(tree.root, self._records.fields, expression.names, condition=expression.type == "bool")

    def literal(self, value: Scalar) -> Expression:
        """An expression that gives ``value``. Raises ExpressionError for what CEL cannot write, such as infinity."""
        text = render(value)
        if text not in self._constants:
            self._constants[text] = self.expression(text)
        return self._constants[text]

    def match(self, fields: Mapping[str, Scalar | list[Scalar]]) -> Condition:
        """The no-code form as a condition (see :mod:`ariroute.flow.match`). Raises ExpressionError."""
        return self.condition(render_match(fields))

    def prepare(self, scope: Scope) -> Prepared:
        """The facts of ``scope`` in CEL's form; made anew only after something changed."""
        prepared = scope.prepared
        if prepared is None or prepared.language is not self or prepared.reads is not self._reads:
            if prepared is not None:
                scope.records.clear()
            scope.prepared = prepared = self._prepare(scope)
        return prepared  # type: ignore[no-any-return]  # the CEL wheel ships no types

    def _prepare(self, scope: Scope) -> Prepared:
        contact, records = scope.contact, scope.records
        for name in self._reads.difference(records).intersection(CONTACT_RECORDS):
            facts = {field: CONTACT_FACTS[f"{name}.{field}"](contact) for field in CONTACT_RECORDS[name]}
            records[name] = self._records.make(name, facts)
        for name in self._lookups:
            if name in scope.answers and f"{OUTCOME}{name}" not in records:
                self._learn(scope, name)
        bindings = dict(records)
        if "now" in self._reads:
            bindings["now"] = scope.now
        if "arguments" in self._reads:
            bindings["arguments"] = list(contact.arguments)
        for name, binding in self._variables.items():
            value = scope.variables.get(name)
            if not isinstance(value, Unknown):
                bindings[binding] = value
        return Prepared(self, self._reads, bindings, self._env.Activation(bindings))

    def _learn(self, scope: Scope, name: str) -> None:
        """A lookup's answer as a record; one that does not hold what was declared counts as failed."""
        answer = scope.answers[name]
        if answer.outcome is not Outcome.FAILED:
            try:
                scope.records[name] = self._records.make(name, answer.fields)
            except WrongType as error:
                answer = replace(answer, outcome=Outcome.FAILED, failure=Failure.WRONG_TYPE, detail=str(error))
                scope.learn(answer)
        scope.records[f"{OUTCOME}{name}"] = str(answer.outcome)


class Argument:
    """An argument of a call: worked out at load when it is constant, else for each scope anew."""

    __slots__ = ("_constant", "_program")

    def __init__(self, program: Program) -> None:
        self._program = program
        self._constant = None if program.reads else program.plain(Scope(NOBODY, NOBODY.arrived))

    def value(self, scope: Scope) -> Any:
        """A plain value, None when empty, or Unknown."""
        return self._program.plain(scope) if self._constant is None else self._constant

    def emptiness(self, scope: Scope) -> str:
        return self._program.empty(scope) or "a value is empty"


def _coalesce(arguments: Sequence[Argument], scope: Scope) -> Any:
    """The first that is known and not empty; Unknown when one that is unknown might have been it, else empty."""
    doubt: Unknown | None = None
    for argument in arguments:
        value = argument.value(scope)
        if isinstance(value, Unknown):
            doubt = doubt or value
        elif value is not None and value != "":
            return value
    return doubt


def _is_open(hours: Hours, at: datetime, scope: Scope) -> bool | Unknown:
    standing = scope.standing(hours, at)
    return standing if isinstance(standing, Unknown) else standing.state is State.OPEN


def _apply(function: Function, arguments: Sequence[Argument], scope: Scope) -> Any:
    """``function`` of its arguments; Unknown when one of them is unknown or empty."""
    values = []
    for argument in arguments:
        value = argument.value(scope)
        if value is None:
            return Unknown(argument.emptiness(scope))
        if isinstance(value, Unknown):
            return value
        values.append(value)
    try:
        return function(*values)
    except Exception as error:  # only this call is unknown; || and && around it may still decide
        return Unknown(f"{type(error).__name__}: {error}")


def _scalar(plain: Any) -> Value | Unknown:
    if plain is None or isinstance(plain, str):
        return plain
    if isinstance(plain, (int, float)):
        return float(plain) if math.isfinite(plain) else Unknown("the result is not a finite number")
    return Unknown("the result is not text, a number or true/false")
