"""From a decision to the journal, and to those who watch: what is offered, and what of it may be kept or shown."""

from __future__ import annotations

import time
from functools import partial

from ariroute.config.kept import rules_text
from ariroute.config.load import Config
from ariroute.daemon.watching import Left, Showing, Watchers
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision
from ariroute.flow.history import History
from ariroute.flow.run import Run
from ariroute.journal.keeping import CALLER, Keeping
from ariroute.journal.key import key_of
from ariroute.journal.opening import open_store
from ariroute.journal.origins import origins, read_by
from ariroute.journal.record import Decided, Rules, Undecided
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

    def __init__(self, journal: Journal | None, config: Config, watchers: Watchers | None = None) -> None:
        self._watchers = Watchers() if watchers is None else watchers
        self._showing = Showing(config)
        self._journal = journal if config.journal else None  # a reload may have taken the section away
        self._digest = config.digest
        if self._journal and config.journal:
            self._keeping = keeping_of(config, config.journal)
            self._journal.offer(Rules(config.digest, time.time(), rules_text(config)), always=True)

    def decided(self, contact: Contact, run: Run, decision: Decision, handed: str, took: float) -> None:
        """``run`` came to ``decision``, and the contact left the daemon as ``handed`` says."""
        if self._journal:
            self._journal.offer(Decided(contact, run.began_in, run.history, decision, handed, took, self._keeping))
        if self._watchers:
            left = Left(contact, run.began_in, run.history, decision.trace, decision, handed, "", took)
            self._watchers.left(left, self._showing)

    def undecided(self, contact: Contact, handed: str, reason: str, took: float, run: Run | None = None) -> None:
        """A contact left the daemon as ``handed`` says, without a decision; ``run`` is what there was of it."""
        flow, history, trace = (run.began_in, run.history, run.trace) if run else ("", History(), ())
        if self._journal:
            item = Undecided(contact, flow, history, trace, handed, reason, took, self._digest, self._keeping)
            self._journal.offer(item)
        if self._watchers:
            self._watchers.left(Left(contact, flow, history, trace, None, handed, reason, took), self._showing)


def keeping_of(config: Config, settings: JournalSettings) -> Keeping:
    """What ``settings`` lets be kept of the contacts of ``config``."""
    secret = {*settings.omit, *(CALLER if settings.numbers == "masked" else ())}
    used = read_by(config.ruleset)
    fields = {
        lookup: frozenset(
            name
            for name in common.fields
            if f"{lookup}.{name}" not in secret and (settings.fields == "declared" or f"{lookup}.{name}" in used)
        )
        for lookup, (common, _) in config.lookups.items()
    }
    key = partial(key_of, settings, config.journal_folder)
    return Keeping(settings.numbers, key, fields, origins(config.ruleset, secret))
