"""What may not be kept is nowhere in the database's files: marks are planted in every place where it could leak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ariroute.config.load import Config, load_text
from ariroute.daemon.recording import keeping_of
from ariroute.flow.contact import Contact, Party, party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Failure, Outcome, Scalar
from ariroute.flow.run import Run
from ariroute.flow.wants import Fetch, Gather, Gathered, PickUp, Play, Played, Rang, Reply, Ring, RingOutcome, Want
from ariroute.journal.key import key_file
from ariroute.journal.reader import Reader, Recorded
from ariroute.journal.record import Decided, Undecided
from ariroute.journal.sqlite import SqliteStore

NUMBER, NAME = "+46701234567", "Zebedee Quux"
WAYS_OF_WRITING = (
    "+46701234567",
    "0701234567",
    "070-123 45 67",
    "0046 70 1234567",
    "%2B46701234567",
    "tel:46701234567",
)
TAIL = "1234567"
"""In every way of writing it, once separators are taken out."""
PERSONAL, SALARY, PIN = "19121212-mark", 98765.0, "48151623"
AGENT = "maja"
"""Whom the personal number leads to."""
MARKS = (NAME, "Zebedee", PERSONAL, "98765", PIN, AGENT)
CALLER = f"{', '.join(WAYS_OF_WRITING)}; {NAME}"
RECORD = f"{CALLER}; {PERSONAL}; 98765"
EVERYTHING = f"{RECORD}; {PIN}"
"""What somebody else's words may hold: of the caller from the beginning, then of the record, then what was keyed in."""

FLOW = f"""
version: 1
region: SE
timezone: UTC
lookups:
  crm:
    http: {{url: "http://127.0.0.1:9/{{caller.e164}}"}}
    fields: {{personal: string, salary: number, phone: string, digits: number, manager: string, loyalty: string}}
  erp:
    http: {{url: "http://127.0.0.1:9/{{crm.personal|digits}}"}}
    fields: {{open: number}}
speech: {{command: [cp, "{{file}}"]}}
notify: {{desk: {{url: "http://127.0.0.1:9/", json: {{who: "{{caller.e164}}"}}}}}}
endpoints: {{mobile: PJSIP/mobile}}
agents: {{maja: {{dial: PJSIP/maja-phone, also: ["{PERSONAL}"]}}}}
queues: {{gold: {{priority: 20}}, standard: {{}}}}
flows:
  rings:
    default: standard
    steps:
      - lookup: crm
      - agent: {{name: {{cel: crm.personal}}, timeout: 5s, on_busy: {{queue: gold}}}}
  support:
    trigger: {{call: {{}}}}
    default: standard
    steps:
      - split: {{name: trial, ways: [{{percent: 50, then: [{{note: in}}]}}]}}
      - lookup: crm
      - lookup: erp
      - set:
          number: {{cel: caller.e164}}
          person: {{cel: crm.personal}}
          begins: {{cel: "crm.personal.contains('1212')"}}
          copy: {{cel: vars.person}}
          doubt: {{cel: "string(int(crm.personal))"}}
          direct: {{cel: crm.phone}}
      - set: {{again: {{cel: 'vars.copy + caller.name'}}}}
      - answer: true
      - say: "Number {{caller.e164}} of {{crm.personal}}, {{vars.again}}, {{caller.name}}, {{crm.phone}}"
      - play: [custom/hello, {{digits: {{cel: caller.e164}}}}, {{number: {{cel: crm.salary}}}}]
      - collect: {{into: pin, prompt: custom/pin, digits: 8, tries: 2}}
      - collect: {{into: other, prompt: custom/other, digits: 1-20}}
      - menu: {{prompt: custom/menu, keys: {{"1": {{then: []}}}}, on_no_input: {{then: []}}, on_invalid: {{then: []}}}}
      - consent: {{into: agreed, prompt: custom/consent, "yes": "1", "no": "2"}}
      - label:
          name_prefix: {{cel: caller.name}}
          headers: {{X-Number: {{cel: caller.e164}}, X-Phone: {{cel: crm.phone}}}}
          variables: {{PERSON: {{cel: 'vars.again + vars.pin'}}, SALARY: {{cel: crm.salary}}}}
      - note: {{cel: '"note " + caller.e164 + crm.personal + vars.pin + caller.name'}}
      - note: {{cel: crm.phone}}
      - notify: desk
      - dial: {{endpoint: mobile, timeout: 5s}}
      - agent: {{name: {{cel: crm.personal}}, timeout: 5s, on_unknown: {{then: []}}}}
      - agent: {{name: {{cel: vars.again}}, timeout: 5s, on_unknown: {{then: []}}}}
      - branch:
          - {{when: 'int(crm.personal) > 3', queue: gold}}
          - when: 'crm.personal == "{PERSONAL}" && caller.number == "0701234567" && caller.name != "{NAME}"'
            queue: gold
          - {{when: 'arguments.exists(each, each == "nobody")', queue: gold}}
          - when: 'caller.e164 == "{NUMBER}" && vars.pin == "{PIN}" && crm.personal == "{PERSONAL}" && vars.again != ""'
            queue: gold
      - queue: standard
"""
MASKED = "journal: {omit: [crm.personal, crm.salary, vars.pin, caller.name]}"
FULL = "journal: {numbers: full, omit: [crm.personal, crm.salary, vars.pin, caller.name]}"
ALL = "journal: {numbers: full, fields: declared}"

ARRIVED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CONTACT = Contact(
    "1763629200.17",
    ARRIVED,
    party("0701234567", NAME, "SE"),
    Party("support"),
    pbx="pbx1",
    arguments=("sales", *WAYS_OF_WRITING, NAME),
)
FIELDS: dict[str, Scalar] = {
    "personal": PERSONAL,
    "salary": SALARY,
    "phone": "070-123 45 67",
    "digits": 46701234567.0,
    "manager": "Bo",
    "loyalty": "gold",
}
KEYED = [PIN[:3], PIN, "0701234567", "1", "1"]


@dataclass
class World:
    """Answers, prompts that fail and keys, all with marks in them; ``words`` is what others may say by now."""

    words: str = CALLER
    keys: list[str] = field(default_factory=lambda: list(KEYED))

    def reply(self, want: Want) -> Sequence[Answer] | Reply:
        match want:
            case Fetch(lookups=("crm",)):
                self.words = RECORD
                return [Answer("crm", Outcome.FOUND, FIELDS, detail=f"old: {RECORD}", origin="stale")]
            case Fetch(lookups=lookups):
                return [Answer(name, Outcome.FAILED, failure=Failure.ERROR, detail=self.words) for name in lookups]
            case PickUp() | Play():
                return Played(f"the command said: {self.words}", 0.5)
            case Gather():
                digits = self.keys.pop(0)
                self.words = EVERYTHING if PIN in digits else self.words
                return Gathered(digits, f"cannot be played: {self.words}", 1.5)
            case Ring():
                return Rang(RingOutcome.BUSY, self.words, 2.0)


def walked(
    config: Config, contact: Contact, most: int = 1000, flow: str = "support"
) -> tuple[Run, Decision | None, str]:
    """The run after ``most`` wants were answered, the decision if it has come to one, and what others say by now."""
    run, world = Run(config.ruleset, config.ruleset.flows[flow], contact), World()
    wanted = run.start(ARRIVED)
    for _ in range(most):
        if isinstance(wanted, Decision):
            return run, wanted, world.words
        wanted = run.receive(world.reply(wanted), ARRIVED)
    return run, None, world.words


def config_of(journal: str, folder: Path) -> Config:
    return replace(load_text(FLOW + journal, "ariroute.yaml"), journal_folder=folder)


def record(journal: str, folder: Path) -> list[Recorded]:
    """Every way in which a call can end, each a record in the file ``journal.db``, which is closed then."""
    config = config_of(journal.replace("{", '{url: "sqlite:journal.db", ', 1), folder)
    assert config.journal is not None
    keeping = keeping_of(config, config.journal)
    store = SqliteStore(folder / "journal.db")
    store.migrate()
    items: list[Decided | Undecided] = []
    for most in range(20):
        run, decision, words = walked(config, CONTACT, most)
        why = f"hand-off failed: {words}"
        items.append(Undecided(CONTACT, "support", run.history, run.trace, "hung up", why, 1.0, "digest", keeping))
        gone = run.give_up(f"ValueError: {words}")
        items.append(Decided(CONTACT, "support", run.history, decision or gone, "handed over", 1.0, keeping))
    own = replace(CONTACT, dialled=party("0701234567", "", "SE"))
    run, decision, _ = walked(config, own)
    assert decision is not None
    items.append(Decided(own, "support", run.history, decision, "handed over", 1.0, keeping))
    run, decision, _ = walked(config, CONTACT, flow="rings")
    assert decision is not None
    items.append(Decided(CONTACT, "rings", run.history, decision, "handed over", 1.0, keeping))
    store.write([statement for item in items for statement in item.statements()])
    found = list(Reader(store).between(0, 2**40))
    store.close()
    return found


def in_files(folder: Path) -> str:
    """Everything that is in the database's files, as text."""
    files = sorted(folder.glob("journal.db*"))
    return "".join(file.read_bytes().decode("latin-1") for file in files if file != key_file(folder / "journal.db"))


def bare(text: str) -> str:
    """Without what may stand between the digits of a number."""
    return text.translate(str.maketrans("", "", " -()./"))


def places(value: Any, mark: str, path: str = "") -> Iterator[str]:
    """Where ``mark`` stands in a record."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, mark, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            what = inner.get("what", "") if isinstance(inner, dict) else ""
            yield from places(inner, mark, f"{path}[{what}]")
    elif mark in bare(str(value)):
        yield path


def test_without_any_wish_to_hide_the_marks_stand_in_all_these_places(tmp_path: Path) -> None:
    """The marks are planted where they can leak: so the tests below look at something."""
    found = set[str]()
    for recorded in record(ALL, tmp_path):
        for mark in (TAIL, *map(bare, MARKS)):
            found |= set(places(recorded.plain(), mark))
    kinds = {place.partition("trace[")[2].partition("]")[0] for place in found if "trace[" in place}
    assert kinds >= {"lookup", "set", "answer", "say", "play", "collect", "label", "note", "dial", "agent", "case"}
    for place in (
        ".contact.caller.number",
        ".contact.caller.e164",
        ".contact.caller.name",
        ".contact.dialled.number",
        ".contact.arguments[]",
        ".told[].answers[].fields.personal",
        ".told[].answers[].fields.salary",
        ".told[].answers[].fields.digits",
        ".told[].answers[].detail",
        ".told[].reply.played",
        ".told[].reply.gathered",
        ".told[].reply.failure",
        ".told[].reply.detail",
        ".told[].want.ring",
        ".told[].want.endpoint",
        ".left.ring",
        ".given_up",
        ".decision.reason",
        ".decision.variables.number",
        ".decision.variables.pin",
        ".decision.label.name_prefix",
        ".decision.label.headers.X-Number",
        ".decision.label.variables.PERSON",
        ".decision.label.variables.SALARY",
        ".decision.trace[lookup].values.personal",
        ".decision.trace[lookup].reason",
        ".decision.trace[set].values.copy",
        ".decision.trace[say].text",
        ".decision.trace[say].reason",
        ".decision.trace[play].text",
        ".decision.trace[collect].values.digits",
        ".decision.trace[collect].reason",
        ".decision.trace[label].values.name_prefix",
        ".decision.trace[note].text",
        ".decision.trace[agent].text",
        ".decision.trace[case].text",
        ".decision.trace[case].values.arguments[]",
        ".decision.trace[case].values.vars.again",
        ".decision.trace[default].reason",
        ".trace[lookup].values.personal",
    ):
        assert place in found, place
    for mark in (NUMBER, NAME, PERSONAL, PIN):
        assert mark in in_files(tmp_path)


def test_masked_neither_the_number_nor_what_is_omitted_is_in_the_files(tmp_path: Path) -> None:
    recorded = record(MASKED, tmp_path)
    assert len(recorded) == 42
    for one in recorded:
        for mark in (TAIL, *map(bare, MARKS)):
            assert not list(places(one.plain(), mark))
    text = in_files(tmp_path)
    assert TAIL not in bare(text)
    for mark in MARKS:
        assert mark not in text
    assert "+46******567" in text


def test_an_agent_who_was_found_by_what_is_omitted_has_no_name(tmp_path: Path) -> None:
    rung = next(one.plain() for one in record(MASKED, tmp_path) if one.plain()["flow"] == "rings")
    assert rung["decision"]["reason"] == "flows.rings.steps[1].agent.on_busy: agent *** busy"
    assert rung["told"][1]["want"] == {"ring": "***", "endpoint": "***"}


def test_in_full_the_number_is_there_and_what_is_omitted_is_not(tmp_path: Path) -> None:
    record(FULL, tmp_path)
    text = in_files(tmp_path)
    assert NUMBER in text
    for mark in MARKS:
        assert mark not in text


def test_masked_the_number_cannot_be_found_by_where_its_caller_stood_in_a_split(tmp_path: Path) -> None:
    for plain in (one.plain() for one in record(MASKED, tmp_path) if one.plain()["flow"] == "support"):
        assert not plain["draws"]
        assert plain["arms"] in ({"trial": [0.0, 50.0]}, {"trial": [50.0, 100.0]})
        assert not [entry for entry in _trace(plain) if entry["what"] == "split" and "values" in entry]


def test_what_is_kept_of_the_rest_is_as_it_was(tmp_path: Path) -> None:
    plain = next(
        one.plain()
        for one in record(MASKED, tmp_path)
        if one.plain()["flow"] == "support" and one.destination == "queue gold, priority 20"
    )
    crm = plain["told"][0]["answers"][0]
    assert crm["fields"] == {}  # phone is the caller's number, the others are omitted, or no step reads them
    assert {entry["result"] for entry in _trace(plain) if entry["what"] == "collect"} == {"invalid", "collected"}
    assert [told["reply"]["word"] for told in plain["told"] if "gather" in told["want"] and told["reply"].get("word")]
    assert plain["gaps"] == ["caller.number", "caller.e164", "caller.name", "arguments"]


def test_fields_are_those_that_the_rules_read_or_all_that_are_declared(tmp_path: Path) -> None:
    rules = "journal: {numbers: full}", "journal: {numbers: full, fields: declared}"
    used, declared = (config_of(text, tmp_path) for text in rules)
    assert used.journal is not None
    assert declared.journal is not None
    read = {"personal", "salary", "phone"}
    assert keeping_of(used, used.journal).fields == {"crm": read, "erp": set()}
    assert keeping_of(declared, declared.journal).fields == {"crm": set(FIELDS), "erp": {"open"}}


@pytest.mark.parametrize("number", ["anonymous", ""])
def test_a_withheld_number_has_no_hash(number: str, tmp_path: Path) -> None:
    config = config_of('journal: {url: "sqlite:journal.db"}', tmp_path)
    assert config.journal is not None
    assert keeping_of(config, config.journal).caller_key(party(number, "", "SE")) == ""


def _trace(plain: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plain["decision"]["trace"] if plain["decision"] else plain["trace"]
    return found
