"""What ``ariroute simulate`` knows before anybody calls: tiers, from the flow file or the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ariroute.cli.amounts import ByQueue
from ariroute.cli.given import known
from ariroute.flow.endpoints import Agents
from ariroute.staffing.rules import StaffedAgent, StaffingRules, Tier

if TYPE_CHECKING:
    from ariroute.flow.queues import ServiceLevel


@dataclass(frozen=True, slots=True)
class House:
    """Tiers, highest first, each with the queue priority of its callers; the staffing, if there is one.

    ``file`` is empty without a flow file.
    """

    file: str
    timezone: str
    tiers: tuple[Tier, ...]
    priorities: Mapping[str, int] = field(default_factory=dict)
    staffing: StaffingRules | None = None
    people: Agents = field(default_factory=Agents)

    @property
    def agents(self) -> Mapping[str, StaffedAgent]:
        """Those of the flow file."""
        return self.staffing.agents if self.staffing else {}

    def agent(self, text: str) -> StaffedAgent | None:
        """The agent whom a record calls ``text``: by name, by another name of theirs, or by interface."""
        known = self.people.find(text)
        by_interface = (each for each in self.agents.values() if each.interface == text)
        return self.agents.get(known.name if known else text) or next(by_interface, None)

    @property
    def levels(self) -> dict[str, float | None]:
        """The seconds of each queue's service level."""
        return {tier.queue: tier.service_level.within if tier.service_level else None for tier in self.tiers}

    @property
    def wrap_ups(self) -> dict[str, float]:
        """The seconds of wrap-up of each queue for which the flow file says them."""
        return {tier.queue: tier.wrap_up for tier in self.tiers if tier.wrap_up is not None}

    def rules(self, agents: Mapping[str, StaffedAgent]) -> StaffingRules | None:
        """The staffing of these agents; None when no tier asks for any."""
        if not any(tier.agents_per_call or tier.min_agents or tier.reserve for tier in self.tiers):
            return None
        usual = self.staffing or StaffingRules("dynamic", self.tiers)
        return replace(usual, tiers=self.tiers, agents=agents, from_asterisk=False)


def house_of_file(path: Path) -> House:
    """That of the flow file at ``path``. Raises ConfigError."""
    from ariroute.config.load import load_rules

    config = load_rules(path)
    queues = config.ruleset.queues.values()
    tiers = (
        config.staffing.tiers
        if config.staffing
        else tuple(Tier(queue.name, queue.agents_per_call, service_level=queue.service_level) for queue in queues)
    )
    priorities = {queue.name: queue.priority for queue in queues}
    return House(config.file, config.ruleset.timezone, tiers, priorities, config.staffing, config.ruleset.agents)


def house_of(queues: Sequence[str]) -> House:
    """One without a flow file: these queues, the first one highest."""
    return House("", "UTC", tuple(Tier(queue) for queue in dict.fromkeys(queues)))


def calling(house: House, queues: Iterable[str]) -> House:
    """``house`` with those of ``queues`` that it does not have, as the lowest tiers: a record may have others."""
    more = dict.fromkeys(queues).keys() - {tier.queue for tier in house.tiers}
    return replace(house, tiers=(*house.tiers, *(Tier(queue) for queue in sorted(more))))


def asking(house: House, per_call: ByQueue[float], levels: ByQueue[ServiceLevel]) -> House:
    """``house`` with other agents per call and service levels. Raises UnknownName for a queue that it has not."""
    names = [tier.queue for tier in house.tiers]
    for queue in (*per_call.named, *levels.named):
        known("queue", queue, names)
    tiers = tuple(
        replace(
            tier,
            agents_per_call=per_call.of(tier.queue) or tier.agents_per_call,
            service_level=levels.of(tier.queue) or tier.service_level,
        )
        for tier in house.tiers
    )
    return replace(house, tiers=tiers)
