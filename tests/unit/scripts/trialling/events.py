"""Events of app_queue as AMI sends them, with the fields that matter here."""

from __future__ import annotations

from scripts.trialling.observer import Message
from scripts.trialling.seen import Seen


def member(
    queue: str, agent: str, *, what: str = "Added", status: str = "1", reason: str = "", paused: bool = False
) -> Message:
    return {
        "Event": f"QueueMember{what}",
        "Queue": queue,
        "MemberName": agent,
        "Status": status,
        "Paused": "1" if paused else "0",
        "PausedReason": reason,
    }


def caller(what: str, queue: str, uniqueid: str) -> Message:
    return {"Event": f"QueueCaller{what}", "Queue": queue, "Uniqueid": uniqueid, "CallerIDNum": f"+{uniqueid}"}


def agent(what: str, queue: str, name: str, uniqueid: str) -> Message:
    return {"Event": f"Agent{what}", "Queue": queue, "MemberName": name, "Uniqueid": uniqueid}


def seen_of(*events: Message, queues: tuple[str, ...] = ("gold", "silver"), wrap_up: float = 0.0) -> Seen:
    """The floor after these events, one a second from 100 on."""
    seen = Seen(queues, wrap_up)
    for second, event in enumerate(events, 100):
        seen.take(event, float(second))
    return seen
