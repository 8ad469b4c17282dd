"""What nobody knows any more of a contact that is walked again, and where its caller stood in splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Gaps:
    """``facts`` by their names in conditions (``caller.e164``, ``crm.orders``), and ``hours.NAME``.

    ``draws`` has for splits by name where the caller stood then, as it is made of the number.
    """

    facts: frozenset[str] = frozenset()
    draws: Mapping[str, float] = field(default_factory=dict)


NO_GAPS = Gaps()
"""Of a contact that is here now everything is known."""
