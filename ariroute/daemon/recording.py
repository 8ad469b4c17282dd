"""From a decision to the journal: what is offered, and what of it may be kept. Without a journal nothing is."""

from __future__ import annotations

import time
from pathlib import Path

from ariroute.config.kept import rules_text
from ariroute.config.load import Config
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision
from ariroute.flow.history import History
from ariroute.journal.opening import open_store
from ariroute.journal.record import Decided, Keeping, Rules
from ariroute.journal.writer import Journal


def journal_of(config: Config) -> Journal | None:
    """The journal that ``config`` asks for, not started yet."""
    settings = config.journal
    if settings is None:
        return None
    folder = Path(config.file).parent
    return Journal(lambda: open_store(settings, folder), settings.waiting)


class Recording:
    """Records decisions made by one configuration. A call's own work here is to put a tuple into a queue."""

    def __init__(self, journal: Journal | None, config: Config) -> None:
        self._journal = journal
        self._keeping = keeping_of(config)
        if journal:
            journal.offer(Rules(config.digest, time.time(), rules_text(config)))

    def decided(
        self, contact: Contact, flow: str, history: History, decision: Decision, handed: str, took: float
    ) -> None:
        """A contact of ``flow`` came to ``decision`` and left the daemon as ``handed`` says."""
        if self._journal:
            self._journal.offer(Decided(contact, flow, history, decision, handed, took, self._keeping))


def keeping_of(config: Config) -> Keeping:
    """What ``journal:`` lets be kept."""
    settings = config.journal
    fields = {name: frozenset(common.fields) for name, (common, _) in config.lookups.items()}
    key = settings.key.reveal().encode() if settings and settings.key else b""
    return Keeping(
        settings.numbers if settings else "masked", key, fields, frozenset(settings.omit if settings else ())
    )
