"""What nobody knows any more of a contact that is walked again, and what is known of it in another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ariroute.flow.hours import Stretch


@dataclass(frozen=True, slots=True)
class Gaps:
    """``facts`` by their names in conditions (``caller.e164``, ``crm.orders``), and ``hours.NAME``.

    ``draws`` has for splits by name where the caller stood then, as it is made of the number; ``arms`` between what,
    where no more was kept: from (included) and to (not included). ``calendars`` has for hours by name what their
    calendars said then; without it they are asked, as for a contact that is here now. ``misread`` has by lookup a field
    whose value is of another type than these rules declare: whether that can be read as theirs only the source tells.
    """

    facts: frozenset[str] = frozenset()
    draws: Mapping[str, float] = field(default_factory=dict)
    arms: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    calendars: Mapping[str, Sequence[Stretch]] | None = None
    misread: Mapping[str, str] = field(default_factory=dict)


NO_GAPS = Gaps()
"""Of a contact that is here now everything is known."""
