"""What a staffing may say, and hardly anybody means: promises upside down, help that can never come."""

from __future__ import annotations

from itertools import combinations
from math import ceil

from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings, QueueSettings
from ariroute.staffing.rules import StaffingRules

FOLLOWS_CALLS = ("reserve", "lend", "spare")
"""Keys of a queue by which agents follow its calls."""


def warn_of_odd_staffing(settings: FileSettings, rules: StaffingRules, findings: Findings) -> None:
    """Warnings for what is allowed, and would surprise."""
    if not rules.from_asterisk and all(len(agent.queues) < 2 for agent in rules.agents.values()):
        findings.warn(("staffing",), "nobody can be moved: no agent may serve more than one queue")
    for name, queue in settings.queues.items():
        for key in FOLLOWS_CALLS:
            if rules.mode == "static" and key in queue.model_fields_set:
                findings.warn(("queues", name, key), "has no effect with mode static, which does not follow the calls")
        if queue.reserve and queue.max_agents is not None and queue.max_agents <= _least(queue):
            text = f"never comes: max_agents is {queue.max_agents}, and a single call takes as many"
            findings.warn(("queues", name, "reserve"), text)
    _warn_of_order(settings, findings)


def _warn_of_order(settings: FileSettings, findings: Findings) -> None:
    """That a tier is promised less than one below it, once for each."""
    told: set[tuple[str, str]] = set()
    for (name, queue), (other, lower) in combinations(settings.queues.items(), 2):
        for key in ("agents_per_call", "priority"):
            mine, theirs = getattr(queue, key), getattr(lower, key)
            if mine is not None and theirs is not None and mine < theirs and (name, key) not in told:
                told.add((name, key))
                text = f"{mine:g} is less than the {theirs:g} of '{other}', a lower tier: the highest tier comes first"
                findings.warn(("queues", name, key), text)


def _least(queue: QueueSettings) -> int:
    """The agents that a single call takes."""
    return max(queue.min_agents, ceil(queue.agents_per_call or 0))
