"""`scripts/bench journal` judges what it measured: the wanted figures, and only those of journals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.benchmark import journal
from scripts.benchmark.journal import Cost, tables, wishes

NONE = Cost("none", *(float("nan"),) * 2, 200.0, 500.0, 1.0, 0, 0, *(float("nan"),) * 2)
GOOD = Cost("SQLite", 4.0, 50.0, 210.0, 600.0, 2.0, 0, 25_000, 1000.0, 2900.0)


def verdicts(cost: Cost) -> list[str]:
    return [wish.verdict for wish in wishes([NONE, cost])]


def test_each_wanted_figure_is_judged_by_itself() -> None:
    assert verdicts(GOOD) == ["reached"] * 3
    assert verdicts(replace(GOOD, offer_p99=50.1)) == ["not reached", "reached", "reached"]
    assert verdicts(replace(GOOD, lost=1)) == ["reached", "not reached", "reached"]
    assert verdicts(replace(GOOD, per_second=499.0)) == ["reached", "reached", "not reached"]


def test_every_journal_has_its_row() -> None:
    figures, wanted = tables([NONE, GOOD])
    assert [row[0] for row in figures.rows] == ["none", "SQLite"]
    assert all(len(row) == len(figures.head) for row in figures.rows)
    assert len(wanted.rows) == 3


def test_the_real_journal_of_the_example_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SECONDS", 0.1)
    monkeypatch.setattr(journal, "AT_ONCE", 50)
    costs = journal.measure_all(tmp_path)
    without, kept = next(costs), next(costs)
    costs.close()  # type: ignore[attr-defined]
    assert (without.records, without.lost) == (0, 0)
    assert (kept.journal, kept.records, kept.lost) == ("SQLite", 101, 0)
    assert 1000 < kept.bytes_each < 10_000
