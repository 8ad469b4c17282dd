"""An expression's mistake is shown at its own character, however YAML wraps the expression."""

from __future__ import annotations

import pytest

from ariroute.config.load import load_text
from ariroute.config.places import printable
from ariroute.errors import ConfigError
from unit.config.texts import flow_file

WRONG = "@@"
"""Stands for the misspelt field in these texts; its place is where the mistake must be told."""

SCALARS = {
    "plain": "when: crm.@@ == 1",
    "plain over two lines": "when: crm.orders > 1 &&\n        crm.@@ == 1",
    "plain after an empty line": "when: crm.orders > 1 &&\n\n        crm.@@ == 1",
    "single quotes": "when: 'crm.loyalty == \"it''s\" || crm.@@ == 1'",
    "single quotes over two lines": "when: 'crm.loyalty == \"it''s\" ||\n        crm.@@ == 1'",
    "double quotes": 'when: "crm.loyalty == \\"gold\\" || crm.@@ == 1"',
    "double quotes with code points": 'when: "crm.loyalty == \\"\\u00e5\\x41\\U0001F600\\" || crm.@@ == 1"',
    "double quotes over two lines": 'when: "crm.orders > 1 &&\n        crm.@@ == 1"',
    "double quotes with an escaped line end": 'when: "crm.orders > 1 && \\\n        crm.@@ == 1"',
    "literal block": "when: |\n        crm.orders > 1 &&\n          crm.@@ == 1",
    "literal block that begins indented": "when: |4\n            crm.orders > 1 &&\n          crm.@@ == 1",
    "literal block with a comment": "when: |-  # here\n        crm.@@ == 1",
    "literal block after an empty line": "when: |\n\n        crm.@@ == 1",
    "folded block": "when: >\n        crm.orders > 1 &&\n        crm.@@ == 1",
    "in braces": "{when: crm.@@ == 1, then: []}",
    "in braces, quoted": "{when: 'crm.@@ == 1', then: []}",
    "wide characters before": "when: crm.loyalty == 'åäö😀' || crm.@@ == 1",
}


@pytest.mark.parametrize("scalar", SCALARS.values(), ids=SCALARS.keys())
def test_when_a_field_is_misspelt_then_the_caret_stands_under_it(scalar: str) -> None:
    case = scalar if scalar.startswith("{") else f"{scalar}\n      queue: gold"
    marked = flow_file(f"- lookup: crm\n- branch:\n    - {case}")
    before = marked[: marked.index(WRONG)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    with pytest.raises(ConfigError) as caught:
        load_text(marked.replace(WRONG, "oders"), "f.yaml")
    problem = caught.value.problems[0]
    source, caret = problem.excerpt.splitlines()
    # The language points at a member's dot or at its name; both are under the eye.
    assert problem.line == line
    assert problem.column in (column - 1, column)
    assert source[caret.index("^") :].startswith((".oders", "oders"))


def test_a_long_line_is_cut_around_the_caret() -> None:
    text = flow_file(
        "- lookup: crm\n- branch:\n    - when: " + "crm.orders > 1 && " * 40 + "crm.oders > 1\n      queue: gold"
    )
    with pytest.raises(ConfigError) as caught:
        load_text(text, "f.yaml")
    source, caret = caught.value.problems[0].excerpt.splitlines()
    assert len(source) <= 102
    assert source[caret.index("^") :].startswith((".oders", "oders"))


def test_paths_are_printed_as_one_would_write_them() -> None:
    assert printable(("flows", "a-b", "steps", 0, "branch", 1, "match", "crm.loyalty")) == (
        "flows.a-b.steps[0].branch[1].match.'crm.loyalty'"
    )
