"""The order of the steps: rounds interleaved, contenders shuffled; who fails a rate leaves the ladder of the round."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scripts.benchmark.steps import Measured, Step


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run. `rates` by delay of the customer service (ms), ascending; `seconds` of calls in each step.

    `patience` is how long (s) a step waits for a quiet machine. A disturbed step is repeated up to `retries` times, as
    long as all repeats together have not taken `repeating` seconds.
    """

    contenders: tuple[str, ...]
    rates: Mapping[int, tuple[int, ...]]
    rounds: int
    seconds: float
    seed: int
    retries: int
    patience: float
    repeating: float

    @property
    def most_steps(self) -> int:
        """Steps when nobody leaves the ladder and nothing is repeated."""
        return self.rounds * len(self.contenders) * sum(map(len, self.rates.values()))


def run(
    plan: Plan,
    measure: Callable[[Step], Measured],
    tell: Callable[[Measured], None],
    clock: Callable[[], float] = time.monotonic,
) -> list[Measured]:
    """Measure every step of the plan and return the results that count, one for each step."""
    dice = random.Random(plan.seed)  # noqa: S311 - an order that can be repeated
    repeats = Repeats(plan.retries, plan.repeating, clock)
    results: list[Measured] = []
    for number in range(1, plan.rounds + 1):
        for delay, rates in plan.rates.items():
            left: set[str] = set()
            for rate in rates:
                for name in shuffled([name for name in plan.contenders if name not in left], dice):
                    result = repeats.undisturbed(Step(name, rate, delay, number), measure)
                    results.append(result)
                    tell(result)
                    if not result.good:
                        left.add(name)
    return results


def shuffled(names: Sequence[str], dice: random.Random) -> list[str]:
    """The names in a new order."""
    return dice.sample(list(names), len(names))


class Repeats:
    """Repeats disturbed steps: each up to `most` times, and all of them within `seconds`."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._left = seconds
        self._clock = clock

    def undisturbed(self, step: Step, measure: Callable[[Step], Measured]) -> Measured:
        """Measure, and again while others disturb it; of several disturbed tries the least disturbed one counts."""
        tries = [measure(step)]
        while tries[-1].disturbed and len(tries) <= self._most and self._left > 0:
            begun = self._clock()
            tries.append(measure(step))
            self._left -= self._clock() - begun
        return replace(min(tries, key=lambda result: (result.disturbed, result.foreign)), tries=len(tries))


def highest_good(results: Sequence[Measured], contender: str, delay: int) -> dict[int, int]:
    """By round: the highest rate up to which each step of this contender was good; 0 where the first was not."""
    highest: dict[int, int] = {}
    failed: set[int] = set()
    mine = [m for m in results if m.step.contender == contender and m.step.delay == delay]
    for result in sorted(mine, key=lambda m: m.step.rate):
        number = result.step.round
        highest.setdefault(number, 0)
        if not result.good:
            failed.add(number)
        elif number not in failed:
            highest[number] = result.step.rate
    return highest
