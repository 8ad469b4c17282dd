"""The queues of the flows: does anybody serve them, and do their settings keep the promise of tiers.

Why weights and penalties are told: ``docs/decisions/0005-tiers-by-membership.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from ariroute.doctor.conf import Conf
from ariroute.doctor.facts import AsteriskFiles, QueueFacts
from ariroute.doctor.findings import Finding, note, ok, warning
from ariroute.staffing.rules import StaffingRules

RELOAD: Final = "then: sudo asterisk -rx 'queue reload all'"
AUTOPAUSE_ON: Final = ("all", "yes", "true", "y", "t", "1", "on")
"""What switches it on (``autopause2int()`` of app_queue.c, ``ast_true()`` of utils.c)."""
STARVES: Final = "a heavier queue starves a lighter one that shares its agents: callers there waited 19 s instead of 0"


def members(queue: QueueFacts, *, moved: bool = False) -> Iterator[Finding]:
    """Somebody serves it. ``moved``: ariroute posts agents there as callers need them."""
    if moved and all(each.paused for each in queue.members):
        yield ok(f"nobody serves the queue '{queue.name}' now; agents are moved there when callers come")
        return
    add = f"sudo asterisk -rx 'queue add member PJSIP/NAME to {queue.name}'"
    if not queue.members:
        yield warning(
            f"nobody is in the queue '{queue.name}'",
            why="callers wait there until somebody logs in, or for ever",
            remedy=f"{add}   # or: member => PJSIP/NAME   ; queues.conf, section [{queue.name}]",
        )
    elif all(each.paused for each in queue.members):
        yield warning(
            f"all {len(queue.members)} members of the queue '{queue.name}' are paused",
            why="callers wait there until one of them comes back",
            remedy=f"sudo asterisk -rx 'queue unpause member {queue.members[0].name} queue {queue.name}'",
        )
    elif not any(each.reachable and not each.paused for each in queue.members):
        yield warning(
            f"no member of the queue '{queue.name}' has a phone that can be reached",
            why="callers wait there until one registers",
            remedy="sudo asterisk -rx 'pjsip show contacts'",
        )
    else:
        yield ok(f"the queue '{queue.name}' has members")


def tiers(queue: QueueFacts, *, moved: bool = False) -> Iterator[Finding]:
    """Tiers are made by membership, not by weights or penalties. ``moved``: penalties are the agents' skill order."""
    if queue.weight:
        yield warning(
            f"the queue '{queue.name}' has weight {queue.weight}",
            "queues.conf",
            why=STARVES,
            remedy=f"weight = 0   ; queues.conf, section [{queue.name}]; {RELOAD}",
        )
    penalised = [each.name for each in queue.members if each.penalty]
    if penalised and not moved:
        yield note(
            f"members of the queue '{queue.name}' have penalties: {', '.join(penalised)}",
            why="they are rung only when those of a lower penalty are not free, so agents are not shared evenly",
            remedy=f"sudo asterisk -rx 'queue set penalty 0 on {penalised[0]} in {queue.name}'",
        )
    if queue.strategy == "ringall" and len(queue.members) > 1:
        yield note(
            f"the queue '{queue.name}' rings all its phones for one caller (strategy ringall)",
            "queues.conf",
            why="one call at a time occupies every free agent while it rings",
            remedy=f"strategy = rrmemory   ; queues.conf, section [{queue.name}]; {RELOAD}",
        )


def settings(name: str, conf: Conf, *, moved: bool = False, paused: bool = False) -> Iterator[Finding]:
    """What AMI does not tell: who may join, who is paused, how fast it rings.

    ``moved``: ariroute moves agents, so that a queue may be without any. ``paused``: by it, when they do not answer.
    """

    def wrong(key: str, given: str, right: str, why: str) -> Finding:
        what = f"the queue '{name}' has {key} = {given}"
        remedy = f"{key} = {right}   ; queues.conf, section [{name}]; {RELOAD}"
        return warning(what, "queues.conf", why=why, remedy=remedy)

    join = conf.get(name, "joinempty", "yes").lower()
    if join != "yes":
        why = "a caller is turned away while nobody is free there, and goes to the default queue instead"
        if moved:
            why = "callers are turned away before agents are moved there, which only waiting callers bring about"
        yield wrong("joinempty", join, "yes", why)
    leave = conf.get(name, "leavewhenempty", "no").lower()
    if leave != "no":
        why = "callers lose their place when the last agent logs out, and go to the default queue"
        yield wrong("leavewhenempty", leave, "no", why)
    pause = conf.get(name, "autopause", "no").lower()
    if pause not in AUTOPAUSE_ON and not paused:
        why = "one agent who is away takes the first seconds of every call: each rings there until the timeout"
        yield wrong("autopause", pause, "all", why)
    if not conf.is_on(name, "autofill", conf.is_on("general", "autofill", True)):
        yield wrong("autofill", "no", "yes", "only the first caller is served, while other agents are free")


def queues(
    names: Collection[str],
    found: Mapping[str, QueueFacts],
    files: AsteriskFiles | None,
    staffing: StaffingRules | None = None,
) -> Iterator[Finding]:
    """Those of the flow file that this Asterisk has; what is missing is told by the comparison."""
    moved = staffing is not None and staffing.mode != "advise"
    paused = moved and staffing is not None and staffing.no_answer is not None
    conf = files.file("queues.conf") if files else None
    for name in names:
        if name not in found:
            continue
        yield from members(found[name], moved=moved)
        yield from tiers(found[name], moved=moved)
        if conf is not None and name in conf.sections:
            yield from settings(name, conf, moved=moved, paused=paused)
    if conf is None and found:
        yield note(
            "joinempty, leavewhenempty, autopause and autofill of the queues cannot be seen from here",
            why="AMI does not tell them; a caller may be turned away where nobody is logged in",
            remedy="sudo grep -nE 'joinempty|leavewhenempty|autopause|autofill' /etc/asterisk/queues*.conf",
        )
