"""A configuration beside the Asterisk that runs: what is missing there, where the file needs it, and the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ariroute.asterisk.inventory import Inventory, Line, Unread
from ariroute.config.dialplan import ours, running
from ariroute.config.dialplan_rules import armed_for, judge
from ariroute.config.load import Config
from ariroute.config.near import suggestion
from ariroute.config.needs import AGENT, RING, Need, needs
from ariroute.config.places import Path, printable
from ariroute.errors import Problem

ENTRANCE: Final = "ariroute"
DELIVERY: Final = "ariroute-deliver"
CONTEXTS: Final = (ENTRANCE, DELIVERY, RING, AGENT)
DEFAULTS: Final = {"ARIROUTE_DEFAULT": "standard", "ARIROUTE_LAST": "last", "ARIROUTE_APP": "ariroute"}
"""The dialplan's global variables, and what holds where they are not set."""

OLDEST: Final = 16
INCLUDE: Final = "put #include ariroute/extensions-ariroute.conf into extensions.conf, then 'dialplan reload'"
AS_IT_IS: Final = "take dialplan/extensions-ariroute.conf as it is"


@dataclass(slots=True)
class Comparison:
    """One PBX: mistakes, things worth reading, and what could not be compared."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, other: Comparison) -> None:
        self.problems += other.problems
        self.warnings += other.warnings
        self.unread += other.unread


def compare(config: Config, pbx: str, found: Inventory) -> Comparison:
    """What ``config`` needs and this PBX does not have."""
    comparison = Comparison()
    paths = {printable(path): path for path in (*config.places.values, *config.places.keys)}

    def problem(path: str | Path, text: str) -> Problem:
        place = paths.get(path, ()) if isinstance(path, str) else path
        return config.places.problem(place or ("asterisk", pbx), f"{pbx}: {text}")

    for need in needs(config):
        if text := _missing(need, found):
            comparison.problems.append(problem(need.path, text))
    ari: Path = ("asterisk", pbx, "ari")
    comparison.problems += [problem(ari, text) for text in _old(found.version)]
    if isinstance(found.queues, Unread):
        comparison.unread.append(f"{pbx}: queues: {found.queues.why}")
    else:
        comparison.problems += [problem((), text) for text in _fallbacks(found)]
    if isinstance(found.dialplan, Unread):
        comparison.unread.append(f"{pbx}: the guard in the dialplan: {found.dialplan.why}")
    else:
        losing, risky = _dialplan(found.dialplan, config.daemon.guard, config.pbxs[pbx].ari.app)
        comparison.problems += [problem((), text) for text in losing]
        comparison.warnings += [problem((), text) for text in risky]
        if text := _other_application(found.dialplan, found.variables, config.pbxs[pbx].ari.app):
            comparison.warnings.append(problem((*ari, "app"), text))
    return comparison


def _missing(need: Need, found: Inventory) -> str:
    """What is wrong with this one; empty when it is there, or cannot be told."""
    match need.kind:
        case "queue" if not isinstance(found.queues, Unread):
            (queue,) = need.names
            if queue not in found.queues:
                near = suggestion(queue, found.queues)
                return (
                    f"there is no queue '{queue}'{near}: add it to queues.conf, then 'queue reload all' (a realtime "
                    "queue is known once it has been used)"
                )
        case "endpoint" if found.endpoints.isdisjoint(need.names):
            near = suggestion(need.names[0], found.endpoints)
            return f"there is no endpoint {need.names[0]}{near}: see 'pjsip show endpoints'"
        case "sound" if found.sounds.isdisjoint(need.names):
            why = f" ({need.why})" if need.why else ""
            return (
                f"there is no sound '{need.names[0]}'{why}{suggestion(need.names[0], found.sounds)}: put the file into "
                "Asterisk's sounds folder, then 'core reload'"
            )
        case "module" if found.modules.isdisjoint(need.names):
            return f"the module {need.names[0]} is not loaded: {need.why}; load it in modules.conf"
        case "context" if not isinstance(found.dialplan, Unread) and not found.dialplan.get(need.names[0]):
            return f"the dialplan has no context [{need.names[0]}]: {INCLUDE}"
        case "database" if found.may_read_database is False:
            return "the AMI user may not read the database: add reporting to write in its section of manager.conf"
        case "database" if isinstance(found.may_read_database, Unread):
            return "values of the database need AMI: add ami to it, or write exists: true"
    return ""


def _old(version: str) -> Iterator[str]:
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST:
        yield f"Asterisk {version} is older than {OLDEST}, the oldest that ariroute works with"


def _fallbacks(found: Inventory) -> Iterator[str]:
    """The queues where the dialplan itself sends calls that ariroute says nothing of."""
    assert not isinstance(found.queues, Unread)
    for variable in ("ARIROUTE_DEFAULT", "ARIROUTE_LAST"):
        queue = found.variables.get(variable) or DEFAULTS[variable]
        if queue not in found.queues:
            yield (
                f"there is no queue '{queue}', where the dialplan sends calls when ariroute does not answer: add it to "
                f"queues.conf, or set {variable} in [globals] of extensions.conf"
            )


def _dialplan(contexts: Mapping[str, Sequence[Line] | None], guard: float, app: str) -> tuple[list[str], list[str]]:
    """What is wrong with our part of the dialplan: what loses calls, and what is risky."""
    dialplan = ours(running(contexts), app)
    wrong = [f"the dialplan has no context [{name}]: {INCLUDE}" for name in (ENTRANCE, DELIVERY) if not contexts[name]]
    judgement = judge(dialplan, app)
    wrong += [f"{fault.place} of the dialplan: {fault.text}; {AS_IT_IS}" for fault in judgement.losing]
    for seconds in armed_for(dialplan):
        if abs(seconds - guard) > 0.001:
            wrong.append(
                f"the dialplan's guard is {seconds:g} s and daemon.guard {guard:g}s: make them the same, since flows "
                "are checked by the latter"
            )
    return wrong, [f"{fault.place} of the dialplan: {fault.text}; {AS_IT_IS}" for fault in judgement.risky]


def _other_application(contexts: Mapping[str, Sequence[Line] | None], variables: Mapping[str, str], app: str) -> str:
    """That the dialplan gives calls to another application than ours, as far as its text tells."""
    for line in contexts.get(ENTRANCE) or ():
        if line.application != "Stasis":
            continue
        name = line.data.partition(",")[0]
        if "ARIROUTE_APP" in line.data:
            name = variables.get("ARIROUTE_APP") or DEFAULTS["ARIROUTE_APP"]
        if name != app and "$" not in name:
            return f"the dialplan gives calls to the application '{name}', and app is '{app}': set ARIROUTE_APP, or app"
    return ""
