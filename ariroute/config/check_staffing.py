"""What of the staffing contradicts itself, or can never be: floors, targets, reserves, agents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path as FilePath
from typing import Any

from ariroute.config.agents_file import read_agents
from ariroute.config.build_staffing import staffed_agents, staffing_rules
from ariroute.config.enough import too_few, too_many
from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings, QueueSettings
from ariroute.config.near import suggestion
from ariroute.config.odd_staffing import warn_of_odd_staffing
from ariroute.config.places import Path
from ariroute.config.ring_steps import AgentSettings
from ariroute.config.staffing import OF_QUEUES, AgentsFile, LendSettings, ReserveSettings, ThresholdSettings
from ariroute.config.words import unknown_name
from ariroute.errors import Problem
from ariroute.flow.endpoints import plain
from ariroute.staffing.rules import StaffedAgent, StaffingRules
from ariroute.values import duration_text

FEW_NAMES = 6
LEVEL = "add it, such as service_level: {target: 80, within: 20s}"


def staffing_of(
    settings: FileSettings, queues: Mapping[str, Any], folder: FilePath, findings: Findings
) -> StaffingRules | None:
    """The staffing rules of ``settings``; None without the section, and incomplete where ``findings`` has problems.

    ``queues`` has the names of all queues of the file, those with mistakes included; a CSV file of agents is looked for
    from ``folder``.
    """
    for name, queue in settings.queues.items():
        _check_queue(name, queue, queues, findings)
    for name, agent in settings.agents.items():
        _check_agent(name, agent, queues, findings)
    staffing = settings.staffing
    if staffing is None:
        return None
    crew = _Crew(settings, queues, findings)
    if isinstance(staffing.agents, AgentsFile):
        crew.add_file(folder / staffing.agents.csv, staffing.agents.delimiter)
    for name, pbx in settings.asterisk.items():
        if pbx.ami is None:
            findings.wrong(("asterisk", name), "staffing needs ami: over it agents are seen, and moved")
    if crew.is_sound:
        _check_purpose(settings, crew, findings)
        if staffing.agents != "asterisk":
            for name, queue in settings.queues.items():
                _check_figures(name, queue, crew, findings)
            _check_floors(settings, crew, findings)
    return staffing_rules(settings, staffing, crew.agents)


def warn_of_idle_staffing(settings: FileSettings, rules: StaffingRules | None, findings: Findings) -> None:
    """Warnings for what has no effect."""
    if rules is None:
        for name, queue in settings.queues.items():
            for key in OF_QUEUES:
                if key in queue.model_fields_set:
                    findings.warn(("queues", name, key), "has no effect without the section 'staffing'")
        for name, agent in settings.agents.items():
            if agent.queues:
                findings.warn(("agents", name, "queues"), "has no effect without the section 'staffing'")
        return
    for name, queue in settings.queues.items():
        path: Path = ("queues", name)
        if queue.lend and queue.min_agents > queue.lend.floor > 0:
            text = f"has no effect: min_agents keeps {_agents(queue.min_agents)} there in any case"
            findings.warn((*path, "lend", "floor"), text)
        if queue.lend and "spare" in queue.model_fields_set:
            findings.warn((*path, "spare"), "has no effect beside lend, which says what it keeps and when")
        if queue.reserve and not rules.from_asterisk:
            able = len(_borrowable(name, queue.reserve, rules.agents.values()))
            if able < queue.reserve.agents:
                text = f"only {_agents(able)} of those queues may serve '{name}'"
                findings.warn((*path, "reserve", "agents"), text)
    if not rules.from_asterisk:
        _warn_of_no_place(settings, rules.agents.values(), findings)
    warn_of_odd_staffing(settings, rules, findings)


@dataclass(slots=True)
class _Crew:
    """All agents whom the file names, each at their place. ``is_sound`` is false once something is wrong with them."""

    settings: FileSettings
    queues: Mapping[str, Any]
    findings: Findings
    agents: dict[str, StaffedAgent] = field(init=False)
    is_sound: bool = field(init=False)

    def __post_init__(self) -> None:
        self.agents = {}
        self.is_sound = not _problems(self.findings, "agents", "staffing")
        owners: dict[str, str] = {}
        for name, agent in staffed_agents(self.settings.agents).items():
            owner = owners.setdefault(agent.interface.casefold(), name)
            if owner != name:
                key = "member" if self.settings.agents[name].member else "dial"
                place: Path = ("agents", name, key)
                known = place in self.findings.places.values
                self.findings.wrong_value(place if known else ("agents", name), _same(agent.interface, owner))
                self.is_sound = False
            self.agents[name] = agent

    def add_file(self, path: FilePath, delimiter: str) -> None:
        """Add the agents of the CSV file."""
        problems: list[Problem] = []
        found = read_agents(path, delimiter, self.queues, problems)
        names = {plain(each): name for name, agent in self.settings.agents.items() for each in (name, *agent.also)}
        owners = {agent.interface.casefold(): name for name, agent in self.agents.items()}
        for name, (agent, line) in found.items():
            if text := self._taken(names.get(plain(name), ""), agent) or self._owned(owners, agent):
                problems.append(Problem(str(path), line, 1, "", f"{name}: {text}"))
            else:
                self.agents[name] = agent
        if any(not problem.line for problem in problems):  # the file as a whole
            for problem in problems:
                self.findings.wrong_value(("staffing", "agents", "csv"), f"{problem.file} {problem.text}")
        else:
            self.findings.problems += problems
        self.is_sound &= not problems

    def _taken(self, known_as: str, agent: StaffedAgent) -> str:
        """What is wrong when the flow file has such an agent, too: they may be one who is only rung there."""
        if not known_as:
            return ""
        there = self.settings.agents[known_as]
        if there.queues:
            return f"the flow file has agent '{known_as}' with queues already: say it in one place"
        if known_as == agent.name and there.dial.casefold() == agent.interface.casefold():
            return ""
        return f"the flow file has an agent '{known_as}' of this name already, with the phone {there.dial}"

    @staticmethod
    def _owned(owners: dict[str, str], agent: StaffedAgent) -> str:
        owner = owners.setdefault(agent.interface.casefold(), agent.name)
        return _same(agent.interface, owner) if owner != agent.name else ""

    def serving(self, queue: str) -> list[StaffedAgent]:
        """Those who may serve ``queue``."""
        return [agent for agent in self.agents.values() if queue in agent.queues]


def _problems(findings: Findings, *sections: str) -> bool:
    """Whether something is wrong in any of these sections."""
    return any(problem.path.partition(".")[0] in sections for problem in findings.problems)


def _same(interface: str, owner: str) -> str:
    return f"'{interface}' is the interface of agent '{owner}' already: each agent has one of their own"


def _agents(number: int) -> str:
    return "1 agent" if number == 1 else f"{number or 'no'} agents"


# ---- one queue, one agent


def _check_queue(name: str, queue: QueueSettings, queues: Mapping[str, Any], findings: Findings) -> None:
    path: Path = ("queues", name)
    most = queue.max_agents
    if most is not None and queue.min_agents > most:
        findings.wrong_value((*path, "min_agents"), f"{queue.min_agents} is more than max_agents, which is {most}")
    if most is not None and queue.agents_per_call and ceil(queue.agents_per_call) > most:
        findings.wrong_value(
            (*path, "agents_per_call"),
            f"can never be met: a single call needs {ceil(queue.agents_per_call)} agents, and max_agents is {most}",
        )
    if queue.reserve:
        _check_reserve(name, queue, queue.reserve, queues, findings)
    if queue.lend:
        _check_lend(name, queue, queue.lend, findings)


def _check_reserve(
    name: str, queue: QueueSettings, reserve: ReserveSettings, queues: Mapping[str, Any], findings: Findings
) -> None:
    path: Path = ("queues", name, "reserve")
    order = list(queues)
    for index, other in enumerate(reserve.queues):
        item: Path = (*path, "from", index)
        place = item if item in findings.places.values else (*path, "from")
        if other not in queues:
            findings.wrong_value(place, unknown_name("queue", other, "queues", queues))
        elif other == name:
            findings.wrong_value(place, "a queue cannot borrow from itself")
        elif order.index(other) < order.index(name):
            text = f"'{other}' is a higher tier than '{name}': only agents of lower tiers are borrowed"
            findings.wrong_value(place, text)
        elif other in reserve.queues[:index]:
            findings.wrong_value(place, f"'{other}' is given twice")
    for key, threshold in (("when", reserve.when), ("until", reserve.until)):
        _check_level((*path, key), name, queue, threshold, findings)
    _check_apart(path, reserve.when, reserve.until, findings)


def _check_apart(path: Path, when: ThresholdSettings, until: ThresholdSettings, findings: Findings) -> None:
    """Between the two thresholds must be room, or agents would go to and fro."""
    text = ""
    if (when.wait is None) != (until.wait is None):
        text = "must be of the same kind as when, wait or service_level: else nobody can tell which one is better"
    elif when.wait is not None and until.wait is not None:
        if until.wait >= when.wait:
            text = f"must be a shorter wait than that of when, {duration_text(when.wait)}: else agents go to and fro"
    elif when.service_level is not None and (until.service_level or 0) <= when.service_level:
        text = f"must be a higher service level than that of when, {when.service_level:g}: else agents go to and fro"
    if text:
        findings.wrong((*path, "until"), text)


def _check_lend(name: str, queue: QueueSettings, lend: LendSettings, findings: Findings) -> None:
    path: Path = ("queues", name, "lend")
    _check_level((*path, "while"), name, queue, lend.healthy, findings)
    if queue.max_agents is not None and lend.floor > queue.max_agents:
        text = f"{lend.floor} is more than max_agents, which is {queue.max_agents}: it would never lend"
        findings.wrong_value((*path, "floor"), text)


def _check_level(path: Path, name: str, queue: QueueSettings, threshold: ThresholdSettings, findings: Findings) -> None:
    if threshold.service_level is not None and queue.service_level is None:
        findings.wrong((*path, "service_level"), f"the queue '{name}' has no service_level to be measured by: {LEVEL}")


def _check_agent(name: str, agent: AgentSettings, queues: Mapping[str, Any], findings: Findings) -> None:
    path: Path = ("agents", name)
    for index, queue in enumerate(agent.queues):
        if queue in queues:
            continue
        text = unknown_name("queue", queue, "queues", queues)
        item: Path = (*path, "queues", index)
        if item in findings.places.values:
            findings.wrong_value(item, text)
        elif (*path, "queues", queue) in findings.places.values:
            findings.wrong((*path, "queues", queue), text)
        else:
            findings.wrong_value((*path, "queues"), text)
    if not agent.queues:
        for key, value in (("home", agent.home), ("member", agent.member)):
            if value is not None:
                findings.wrong((*path, key), "is only for agents with queues: add these, or delete the line")
    elif agent.home is not None and agent.home not in agent.queues:
        near = suggestion(agent.home, agent.queues)
        text = f"'{agent.home}' is none of the agent's queues{near or ': ' + ', '.join(agent.queues)}"
        findings.wrong_value((*path, "home"), text)


# ---- the whole


def _check_purpose(settings: FileSettings, crew: _Crew, findings: Findings) -> None:
    """There is something to be held, and somebody to hold it with."""
    staffing = settings.staffing
    assert staffing is not None
    if _problems(findings, "queues"):
        return
    if not any(queue.agents_per_call or queue.min_agents for queue in settings.queues.values()):
        text = "there is nothing to hold: give at least one queue agents_per_call or min_agents"
        findings.wrong(("staffing",), text)
    elif staffing.mode == "static" and not any(queue.agents_per_call for queue in settings.queues.values()):
        text = "shares agents in the ratio of agents_per_call, which no queue has"
        findings.wrong_value(("staffing", "mode"), text)
    if not crew.agents and staffing.agents != "asterisk":
        text = (
            "there is nobody to move: give agents queues, or name a file with them (agents: {csv: agents.csv}), or "
            "take those who log in to Asterisk (agents: asterisk)"
        )
        findings.wrong(("staffing",), text)


def _check_figures(name: str, queue: QueueSettings, crew: _Crew, findings: Findings) -> None:
    """What one queue asks for can be had, were everybody logged in."""
    path: Path = ("queues", name)
    able = len(crew.serving(name))
    need = ceil(queue.agents_per_call or 0)
    if need > able and need <= (queue.max_agents or need) and crew.agents:
        text = f"can never be met: a single call needs {_agents(need)}, and {_agents(able)} may serve it"
        findings.wrong_value((*path, "agents_per_call"), text)
    lenders = queue.reserve and crew.queues.keys() >= set(queue.reserve.queues) and crew.agents
    if queue.reserve and lenders and not _borrowable(name, queue.reserve, crew.agents.values()):
        text = f"nobody whose home is {_or(queue.reserve.queues)} may serve '{name}': add it to the queues of some"
        findings.wrong((*path, "reserve", "from"), text)
    own = sum(agent.home == name for agent in crew.agents.values())
    if queue.lend and crew.agents and queue.lend.floor > own:
        text = f"it would never lend, as it keeps {queue.lend.floor}: {_agents(own)} of its own is all there can be"
        findings.wrong_value((*path, "lend", "floor"), text)


def _check_floors(settings: FileSettings, crew: _Crew, findings: Findings) -> None:
    """All floors can be kept at once, were everybody logged in."""
    floors = {name: queue.min_agents for name, queue in settings.queues.items() if queue.min_agents}
    if not crew.agents:
        return
    names, able = too_few(floors, [agent.queues for agent in crew.agents.values()])
    short = [name for name in floors if name in names]
    if len(short) == 1:
        text = f"{floors[short[0]]} can never be had: {_agents(able)} may serve it"
        findings.wrong_value(("queues", short[0], "min_agents"), text)
    elif short:
        total = sum(floors[name] for name in short)
        text = f"with that of {_and(short[1:])} it is {total}, which can never be had: {_agents(able)} may serve there"
        findings.wrong_value(("queues", short[0], "min_agents"), text)


def _warn_of_no_place(settings: FileSettings, agents: Iterable[StaffedAgent], findings: Findings) -> None:
    """That not all agents have a place below the ceilings of their queues."""
    ceilings = {name: queue.max_agents for name, queue in settings.queues.items() if queue.max_agents is not None}
    names, left = too_many(ceilings, [agent.queues for agent in agents])
    full = [name for name in ceilings if name in names]
    if full:
        room = sum(ceilings[name] for name in full)
        findings.warn(
            ("queues", full[0], "max_agents"),
            f"leaves {_agents(left)} without a queue when all are logged in: max_agents of {_and(full)} is {room}"
            f"{' together' if len(full) > 1 else ''}, and more agents may serve no other",
        )


def _borrowable(name: str, reserve: ReserveSettings, agents: Iterable[StaffedAgent]) -> list[StaffedAgent]:
    return [agent for agent in agents if name in agent.queues and agent.home in reserve.queues]


def _and(names: Iterable[str]) -> str:
    return " and ".join(filter(None, _listed(names)))


def _or(names: Iterable[str]) -> str:
    return " or ".join(filter(None, _listed(names)))


def _listed(names: Iterable[str]) -> Iterator[str]:
    """``gold, silver`` and ``standard``."""
    *first, last = names
    if len(first) > FEW_NAMES:
        first, last = first[:FEW_NAMES], f"{len(first) + 1 - FEW_NAMES} more"
    yield ", ".join(first)
    yield last
