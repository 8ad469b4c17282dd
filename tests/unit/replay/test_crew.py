"""Who serves which queue when: read from who took which call, or said by the user."""

from __future__ import annotations

from ariroute.replay.crew import Crowd, Stint, crew, recorded_stints
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
    found = crew(day, [Crowd(("gold",), 2)])
    assert found == [Stint(("gold",)), Stint(("gold",)), Stint(("standard",), 900, 1400, 0)]
    assert found[0].end == always
