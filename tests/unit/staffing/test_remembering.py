"""What was needed of late is remembered until the last moment at which it was needed is long enough ago."""

from __future__ import annotations

from staffing_builders import floor, rules, staffed, there

from ariroute.staffing.proposal import Memory
from ariroute.staffing.remembering import begun, peak, remembered
from ariroute.staffing.rules import Lend, Reserve, Threshold, Tier
from ariroute.staffing.snapshot import QueueNow
from ariroute.staffing.standing import standings


def after(memory: Memory, now: float, tier: Tier, queue: QueueNow, look_back: float = 100.0) -> Memory:
    return remembered(memory, standings(rules([tier], []), floor([], queue)), now, look_back)


def test_peaks_fall_one_after_the_other() -> None:
    memory, kept = Memory(), []
    for now, calls in ((0, 1), (10, 5), (20, 3), (30, 4), (40, 2), (50, 0), (109, 0), (120, 0), (140, 0), (151, 0)):
        memory = after(memory, float(now), Tier("gold", 1.0), QueueNow("gold", waiting=calls))
        kept.append(peak(memory, "gold"))
    assert kept == [1, 5, 5, 5, 5, 5, 5, 4, 2, 0]


def test_as_many_peaks_are_remembered_as_differ() -> None:
    memory = Memory()
    for now in range(1000):
        memory = after(memory, float(now), Tier("gold", 1.0), QueueNow("gold", waiting=now % 7), look_back=1e6)
    assert len(memory.peaks["gold"]) <= 7


def test_looking_back_no_time_at_all_remembers_nothing() -> None:
    memory = after(Memory(), 0.0, Tier("gold", 1.0), QueueNow("gold", waiting=3), look_back=0.0)
    assert peak(memory, "gold") == 3
    assert peak(after(memory, 0.0, Tier("gold", 1.0), QueueNow("gold"), look_back=0.0), "gold") == 0


def lending(threshold: Threshold, *queues: QueueNow) -> list[bool]:
    memory, lends = Memory(), []
    for queue in queues:
        memory = after(memory, 0.0, Tier("gold", 1.0, lend=Lend(1, threshold)), queue)
        lends.append("gold" in memory.lending)
    return lends


def test_a_tier_begins_to_lend_at_half_the_misses_at_which_it_stops() -> None:
    levels = [QueueNow("gold", answered_in_time=level) for level in (85.0, 90.0, 85.0, 79.0, 85.0)]
    assert lending(Threshold(service_level=80.0), *levels) == [False, True, True, False, False]


def test_a_daemon_that_begins_anew_calls_off_and_back_nothing_but_for_what_it_sees() -> None:
    reserve = Reserve(("standard",), 2, Threshold(wait=20.0), Threshold(wait=5.0))
    tiers = [
        Tier("platinum", 1.0, reserve=reserve),
        Tier("gold", 1.0, lend=Lend(1, Threshold(wait=10.0))),
        Tier("standard"),
    ]
    house = rules(tiers, [staffed("anna", "gold", "platinum"), staffed("bob", "standard", "platinum")])
    at_home = [there("anna", "gold"), there("bob", "standard")]
    assert begun(house, at_home) == Memory()
    away = [there("anna", "platinum"), there("bob", "platinum"), there("stranger", "gold")]
    assert begun(house, away) == Memory(reserves=frozenset({"platinum"}), lending=frozenset({"gold"}))
    assert begun(house, [there("anna", "platinum"), there("bob", "gold")]).reserves == frozenset()
    assert begun(house, [there("anna", "")]).lending == frozenset()
