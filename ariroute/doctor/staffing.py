"""The staffing: can agents be moved as the flow file says, and is anybody there to be moved."""

from __future__ import annotations

from collections.abc import Iterator

from ariroute.asterisk.floor_inventory import FloorInventory
from ariroute.config.live import Comparison
from ariroute.doctor.conf import Conf, leading_number
from ariroute.doctor.facts import AsteriskFiles
from ariroute.doctor.findings import Finding, Severity, fault, note, ok, warning
from ariroute.doctor.needs import split
from ariroute.doctor.queues import AUTOPAUSE_ON, RELOAD
from ariroute.staffing.rules import StaffingRules
from ariroute.values import duration_text

WHY: dict[Severity, str] = {
    Severity.FAULT: "agents are not moved as the flow file says: tiers have fewer agents than they were promised",
    Severity.WARNING: "agents stay where they are, or callers wait beside a free agent",
}


def fits(comparison: Comparison) -> Iterator[Finding]:
    """What :func:`ariroute.config.live_staffing.compare_staffing` found."""
    for severity, problems in ((Severity.FAULT, comparison.problems), (Severity.WARNING, comparison.warnings)):
        for problem in problems:
            what, remedy = split(problem.text.partition(": ")[2])
            place = f"{problem.file}:{problem.line}:{problem.column}"
            yield Finding(severity, what, place, WHY[severity], remedy)
    if not comparison.problems:
        yield ok("agents can be moved as the flow file says")


def on_duty(rules: StaffingRules, floor: FloorInventory) -> Iterator[Finding]:
    """Somebody of the agents is logged in."""
    tiers = {tier.queue for tier in rules.tiers}
    here = {member.interface.casefold() for member in floor.members if member.queue in tiers}
    known = {agent.interface.casefold() for agent in rules.agents.values()}
    there = here if rules.from_asterisk else here & known
    if there:
        yield ok(f"{len(there)} of the agents {'is' if len(there) == 1 else 'are'} logged in")
        return
    queue = rules.tiers[-1].queue
    name = next((agent.interface for agent in rules.agents.values()), "PJSIP/NAME")
    yield warning(
        "none of the agents is logged in",
        why="ariroute moves those who are, and logs nobody in: it has nobody to move",
        remedy=f"sudo asterisk -rx 'queue add member {name} to {queue}'",
    )


def events(floor: FloorInventory, files: AsteriskFiles | None) -> Iterator[Finding]:
    """Members and calls are told as they change: QueueMemberStatus and its like are of class agent (app_queue.c)."""
    conf = files.file("manager.conf") if files else None
    if conf is None or floor.user not in conf.sections:
        return
    classes = {each.strip().lower() for value in conf.values(floor.user, "read") for each in value.split(",")}
    if classes.isdisjoint(("agent", "all")):
        yield fault(
            f"the AMI user '{floor.user}' is not told of members and their calls (class agent)",
            "manager.conf",
            why="agents are moved late or not at all: what changes is noticed by a look every ten seconds alone",
            remedy=f"read = agent,user   ; manager.conf, section [{floor.user}]; then: "
            "sudo asterisk -rx 'manager reload'",
        )
    else:
        yield ok(f"the AMI user '{floor.user}' is told of members and their calls")


def no_answer(rules: StaffingRules, files: AsteriskFiles | None) -> Iterator[Finding]:
    """Who does not answer is paused by one of the two, Asterisk or ariroute."""
    conf = files.file("queues.conf") if files else None
    if conf is None or rules.no_answer is None or rules.mode == "advise":
        return
    for tier in rules.tiers:
        if tier.queue in conf.sections and (value := autopause(conf, tier.queue)) in AUTOPAUSE_ON:
            yield note(
                f"the queue '{tier.queue}' pauses who does not answer before ariroute does (autopause = {value})",
                "queues.conf",
                why="they stay paused until they come back by hand; ariroute would bring them back after "
                f"{duration_text(rules.no_answer.pause)}",
                remedy=f"autopause = no   ; queues.conf, section [{tier.queue}]; {RELOAD}",
            )


def wrap_ups(rules: StaffingRules, files: AsteriskFiles | None) -> Iterator[Finding]:
    """Wrap-ups are in the flow file as Asterisk has them."""
    conf = files.file("queues.conf") if files else None
    for tier in rules.tiers if conf else ():
        if conf is None or tier.wrap_up is None or tier.queue not in conf.sections:
            continue
        there = wrap_up(conf, tier.queue)
        if there != tier.wrap_up:
            yield warning(
                f"the wrap-up of the queue '{tier.queue}' is {duration_text(tier.wrap_up)} in the flow file, and "
                f"{duration_text(there)} in queues.conf",
                "queues.conf",
                why="agents are moved during their wrap-up, or stay after it though they are needed",
                remedy=f"queues: {{{tier.queue}: {{wrap_up: {duration_text(there)}}}}}   # in the flow file; then: "
                "ariroute reload",
            )


def wrap_up(conf: Conf, queue: str) -> float:
    """Seconds as ``queue`` has them in queues.conf, read as app_queue does (``queue_set_param()``, 22.10.1)."""
    return float(max(0, leading_number(conf.get(queue, "wrapuptime")) or 0))


def autopause(conf: Conf, queue: str) -> str:
    """How ``queue`` has it in queues.conf."""
    return conf.get(queue, "autopause", "no").lower()
