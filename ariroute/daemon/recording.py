"""From a decision to the journal: what is offered, and what of it may be kept. Without a journal nothing is."""

from __future__ import annotations

import time

from ariroute.config.kept import rules_text
from ariroute.config.load import Config
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision
from ariroute.flow.history import History
from ariroute.journal.opening import open_store
from ariroute.journal.record import Decided, Keeping, Rules
from ariroute.journal.retention import Limits
from ariroute.journal.settings import JournalSettings
from ariroute.journal.writer import Journal


def journal_of(config: Config) -> Journal | None:
    """The journal that ``config`` asks for, not started yet."""
    settings = config.journal
    if settings is None:
        return None
    return Journal(lambda: open_store(settings, config.journal_folder), settings.waiting, limits_of(settings))


def limits_of(settings: JournalSettings) -> Limits:
    """How long records are kept, and how many bytes of them."""
    return Limits(settings.keep, settings.largest)


class Recording:
    """Records decisions made by one configuration. A call's own work here is to put a tuple into a queue."""

    def __init__(self, journal: Journal | None, config: Config) -> None:
        self._journal = journal if config.journal else None  # a reload may have taken the section away
        self._keeping = keeping_of(config)
        if self._journal:
            self._journal.offer(Rules(config.digest, time.time(), rules_text(config)), always=True)

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
