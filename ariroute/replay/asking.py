"""Lookups that were not asked then, asked now: so that a shadow can decide where the record does not say enough."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ariroute.config.load import Config
from ariroute.flow.again import Past, Untold, walk_again
from ariroute.flow.answers import not_askable
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Outcome
from ariroute.flow.history import History, Told
from ariroute.flow.scope import fields_of
from ariroute.flow.tree import Flow
from ariroute.flow.wants import Fetch
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.runner import LookupRunner

PBX = "contact.pbx"
"""Who asks for this asks Asterisk about the channel, or by the connection that the daemon holds."""

AT_ONCE = 20
"""Contacts for which is asked at a time: more than a source takes at once would fail as overloaded, and a customer
system has the daemon's questions to answer first."""


class Asking:
    """Walks contacts again by the rules of ``config``, and asks its lookups for what the record lacks.

    ``config`` is one with secrets (:func:`ariroute.config.load.load_live`). What a question is made of must be known:
    by masked numbers nothing is asked. ``asked`` counts the questions.
    """

    def __init__(self, config: Config) -> None:
        self._ruleset = config.ruleset
        self._needs = {name: kind.template_names for name, kind in config.kinds.items()}
        self._runner = LookupRunner(
            {name: (settings, make(NoPbx())) for name, (settings, make) in config.lookups.items()}
        )
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.asked = 0

    async def start(self) -> None:
        """Open the sources. Raises ArirouteError when one cannot be used."""
        await self._runner.start()

    async def close(self) -> None:
        """Close them."""
        await self._runner.close()

    async def again(self, flow: Flow, past: Past) -> Decision | Untold:
        """What ``flow`` decides for the contact of ``past``; each lookup is asked once at most."""
        asked: set[str] = set()
        found = walk_again(self._ruleset, flow, past)
        while isinstance(found, Untold):
            if isinstance(found.wanted, Fetch):
                names = [name for name in found.wanted.lookups if name not in answered(past.history)]
                if asked.intersection(names) or not self._askable(names, found.wanted, past):
                    return found
                past = with_answers(past, await self._ask(names, found.wanted, past))
                asked.update(names)
            else:
                name = found.fact.partition(".")[0]
                if name not in self._needs or name in asked or name not in answered(past.history):
                    return found
                past = without(past, name)  # it was asked, and the field was not kept: it is asked for once more
            found = walk_again(self._ruleset, flow, past)
        return found

    def _askable(self, names: Sequence[str], wanted: Fetch, past: Past) -> bool:
        """Whether all that the questions are made of is known, and nobody else has to ask them."""
        needed = {each for name in names for each in self._needs.get(name, frozenset({PBX}))}
        lost = {each for each in needed if each.startswith("vars.") and each not in wanted.inputs}
        return not lost and PBX not in needed and not needed & past.gaps.facts

    async def _ask(self, names: Sequence[str], wanted: Fetch, past: Past) -> list[Answer]:
        known = answered(past.history)
        inputs = dict(wanted.inputs)
        for name in wanted.lookups:
            inputs.update(fields_of(known[name]) if name in known else {})
        silent = {name: _silent(wanted.after.get(name, ()), known) for name in names}
        open_names = [name for name in names if not silent[name]]
        self.asked += len(open_names)
        async with self._turns:
            answers = await self._runner.fetch(open_names, inputs, wanted.after) if open_names else []
        return [*answers, *(not_askable(name, each) for name, each in silent.items() if each)]


def _silent(needed: Sequence[str] | frozenset[str], known: Mapping[str, Answer]) -> str:
    """The first of ``needed`` that failed then; empty when none did."""
    return next((name for name in sorted(needed) if name in known and known[name].outcome is Outcome.FAILED), "")


def answered(history: History) -> dict[str, Answer]:
    """The answers of ``history`` by lookup, the first of each."""
    found: dict[str, Answer] = {}
    for want, reply, _ in history.told:
        if isinstance(want, Fetch) and isinstance(reply, Sequence):
            for answer in reply:
                found.setdefault(answer.lookup, answer)
    return found


def with_answers(past: Past, answers: Sequence[Answer]) -> Past:
    """``past`` with ``answers`` as if they had been given when the run began: asking now takes no time of then."""
    history = past.history
    assert history.began is not None  # else nothing was wanted
    told = Told(Fetch(tuple(answer.lookup for answer in answers), {}), list(answers), history.began)
    return replace(past, history=replace(history, told=[*history.told, told]))


def without(past: Past, lookup: str) -> Past:
    """``past`` as if ``lookup`` had never been asked."""
    told = [_without(each, lookup) for each in past.history.told]
    facts = frozenset(name for name in past.gaps.facts if not name.startswith(f"{lookup}."))
    misread = {name: fact for name, fact in past.gaps.misread.items() if name != lookup}
    gaps = replace(past.gaps, facts=facts, misread=misread)
    return replace(past, history=replace(past.history, told=told), gaps=gaps)


def _without(told: Told, lookup: str) -> Told:
    if not isinstance(told.want, Fetch) or not isinstance(told.reply, Sequence):
        return told
    names = tuple(name for name in told.want.lookups if name != lookup)
    return told._replace(
        want=replace(told.want, lookups=names), reply=[answer for answer in told.reply if answer.lookup != lookup]
    )
