"""The expressions of the file compiled, each mistake in one told at its place: conditions, values, texts with facts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ariroute.config.findings import Findings
from ariroute.config.matching import mistyped
from ariroute.config.places import Path, printable
from ariroute.config.shapes import Calculated, Scalar
from ariroute.config.steps import Case
from ariroute.flow.conditions import Condition, Expression, ExpressionError, Language
from ariroute.flow.prompts import Text

TEXT_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
FACT = re.compile(r"[a-z][a-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
NO_FACT = "stands for no fact: write one name such as {crm.name} or {vars.name}; for more, set a variable above"


@dataclass(frozen=True, slots=True)
class Expressions:
    """Compiles what one file says. ``damaged`` names what could not be read: expressions with it are not judged."""

    language: Language
    types: Mapping[str, str]
    damaged: Collection[str]
    findings: Findings

    def condition(self, case: Case, path: Path) -> Condition | None:
        """The condition of ``case``; None when it is wrong."""
        if case.when is not None:
            return self._compiled(case.when, (*path, "when"), condition=True)
        assert case.match is not None
        return self._matching({name: _floats(value) for name, value in case.match.items()}, (*path, "match"))

    def value(self, value: Scalar | Calculated, path: Path) -> Expression | None:
        """The expression of a plain or calculated value; None when it is wrong."""
        if isinstance(value, Calculated):
            return self._compiled(value.cel, (*path, "cel"), condition=False)
        plain = _floats(value)
        assert not isinstance(plain, list)
        return self.language.literal(plain)

    def values(self, values: Mapping[str, Scalar | Calculated], path: Path) -> dict[str, Expression]:
        """Those of ``values`` that are right."""
        built = {name: self.value(value, (*path, name)) for name, value in values.items()}
        return {name: value for name, value in built.items() if value is not None}

    def text(self, text: str, path: Path) -> Text:
        """``text`` cut at its facts; ``{{`` and ``}}`` stand for braces."""
        parts: list[str | Expression] = []
        end = 0
        for match in TEXT_PART.finditer(text):
            parts.append(text[end : match.start()])
            end = match.end()
            if match[0] in ("{{", "}}"):
                parts.append(match[0][0])
            elif fact := self._fact(match, text, path):
                parts.append(fact)
        parts.append(text[end:])
        return Text(tuple(part for part in parts if part != ""))

    def _fact(self, match: re.Match[str], text: str, path: Path) -> Expression | None:
        line, column = text.count("\n", 0, match.start()) + 1, match.start() - text.rfind("\n", 0, match.start())
        if match[1] is None:
            remedy = "a brace stands alone: write {crm.name} for a fact, {{ and }} for the characters"
            self.findings.wrong(path, remedy, at=self.findings.places.inside(path, line, column))
        elif not FACT.fullmatch(match[1]):
            at = self.findings.places.inside(path, line, column)
            self.findings.wrong(path, f"'{match[0][:80]}' {NO_FACT}", at=at)
        else:
            return self._compiled(match[1], path, condition=False, starts=(line, column + 1))
        return None

    def _matching(self, fields: Mapping[str, Any], path: Path) -> Condition | None:
        for name, value in fields.items():
            self._check_types(name, value, (*path, name))
        try:
            return self.language.match(fields)
        except ExpressionError:
            for name, value in fields.items():
                self._tell_mismatch(name, value, (*path, name))
        return None

    def _check_types(self, name: str, value: Any, path: Path) -> None:
        kind = "string" if name == "open" else self.types.get(name)
        if kind is None:
            return
        values = value if isinstance(value, list) else [value]
        if wrong := next(filter(None, (mistyped(item, kind) for item in values)), ""):
            self.findings.wrong_value(path, f"{name} {wrong}")

    def _tell_mismatch(self, name: str, value: Any, path: Path) -> None:
        """Tell what is wrong with this one field, so that the mistake stands at its field."""
        try:
            self.language.match({name: value})
        except ExpressionError as error:
            told = any(problem.path == printable(path) for problem in self.findings.problems)
            if not told and not self._is_damaged(name):
                self.findings.wrong(path, sentence(error))

    def _compiled(
        self, text: str, path: Path, *, condition: bool, starts: tuple[int, int] = (1, 1)
    ) -> Expression | None:
        """``text`` compiled; ``starts`` is its line and column within the value at ``path``."""
        try:
            return self.language.condition(text) if condition else self.language.expression(text)
        except ExpressionError as error:
            if not self._is_damaged(text):
                line, column = error.line + starts[0] - 1, error.column + (starts[1] - 1 if error.line == 1 else 0)
                at = self.findings.places.inside(path, line, column)
                excerpt = self.findings.places.excerpt(path, at)
                self.findings.wrong(path, sentence(error), at=at, excerpt=excerpt)
        return None

    def _is_damaged(self, text: str) -> bool:
        return any(re.search(rf"\b{re.escape(name)}\b", text) for name in self.damaged)


def _floats(value: Any) -> Any:
    """``value`` with whole numbers as floats, the way facts have them."""
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if type(value) is int else value


def sentence(error: ExpressionError) -> str:
    """What is wrong, and what was probably meant."""
    return f"{error.message}, did you mean {error.suggestion}?" if error.suggestion else error.message
