"""AMI: reachable, told of queues, acting on queues and on nothing more, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from ariroute.doctor.facts import AmiFacts, AsteriskFiles, beyond_loopback, is_loopback
from ariroute.doctor.findings import Finding, fault, note, ok, warning

NEEDED: Final = ("queueadd", "queueremove", "queuepause", "queuepenalty")
"""Class agent; the queries about queues need no class."""

TOO_MUCH: Final = {
    "command": "it runs every command of Asterisk's console",
    "originate": "it places calls anywhere, at your cost",
    "moduleload": "it loads modules and stops Asterisk (class system)",
    "updateconfig": "it rewrites Asterisk's files (class config)",
    "setvar": "it changes, redirects and ends calls (class call)",
    "agi": "it runs AGI commands on calls",
    "userevent": "it makes up events (class user)",
}
"""An action that only one class allows, and what having it means."""

CLASSES: Final = {"moduleload": "system", "updateconfig": "config", "setvar": "call", "userevent": "user"}
READ_NEEDED: Final = ("agent", "user")
"""What app_queue tells of calls, and what the dialplan does (:data:`ariroute.asterisk.queue_events.CLASSES`)."""
READ_ENOUGH: Final = frozenset({"", *READ_NEEDED, "reporting"})
RIGHT: Final = (
    "read = agent,user / write = agent   ; manager.conf, section [{user}]; then: sudo asterisk -rx 'manager reload'"
)


def reached(found: AmiFacts | None) -> Iterator[Finding]:
    """It answers, and takes our secret."""
    if found is None:
        yield note(
            "no ami in the flow file",
            why="calls are routed without it; the state of queues, the lookups queue and astdb, and several of these "
            "checks need it",
            remedy='ami: {address: "127.0.0.1:5038", user: ariroute, password: "${file:/etc/ariroute/ami.secret}"}',
        )
    elif found.error:
        yield fault(
            found.error,
            found.address,
            why="lookups of queues and of the Asterisk database fail, and agents cannot be moved",
            remedy="sudo asterisk -rx 'manager show settings'; sudo asterisk -rx 'manager show users'",
        )
    else:
        yield ok(f"AMI answers to '{found.user}'", found.address)


def rights(found: AmiFacts) -> Iterator[Finding]:
    """The class agent, and none by which a leaked secret costs more than the queues."""
    if found.actions is None:
        return
    remedy = RIGHT.format(user=found.user)
    missing = [name for name in NEEDED if name not in found.actions]
    if missing:
        yield fault(
            f"the AMI user '{found.user}' lacks the class agent",
            "manager.conf",
            why="agents can be neither moved nor paused",
            remedy=remedy,
        )
    beyond = {CLASSES.get(name, name): why for name, why in TOO_MUCH.items() if name in found.actions}
    if beyond:
        told = "; ".join(f"{name}: {why}" for name, why in beyond.items())
        yield warning(
            f"the AMI user '{found.user}' may do more than ariroute needs: {', '.join(beyond)}",
            "manager.conf",
            why=told,
            remedy=remedy,
        )
    if not missing and not beyond:
        yield ok(f"the AMI user '{found.user}' has the class agent, and none that is dangerous")


def events(found: AmiFacts, files: AsteriskFiles | None) -> Iterator[Finding]:
    """It is told what becomes of calls in queues, and of no events beyond."""
    conf = files.file("manager.conf") if files else None
    if conf is None:
        return
    classes = {each.strip().lower() for value in conf.values(found.user, "read") for each in value.split(",")}
    missing = [name for name in READ_NEEDED if name not in classes and "all" not in classes]
    remedy = f"read = agent,user   ; manager.conf, section [{found.user}]; then: sudo asterisk -rx 'manager reload'"
    if missing:
        yield warning(
            f"the AMI user '{found.user}' is not told of events of the classes {', '.join(missing)}",
            "manager.conf",
            why="what becomes of calls after their decisions (waits, agents, who hung up) stays unknown, or is told "
            "by halves",
            remedy=remedy,
        )
    if beyond := sorted(classes - READ_ENOUGH):
        yield note(
            f"the AMI user '{found.user}' may read events of the classes {', '.join(beyond)}",
            "manager.conf",
            why="callers' numbers, what they key in and every step of their calls are shown to whoever has its secret",
            remedy=remedy,
        )
    elif not missing:
        yield ok(f"the AMI user '{found.user}' reads no more events than it needs")


def network(found: AmiFacts) -> Iterator[Finding]:
    """Its secret does not travel in the open, and nobody else reaches it."""
    host, _, port = found.address.rpartition(":")
    if not is_loopback(host):
        yield fault(
            f"AMI is asked over the network at {host}",
            found.address,
            why="secret, callers' numbers and queues cross it readable: AMI is not encrypted here",
            remedy=f"ssh -N -L 127.0.0.1:{port}:127.0.0.1:{port} {host.strip('[]')}   # then address: 127.0.0.1:{port}",
        )
    elif beyond := beyond_loopback(found.bound):
        yield warning(
            f"AMI listens on {', '.join(beyond)}",
            f"port {port}",
            why="whoever reaches it may guess secrets; the daemon needs the loopback address alone",
            remedy="bindaddr = 127.0.0.1   ; manager.conf, section [general]; then: sudo asterisk -rx 'manager reload'",
        )
    else:
        yield ok("AMI is asked over loopback", found.address)


def acl(found: AmiFacts, files: AsteriskFiles | None) -> Iterator[Finding]:
    """Its section says from where its user may come."""
    conf = files.file("manager.conf") if files else None
    if conf is None:
        yield note(
            f"permit and deny of the AMI user '{found.user}' cannot be seen from here",
            remedy=f"sudo asterisk -rx 'manager show user {found.user}'   # ACL: yes",
        )
        return
    permits = conf.values(found.user, "permit")
    if not conf.values(found.user, "deny") and not conf.values(found.user, "acl"):
        what = f"the AMI user '{found.user}' may come from anywhere"
    elif any(map(_is_everywhere, permits)):
        what = f"the AMI user '{found.user}' is permitted from everywhere"
    else:
        yield ok(f"the AMI user '{found.user}' may come from {', '.join(permits) or 'where its acl says'}")
        return
    yield warning(
        what,
        "manager.conf",
        why="its secret is all that keeps others out",
        remedy=f"deny = 0.0.0.0/0.0.0.0 / permit = 127.0.0.1/255.255.255.255   ; manager.conf, section [{found.user}]",
    )


def _is_everywhere(permit: str) -> bool:
    try:
        return ip_network(permit, strict=False).prefixlen == 0
    except ValueError:
        return False
