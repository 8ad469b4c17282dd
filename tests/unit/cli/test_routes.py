"""``ariroute routes``."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ariroute


def test_all_flows_are_shown_as_trees(ariroute: Ariroute, flow_file: Path) -> None:
    ended = ariroute("routes")

    assert (ended.code, ended.err) == (0, "")
    assert [line for line in ended.out.splitlines() if line[:1] not in tuple(" ├└│")] == [
        "support: calls to +46850000000, support",
        "default: queue standard, priority 0 (when anything fails, or the steps lead nowhere)",
        "",
        "sales: calls to sales",
        "default: queue standard, priority 0 (when anything fails)",
    ]


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("tree", "sales: calls to sales\n├─ look up vip_list\n└─ go to support\n"),
        ("mermaid", "flowchart TD\n"),
        ("dot", "digraph ariroute {\n"),
        ("svg", "<svg xmlns="),
    ],
)
def test_one_flow_in_each_format(ariroute: Ariroute, flow_file: Path, form: str, begins: str) -> None:
    ended = ariroute("routes", "sales", "--format", form)

    assert ended.code == 0
    assert ended.out.startswith(begins)


def test_a_flow_that_is_not_there(ariroute: Ariroute, flow_file: Path) -> None:
    ended = ariroute("routes", "sale")

    assert (ended.code, ended.out) == (2, "")
    assert "sales" in ended.err
