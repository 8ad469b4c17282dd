"""What the rules of one file make of recorded contacts, each walked again with what was answered then."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ariroute.config.load import Config
from ariroute.flow.again import Past, Untold, walk_again
from ariroute.flow.decision import Decision
from ariroute.journal.reader import Recorded
from ariroute.replay.likeness import Likeness

NO_FLOW = "no flow, so on in the dialplan"
"""Where a contact goes that no flow of the rules is triggered by."""

UNREADABLE = Untold("the record cannot be read by this version")
MOST_KNOWN = 50_000
"""So many kinds of contacts are kept in mind."""

Again = Decision | Untold | None
"""What a contact comes to: None when no flow of the rules answers to what was dialled."""


class Walker:
    """The rules of ``config``. Pure: the same record gives the same result, for ever."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ruleset = config.ruleset
        self._fields = {name: settings.fields for name, (settings, _) in config.lookups.items()}

    def again(self, recorded: Recorded) -> Again:
        """What these rules decide for the contact; Untold when its record does not say enough."""
        if not recorded.destination and recorded.flow:
            return Untold(f"it left without a decision then: {recorded.handed}")
        past = self.past(recorded)
        if past is None:
            return UNREADABLE
        if not recorded.flow:  # none took it then, so nobody was asked anything
            past.history.began = past.contact.arrived
        flow = self.ruleset.flow_for(past.contact)
        return None if flow is None else walk_again(self.ruleset, flow, past)

    def outcome(self, recorded: Recorded, plain: Mapping[str, Any]) -> Again:
        """As :meth:`again`, for who does not need the trace; ``plain`` is the plain form of the record."""
        return self.again(recorded)

    def past(self, recorded: Recorded) -> Past | None:
        """The contact to walk again; None when this version cannot read its record."""
        try:
            return recorded.past(self._fields)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


class QuickWalker(Walker):
    """Works out once what contacts come to that are alike (:mod:`ariroute.replay.likeness`)."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._likeness = Likeness(config)
        self._known: dict[Hashable, Again] = {}

    def outcome(self, recorded: Recorded, plain: Mapping[str, Any]) -> Again:
        """The trace may be that of another contact."""
        key = self._likeness.key(plain) if recorded.destination else None
        if key is None:
            return self.again(recorded)
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            again = self.again(recorded)
            if again is UNREADABLE:  # damaged where nobody compares: others that are alike may be whole
                return again
            self._known[key] = again
        return self._known[key]


def destination(decided: Decision | None) -> str:
    """Where a contact goes, in words."""
    return NO_FLOW if decided is None else str(decided.destination)
