"""What may be kept of a contact: everything else is hidden here, before a record becomes text.

Two ways at once: by where a word comes from (:mod:`ariroute.journal.origins`), and by what it says
(:mod:`ariroute.journal.scrubbing`).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ariroute.flow.answers import checked
from ariroute.flow.contact import Contact, Party
from ariroute.flow.decision import Decision, Label
from ariroute.flow.facts import Answer, Outcome
from ariroute.flow.history import History, Told
from ariroute.flow.numbers import masked
from ariroute.flow.scope import as_text
from ariroute.flow.split import Between, arm_at, bounds
from ariroute.flow.trace import TraceEntry
from ariroute.flow.wants import Gathered, Played, Rang, Reply, Ring, Want
from ariroute.journal.origins import DIGITS, HIDDEN, NOTHING, PREFIX, TEXT, Origins
from ariroute.journal.scrubbing import Scrubbing, caller_numbers
from ariroute.journal.settings import Numbers

CALLER = ("caller.number", "caller.e164", "caller.name")
ASKED = frozenset({"menu", "collect", "consent"})
OWN_WORDS = re.compile(
    r"[a-z0-9_.]+ (is empty|has not been asked|failed(: [a-z_]+)?)|no case is true|it is neither true nor false",
    re.ASCII,
)
"""Reasons that say nothing of a value."""
HARMLESS = re.compile(
    r"no answer within [0-9.]+ ms|HTTP [0-9]{3}|[a-z0-9_.]+ is empty|(no|the) connection[A-Za-z :]+",
    re.ASCII,
)
"""Details of a failure that say nothing of a record."""
AGENT = re.compile(r"agent .* (busy|no_answer|failed)$")
"""What leads on from a ring that nobody answered."""
FIXED = frozenset({"flow", "lookup", "split", "hours", "label", "notify", "answer", "dial"}) | {
    *("queue", "goto", "hangup", "voicemail")
}
"""Entries whose text is a name of the file."""
TRUTHS = frozenset({"true", "false"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one contact. ``gaps`` names the facts that are not, ``arms`` stands for ``history.draws``.

    ``why`` says why there is no decision, where there is none.
    """

    contact: Contact
    history: History
    trace: Sequence[TraceEntry]
    decision: Decision | None
    gaps: Sequence[str] = ()
    arms: Mapping[str, Between] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of a contact under one configuration.

    ``fields`` names for each lookup the fields that are kept; ``origins`` is what of a trace is not. ``key`` gives the
    key of the hash by which a masked caller can be found; it may raise JournalError.
    """

    numbers: Numbers
    key: Callable[[], bytes]
    fields: Mapping[str, frozenset[str]]
    origins: Origins = field(default_factory=Origins)

    def caller_key(self, party: Party) -> str:
        """The keyed hash of a number; empty when it is withheld. Raises JournalError."""
        return caller_key(self.key(), party) if party.label != "unknown" else ""

    def kept(
        self,
        contact: Contact,
        history: History,
        trace: Sequence[TraceEntry],
        decision: Decision | None = None,
        why: str = "",
    ) -> Kept:
        """What may be kept of ``contact``, of what its run was told and did, and of what it came to, if it did.

        ``trace`` is the decision's, where there is one; ``why`` says why there is none.
        """
        hiding = _Hiding(self, _scrubbing(self, contact, history, trace, decision), contact.caller)
        shown, gaps = hiding.contact(contact)
        is_masked = self.numbers == "masked" and bool(contact.caller.number or contact.caller.e164)
        told, done = hiding.history(history, trace), tuple(hiding.entry(entry, is_masked) for entry in trace)
        return Kept(
            shown,
            replace(told, draws={}) if is_masked else told,
            done,
            decision and hiding.decision(decision, done),
            gaps,
            arms_of(trace, history, self.origins) if is_masked else {},
            hiding.scrubbing.text(why),
        )


def caller_key(key: bytes, party: Party) -> str:
    """HMAC-SHA256 of the number in its international form, else as it came; 32 hexadecimal digits of it."""
    number = party.e164 or party.number
    return hmac.digest(key, number.encode(), "sha256").hex()[:32] if number else ""


def arms_of(trace: Sequence[TraceEntry], history: History, origins: Origins) -> dict[str, Between]:
    """Between what the caller stood in each split: what its ways tell, and nothing that a number could be found by."""
    found: dict[str, Between] = {}
    for entry in trace:
        split = origins.splits.get(entry.path)
        if entry.what != "split" or split is None or split.name not in history.draws:
            continue
        low, high = bounds(split, arm_at(split, history.draws[split.name]))
        before = found.get(split.name, (0.0, 100.0))
        found[split.name] = max(low, before[0]), min(high, before[1])
    return found


def _scrubbing(
    keeping: Keeping, contact: Contact, history: History, trace: Sequence[TraceEntry], decision: Decision | None
) -> Scrubbing:
    """What of this contact is to be found in texts: its number, and every value that is omitted."""
    origins = keeping.origins
    values: list[Any] = [contact.caller.name] if "caller.name" in origins.secret else []
    for told in history.told:
        for answer in told.reply if isinstance(told.reply, Sequence) else ():
            values += [value for name, value in answer.fields.items() if f"{answer.lookup}.{name}" in origins.secret]
    for entry in trace:
        if entry.what == "set":
            values += [value for name, value in entry.values if f"vars.{name}" in origins.secret]
        elif entry.what in ASKED and origins.hides(entry.path, DIGITS):
            values += [value for _, value in entry.values]
    if decision:
        values += [text for name, text in decision.variables.items() if f"vars.{name}" in origins.secret]
    words = {as_text(value) for value in values if isinstance(value, str | int | float) and not isinstance(value, bool)}
    return Scrubbing.of(caller_numbers(contact) if keeping.numbers == "masked" else (), words - TRUTHS)


@dataclass(frozen=True, slots=True)
class _Hiding:
    """Hides what is not to be kept of one contact."""

    keeping: Keeping
    scrubbing: Scrubbing
    caller: Party

    @property
    def origins(self) -> Origins:
        return self.keeping.origins

    def contact(self, contact: Contact) -> tuple[Contact, list[str]]:
        """``contact`` as it is kept, and the names of its facts that are not."""
        caller, dialled, gaps = contact.caller, contact.dialled, list[str]()
        if self.keeping.numbers == "masked":
            gaps += [name for name in CALLER if getattr(caller, name.partition(".")[2])]
            number = self._masked()
            caller = Party(number if caller.number else "", number if caller.e164 else "")
        elif "caller.name" in self.origins.facts and caller.name:
            gaps.append("caller.name")
            caller = replace(caller, name="")
        if self.scrubbing.holds_number(dialled.number) or self.scrubbing.holds_number(dialled.e164):
            gaps += ["dialled.number", "dialled.e164"]
            dialled = Party(HIDDEN)
        arguments = tuple(map(self.scrubbing.text, contact.arguments))
        if arguments != contact.arguments:
            gaps.append("arguments")
        return replace(contact, caller=caller, dialled=dialled, arguments=arguments), gaps

    def _masked(self) -> str:
        """One mask for every way of writing the number: two would show more of it together than each alone."""
        return masked(self.caller.e164 or self.caller.number)

    def history(self, history: History, trace: Sequence[TraceEntry]) -> History:
        """``history`` as it is kept. Each reply to a question has left one entry in ``trace``."""
        asked = (entry for entry in trace if entry.what in ASKED and entry.result != "unfinished")
        told = []
        for want, reply, at in history.told:
            if isinstance(reply, Gathered):
                told.append(Told(want, self._gathered(reply, next(asked, None)), at))
            elif isinstance(reply, Sequence):
                told.append(Told(want, [self._answer(answer) for answer in reply], at))
            else:
                told.append(Told(self._want(want), reply and self._reply(reply), at))
        left = history.left and self._want(history.left)
        return replace(history, told=told, given_up=self.scrubbing.text(history.given_up), left=left)

    def _want(self, want: Want) -> Want:
        """An agent who was found by what is not kept has no name; nor is it needed, as nobody can find them again."""
        if isinstance(want, Ring) and want.only_idle and self.origins.unnamed:
            return replace(want, name=HIDDEN, endpoint=HIDDEN)
        return want

    def _answer(self, answer: Answer) -> Answer:
        """An empty field is written as None, so that it can be told from one that was not kept."""
        answer = checked(answer)
        kept = self.keeping.fields.get(answer.lookup, NOTHING) if answer.outcome is Outcome.FOUND else NOTHING
        fields = {
            name: answer.fields.get(name)
            for name in sorted(kept)
            if not self.scrubbing.holds_number(answer.fields.get(name))
        }
        return replace(answer, fields=fields, detail=self._detail(answer.lookup, answer.detail))

    def _detail(self, lookup: str, detail: str) -> str:
        """Why a lookup failed. A database may tell what it could not read: where fields are omitted, not here."""
        is_secret = any(name.startswith(f"{lookup}.") for name in self.origins.secret)
        if detail and is_secret and not HARMLESS.fullmatch(detail):
            return HIDDEN
        return self.scrubbing.text(detail)

    def _gathered(self, reply: Gathered, entry: TraceEntry | None) -> Gathered:
        reply = replace(reply, failure=self.scrubbing.text(reply.failure))
        is_hidden = entry is None or self.origins.hides(entry.path, DIGITS)
        if not reply.digits or not (is_hidden or self.scrubbing.holds_number(reply.digits)):
            return reply
        rule = self.origins.rules.get(entry.path, "") if entry else ""
        return replace(reply, digits="", word=_meant(entry) if entry else HIDDEN, rule=rule)

    def _reply(self, reply: Reply) -> Reply:
        match reply:
            case Played():
                return replace(reply, failure=self.scrubbing.text(reply.failure))
            case Rang():
                return replace(reply, detail=self.scrubbing.text(reply.detail))
        return reply

    def decision(self, decision: Decision, trace: tuple[TraceEntry, ...]) -> Decision:
        """``decision`` as it is kept; so is its ``trace`` already."""
        facts = self.origins.facts
        variables = {
            name: HIDDEN if text and f"vars.{name}" in facts else self.scrubbing.number(text)
            for name, text in decision.variables.items()
        }
        return replace(
            decision,
            reason=self._sentence(decision.reason),
            variables=variables,
            trace=trace,
            label=decision.label and self._label(decision.label),
            record=decision.record and not self.origins.unrecorded,
        )

    def _sentence(self, reason: str) -> str:
        """A reason: the path of what led here, and that in words, such as a condition."""
        path, colon, text = reason.partition(": ")
        if self.origins.unnamed and AGENT.match(text):
            text = f"agent {HIDDEN} {text.rpartition(' ')[2]}"
        return f"{path}{colon}{self._words(path, text)}"

    def _words(self, path: str, text: str) -> str:
        """A text that stands at ``path``. A condition that reads nothing hidden is in the file's own words."""
        is_own = ".branch[" in path and not self.origins.hides(path, TEXT)
        return self.scrubbing.number(text) if is_own else self.scrubbing.text(text)

    def _label(self, label: Label) -> Label:
        hidden = self.origins.labels
        prefix = HIDDEN if label.name_prefix and PREFIX in hidden else self.scrubbing.number(label.name_prefix)
        return Label(prefix, self._texts(label.headers, hidden), self._texts(label.variables, hidden))

    def _texts(self, texts: Mapping[str, str], hidden: frozenset[str]) -> dict[str, str]:
        return {
            name: HIDDEN if text and name in hidden else self.scrubbing.number(text) for name, text in texts.items()
        }

    def entry(self, entry: TraceEntry, is_masked: bool) -> TraceEntry:
        """``entry`` as it is kept."""
        if entry.what == "lookup":
            return self._looked_up(entry)
        path, reason = entry.path, entry.reason
        is_made = path in self.origins.parts or path in self.origins.said or entry.what == "cases"
        if reason:
            reason = HIDDEN if is_made and not OWN_WORDS.fullmatch(reason) else self.scrubbing.text(reason)
        values = tuple((name, self._value(name, value, path)) for name, value in entry.values)
        return entry._replace(
            text=self._text(entry) if entry.text else "",
            result=_meant(entry) if entry.what == "consent" and self.origins.hides(path, DIGITS) else entry.result,
            values=() if entry.what == "split" and is_masked else values,
            reason=reason,
        )

    def _text(self, entry: TraceEntry) -> str:
        if entry.what in FIXED:
            return entry.text
        if entry.path in self.origins.said:
            return self.origins.said[entry.path]
        is_value = entry.result == "noted" or (entry.what == "agent" and entry.result != "answered")
        if is_value and self.origins.hides(entry.path, TEXT):
            return HIDDEN
        return self._words(entry.path, entry.text)

    def _looked_up(self, entry: TraceEntry) -> TraceEntry:
        found = dict(entry.values)
        values: tuple[tuple[str, Any], ...] = ()
        if entry.result == Outcome.FOUND and entry.took is not None:
            kept = self.keeping.fields.get(entry.text, NOTHING)
            hides = self.scrubbing.holds_number
            values = tuple((name, HIDDEN if hides(found.get(name)) else found.get(name)) for name in sorted(kept))
        failure, colon, detail = entry.reason.partition(": ")
        if entry.result != Outcome.FAILED or not colon:
            return entry._replace(values=values, reason=self._detail(entry.text, entry.reason))
        return entry._replace(values=values, reason=f"{failure}: {self._detail(entry.text, detail)}")

    def _value(self, name: str, value: Any, path: str) -> Any:
        """A fact that was looked at, a digit that was keyed in, a variable or a part of a label that was made."""
        if value is None or value == "":
            return value
        if name in ("caller.number", "caller.e164") and self.keeping.numbers == "masked":
            return self._masked()
        if name in self.origins.facts or self.origins.hides(path, name):
            return HIDDEN
        if isinstance(value, list):
            return [self.scrubbing.text(item) if isinstance(item, str) else item for item in value]
        if name == DIGITS and self.scrubbing.holds_number(value):
            return HIDDEN
        if isinstance(value, str):
            return self.scrubbing.number(value)
        return HIDDEN if self.scrubbing.holds_number(value) else value


def _meant(entry: TraceEntry) -> str:
    """What digits meant, without them: a menu's good key is its way, a consent's yes or no its value."""
    return "answered" if entry.what == "consent" and entry.result in ("yes", "no") else entry.result
