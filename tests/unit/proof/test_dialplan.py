"""The dialplan of a proof differs from ours in the guard alone."""

from __future__ import annotations

import pytest

from ariroute.lab.debian import LabError
from ariroute.proof import dialplan


def test_when_a_guard_is_given_then_only_that_line_differs() -> None:
    ours = dialplan.sample().splitlines()

    made = dialplan.guarded(dialplan.sample(), 6.5).splitlines()

    changed = [(old, new) for old, new in zip(ours, made, strict=True) if old != new]
    assert changed == [(" same => n,Set(TIMEOUT(absolute)=4)", " same => n,Set(TIMEOUT(absolute)=6.5)")]


def test_when_there_is_no_guard_then_no_step_leads_back_to_the_guarded_dialplan() -> None:
    copy = dialplan.unguarded(dialplan.sample())

    assert "TIMEOUT(absolute)=4" not in copy
    assert "[unguarded]" in copy
    assert "[unguarded-deliver]" in copy
    for step in ("Goto(ariroute", "ariroute-deliver", "ariroute-ring", "ariroute-agent", "[ariroute"):
        assert step not in copy


def test_when_a_dialplan_arms_no_guard_then_it_is_refused() -> None:
    with pytest.raises(LabError, match="expected exactly one"):
        dialplan.guarded("[ariroute]\n", 4)


def test_when_numbers_are_dialled_then_each_has_two_extensions() -> None:
    text = dialplan.numbers(["+46850000000", "*9"])

    assert "exten => prove0,1,Set(ARIROUTE_TO=+46850000000)\n same => n,Goto(ariroute,s,1)\n" in text
    assert "exten => control1,1,Set(ARIROUTE_TO=*9)\n same => n,Goto(unguarded,s,1)\n" in text
