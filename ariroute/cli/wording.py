"""How values, contacts and steps of a run read, in the tree of ``test`` and the sentences of ``explain`` alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ariroute.cli.output import printable

if TYPE_CHECKING:
    from ariroute.flow.contact import Contact, Party
    from ariroute.flow.trace import TraceEntry

VALUE_LIMIT = 80  # a record may hold a novel; the JSON form has all of it


def value_text(value: Any) -> str:
    """A fact's value: texts in quotes, whole numbers without a fraction, ``empty`` for an empty field."""
    if value is None:
        return "empty"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = printable(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


def values_text(values: Iterable[tuple[str, Any]], verb: str = "=") -> str:
    """``crm.loyalty = "gold", crm.orders = 3``."""
    return ", ".join(f"{printable(name)} {verb} {value_text(value)}" for name, value in values)


def telling(entry: TraceEntry) -> tuple[tuple[str, Any], ...]:
    """The values worth showing: of what cannot be told, the reason names the empty ones already."""
    if entry.result != "unknown":
        return entry.values
    return tuple((name, value) for name, value in entry.values if value is not None)


def took_text(entry: TraceEntry) -> str:
    """``12.3 ms``, or nothing for what takes no time."""
    return f"{entry.took * 1000:.1f} ms" if entry.took else ""


def caller_text(party: Party) -> str:
    """``Ann (+46701234567)``, with what is known of the two."""
    number = party.e164 or party.number
    if party.name:
        return f"{printable(party.name)} ({number or 'no number'})"
    return number or "a caller without a number"


def opening(contact: Contact, timezone: str, clock: str = "%H:%M") -> str:
    """Who called what, and when: the first words of a test and of an explanation."""
    verb = "called" if contact.medium == "call" else "wrote to"
    dialled = contact.dialled.e164 or contact.dialled.number or "an unknown number"
    arrived = contact.arrived
    # not strftime: its names of days and months follow the locale of the machine
    day = f"{DAYS[arrived.weekday()]} {arrived.day} {MONTHS[arrived.month - 1]} {arrived.year}"
    return f"{caller_text(contact.caller)} {verb} {dialled} on {day} at {arrived:{clock}} ({timezone})"


def span_text(seconds: float) -> str:
    """A length of time as one says it: ``24 ms``, ``1.5 s``, ``12 s``, ``1 min 5 s``, ``2 h 3 min``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
