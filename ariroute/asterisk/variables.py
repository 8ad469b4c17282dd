"""The channel variables ariroute writes and reads: a closed set, and the cleaning of every value.

A variable's *name* that came from data would be a hole: reading ``AST_CONFIG(manager.conf,…)`` over ARI gives a
password and ``CURL(file:///…)`` a file (22.10.1: ARI evaluates functions). A *value* is never expanded by Asterisk
again, but a line break in it becomes a raw SIP header or a second AMI header.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

QUEUE: Final = "ARIROUTE_QUEUE"
QUEUE_PRIORITY: Final = "QUEUE_PRIO"
HANG_UP: Final = "ARIROUTE_HANGUP"
ENDPOINT: Final = "ARIROUTE_DIAL"
RING_SECONDS: Final = "ARIROUTE_RING"
ONLY_IDLE: Final = "ARIROUTE_IDLE"
DEFAULT: Final = "ARIROUTE_DEFAULT"
"""The queue that the dialplan takes when there is no decision."""
MAILBOX: Final = "ARIROUTE_VOICEMAIL"
GREETING: Final = "ARIROUTE_GREETING"
"""Options of ``VoiceMail()``: u or b for the owner's greeting, s for none."""
RECORD: Final = "ARIROUTE_RECORD"
LABEL: Final = "ARIROUTE_LABEL"
CALLERS_NAME: Final = "ARIROUTE_NAME"
"""The caller's name without the label before it, for a second pass through the entrance."""
CALLER_NAME: Final = "CALLERID(name)"
HEADERS: Final = "__ARIROUTE_HEADERS"
"""How many headers there are; with ``__`` in front a variable is inherited by the channel to the agent."""
FLOW: Final = "ARIROUTE_FLOW"
REASON: Final = "ARIROUTE_REASON"
DECIDED: Final = "ARIROUTE_DECIDED"
TALKING_SINCE: Final = "ARIROUTE_TALKING_SINCE"
"""When a daemon began to talk with the caller, in seconds since 1970; for the next one, should it die."""
DIALLED: Final = "ARIROUTE_TO"
"""What was dialled; written by the dialplan before ``Stasis()``."""
GUARD: Final = "TIMEOUT(absolute)"
"""The guard of the dialplan; written by :meth:`ariroute.asterisk.ari.Ari.extend_guard` alone."""

VARIABLES: Final = frozenset(
    {
        *(QUEUE, QUEUE_PRIORITY, HANG_UP, ENDPOINT, RING_SECONDS, ONLY_IDLE, DEFAULT, MAILBOX, GREETING, RECORD),
        *(LABEL, CALLERS_NAME, CALLER_NAME, HEADERS, FLOW, REASON, DECIDED, TALKING_SINCE),
    }
)
READABLE: Final = VARIABLES | {
    DIALLED,
    GUARD,
    "CALLERID(num)",
    "CALLERID(dnid)",
    "CALLERID(rdnis)",
    "CHANNEL(linkedid)",
}

VALUE_LIMIT: Final = 1024
"""Characters of a value that are kept: a quarter of the 4096 bytes that the dialplan's substitution buffers hold."""

OWN_NAME = re.compile(r"ARIROUTE_VAR_[A-Z0-9_]{1,32}", re.ASCII)
"""Names of the values that a flow's ``set`` steps hand on."""

HEADER = re.compile(r"__ARIROUTE_HEADER_(TEXT_)?[1-9][0-9]?", re.ASCII)
"""Name and text of each header for the agent."""

INHERITED = re.compile(r"__(?!ARIROUTE_)[A-Z][A-Z0-9_]{0,63}", re.ASCII)
"""Names of the variables that a flow's ``label`` steps give to the agent's channel."""

# C0 with CR, LF and NUL, DEL, C1, the two Unicode line breaks, and lone surrogates, which no UTF-8 can carry.
UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def own_variable(name: str) -> str:
    """The channel variable that carries the flow's variable ``name``."""
    return f"ARIROUTE_VAR_{name.upper()}"


def headers(values: Mapping[str, str]) -> dict[str, str]:
    """The channel variables that carry these SIP headers to the agent's channel."""
    written: dict[str, str] = {}
    for number, (name, text) in enumerate(values.items(), 1):
        written |= {f"__ARIROUTE_HEADER_{number}": name, f"__ARIROUTE_HEADER_TEXT_{number}": text}
    return {**written, HEADERS: str(len(values))} if values else {}


def inherited(name: str) -> str:
    """The channel variable ``name`` as it is written for the agent's channel to inherit it."""
    return f"__{name}"


def is_writable(name: str) -> bool:
    """Whether ariroute may write the variable ``name``."""
    return name in VARIABLES or any(form.fullmatch(name) for form in (OWN_NAME, HEADER, INHERITED))


def is_readable(name: str) -> bool:
    """Whether ariroute may read the variable or function ``name``."""
    return name in READABLE or OWN_NAME.fullmatch(name) is not None


def clean_value(value: str) -> str:
    """``value`` without control characters, at most :data:`VALUE_LIMIT` characters."""
    if value.isprintable():  # holds for nearly every value, and excludes all that is unwanted
        return value[:VALUE_LIMIT]
    return UNWANTED.sub("", value)[:VALUE_LIMIT]


def guard_value(seconds: float) -> str:
    """The text to write into :data:`GUARD`.

    Raises ValueError for anything but a finite number of at least a millisecond: ``0``, ``-5`` and ``abc`` are answered
    204 by Asterisk and switch the guard off for ever (``timeout_write()`` in func_timeout.c, 22.10.1).
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError(f"the guard takes a number of seconds above 0, not {seconds!r}")
    if not math.isfinite(seconds) or not 0.001 <= seconds <= 86400:
        raise ValueError(f"the guard takes 0.001 to 86400 seconds, not {seconds!r}")
    return f"{seconds:.3f}"
