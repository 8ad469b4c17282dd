"""The log line ``routed``: one for each call, and the only one that an ordinary call leaves."""

from __future__ import annotations

from typing import Final

from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision, EndpointDestination, QueueDestination, VoicemailDestination
from ariroute.flow.facts import Outcome
from ariroute.flow.numbers import masked

TALKING: Final = frozenset({"answer", "play", "say", "menu", "collect", "consent"})
"""The steps whose reason in the trace is what the caller did not hear."""


def report(contact: Contact, decision: Decision, took: float, mask: bool) -> dict[str, object]:
    """The fields of the log line ``routed``: what programs that read the log may rely on.

    ``lookups`` has the outcome of each lookup by name, ``lookup_reasons`` why one is missing or failed; ``queue`` and
    ``priority`` are null where it is no queue, ``voicemail`` is the mailbox, ``answered_by`` whom the flow rang and who
    answered; ``not_heard`` are the places of steps of whose prompt something was left out. With ``mask``
    (``daemon.mask_numbers``) the caller's number is starred and no personal data is added; without it ``facts`` holds
    what each lookup found, ``not_heard_reasons`` what was left out and why, ``notes`` the flow's notes.
    """
    asked = [entry for entry in decision.trace if entry.what == "lookup" and entry.took is not None]
    silent = {entry.path: entry.reason for entry in decision.trace if entry.what in TALKING and entry.reason}
    to = decision.destination
    to_queue = to if isinstance(to, QueueDestination) else None
    line: dict[str, object] = {
        "caller": masked(contact.caller.label) if mask and contact.caller.number else contact.caller.label,
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
        "not_heard": list(silent),
        "ms": round(took * 1000, 2),
    }
    if not mask:
        line["facts"] = {entry.text: dict(entry.values) for entry in asked if entry.values}
        line["not_heard_reasons"] = silent
        line["notes"] = [entry.text for entry in decision.trace if entry.result == "noted"]
    return line
