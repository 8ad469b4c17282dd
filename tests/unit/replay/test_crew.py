"""Who serves which queue when: read from who took which call, or said by the user."""

from __future__ import annotations

import pytest

from ariroute.errors import UnusableInput
from ariroute.replay.crew import Given, Stint, crew, given, recorded_stints
from ariroute.replay.visits import Place, Visit


def taken(agent: str, answer: float, talk: float, queue: str = "gold", ring: float = 0) -> Visit:
    return Visit(answer - 10, Place(queue), Place(queue), "answered", 10, talk, agent, ring)


def test_an_agent_is_there_from_the_first_call_to_the_last_and_a_gap_more_on_both_sides() -> None:
    day = [taken("PJSIP/ann", 1000, 60, ring=5), taken("PJSIP/ann", 1100, 60), taken("PJSIP/ann", 1200, 60)]
    assert recorded_stints(day) == [Stint(("gold",), 995 - 40, 1260 + 40, 5 / 3)]


def test_more_than_an_hour_without_a_call_is_a_pause_and_the_queues_are_those_of_the_whole_record() -> None:
    day = [taken("PJSIP/ann", 1000, 100), taken("PJSIP/ann", 1300, 100), taken("PJSIP/ann", 9000, 50, "standard")]
    both = ("gold", "standard")
    assert recorded_stints(day) == [Stint(both, 800, 1600, 0), Stint(both, 8800, 9250, 0)]


def test_only_calls_that_somebody_took_show_an_agent() -> None:
    lost = Visit(1000, Place("gold"), Place("gold"), "abandoned", 30, None, "")
    nobody_knows = Visit(1000, Place("gold"), Place("gold"))
    assert recorded_stints([lost, nobody_knows]) == []


def test_given_agents_take_the_place_of_the_recorded_ones_of_their_queues() -> None:
    day = [taken("PJSIP/ann", 1000, 100), taken("PJSIP/ann", 1200, 100, "standard"), taken("PJSIP/bo", 1000, 100)]
    always = float("inf")
    found = crew(day, [Given(("gold",), 2)])
    assert found == [Stint(("gold",)), Stint(("gold",)), Stint(("standard",), 900, 1400, 0)]
    assert found[0].end == always


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("gold=4", Given(("gold",), 4)),
        ("gold+standard=6", Given(("gold", "standard"), 6)),
        ("b+a=0", Given(("a", "b"), 0)),
    ],
)
def test_agents_as_a_user_writes_them(text: str, means: Given) -> None:
    assert given(text) == means


@pytest.mark.parametrize(
    "text", ["gold", "gold=", "gold=x", "=4", "gold+=4", "go ld=4", "gold=-1", "gold=10001", "gold=4=4"]
)
def test_what_is_no_number_of_agents_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UnusableInput, match=r"^--agents .*: write QUEUE=NUMBER, such as gold=4"):
        given(text)
