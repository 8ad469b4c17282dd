"""``--expect gold:20``: where a call must end."""

from __future__ import annotations

import re
from collections.abc import Collection

from ariroute.cases.ending import Ending
from ariroute.cli.given import known
from ariroute.errors import UnusableInput
from ariroute.flow.tree import Ruleset

FORM = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,64})(:(?P<number>-?[0-9]{1,9}))?", re.ASCII)
HANG_UP = "hangup"
OTHERS = re.compile(r"(?P<kind>voicemail|dial):(?P<name>[A-Za-z0-9_@-]{1,129})", re.ASCII)


def expectation(text: str, queues: Collection[str], others: Collection[str] = ()) -> Ending:
    """The expectation that ``text`` writes; ``others`` are the endpoints and agents that can be rung.

    Raises UnusableInput when it is none, UnknownName for an unknown queue, endpoint or agent. A misspelt name is no
    failed expectation: it would fail for ever, and look like a fault of the flow.
    """
    other = OTHERS.fullmatch(text)
    if other and other["kind"] not in queues:
        if other["kind"] == "voicemail":
            return Ending("voicemail", other["name"])
        return Ending("dial", known("endpoint or agent", other["name"], others))
    match = FORM.fullmatch(text)
    if not match:
        raise UnusableInput(
            f"--expect {text}: write QUEUE, QUEUE:PRIORITY, {HANG_UP} or {HANG_UP}:CAUSE, voicemail:BOX or dial:NAME"
        )
    name, number = match["name"], int(match["number"]) if match["number"] else None
    if name == HANG_UP and HANG_UP not in queues:
        return Ending("hangup", "", number)
    return Ending("queue", known("queue", name, queues), number)


def can_be_rung(ruleset: Ruleset) -> list[str]:
    """The names of all endpoints and agents."""
    return list(dict.fromkeys((*ruleset.endpoints, *ruleset.agents.by_name)))
