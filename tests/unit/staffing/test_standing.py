"""What a tier needs and how it does, from one snapshot."""

from __future__ import annotations

from math import inf

import pytest
from staffing_builders import floor, rules, staffed, there

from ariroute.staffing.rules import Threshold, Tier
from ariroute.staffing.snapshot import QueueNow, State
from ariroute.staffing.standing import Standing, standings


def standing(agents: int, queue: QueueNow, wrapping: int = 0) -> Standing:
    """A tier with so many free agents."""
    people = [staffed(f"a{number}", "gold") for number in range(agents + wrapping)]
    states = [State.FREE] * agents + [State.WRAP_UP] * wrapping
    snapshot = floor([there(one.name, "gold", state) for one, state in zip(people, states, strict=True)], queue)
    return standings(rules([Tier("gold", 0.5, min_agents=1)], people), snapshot)[0]


def test_serving_are_the_free_the_ringing_and_the_talking() -> None:
    people = [staffed(state.name, "gold") for state in State]
    snapshot = floor(there(one.name, "gold", State[one.name]) for one in people)
    (gold,) = standings(rules([Tier("gold")], people), snapshot)
    assert [agent.state for agent in gold.agents] == [State.FREE, State.RINGING, State.TALKING]
    assert (gold.wrapping, gold.own) == (1, 3)


@pytest.mark.parametrize(
    ("agents", "queue", "expected"),
    [
        (2, QueueNow("gold", 0, 1, handling_time=180.0), 0.0),  # one is free
        (2, QueueNow("gold", 0, 2, handling_time=180.0), 90.0),  # the next one who ends: 180 / 2
        (3, QueueNow("gold", 4, 3, handling_time=180.0), 300.0),  # behind four others: 5 x 180 / 3
        (3, QueueNow("gold", 4, 3), None),
        (0, QueueNow("gold", 1, 0, handling_time=180.0), None),
    ],
)
def test_the_estimated_wait_is_that_of_exponential_times(agents: int, queue: QueueNow, expected: float | None) -> None:
    assert standing(agents, queue).estimated_wait == expected


@pytest.mark.parametrize(
    ("queue", "threshold", "worse", "better"),
    [
        (QueueNow("gold", 0, 0), Threshold(wait=20.0), False, True),
        (QueueNow("gold", 1, 1, handling_time=20.0), Threshold(wait=20.0), True, False),
        (QueueNow("gold", 1, 1, 20.0), Threshold(wait=20.0), True, True),  # at the threshold itself
        (QueueNow("gold", 1, 1, 19.0), Threshold(wait=20.0), False, True),
        (QueueNow("gold", answered_in_time=79.0), Threshold(service_level=80.0), True, False),
        (QueueNow("gold", answered_in_time=80.0), Threshold(service_level=80.0), False, True),
        (QueueNow("gold"), Threshold(service_level=80.0), False, True),  # no contact of late
        (QueueNow("gold", waiting=1), Threshold(service_level=80.0), False, False),
    ],
)
def test_thresholds(queue: QueueNow, threshold: Threshold, worse: bool, better: bool) -> None:
    gold = standing(1, queue)
    assert (gold.worse(threshold), gold.better(threshold)) == (worse, better)


def test_without_agents_every_wait_is_too_long() -> None:
    gold = standing(0, QueueNow("gold"))
    assert gold.wait_with(0) == inf
    assert gold.worse(Threshold(wait=3600.0))
    assert gold.achieved is None


def test_achieved_and_needed() -> None:
    gold = standing(2, QueueNow("gold", 3, 2), wrapping=1)
    assert (gold.achieved, gold.needed) == (0.4, 3)
    assert standing(0, QueueNow("gold")).needed == 1
