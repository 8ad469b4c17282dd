"""Lists of callers drawn from a seed."""

from __future__ import annotations

import pytest

from scripts.trialling.arrivals import LONGEST, SHORTEST, Kind, Spell, drawn, lasts

KINDS = {"gold": Kind(3.0, 10.0, 20), "silver": Kind(4.0)}
SPELLS = [Spell(100.0, {"gold": 5.0}), Spell(100.0, {"gold": 1.0, "silver": 2.0})]


def test_a_list_depends_on_its_seed_alone_and_one_queue_not_on_another() -> None:
    both, alone = drawn(KINDS, SPELLS, 1), drawn({"gold": KINDS["gold"]}, SPELLS, 1)

    assert both == drawn(KINDS, SPELLS, 1) != drawn(KINDS, SPELLS, 2)
    assert [caller for caller in both if caller.queue == "gold"] == alone
    assert both == sorted(both, key=lambda caller: caller.at)


def test_rates_and_lengths_are_those_of_the_spells() -> None:
    callers = drawn(KINDS, SPELLS, 3)
    gold = [caller for caller in callers if caller.queue == "gold"]

    assert lasts(SPELLS) == 200.0
    assert sum(caller.at < 100 for caller in gold) == pytest.approx(500, rel=0.15)
    assert sum(caller.at >= 100 for caller in gold) == pytest.approx(100, rel=0.3)
    assert all(caller.at >= 100 and caller.patience == float("inf") for caller in callers if caller.queue == "silver")
    assert all(SHORTEST <= caller.talk <= 3.0 * LONGEST and caller.priority == 20 for caller in gold)
