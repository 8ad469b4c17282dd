"""Contacts that are alike are walked once, and nothing is different for it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from recorded_calls import Placed, record

from ariroute.config.load import load_text
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Failure, Outcome, Scalar
from ariroute.journal.reader import Reader
from ariroute.journal.sqlite import SqliteStore
from ariroute.replay.changes import differing
from ariroute.replay.walker import QuickWalker
from ariroute.testing import Given

FILE = """\
version: 1
region: SE
timezone: Europe/Stockholm
journal: {{url: "sqlite:journal.db", numbers: {numbers}, fields: declared}}
lookups:
  crm:
    http: {{url: "http://127.0.0.1:9/{{caller.e164}}"}}
    fields: {{loyalty: string, orders: number, vip: bool, name: string}}
hours:
  office: {{mon-fri: "08:00-10:00"}}
queues: {{gold: {{priority: 20}}, standard: {{}}}}
flows:
  support:
    trigger: {{call: {{to: support}}}}
    default: standard
    steps:
      - lookup: crm
      - split: {{name: trial, ways: [{{percent: 20, queue: gold}}]}}
      - set: {{customer: {{cel: crm.name}}}}
      - branch:
          - when: crm.vip || crm.orders >= 10
            queue: gold
          - when: crm.loyalty in ["gold", "silver"] && open("office")
            queue: gold
          - when: prefix(caller.e164, ["+4670"]) && crm.orders > 3
            queue: {{name: gold, priority: 5}}
      - menu: {{prompt: vm-options, keys: {{"1": {{queue: gold}}, "2": {{queue: standard}}}}}}
"""


@pytest.fixture(scope="module", params=["full", "masked"])
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("journal")
    file = folder / "ariroute.yaml"
    file.write_text(FILE.format(numbers=request.param), encoding="utf-8")
    record(folder / "journal.db", file, calls(150))
    store = SqliteStore(folder / "journal.db", only_read=True)
    yield Reader(store)
    store.close()


def calls(count: int) -> list[Placed]:
    dice = random.Random(3)
    found = []
    for _ in range(count):
        fields: dict[str, Scalar] = {
            "loyalty": dice.choice(["gold", "silver", "none", None]),
            "orders": dice.choice([0.0, 3.0, 3.5, 10.0, 12.0, None]),
            "vip": dice.choice([True, False, False, False, None]),
            "name": dice.choice(["Ann", "Bo", None]),
        }
        ends: list[Given] = [fields, fields, fields, Outcome.MISSING, Failure.TIMEOUT]
        caller = dice.choice(["+46701234567", "+46850000001", "+4791234567"])
        found.append(Placed({"crm": dice.choice(ends)}, caller, press=(dice.choice("123"), "", "")))
    return found


OTHERS = [
    ("", ""),
    ("orders >= 10", "orders >= 3"),
    ('"08:00-10:00"', '"09:00-11:00"'),
    ('["+4670"]', '["+4685"]'),
    ("percent: 20", "percent: 50"),
    ("name: trial", "name: another"),
    ("crm.vip ||", "crm.name.startsWith('A') ||"),
    ("customer: {cel: crm.name}", "customer: {cel: crm.loyalty}"),
    ('"1": {queue: gold}', '"1": {queue: standard}'),
    ("to: support", "to: sales"),
    ("lookup: crm", "lookup: {crm: {on_timeout: {queue: gold}}}"),
]


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_worked_out_once_is_what_each_walk_gives(reader: Reader, other: tuple[str, str]) -> None:
    text = FILE.format(numbers="full")
    assert other[0] in text
    walker = QuickWalker(load_text(text.replace(*other)))
    for recorded in reader.between(0, 1e12):
        quick, whole = walker.outcome(recorded, recorded.plain()), walker.again(recorded)
        if not isinstance(whole, Decision):
            assert quick == whole
            continue
        assert isinstance(quick, Decision)
        assert (quick.destination, quick.by_default, quick.reason) == (
            whole.destination,
            whole.by_default,
            whole.reason,
        )
        assert differing(quick.to_plain(), whole) == ()


def test_most_contacts_are_not_walked(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    walker = QuickWalker(load_text(FILE.format(numbers="full").replace("- set: {customer: {cel: crm.name}}", "")))
    walked: list[str] = []
    monkeypatch.setattr(QuickWalker, "again", lambda self, recorded: walked.append(recorded.contact))
    for recorded in reader.between(0, 1e12):
        walker.outcome(recorded, recorded.plain())

    assert 10 < len(walked) < 200
