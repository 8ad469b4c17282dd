"""Erlang B, C and A: the published tables, pyworkforce, and chains of states summed up one by one."""

from __future__ import annotations

import csv
from math import inf, isinf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.planning.erlang import Load, Service, erlang_b, erlang_c, service
from ariroute.planning.need import Goal, own_agents

ORACLE = Path(__file__).parents[2] / "fixtures" / "planning" / "pyworkforce.csv"
HUNDRED = Load(calls=200, handling=180)
"""100 calls in half an hour, three minutes each: the example of pyworkforce, R's ErlangC and Call Centre Helper."""


def cases() -> list[dict[str, float]]:
    with ORACLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert len(rows) == 120
    return [{name: float(value) for name, value in row.items()} for row in rows]


def chain(load: Load, agents: int) -> tuple[float, float, float]:
    """The share that waits, the share that gives up, and the mean wait, state by state (features of M/M/n+M)."""
    rate, leave, give_up = load.calls / 3600, 1 / load.handling, 1 / load.patience
    weights = [1.0]
    while weights[-1] > 1e-18 * max(weights) or len(weights) <= agents:
        k = len(weights)
        weights.append(weights[-1] * rate / (min(k, agents) * leave + max(0, k - agents) * give_up))
    total = sum(weights)
    queue = sum(max(0, k - agents) * weight for k, weight in enumerate(weights)) / total
    return sum(weights[agents:]) / total, give_up * queue / rate, queue / rate


@pytest.mark.parametrize(
    ("agents", "loads"),
    [
        (1, (0.010, 0.020, 0.053)),
        (5, (1.361, 1.657, 2.218)),
        (10, (4.461, 5.084, 6.216)),
        (20, (12.031, 13.182, 15.249)),
        (30, (20.337, 21.932, 24.802)),
        (50, (37.901, 40.255, 44.533)),
        (100, (84.064, 87.972, 95.240)),
    ],
)
def test_erlang_b_is_that_of_the_tables(agents: int, loads: tuple[float, ...]) -> None:
    """Offered load at 1, 2 and 5 % blocking, to three decimals."""
    for blocked, load in zip((0.01, 0.02, 0.05), loads, strict=True):
        assert erlang_b(agents, load - 0.0006) < blocked < erlang_b(agents, load + 0.0006)


def test_erlang_b_is_that_of_westbay() -> None:
    assert erlang_b(15, 8.10804) == pytest.approx(0.01, rel=1e-5)


@pytest.mark.parametrize(
    ("agents", "waits", "in_time", "answer"),
    [
        (11, 0.682118, 0.389614, 122.781),
        (12, 0.449388, 0.640158, 40.445),
        (13, 0.285270, 0.795595, 17.116),
        (14, 0.174132, 0.888350, 7.836),
        (15, 0.102042, 0.941453, 3.674),
    ],
)
def test_erlang_c_is_that_of_the_tables(agents: int, waits: float, in_time: float, answer: float) -> None:
    found = service(HUNDRED, agents, 20.0)

    assert (found.delayed, found.in_time) == pytest.approx((waits, in_time), abs=6e-7)
    assert found.wait == found.speed_of_answer == pytest.approx(answer, abs=6e-4)
    assert (found.abandoned, found.occupancy) == pytest.approx((0.0, 10 / agents))


def test_erlang_c_agrees_with_published_examples_to_the_last_digit() -> None:
    found = service(HUNDRED, 14, 20.0)
    assert found.delayed == pytest.approx(0.1741319335950498, rel=1e-14)
    assert found.in_time == pytest.approx(0.8883500191794669, rel=1e-14)
    assert found.speed_of_answer == pytest.approx(7.83593701177724, rel=1e-13)
    other = service(Load(720, 240), 55, 15.0)
    assert (other.delayed, other.in_time) == pytest.approx((0.238701, 0.845883), abs=6e-7)
    assert (other.speed_of_answer, other.occupancy) == pytest.approx((8.184, 0.8727), abs=6e-4)
    assert erlang_c(3, 2) == pytest.approx(4 / 9)


@pytest.mark.parametrize("case", cases(), ids=lambda case: "-".join(f"{value:g}" for value in list(case.values())[:4]))
def test_erlang_c_is_that_of_pyworkforce(case: dict[str, float]) -> None:
    load = Load(2 * case["calls"], 60 * case["handling"])
    found = service(load, int(case["agents"]), 60 * case["within"])

    assert found.delayed == pytest.approx(case["waits"], rel=1e-9)
    assert found.in_time == pytest.approx(case["service_level"], rel=1e-9)
    assert found.occupancy == pytest.approx(case["occupancy"], rel=1e-12)
    assert own_agents(load, Goal(0.8, 60 * case["within"], 0.85)) == case["needed"]


def test_too_few_agents_never_catch_up_where_nobody_gives_up() -> None:
    assert service(HUNDRED, 10, 20.0) == Service(1.0, inf, inf, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("agents", "abandoned", "wait", "waits"), [(52, 0.019180, 2.302, 0.343132), (55, 0.008640, 1.037, 0.193599)]
)
def test_erlang_a_is_that_of_the_tables(agents: int, abandoned: float, wait: float, waits: float) -> None:
    """48 calls a minute of a minute each, and a patience of two minutes."""
    found = service(Load(2880, 60, patience=120), agents, 20.0)

    assert (found.abandoned, found.delayed) == pytest.approx((abandoned, waits), abs=6e-7)
    assert found.wait == pytest.approx(wait, abs=6e-4)


@pytest.mark.parametrize("patience", [5.0, 60.0, 600.0, 3000.0])
@pytest.mark.parametrize("agents", [1, 7, 10, 13, 30])
def test_erlang_a_is_what_its_chain_of_states_says(agents: int, patience: float) -> None:
    load = Load(200, 180, patience=patience)
    found = service(load, agents, 20.0)
    waits, abandoned, wait = chain(load, agents)

    assert (found.delayed, found.abandoned, found.wait) == pytest.approx((waits, abandoned, wait), rel=1e-8)
    assert found.occupancy == pytest.approx(load.erlangs * (1 - abandoned) / agents)


def test_service_level_and_speed_of_answer_of_erlang_a_are_what_numerical_integration_says() -> None:
    """Of the density of the wait that a caller of endless patience would have (Zeltyn and Mandelbaum 2005)."""
    from math import exp

    load, agents, within = Load(200, 180, patience=100), 9, 20.0
    rate, leaving, fear, step = 200 / 3600, agents / 180, 1 / 100, 0.02

    def density(x: float) -> float:
        return rate * exp(rate * (1 - exp(-fear * x)) / fear - leaving * x)

    middles = [step * (number + 0.5) for number in range(100_000)]
    whole = step * sum(map(density, middles)) + 1 / erlang_b(agents - 1, load.erlangs)
    stays = [(x, step * exp(-fear * x) * density(x) / whole) for x in middles]
    waited = sum(share for _, share in stays)
    at_once = 1 / erlang_b(agents - 1, load.erlangs) / whole

    found = service(load, agents, within)
    assert found.in_time == pytest.approx(at_once + sum(share for x, share in stays if x <= within), rel=1e-6)
    assert found.speed_of_answer == pytest.approx(sum(x * share for x, share in stays) / (at_once + waited), rel=1e-6)
    assert found.abandoned == pytest.approx(1 - at_once - waited, rel=1e-5)


def test_callers_of_endless_patience_are_those_of_erlang_c() -> None:
    patient, nearly = service(HUNDRED, 12, 20.0), service(Load(200, 180, patience=1e9), 12, 20.0)
    assert nearly == pytest.approx(patient, rel=1e-5, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.1, 3000), st.floats(5, 1800), st.floats(1, 1e5), st.integers(0, 200), st.floats(0, 120), st.floats(0, 9)
)
def test_every_figure_is_possible_and_more_agents_are_never_worse(
    calls: float, handling: float, patience: float, agents: int, within: float, ring: float
) -> None:
    load = Load(calls, handling + ring, ring, patience)
    few, more = service(load, agents, within), service(load, agents + 1, within)

    for found in (few, more):
        assert all(-1e-9 <= share <= 1 + 1e-9 for share in (found.delayed, found.in_time, found.abandoned))
        assert 0 <= found.occupancy <= 1 + 1e-9
        assert found.wait >= 0
        assert found.speed_of_answer >= ring - 1e-6 or isinf(found.speed_of_answer)
    assert more.in_time >= few.in_time - 1e-9
    assert more.abandoned <= few.abandoned + 1e-9


def test_far_too_few_agents_and_far_too_many() -> None:
    crowd = service(Load(20_000, 600, patience=100), 5, 20.0)
    assert (crowd.delayed, crowd.in_time) == pytest.approx((1.0, 0.0), abs=1e-12)
    assert (crowd.abandoned, crowd.occupancy) == pytest.approx((0.9985, 1.0))
    assert service(Load(2, 60, patience=100), 900, 20.0)[:5] == pytest.approx((0, 0, 0, 1, 0), abs=1e-12)


def test_callers_still_wait_while_a_phone_rings() -> None:
    ringing = Load(200, 180, ring=5)
    assert service(ringing, 14, 20.0).wait == pytest.approx(service(HUNDRED, 14, 20.0).wait + 5)
    assert service(ringing, 14, 20.0).in_time == service(HUNDRED, 14, 15.0).in_time
    assert service(ringing, 14, 4.0).in_time == 0.0


def test_nobody_comes_nobody_waits() -> None:
    assert service(Load(0, 0), 0, 20.0) == Service(0.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("patience", [inf, 60.0])
def test_calls_that_take_no_time_at_all_wait_for_nobody(patience: float) -> None:
    """As a queue_log in whole seconds may have them."""
    assert service(Load(30, 0, patience=patience), 1, 20.0) == Service(0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    assert own_agents(Load(30, 0, patience=patience), Goal(0.8, 20.0)) == 1
