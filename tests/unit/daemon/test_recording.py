"""A decided call in the journal, and the same decision again from it."""

from __future__ import annotations

from pathlib import Path

from fake_ari import FakePbx

from ariroute.config.kept import rules_of
from ariroute.flow.again import walk_again
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.journal.opening import open_store
from ariroute.journal.reader import Reader
from ariroute.journal.settings import JournalSettings

from .conftest import Running

FIELDS = {"crm": {"loyalty": "string", "orders": "number"}}


async def test_a_decided_call_is_recorded_and_can_be_walked_again(
    fake: FakePbx, running: Running, tmp_path: Path
) -> None:
    url = f"sqlite:{tmp_path / 'journal.db'}"
    async with running(daemon=f'}}\njournal: {{url: "{url}"') as daemon:
        channel = fake.channels[fake.call("+46701000001", ("support",), name="Ann")]
        assert daemon.journal is not None
        journal = daemon.journal
        await fake.until(lambda: journal.written == 3)  # the rules, the call, and that no AMI tells what becomes of it
        digest = daemon.config.digest
    reader = Reader(open_store(JournalSettings(url=url), tmp_path, only_read=True))
    recorded = reader.last()
    assert recorded is not None
    assert (recorded.contact, recorded.queue, recorded.priority) == (channel.id, "platinum", 30)
    assert (recorded.caller, recorded.handed, recorded.digest) == ("+46******001", "handed over", digest)
    text = reader.rules(digest)
    assert text is not None
    rules = rules_of(text, digest)
    again = walk_again(rules, rules.flows[recorded.plain()["flow"]], recorded.past(FIELDS))
    assert isinstance(again, Decision)
    assert again.destination == QueueDestination("platinum", 30)
    assert again.to_plain() == recorded.plain()["decision"]
