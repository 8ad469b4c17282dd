"""Lookups that a record lacks, asked now: by what is known, once each, and never by a masked number."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from recorded_calls import Placed, record

from ariroute.config.load import load_live
from ariroute.flow.again import Untold
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.facts import Answer, Outcome
from ariroute.journal.reader import Reader
from ariroute.journal.sqlite import SqliteStore
from ariroute.replay.asking import AT_ONCE, Asking
from ariroute.replay.walker import Walker
from ariroute.testing import Given

FLOW_FILE = """\
version: 1
region: SE
journal: {url: "sqlite:journal.db", numbers: NUMBERS}
lookups:
  people:
    csv: {path: people.csv, key: phone}
    fields: {account: string, tier: string}
  accounts:
    csv: {path: accounts.csv, key: id, input: people.account}
    fields: {segment: string}
  line:
    channel: {variables: {kind: CRM_KIND}}
    fields: {kind: string}
queues: {platinum: {}, gold: {}, standard: {}}
flows:
  support:
    trigger: {call: {to: [support]}}
    default: standard
    steps:
STEPS
"""
OLD = "      - queue: standard\n"
BY_TIER = """\
      - lookup: [people]
      - branch:
          - when: people.tier == "gold"
            queue: gold
"""
BY_SEGMENT = """\
      - lookup: [people, accounts]
      - branch:
          - when: accounts.segment == "large"
            queue: platinum
"""
BY_LINE = """\
      - lookup: [line]
      - branch:
          - when: line.kind == "x"
            queue: gold
"""
NEEDS_ACCOUNT = """\
      - lookup: [people]
      - branch:
          - when: people.account == "A1"
            queue: platinum
"""


@pytest.fixture(autouse=True)
def sources(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("phone,account,tier\n+46701234567,A1,gold\n", encoding="utf-8")
    (tmp_path / "accounts.csv").write_text("id,segment\nA1,large\n", encoding="utf-8")


async def again(
    place: Path, old: str, new: str, given: Mapping[str, Given] | None = None, numbers: str = "full"
) -> tuple[Decision | Untold, int]:
    """What the rules ``new`` make of a call that ``old`` decided, and how many questions that took."""
    flow_file = place / "ariroute.yaml"
    flow_file.write_text(FLOW_FILE.replace("NUMBERS", numbers).replace("STEPS", old), encoding="utf-8")
    record(place / "journal.db", flow_file, [Placed(given or {})])
    recorded = Reader(SqliteStore(place / "journal.db", only_read=True)).last()
    assert recorded is not None
    flow_file.write_text(FLOW_FILE.replace("NUMBERS", numbers).replace("STEPS", new), encoding="utf-8")
    config = load_live(flow_file)
    past = Walker(config).past(recorded)
    assert past is not None
    asking = Asking(config)
    await asking.start()
    try:
        return await asking.again(config.ruleset.flows["support"], past), asking.asked
    finally:
        await asking.close()


def queue(found: Decision | Untold) -> str:
    assert isinstance(found, Decision)
    assert isinstance(found.destination, QueueDestination)
    return found.destination.queue


async def test_a_lookup_that_was_not_asked_then_is_asked_now(tmp_path: Path) -> None:
    found, asked = await again(tmp_path, OLD, BY_TIER)
    assert (queue(found), asked) == ("gold", 1)


async def test_what_is_recorded_is_not_asked_for(tmp_path: Path) -> None:
    """The file says gold, the record silver: what counts is what was answered then."""
    found, asked = await again(tmp_path, BY_TIER, BY_TIER, {"people": {"tier": "silver"}})
    assert (queue(found), asked) == ("standard", 0)


async def test_a_field_that_was_not_kept_is_asked_for_once_more(tmp_path: Path) -> None:
    given = {"people": {"tier": "silver", "account": "A1"}}
    found, asked = await again(tmp_path, BY_TIER, NEEDS_ACCOUNT, given)
    assert (queue(found), asked) == ("platinum", 1)


async def test_lookups_that_are_made_of_others_are_asked_after_them(tmp_path: Path) -> None:
    found, asked = await again(tmp_path, OLD, BY_SEGMENT)
    assert (queue(found), asked) == ("platinum", 2)


async def test_a_question_made_of_what_failed_then_is_not_asked(tmp_path: Path) -> None:
    found, asked = await again(tmp_path, BY_TIER, BY_SEGMENT, {"people": Outcome.FAILED})
    assert (queue(found), asked) == ("standard", 0)


async def test_a_question_made_of_what_was_not_kept_is_not_asked(tmp_path: Path) -> None:
    given = {"people": {"tier": "silver", "account": "A1"}}
    found, asked = await again(tmp_path, BY_TIER, BY_SEGMENT, given)
    assert (found, asked) == (Untold("lookup accounts was not asked then"), 0)


async def test_by_a_masked_number_nothing_is_asked(tmp_path: Path) -> None:
    found, asked = await again(tmp_path, OLD, BY_TIER, numbers="masked")
    assert (found, asked) == (Untold("lookup people was not asked then"), 0)


async def test_what_only_the_daemon_can_ask_is_not_asked(tmp_path: Path) -> None:
    found, asked = await again(tmp_path, OLD, BY_LINE)
    assert (found, asked) == (Untold("lookup line was not asked then"), 0)


async def test_no_more_than_a_few_are_asked_for_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await again(tmp_path, OLD, BY_TIER)  # leaves the files
    config = load_live(tmp_path / "ariroute.yaml")
    recorded = Reader(SqliteStore(tmp_path / "journal.db", only_read=True)).last()
    assert recorded is not None
    past = Walker(config).past(recorded)
    assert past is not None
    asking, under_way = Asking(config), [0]

    async def fetch(names: Sequence[str], *_: object) -> list[Answer]:
        under_way.append(under_way[-1] + 1)
        await asyncio.sleep(0)
        under_way.append(under_way[-1] - 1)
        return [Answer(name, Outcome.MISSING) for name in names]

    monkeypatch.setattr(asking, "_runner", SimpleNamespace(fetch=fetch))
    await asyncio.gather(*(asking.again(config.ruleset.flows["support"], past) for _ in range(3 * AT_ONCE)))
    assert (max(under_way), asking.asked) == (AT_ONCE, 3 * AT_ONCE)
