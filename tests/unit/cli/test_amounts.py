"""Callers, agents and times by queue, as the command line gives them."""

from __future__ import annotations

import pytest

from ariroute.cli.amounts import Calls, by_queue, calls, crowds, length, number, service_level
from ariroute.errors import UnusableInput
from ariroute.flow.queues import ServiceLevel
from ariroute.replay.crew import Crowd


def test_callers_come_at_so_many_in_a_time() -> None:
    assert calls(["gold=40/h", "support:10=5/15m", "slow=12.5/2h"]) == [
        Calls("gold", None, 40 / 3600),
        Calls("support", 10, 5 / 900),
        Calls("slow", None, 12.5 / 7200),
    ]


@pytest.mark.parametrize(
    "text", ["gold", "gold=40", "gold=x/h", "=4/h", "go ld=4/h", "gold=4/0h", "gold=-4/h", "gold:x=4/h", "gold=٤/h"]
)
def test_what_is_no_rate_says_what_to_write(text: str) -> None:
    with pytest.raises(UnusableInput, match=r"--calls .*gold=40/h"):
        calls([text])


def test_a_queue_is_called_once_at_each_priority() -> None:
    assert len(calls(["gold=4/h", "gold:5=4/h"])) == 2
    with pytest.raises(UnusableInput, match="twice"):
        calls(["gold=4/h", "gold=5/h"])


def test_agents_have_their_home_in_the_queue_that_is_named_first() -> None:
    assert crowds(["gold=4", "standard+gold=6"]) == [Crowd(("gold",), 4), Crowd(("standard", "gold"), 6)]


@pytest.mark.parametrize(
    "text", ["gold", "gold=", "gold=x", "=4", "gold=-1", "gold=10001", "gold=1.5", "go/ld=1", "gold+=1", "gold=4=4"]
)
def test_what_is_no_crowd_says_what_to_write(text: str) -> None:
    with pytest.raises(UnusableInput, match=r"--agents .*gold\+standard=6"):
        crowds([text])


def test_a_value_is_for_one_queue_or_for_all_others() -> None:
    found = by_queue("--talk", ["3m", "gold=5m"], length, "gold=3m")
    assert (found.of("gold"), found.of("standard")) == (300.0, 180.0)
    assert by_queue("--talk", [], length, "gold=3m").of("gold") is None


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["3"], "--talk 3: .* such as gold=3m"),
        (["0s"], "no time at all"),
        (["gold=3m", "gold=4m"], "said twice of gold"),
        (["3m", "4m"], "said twice"),
        (["go ld=3m"], "can be no queue"),
    ],
)
def test_what_is_no_value_says_what_to_write(texts: list[str], says: str) -> None:
    with pytest.raises(UnusableInput, match=says):
        by_queue("--talk", texts, length, "gold=3m")


def test_a_service_level_is_percent_in_a_time() -> None:
    assert service_level("80/20s") == ServiceLevel(80.0, 20.0)
    for text in ("80", "0/20s", "101/20s", "80/20"):
        with pytest.raises(ValueError, match=r"no service level|duration"):
            service_level(text)


def test_a_number_is_above_zero() -> None:
    assert number("0.5") == 0.5
    for text in ("0", "-1", "x", "1e3", ""):
        with pytest.raises(ValueError, match="not a number above 0"):
            number(text)
