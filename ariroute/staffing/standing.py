"""How each tier stands at one moment: its calls, its agents, what it needs, how long a caller would wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, inf

from ariroute.staffing.rules import StaffingRules, Threshold, Tier
from ariroute.staffing.snapshot import AgentNow, QueueNow, Snapshot, State

HAIR = 1e-9
"""0.1 agents for each of 30 calls are three agents, and not four because of the last bit of a fraction."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One tier in one snapshot.

    ``rank`` is 0 for the highest tier. ``agents`` are those who serve it, by name; ``wrapping`` the number of those who
    will in a moment, after their wrap-up; ``own`` the number of agents with their home here who serve any tier;
    ``helpers`` the names of those of ``agents`` who come from its reserve.
    """

    tier: Tier
    rank: int
    now: QueueNow
    agents: tuple[AgentNow, ...]
    wrapping: int
    own: int
    helpers: frozenset[str] = frozenset()

    @property
    def needed(self) -> int:
        """The agents it needs now: its floor, or ``agents_per_call`` for its calls."""
        return self.needed_with(0)

    def needed_with(self, more: int) -> int:
        """The agents that it would need with so many calls more."""
        calls = self.now.calls + more
        return max(self.tier.min_agents, ceil((self.tier.agents_per_call or 0.0) * calls - HAIR))

    @property
    def achieved(self) -> float | None:
        """Its agents per call, None without a call."""
        return len(self.agents) / self.now.calls if self.now.calls else None

    @property
    def estimated_wait(self) -> float | None:
        """Seconds that a caller who came now would wait; None when unknown, or when nobody serves the tier."""
        wait = self.wait_with(len(self.agents))
        return None if wait == inf else wait

    def wait_with(self, agents: int) -> float | None:
        """Seconds that a caller who came now would wait for one of so many ``agents``; None when unknown.

        With n callers ahead and c agents, all busy, that is (n + 1) x handling time / c, exact for exponential times.
        """
        if agents > self.now.calls:
            return 0.0
        if not agents:
            return inf
        if self.now.handling_time is None:
            return None
        return (self.now.calls - agents + 1) * self.now.handling_time / agents

    def worse(self, threshold: Threshold) -> bool:
        """Whether it does worse than ``threshold``. Of what is unknown that is not said."""
        if threshold.wait is not None:
            return self._wait() >= threshold.wait
        level = self.now.answered_in_time
        return level is not None and threshold.service_level is not None and level < threshold.service_level

    def better(self, threshold: Threshold, without: int = 0) -> bool:
        """Whether it does as well as ``threshold``, or better, even ``without`` so many of its agents.

        Without a contact of late nothing is wrong.
        """
        if threshold.wait is not None:
            return self._wait(without) <= threshold.wait
        level = self.now.answered_in_time
        if level is None:
            return not self.now.waiting
        return threshold.service_level is not None and level >= threshold.service_level

    @property
    def idle_helpers(self) -> int:
        """How many of its reserve are here and free."""
        return sum(agent.state is State.FREE and agent.name in self.helpers for agent in self.agents)

    def _wait(self, without: int = 0) -> float:
        """The estimated wait, or that of the first caller when it is longer or all that is known."""
        estimated = self.wait_with(len(self.agents) - without) or 0.0
        return max(estimated, self.now.longest_wait if self.now.waiting else 0.0)


def standings(rules: StaffingRules, snapshot: Snapshot) -> tuple[Standing, ...]:
    """Each tier of ``rules``, highest first; the order of the snapshot's agents does not matter."""
    serving: dict[str, list[AgentNow]] = {tier.queue: [] for tier in rules.tiers}
    wrapping, own = Counter[str](), Counter[str]()
    for name in sorted(snapshot.agents):
        agent = snapshot.agents[name]
        if agent.queue not in serving:
            continue
        if agent.serves:
            serving[agent.queue].append(agent)
            own.update(_home(rules, agent))
        elif agent.state is State.WRAP_UP:
            wrapping[agent.queue] += 1
    return tuple(
        Standing(
            tier,
            rank,
            snapshot.queues.get(tier.queue, QueueNow(tier.queue)),
            tuple(serving[tier.queue]),
            wrapping[tier.queue],
            own[tier.queue],
            _helpers(rules, tier, serving[tier.queue]),
        )
        for rank, tier in enumerate(rules.tiers)
    )


def _helpers(rules: StaffingRules, tier: Tier, agents: Iterable[AgentNow]) -> frozenset[str]:
    if not tier.reserve:
        return frozenset()
    known = (rules.agents[agent.name] for agent in agents if agent.name in rules.agents)
    return frozenset(staffed.name for staffed in known if staffed.home in tier.reserve.queues)


def _home(rules: StaffingRules, agent: AgentNow) -> Iterable[str]:
    staffed = rules.agents.get(agent.name)
    return (staffed.home,) if staffed else ()
