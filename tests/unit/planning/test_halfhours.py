"""A record, half hour by half hour: who came, how long it took, how patient they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import inf
from random import Random
from zoneinfo import ZoneInfo

import pytest

from ariroute.planning import halfhours
from ariroute.planning.halfhours import MANY, Day, average_day, without_patience
from ariroute.simulate.load import Seen

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(day: int, clock: str) -> float:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=STOCKHOLM).timestamp()


def answered(when: float, queue: str = "gold", wait: float = 5, talk: float = 100, ring: float = 3) -> Seen:
    return Seen(when, queue, 0, wait, False, talk, ring)


def day_of(seen: list[Seen], *queues: str, wrap_up: float = 0.0, weekdays: range = range(7)) -> Day:
    day = average_day(seen, queues, STOCKHOLM, wrap_up=[wrap_up] * len(queues), weekdays=weekdays)
    assert day is not None
    return day


def test_calls_are_counted_in_the_half_hour_of_the_clock_on_the_wall() -> None:
    seen = [answered(at(2, clock)) for clock in ("09:00", "09:29", "09:30", "23:59", "00:00")]
    day = day_of(seen, "gold")

    calls = {number: loads[0].calls for number, loads in enumerate(day.loads) if loads[0].calls}
    assert calls == {18: 4.0, 19: 2.0, 47: 2.0, 0: 2.0}  # an hour's worth of each half
    assert len(day.loads) == 48
    assert day.dates == (date(2026, 11, 2),)


def test_several_days_make_an_average_one() -> None:
    seen = [answered(at(day, "09:10")) for day in (2, 3, 3, 4)]
    assert day_of(seen, "gold").loads[18][0].calls == pytest.approx(2 * 4 / 3)


def test_only_the_days_that_are_wanted_count() -> None:
    """2026-11-02 is a Monday."""
    seen = [answered(at(day, "09:10")) for day in (1, 2, 3)]
    day = day_of(seen, "gold", weekdays=range(5))
    assert day.dates == (date(2026, 11, 2), date(2026, 11, 3))
    assert day.loads[18][0].calls == 2.0
    assert average_day(seen, ["gold"], STOCKHOLM, wrap_up=[0.0], weekdays=[5]) is None
    assert average_day(seen, ["silver"], STOCKHOLM, wrap_up=[0.0]) is None


def test_handling_is_ring_talk_and_the_work_after_it() -> None:
    seen = [answered(at(2, "09:10"), talk=talk, ring=ring) for talk, ring in ((100, 2), (200, 6))] * 10
    load = day_of(seen, "gold", wrap_up=15).loads[18][0]
    assert (load.handling, load.ring) == (4 + 150 + 15, 4)


def test_a_half_hour_has_its_own_handling_only_where_it_has_many_talks() -> None:
    morning = [answered(at(2, "09:10"), talk=300)] * MANY
    noon = [answered(at(2, "12:10"), talk=100)] * (MANY - 1)
    day = day_of([*morning, *noon], "gold")
    assert day.loads[18][0].handling == 303
    assert day.loads[24][0].handling == pytest.approx(3 + (300 * MANY + 100 * (MANY - 1)) / (2 * MANY - 1))


def test_a_tier_of_few_talks_has_those_of_all_tiers() -> None:
    seen = [*[answered(at(2, "09:10"), "standard", talk=200)] * 27, *[answered(at(2, "09:20"), talk=50)] * 3]
    gold, standard = day_of(seen, "gold", "standard").loads[18]
    assert standard.handling == 203
    assert gold.handling == pytest.approx(3 + (27 * 200 + 3 * 50) / 30)


def test_patience_is_all_that_was_waited_for_each_who_gave_up() -> None:
    """The estimate from censored times: those who were answered would have waited longer."""
    seen = [Seen(at(2, "09:10"), "gold", 0, 30.0, True)] * 20 + [answered(at(2, "09:10"), wait=10)] * 40
    (patient,) = day_of(seen, "gold").patience
    assert patient.mean == pytest.approx((20 * 30 + 40 * 10) / 20)
    assert (patient.gave_up, patient.waits, patient.borrowed) == (20, 60, False)
    assert patient.curve.lasts(29.0) == 1.0
    assert patient.curve.lasts(30.0) == 0.0


def test_true_patience_is_found_again_though_most_were_answered() -> None:
    """An average over those who gave up alone would say 40 s."""
    dice, seen = Random(2), []
    for _ in range(20_000):
        patience, offered = dice.expovariate(1 / 120), dice.expovariate(1 / 60)
        gave_up = patience < offered
        seen.append(Seen(at(2, "09:10"), "gold", 0, min(patience, offered), gave_up, None if gave_up else 100.0))
    (patient,) = day_of(seen, "gold").patience
    assert patient.mean == pytest.approx(120, rel=0.03)
    assert patient.curve.lasts(60.0) == pytest.approx(0.6065, abs=0.02)


def test_where_few_gave_up_the_patience_of_all_is_taken_and_where_nobody_did_it_has_no_end() -> None:
    seen = [Seen(at(2, "09:10"), "standard", 0, 30.0, True)] * 20 + [answered(at(2, "09:10"))] * 5
    gold, standard = day_of(seen, "gold", "standard").patience
    assert gold.borrowed
    assert not standard.borrowed
    assert gold.mean == pytest.approx((20 * 30 + 5 * 5) / 20)
    (nobody,) = day_of([answered(at(2, "09:10"))], "gold").patience
    assert nobody.mean == inf


def test_what_is_not_known_does_not_count_and_the_caller_does() -> None:
    seen = [answered(at(2, "09:10")), Seen(at(2, "09:11"), "gold"), Seen(at(2, "09:12"), "gold", 0, 9.0, True)]
    day = day_of(seen, "gold")
    assert day.loads[18][0].calls == 6.0
    assert day.loads[18][0].handling == 103
    assert day.patience[0].waits == 2
    assert without_patience(day.loads[18])[0].patience == inf


def test_of_thousands_of_queues_everybody_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tier with few talks has of everybody is the same for all such tiers."""
    looked_at: list[int] = []
    talked = halfhours._talked

    def counted(seen: Sequence[Seen]) -> list[Seen]:
        looked_at.append(len(seen))
        return talked(seen)

    monkeypatch.setattr(halfhours, "_talked", counted)
    queues = [f"q{number}" for number in range(2000)]
    day = day_of([answered(at(2, "09:00"), queue, talk=100 + number) for number, queue in enumerate(queues)], *queues)

    assert sum(looked_at) == 3 * len(queues)
    assert {handling.talk for handling in day.handling} == {100 + 1999 / 2}
    assert len({id(each) for each in day.patience}) == 1
