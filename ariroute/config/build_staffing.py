"""From the file's settings to the staffing rules."""

from __future__ import annotations

from collections.abc import Mapping

from ariroute.config.model import FileSettings, QueueSettings
from ariroute.config.ring_steps import AgentSettings
from ariroute.config.staffing import NoAnswerSettings, StaffingSettings, ThresholdSettings
from ariroute.flow.queues import ServiceLevel
from ariroute.staffing.rules import Lend, NoAnswer, Reserve, StaffedAgent, StaffingRules, Threshold, Tier


def tiers_of(queues: Mapping[str, QueueSettings]) -> tuple[Tier, ...]:
    """Every queue of the file as a tier, highest first."""
    return tuple(_tier(name, queue) for name, queue in queues.items())


def staffed_agents(agents: Mapping[str, AgentSettings]) -> dict[str, StaffedAgent]:
    """Those of the file who have queues, by name."""
    return {
        name: StaffedAgent(name, str(agent.member or agent.dial), agent.home or next(iter(agent.queues)), agent.queues)
        for name, agent in agents.items()
        if agent.queues
    }


def staffing_rules(
    settings: FileSettings, staffing: StaffingSettings, agents: Mapping[str, StaffedAgent]
) -> StaffingRules:
    """The rules of ``settings`` for these ``agents``."""
    answer = staffing.no_answer
    return StaffingRules(
        staffing.mode,
        tiers_of(settings.queues),
        agents,
        staffing.min_stay,
        staffing.look_back,
        NoAnswer(answer.rings, answer.pause) if isinstance(answer, NoAnswerSettings) else None,
        staffing.agents == "asterisk",
    )


def _tier(name: str, queue: QueueSettings) -> Tier:
    level, reserve, lend = queue.service_level, queue.reserve, queue.lend
    return Tier(
        name,
        queue.agents_per_call,
        queue.min_agents,
        queue.max_agents,
        ServiceLevel(level.target, level.within) if level else None,
        Reserve(tuple(reserve.queues), reserve.agents, _threshold(reserve.when), _threshold(reserve.until))
        if reserve
        else None,
        Lend(lend.floor, _threshold(lend.healthy)) if lend else None,
        queue.spare,
        queue.wrap_up,
    )


def _threshold(settings: ThresholdSettings) -> Threshold:
    return Threshold(settings.wait, settings.service_level)
