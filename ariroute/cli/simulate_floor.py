"""The floors that ``ariroute simulate`` compares: who serves where, and whether somebody moves them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from ariroute.cli.given import known
from ariroute.cli.simulate_house import House
from ariroute.cli.simulate_queues import Known, Placed
from ariroute.errors import UnusableInput
from ariroute.simulate.scenario import AgentModel, Member, QueueModel, Scenario
from ariroute.simulate.study import Arm
from ariroute.staffing.rules import Mode, StaffedAgent

if TYPE_CHECKING:
    from ariroute.replay.crew import Crowd, Shift

MOVING: Final[Mapping[str, Mode]] = {"static": "static", "dynamic": "dynamic"}


class Hand(NamedTuple):
    """One agent: where they may serve, and when they are there."""

    agent: StaffedAgent
    model: AgentModel


@dataclass(frozen=True, slots=True)
class Crew:
    """The agents; ``says`` is a sentence on where they come from."""

    hands: Sequence[Hand]
    says: str

    @property
    def agents(self) -> dict[str, StaffedAgent]:
        return {hand.agent.name: hand.agent for hand in self.hands}


def crew_of(
    house: House, crowds: Sequence[Crowd], shifts: Sequence[Shift], members: Sequence[Placed], picks_up: float
) -> Crew:
    """The agents that ``crowds`` says, else of a record, else of the flow file, else the members that Asterisk has.

    Raises UnusableInput when there is nobody.
    """
    if crowds:
        names = [tier.queue for tier in house.tiers]
        for queue in (queue for crowd in crowds for queue in crowd.queues):
            known("queue", queue, names)
        return Crew(
            [Hand(each, _there(each.name, picks_up)) for each in _of_crowds(crowds)],
            "Agents are those of --agents, all the time",
        )
    if shifts:
        hands = list(_of_shifts(house, shifts, picks_up))
        return Crew(
            hands,
            "Agents are there as they took calls in the journal, in the queues of the flow file, else of their calls",
        )
    if house.agents:
        return Crew(
            [Hand(each, _there(each.name, picks_up)) for each in house.agents.values()],
            "Agents are those of the flow file, all the time",
        )
    if members:
        return Crew(
            [Hand(each, _there(each.name, picks_up)) for each in _of_members(members)], "Agents are the members"
        )
    raise UnusableInput(
        "nobody is there to answer: write how many agents, such as --agents gold=4 --agents gold+standard=6, or give "
        "the agents of the flow file queues (agents: {anna: {dial: PJSIP/anna, queues: [gold, standard]}})"
    )


def without(crew: Crew, absent: Iterable[str]) -> Crew:
    """The same, but these never answer their phone. Raises UnknownName."""
    gone = {known("agent", name, [hand.agent.name for hand in crew.hands]) for name in absent}
    hands = [
        hand._replace(model=replace(hand.model, picks_up=inf)) if hand.agent.name in gone else hand
        for hand in crew.hands
    ]
    return Crew(hands, crew.says)


def _there(name: str, picks_up: float) -> AgentModel:
    """On duty all the time."""
    return AgentModel(name, 0.0, inf, picks_up)


def _of_crowds(crowds: Iterable[Crowd]) -> Iterable[StaffedAgent]:
    counts = Counter[str]()
    for queues, number in crowds:
        called = "+".join(queues)
        for _ in range(number):
            counts[called] += 1
            name = f"{called}-{counts[called]}"
            yield StaffedAgent(name, f"Local/{name}", queues[0], dict.fromkeys(queues, 0))


def _of_shifts(house: House, shifts: Iterable[Shift], picks_up: float) -> Iterable[Hand]:
    counts = Counter[str]()
    for shift in shifts:
        there = dict.fromkeys(shift.queues, 0)
        agent = house.agent(shift.agent) or StaffedAgent(shift.agent, shift.agent, shift.queues[0], there)
        counts[agent.name] += 1
        name = agent.name if counts[agent.name] == 1 else f"{agent.name} ({counts[agent.name]})"
        yield Hand(replace(agent, name=name), AgentModel(name, shift.start, shift.end, picks_up))


def _of_members(members: Iterable[Placed]) -> Iterable[StaffedAgent]:
    """Each interface in the queues of which it is a member; home is that of the lowest penalty."""
    queues: dict[str, dict[str, int]] = defaultdict(dict)
    for each in members:
        queues[each.interface][each.queue] = each.penalty
    for interface, own in queues.items():
        yield StaffedAgent(interface, interface, min(own, key=lambda queue: own[queue]), own)


def arms_of(
    modes: Iterable[str], house: House, crew: Crew, queues: Known, adjusted: Callable[[QueueModel], QueueModel]
) -> list[Arm]:
    """One floor for each of ``modes``; ``adjusted`` has what the command line says of queues' settings.

    Raises UnusableInput for a mode in which nothing asks for an agent.
    """
    served = [tier.queue for tier in house.tiers]
    served += [queue for agent in crew.agents.values() for queue in agent.queues]
    models = {queue: adjusted(replace(queues.model(queue), within=house.levels.get(queue))) for queue in served}
    return [_arm(mode, house, crew, queues, models) for mode in modes]


def _arm(mode: str, house: House, crew: Crew, queues: Known, models: Mapping[str, QueueModel]) -> Arm:
    rules = house.rules(crew.agents)
    if mode in MOVING and rules is None:
        raise UnusableInput(
            f"mode {mode}: no queue asks for agents: give one agents_per_call in the flow file, or write such as "
            "--agents-per-call platinum=1"
        )
    if mode == "weights":
        tiers = [tier.queue for tier in reversed(house.tiers)]
        models = {name: replace(model, weight=tiers.index(name) + 1) for name, model in models.items() if name in tiers}
    else:
        models = {name: replace(model, weight=model.weight if mode == "none" else 0) for name, model in models.items()}
    return Arm(
        mode,
        Scenario(
            models,
            [hand.model for hand in crew.hands],
            [member for hand in crew.hands for member in _members(mode, hand.agent, queues)],
            (),
            replace(rules, mode=MOVING.get(mode, "advise")) if rules else None,
            shared_last_call=queues.shared_last_call,
        ),
    )


def _members(mode: str, agent: StaffedAgent, queues: Known) -> list[Member]:
    """The agent's places at the beginning."""
    match mode:
        case "none":
            there = [each for each in queues.members if agent.name == each.name or agent.interface == each.interface]
            places = {each.queue: each.penalty for each in there if each.queue in agent.queues}
            return [Member(agent.name, *each) for each in (places or dict.fromkeys(agent.queues, 0)).items()]
        case "penalties":
            others = sorted((order, queue) for queue, order in agent.queues.items() if queue != agent.home)
            backups = [Member(agent.name, queue, number) for number, (_, queue) in enumerate(others, 1)]
            return [Member(agent.name, agent.home), *backups]
        case "weights":
            return [Member(agent.name, queue) for queue in agent.queues]
        case "home":
            return [Member(agent.name, agent.home)]
        case _:
            return [Member(agent.name, agent.home, agent.queues[agent.home])]
