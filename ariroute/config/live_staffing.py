"""The staffing beside the Asterisk that runs: whether agents can be moved there, and what would be in the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ariroute.asterisk.floor_inventory import FloorInventory
from ariroute.config.live import Comparison
from ariroute.config.load import Config
from ariroute.config.near import suggestion
from ariroute.config.places import Path
from ariroute.errors import Problem
from ariroute.staffing.rules import StaffedAgent, StaffingRules

ACTIONS: Final = {
    "queueadd": "QueueAdd",
    "queueremove": "QueueRemove",
    "queuepause": "QueuePause",
    "queuepenalty": "QueuePenalty",
}
"""What agents are moved by: class ``agent`` of ``write`` in manager.conf."""

FEW: Final = 10
"""So many of one kind are told at most, and then how many more there are."""


def compare_staffing(config: Config, pbx: str, endpoints: Collection[str] | None, floor: FloorInventory) -> Comparison:
    """What keeps ariroute from staffing the queues of this PBX as ``config`` says.

    ``endpoints`` as in the inventory, None where they could not be had.

    Nothing without a section ``staffing``. Queues that are missing are told by :func:`ariroute.config.live.compare`.
    """
    if config.staffing is None:
        return Comparison()
    beside = _Beside(config, pbx, config.staffing, floor)
    comparison = Comparison()
    rights = beside.rights()
    (comparison.warnings if config.staffing.mode == "advise" else comparison.problems).extend(rights)
    comparison.problems += _few(beside.without_endpoint(endpoints)) if endpoints is not None else []
    comparison.problems += _few(beside.spelt_otherwise())
    comparison.warnings += beside.starving()
    comparison.warnings += beside.without_wrap_up()
    comparison.warnings += _few(beside.elsewhere())
    comparison.warnings += _few(beside.strangers())
    comparison.unread += [
        f"{pbx}: joinempty, leavewhenempty, autofill and autopause of the queues: AMI does not tell them; 'ariroute "
        "doctor' reads them in queues.conf",
        f"{pbx}: whether '{floor.user}' is told of members and calls (read = agent): AMI does not tell that; 'ariroute "
        "doctor' reads it in manager.conf",
    ]
    return comparison


@dataclass(slots=True)
class _Beside:
    """The rules beside one PBX."""

    config: Config
    pbx: str
    rules: StaffingRules
    floor: FloorInventory

    def rights(self) -> Iterator[Problem]:
        missing = [name for key, name in ACTIONS.items() if key not in self.floor.actions]
        if missing:
            text = (
                f"the AMI user '{self.floor.user}' may not move agents ({', '.join(missing)}): add agent to write in "
                "its section of manager.conf, then 'manager reload'"
            )
            yield self._problem(("asterisk", self.pbx, "ami"), text)

    def without_endpoint(self, endpoints: Collection[str]) -> Iterator[Problem]:
        """Agents whose telephone nobody knows; what ``dial`` of the file rings is told with the rest of the file."""
        told = {agent.endpoint for agent in self.config.ruleset.agents.by_name.values()}
        for agent in self.rules.agents.values():
            technology, _, rest = agent.interface.partition("/")
            name = f"{technology}/{rest.partition('/')[0].rpartition('@')[2] if technology == 'PJSIP' else rest}"
            if technology != "Local" and agent.interface not in told and name not in endpoints:
                text = f"there is no endpoint {name}{suggestion(name, endpoints)}: see 'pjsip show endpoints'"
                yield self._of_agent(agent, text)

    def spelt_otherwise(self) -> Iterator[Problem]:
        """Asterisk finds members without regard to capitals (``member_cmp_fn()``, app_queue.c); we do not."""
        there = {member.interface.casefold(): member.interface for member in self.floor.members}
        for agent in self.rules.agents.values():
            found = there.get(agent.interface.casefold(), agent.interface)
            if found != agent.interface:
                yield self._of_agent(agent, f"in the queues '{agent.interface}' is written '{found}': write it so")

    def starving(self) -> Iterator[Problem]:
        """Queues that wait for heavier ones: those that have an agent in common.

        ``compare_weight()`` of app_queue.c looks for the agent among the members of the heavier queue, and not at
        whether the agent is paused there.
        """
        tiers = [tier.queue for tier in self.rules.tiers]
        shared = self._sharing(tiers)
        for heavy in tiers:
            weight = self.floor.weights.get(heavy, 0)
            light = [
                other
                for other in tiers
                if self.floor.weights.get(other, weight) < weight and frozenset((heavy, other)) in shared
            ]
            if light:
                text = (
                    f"weight {weight} starves {' and '.join(light)}: while callers wait here, no member of both is "
                    "rung there, not even one paused here; set weight = 0 in queues.conf, then 'queue reload all'"
                )
                yield self._problem(("queues", heavy), text)

    def without_wrap_up(self) -> Iterator[Problem]:
        """Queues whose wrap-up neither the file nor Asterisk tells."""
        unknown = [tier.queue for tier in self.rules.tiers if tier.wrap_up is None]
        if unknown and not self.floor.tells_wrap_ups:
            text = (
                f"the wrap-up of {', '.join(unknown)} is not known: agents who wrap up there may be moved; write it as "
                "wrapuptime of queues.conf says, such as wrap_up: 10s, and wrap_up: 0s for none"
            )
            yield self._problem(("queues", unknown[0]), text)

    def _sharing(self, tiers: Collection[str]) -> set[frozenset[str]]:
        """The pairs of queues that have an agent in common, now or by the rules."""
        sets = [set(agent.queues) for agent in self.rules.agents.values()]
        sets += self._queues_now().values()
        distinct = {frozenset(each & set(tiers)) for each in sets}
        return {frozenset((one, other)) for each in distinct for one in each for other in each if one != other}

    def elsewhere(self) -> Iterator[Problem]:
        """Agents who serve other queues than they may by the rules."""
        now = self._queues_now(serving=True)
        for agent in self.rules.agents.values():
            beyond = sorted(now.get(agent.interface, set()) - agent.queues.keys())
            if beyond:
                text = f"is a member of {' and '.join(beyond)}, where they may not serve: left alone until logged out"
                yield self._of_agent(agent, text)

    def strangers(self) -> Iterator[Problem]:
        """Members of the file's queues who are none of the agents."""
        if self.rules.from_asterisk:
            return
        known = {agent.interface.casefold() for agent in self.rules.agents.values()}
        tiers = {tier.queue for tier in self.rules.tiers}
        for interface, queues in self._queues_now().items():
            if interface.casefold() not in known and (here := sorted(queues & tiers)):
                text = f"{interface}, a member of {' and '.join(here)}, is none of the agents: nobody moves them"
                yield self._problem(("staffing",), text)

    def _queues_now(self, *, serving: bool = False) -> Mapping[str, set[str]]:
        """The queues of each interface; with ``serving`` without those where it is paused."""
        found: dict[str, set[str]] = {}
        for member in self.floor.members:
            if not (serving and member.paused):
                found.setdefault(member.interface, set()).add(member.queue)
        return found

    def _of_agent(self, agent: StaffedAgent, text: str) -> Problem:
        """At the agent's place in the file; those of a CSV file have none there."""
        here = self.config.ruleset.agents.by_name.get(agent.name)
        if here is not None and ("agents", agent.name, "queues") in self.config.places.keys:
            return self._problem(("agents", agent.name), text)
        return self._problem(("staffing", "agents"), f"{agent.name}: {text}")

    def _problem(self, path: Path, text: str) -> Problem:
        return self.config.places.problem(path, f"{self.pbx}: {text}")


def _few(problems: Iterable[Problem]) -> list[Problem]:
    found = list(problems)
    if len(found) <= FEW + 1:
        return found
    last = found[FEW]
    return [*found[:FEW], replace(last, text=f"{last.text} (and {len(found) - FEW - 1} more like it)")]
