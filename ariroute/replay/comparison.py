"""The replay: every recorded contact through other rules, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ariroute.config.kept import rules_of
from ariroute.errors import ConfigError
from ariroute.flow.again import Untold, walk_again
from ariroute.flow.decision import Decision
from ariroute.flow.numbers import e164
from ariroute.flow.tree import Ruleset
from ariroute.journal.reader import Recorded
from ariroute.replay.changes import Changed, Changes, differing
from ariroute.replay.walker import NO_FLOW, UNREADABLE, Again, Walker, destination

RulesText = Callable[[str], str | None]
"""The rules with a digest as the journal keeps them; None when it does not."""

DAMAGED = (KeyError, TypeError, ValueError, AttributeError)
"""What reading a damaged record raises."""

Seen = Callable[[Recorded, Again], object]


class Comparison:
    """Compares what the journal says with what ``walker`` decides; ``against`` others, with what those decide.

    ``seen`` is told of each contact what these rules make of it.
    """

    def __init__(
        self,
        walker: Walker,
        changes: Changes,
        rules: RulesText,
        against: Walker | None = None,
        seen: Seen | None = None,
    ) -> None:
        self.changes = changes
        self._walker = walker
        self._against = against
        self._seen = seen
        self._rules = rules
        self._rulesets: dict[str, Ruleset | None] = {}

    def play(self, records: Iterable[Recorded]) -> Iterable[int]:
        """Take them one by one; gives how many were taken after each."""
        for recorded in records:
            self.one(recorded)
            yield self.changes.read

    def one(self, recorded: Recorded) -> None:
        """Take one more."""
        self.changes.saw(recorded)
        try:
            plain = recorded.plain()
            if lacking := self._misdialled(recorded, plain):
                self._lacks(recorded, Untold(lacking))
                return
            after = self._walker.outcome(recorded, plain)
            before = self._against.outcome(recorded, plain) if self._against else plain["decision"]
        except DAMAGED:
            plain, before, after = {}, None, UNREADABLE
        if isinstance(after, Untold):
            self._lacks(recorded, after)
            return
        if self._seen:
            self._seen(recorded, after)
        if self._against is None:
            try:
                self._beside_the_record(recorded, plain, after)
            except DAMAGED:
                self.changes.lacks(recorded, UNREADABLE.lacking)
        elif isinstance(before, Untold):
            self.changes.lacks(recorded, f"by the rules of {self._against.config.file}: {before.lacking}")
        else:
            self._compare(recorded, self._against, before, after)

    def _lacks(self, recorded: Recorded, after: Untold) -> None:
        if self._seen:
            self._seen(recorded, after)
        self.changes.lacks(recorded, after.lacking)

    def _misdialled(self, recorded: Recorded, plain: Mapping[str, Any]) -> str:
        """Why its numbers are not those that these rules would have seen; empty when they are.

        A number in the national form is another one in another region, and lookups were asked by that of then. Of one
        that is masked nobody knows the form.
        """
        caller, dialled = plain["contact"]["caller"], plain["contact"]["dialled"]
        masked = "caller.number" in plain["gaps"]
        lost = masked and bool(plain["told"] or plain["arms"] or plain["draws"])
        known = [party for party in (dialled, *(() if masked else (caller,))) if party["number"][:1].isdigit()]
        then = self._ruleset(recorded.digest) if lost or known else None
        for walker in filter(None, (self._walker, self._against)):
            now = walker.ruleset.region
            if (
                then
                and then.region != now
                and (lost or any(e164(each["number"], now) != each["e164"] for each in known))
            ):
                return f"numbers were read in region {then.region}, and are in {now}"
        return ""

    def _compare(self, recorded: Recorded, against: Walker, before: Decision | None, after: Decision | None) -> None:
        move = destination(before), destination(after)
        self.changes.goes(*move)
        others = differing(before.to_plain(), after) if before and after else ()
        if move[0] != move[1] or others:
            if self.changes.wants(move):
                before, after = (_decision(walker.again(recorded)) for walker in (against, self._walker))
            self.changes.note(Changed(recorded, move, before, after, others))

    def _beside_the_record(self, recorded: Recorded, plain: Mapping[str, Any], after: Decision | None) -> None:
        changes, then = self.changes, plain["decision"]
        move = recorded.destination if then else NO_FLOW, destination(after)
        others = differing(then, after) if then and after else ()
        if others and self._masked(recorded, plain, after):
            others = ()
        if move[0] == move[1] and not others:
            changes.goes(*move)
            return
        before = None
        if changes.wants(move):
            before = Decision.of_plain(then) if then else None
            after = _decision(self._walker.again(recorded))
        changes.goes(*move)
        changes.note(Changed(recorded, move, before, after, others))

    def _masked(self, recorded: Recorded, plain: Mapping[str, Any], after: Decision | None) -> bool:
        """Whether the same comes of it by the rules of then: it differs as what is not kept cannot be told again."""
        ruleset = self._ruleset(recorded.digest)
        flow = ruleset and ruleset.flows.get(plain["flow"])
        if not ruleset or not flow or after is None:
            return False
        then = walk_again(ruleset, flow, recorded.past({}))
        return isinstance(then, Decision) and not differing(then.to_plain(), after)

    def _ruleset(self, digest: str) -> Ruleset | None:
        if digest not in self._rulesets:
            text = self._rules(digest)
            try:
                self._rulesets[digest] = rules_of(text, digest) if text else None
            except ConfigError:  # rules that this version cannot read any more
                self._rulesets[digest] = None
        return self._rulesets[digest]


def _decision(again: Again) -> Decision | None:
    return None if isinstance(again, Untold) else again
