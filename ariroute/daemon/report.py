"""The log line ``routed``: one for each call, and the only one that an ordinary call leaves."""

from __future__ import annotations

from ariroute.daemon import logs
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision, EndpointDestination, QueueDestination, VoicemailDestination
from ariroute.flow.facts import Outcome


def report(contact: Contact, decision: Decision, took: float, mask: bool) -> dict[str, object]:
    """The fields of the log line ``routed``: what programs that read the log may rely on.

    ``lookups`` has the outcome of each lookup by name, ``lookup_reasons`` why one is missing or failed; ``queue`` and
    ``priority`` are null where it is no queue, ``voicemail`` is the mailbox, ``answered_by`` whom the flow rang and who
    answered. With ``mask`` (``daemon.mask_numbers``) the caller's number is starred and no personal data is added;
    without it ``facts`` holds what each lookup found.
    """
    asked = [entry for entry in decision.trace if entry.what == "lookup" and entry.took is not None]
    to = decision.destination
    to_queue = to if isinstance(to, QueueDestination) else None
    line: dict[str, object] = {
        "caller": logs.masked(contact.caller.label) if mask and contact.caller.number else contact.caller.label,
        "dialled": contact.dialled.label,
        "flow": decision.flow,
        "to": str(to),
        "queue": to_queue and to_queue.queue,
        "priority": to_queue and to_queue.priority,
        "voicemail": to.box if isinstance(to, VoicemailDestination) else None,
        "answered_by": to.name if isinstance(to, EndpointDestination) else None,
        "by_default": decision.by_default,
        "reason": decision.reason,
        "lookups": {entry.text: entry.result for entry in asked},
        "lookup_reasons": {entry.text: entry.reason for entry in asked if entry.reason},
        "lookup_failed": any(entry.result == Outcome.FAILED for entry in asked),
        "ms": round(took * 1000, 2),
    }
    if not mask:
        line["facts"] = {entry.text: dict(entry.values) for entry in asked if entry.values}
    return line
