"""The flow file of a trial: each queue by its own name, and the staffing as the rules have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ariroute.staffing.rules import Lend, Reserve, StaffingRules, Threshold, Tier

_HEAD = """\
version: 1
asterisk:
  pbx1:
    ari: {url: "{ari}", user: ariroute, password: "${env:ARI_SECRET}"}
    ami: {address: "{ami}", user: ariroute, password: "${env:AMI_SECRET}"}
"""
_FLOW = """\
  {queue}:
    trigger: {call: {to: {queue}}}
    default: {queue}
    steps: [{queue: {queue}}]
"""
_TAIL = """\
daemon:
  admin: "{admin}"
"""


def flow_file(queues: Mapping[str, int], rules: StaffingRules | None) -> str:
    """A flow file for ``queues`` (name and priority, highest tier first), staffed by ``rules`` if there are any."""
    tiers = {tier.queue: tier for tier in rules.tiers} if rules else {}
    settings = {name: {"priority": priority, **_tier(tiers.get(name))} for name, priority in queues.items()}
    parts = [_HEAD, "queues:\n", *(f"  {name}: {_inline(given)}\n" for name, given in settings.items())]
    if rules:
        parts += ["agents:\n", *(f"  {name}: {_inline(_agent(rules, name))}\n" for name in rules.agents)]
        parts += ["staffing:\n", *(f"  {key}: {_inline(value)}\n" for key, value in _staffing(rules).items())]
    return "".join([*parts, "flows:\n", *(_FLOW.replace("{queue}", name) for name in queues), _TAIL])


def _staffing(rules: StaffingRules) -> dict[str, Any]:
    answers = rules.no_answer
    return {
        "mode": rules.mode,
        "min_stay": _seconds(rules.min_stay),
        "look_back": _seconds(rules.look_back),
        "no_answer": {"rings": answers.rings, "pause": _seconds(answers.pause)} if answers else "off",
    }


def _agent(rules: StaffingRules, name: str) -> dict[str, Any]:
    agent = rules.agents[name]
    return {"dial": agent.interface, "queues": dict(agent.queues), "home": agent.home}


def _tier(tier: Tier | None) -> dict[str, Any]:
    if tier is None:
        return {}
    given: dict[str, Any] = {"min_agents": tier.min_agents} if tier.min_agents else {}
    if tier.agents_per_call is not None:
        given["agents_per_call"] = tier.agents_per_call
    if tier.max_agents is not None:
        given["max_agents"] = tier.max_agents
    if tier.service_level:
        level = tier.service_level
        given["service_level"] = {"target": level.target, "within": _seconds(level.within)}
    if tier.reserve:
        given["reserve"] = _reserve(tier.reserve)
    if tier.lend:
        given["lend"] = _lend(tier.lend)
    return given


def _reserve(reserve: Reserve) -> dict[str, Any]:
    return {
        "from": list(reserve.queues),
        "agents": reserve.agents,
        "when": _threshold(reserve.when),
        "until": _threshold(reserve.until),
    }


def _lend(lend: Lend) -> dict[str, Any]:
    return {"floor": lend.floor, "while": _threshold(lend.healthy)}


def _threshold(threshold: Threshold) -> dict[str, Any]:
    if threshold.wait is not None:
        return {"wait": _seconds(threshold.wait)}
    return {"service_level": threshold.service_level}


def _seconds(value: float) -> str:
    return f"{round(value * 1000)}ms"


def _inline(value: object) -> str:
    """YAML's flow style, of which JSON is a part."""
    return json.dumps(value)
