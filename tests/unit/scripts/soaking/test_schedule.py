"""When which fault strikes, and who calls."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ariroute.proof.allowed import NOTHING, Allowed
from ariroute.proof.faults import ALL
from ariroute.proof.plan import LASTS
from scripts.soaking.schedule import DEADLY, LONG_LIFE, QUICK, callers, faults, weights

KINDS = list(ALL)


def test_every_minute_has_a_fault() -> None:
    planned = faults(24 * 3600, 60, 4.0, 1, KINDS)

    assert len(planned) == 24 * 60
    assert [fault.at for fault in planned[:3]] == [30.0, 90.0, 150.0]
    assert all(fault.lasted <= 30 for fault in planned)


def test_nothing_ends_the_daemon_in_the_long_life_and_much_does_behind_it() -> None:
    planned = faults(24 * 3600, 60, 4.0, 1, KINDS)
    early = Counter(fault.kind for fault in planned if fault.at < LONG_LIFE * 24 * 3600)
    late = Counter(fault.kind for fault in planned if fault.at >= LONG_LIFE * 24 * 3600)

    assert early.keys() == set(KINDS) - DEADLY
    assert max(early.values()) - min(early.values()) <= 1  # each in turn
    assert late.keys() == set(KINDS)
    assert sum(late[kind] for kind in DEADLY) == sum(late.values()) / 2


def test_a_try_of_three_minutes_has_a_death_too() -> None:
    kinds = [fault.kind in DEADLY for fault in faults(180, 60, 4.0, 1, KINDS)]

    assert kinds == [False, False, True]


def test_the_same_seed_makes_the_same_faults() -> None:
    assert faults(3600, 60, 4.0, 5, KINDS) == faults(3600, 60, 4.0, 5, KINDS)
    assert faults(3600, 60, 4.0, 5, KINDS) != faults(3600, 60, 4.0, 6, KINDS)


def test_no_faults_on_request() -> None:
    assert faults(3600, 0, 4.0, 1, KINDS) == []


@pytest.mark.parametrize("kind", sorted(DEADLY))
def test_the_deadly_kinds_are_kinds(kind: str) -> None:
    assert kind in ALL
    assert kind in LASTS


def test_callers_dial_every_entry_the_quick_ones_more_often() -> None:
    allowed = [NOTHING, Allowed(5.0, 5.0, 0.0), Allowed(0.0, 0.0, 8.0)]

    dialled = Counter(
        caller.dialled for caller in callers(1000, weights([True, False, False]), allowed, 4.0, random.Random(1))
    )

    assert dialled.keys() == {"prove0", "prove1", "prove2"}
    assert dialled["prove0"] / 1000 == pytest.approx(QUICK / (QUICK + 2), abs=0.05)


def test_patient_callers_outlast_flow_and_guard() -> None:
    made = callers(1000, [1], [Allowed(5.0, 5.0, 0.0)], 4.0, random.Random(1))

    patient = [caller for caller in made if caller.stay > 9.0]
    assert 700 < len(patient) < 900
    assert all(caller.patience == caller.stay for caller in made)
