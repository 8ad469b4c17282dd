"""Every record walked again by the rules that are kept beside it, and what differs."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ariroute.config.journal import journal_of_file
from ariroute.config.kept import rules_of
from ariroute.config.load import load_rules
from ariroute.flow.again import Untold, walk_again
from ariroute.flow.tree import Ruleset
from ariroute.journal.reader import Reader, Recorded
from scripts.replaying.calls import FIRST

SHOWN: Final = 5
NAMED: Final = ("contact", "flow", "queue", "priority", "hangup", "dial", "endpoint", "by_default", "reason", "record")
MADE_OF_THE_NUMBER: Final = frozenset({"set", "label", "note"})
"""Entries that say more then than now, where the number was not kept."""


@dataclass(slots=True)
class Judged:
    """What came of it. ``untold`` counts by what is lacking; ``to`` where the calls went."""

    records: int = 0
    same: int = 0
    undecided: Counter[str] = field(default_factory=Counter)
    untold: Counter[str] = field(default_factory=Counter)
    to: Counter[str] = field(default_factory=Counter)
    what: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    shown_numbers: int = 0
    """Masked callers whose whole number is in the database's files."""
    seconds: float = 0.0

    @property
    def is_as_wished(self) -> bool:
        return not (self.different or self.untold or self.shown_numbers)

    def to_plain(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "records": self.records,
            "same": self.same,
            "different": len(self.different),
            "cannot_be_told": dict(self.untold),
            "left_without_a_decision": dict(self.undecided),
            "numbers_in_the_files": self.shown_numbers,
            "seconds": round(self.seconds, 1),
            "to": dict(self.to.most_common()),
            "steps": dict(self.what.most_common()),
            "differences": self.different[:SHOWN],
        }


def judge(file: Path, numbers: str) -> Judged:
    """All records of the journal of ``file``."""
    judged, rules = Judged(), dict[str, Ruleset]()
    fields = {name: common.fields for name, (common, _) in load_rules(file).lookups.items()}
    store = journal_of_file(file).open()
    try:
        reader, begin = Reader(store), time.monotonic()
        for record in reader.between(0, 2**40):
            judged.records += 1
            if record.digest not in rules:
                rules[record.digest] = rules_of(reader.rules(record.digest) or "", record.digest)
            _judge(judged, record, rules[record.digest], fields, whole=numbers == "full")
        judged.seconds = time.monotonic() - begin
    finally:
        store.close()
    if numbers == "masked":
        judged.shown_numbers = _numbers_in(file.parent)
    return judged


def _judge(
    judged: Judged, record: Recorded, rules: Ruleset, fields: Mapping[str, Mapping[str, Any]], *, whole: bool
) -> None:
    then = record.plain()["decision"]
    if then is None:
        judged.undecided[record.handed] += 1
        return
    judged.to[record.destination] += 1
    judged.what.update({entry["what"] for entry in then["trace"]})
    again = walk_again(rules, rules.flows[record.plain()["flow"]], record.past(fields))
    if isinstance(again, Untold):
        judged.untold[again.lacking] += 1
        return
    now = again.to_plain()
    if (now == then) if whole else (_told(now) == _told(then)):
        judged.same += 1
    else:
        judged.different.append(f"{record.contact}: {then} became {now}")


def _told(decision: Mapping[str, Any]) -> tuple[object, ...]:
    """A decision without what is made of a number that was not kept."""
    trace = [
        (entry["path"], entry["what"])
        if entry["what"] in MADE_OF_THE_NUMBER
        else tuple((name, value) for name, value in entry.items())
        for entry in decision["trace"]
    ]
    return tuple(decision.get(name) for name in NAMED), trace


def _numbers_in(folder: Path) -> int:
    """How many callers' numbers are in the files, by what all of them begin with.

    Seven digits: five of them stand by chance in the hashes and times of every few thousand records.
    """
    begin = str(FIRST)[:7].encode()
    with sqlite3.connect(folder / "journal.db") as base:
        base.execute("PRAGMA wal_checkpoint(PASSIVE)")
    base.close()
    return sum(file.read_bytes().count(begin) for file in folder.glob("journal.db*") if file.suffix != ".key")
