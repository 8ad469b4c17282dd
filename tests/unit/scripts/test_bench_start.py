"""What scripts/bench start makes of its rounds: the fastest, ratios within a round, and what is wanted."""

from __future__ import annotations

from scripts.benchmark.start import CHECK, DAEMON, PYTHON, REFERENCE, Taken, table


def one_round(reference: float, check: float, ready: float) -> dict[str, Taken]:
    return {
        PYTHON: Taken(0.02, 0.02),
        REFERENCE: Taken(reference, reference),
        CHECK: Taken(check, check),
        DAEMON: Taken(0.6, ready),
    }


def test_a_ratio_is_taken_within_its_round_and_a_figure_is_that_of_the_fastest() -> None:
    found = table([one_round(0.2, 0.4, 0.7), one_round(0.4, 0.8, 0.95), one_round(0.3, 0.9, 1.2)])
    rows = {row[0]: row[1:] for row in found.rows}

    assert rows[CHECK] == ["0.40", "2.0", "0.40", "<= 0.6 s: reached"]
    assert rows[DAEMON] == ["0.60", "2.0", "0.70", "<= 0.9 s: reached"]
    assert rows[REFERENCE] == ["0.20", "1.0", "0.20", ""]


def test_what_is_slower_than_wanted_in_every_round_is_not_reached() -> None:
    found = table([one_round(0.2, 0.61, 0.91)])

    assert [row[-1] for row in found.rows] == ["", "", "<= 0.6 s: not reached", "<= 0.9 s: not reached"]
