"""Ringing somebody, and what goes along with a call, from the file into the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ariroute.config.build_steps import NOTHING, StepBuilder
from ariroute.config.findings import Findings
from ariroute.config.places import Path
from ariroute.config.ring_steps import AgentSettings, AgentStep, DialStep, LabelStep, RingSettings
from ariroute.config.shapes import Calculated
from ariroute.config.words import unknown_name
from ariroute.flow import steps as tree
from ariroute.flow.endpoints import Agent, Agents, Endpoint, plain


def agents_of(settings: Mapping[str, AgentSettings], findings: Findings) -> Agents:
    """The agents of the file; a name that stands for two is a mistake."""
    owners: dict[str, str] = {}
    for name, agent in settings.items():
        for index, each in enumerate((name, *agent.also)):
            owner = owners.setdefault(plain(each), name)
            if owner != name:
                item = ("agents", name, "also", index - 1) if index else ("agents", name)
                findings.wrong(item, f"'{each[:80]}' stands for agent '{owner}' already: a name stands for one agent")
    return Agents({name: Agent(name, Endpoint(agent.dial), tuple(agent.also)) for name, agent in settings.items()})


def ring(builder: StepBuilder, key: str, value: Any, shown: str, path: Path) -> tree.Step:
    """The step ``key`` with the settings ``value`` at ``path``."""
    match value:
        case DialStep():
            return _dial(builder, value, shown, path)
        case AgentStep():
            return _agent(builder, value, shown, path)
        case LabelStep():
            prefix = builder.expressions.value(value.name_prefix, (*path, "name_prefix"))
            return tree.SetLabel(
                shown,
                prefix if "name_prefix" in value.model_fields_set else None,
                builder.expressions.values(value.headers, (*path, "headers")),
                builder.expressions.values(value.variables, (*path, "variables")),
            )
        case _:
            return NOTHING


def _dial(builder: StepBuilder, step: DialStep, shown: str, path: Path) -> tree.Step:
    place = builder.inner(path, "endpoint")
    builder.known("endpoint", step.endpoint, "endpoints", builder.names.endpoints, place)
    endpoint = builder.settings.endpoints.get(step.endpoint)
    otherwise = _nobody_there(builder, step, path)
    return tree.Dial(shown, step.endpoint, Endpoint(endpoint), step.timeout, otherwise) if endpoint else NOTHING


def _agent(builder: StepBuilder, step: AgentStep, shown: str, path: Path) -> tree.Step:
    place = (
        path
        if isinstance(step.name, Calculated) and (*path, "cel") in builder.findings.places.values
        else (*path, "name")
    )
    name = builder.expressions.value(step.name, place)
    if not isinstance(step.name, Calculated) and builder.agents.find(str(step.name)) is None:
        text = unknown_name("agent", str(step.name), "agents", builder.names.agents)
        if str(step.name) not in builder.names.agents:  # one with a mistake of its own is told there
            builder.findings.wrong_value(builder.inner(path, "name"), text)
    otherwise, unknown = _nobody_there(builder, step, path), builder.way(step.on_unknown, (*path, "on_unknown"))
    return tree.RingAgent(shown, name, step.timeout, otherwise, unknown) if name else NOTHING


def _nobody_there(builder: StepBuilder, step: RingSettings, path: Path) -> tree.NobodyThere:
    return tree.NobodyThere(
        builder.way(step.on_busy, (*path, "on_busy")),
        builder.way(step.on_no_answer, (*path, "on_no_answer")),
        builder.way(step.on_failed, (*path, "on_failed")),
    )
