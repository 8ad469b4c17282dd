"""A mocked answer is the answer that the lookup gives when a real server sends the same, deadline and all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ariroute.cases.read import Reader
from ariroute.cases.world import in_time
from ariroute.flow.facts import Answer
from ariroute.json_text import dumps
from ariroute.lab.rest import Asked, Reply, RestService
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.runner import LookupRunner

TIMEOUT = 0.5
MOCKS: dict[str, dict[str, Any]] = {
    "found": {"body": {"contacts": [{"card": {"tier": "gold"}, "orders": "3", "vip": True}]}},
    "found without a card": {"body": {"contacts": [{"card": None, "orders": "", "vip": False}]}},
    "nobody in the list": {"body": {"contacts": []}},
    "null": {"body": {"contacts": None}},
    "a list on the way": {"body": {"contacts": [[1, 2]]}},
    "text where an object should be": {"body": {"contacts": [{"card": "gold"}]}},
    "another type": {"body": {"contacts": [{"card": {"tier": 7}}]}},
    "no object at all": {"body": ["contacts"]},
    "unknown": {"status": 404},
    "gone": {"status": 410},
    "down": {"status": 503},
    "no right": {"status": 401},
    "slow": {"body": {"contacts": []}, "takes": "700ms"},
}


class Contacts(RestService):
    """Answers as the mock of the path says."""

    def reply(self, asked: Asked) -> Reply:
        mock = MOCKS[asked.path.removeprefix("/")]
        return Reply(mock.get("status", 200), mock.get("body", {}))

    def delay(self, asked: Asked) -> float:
        return TIMEOUT + 0.2 if "takes" in MOCKS[asked.path.removeprefix("/")] else 0.0


@pytest.fixture(scope="module")
def service() -> Iterator[Contacts]:
    with Contacts() as running:
        yield running


@pytest.mark.parametrize("name", MOCKS)
async def test_a_mock_answers_as_the_lookup_does_when_a_server_sends_the_same(
    service: Contacts, tmp_path: Path, name: str
) -> None:
    flow_file = tmp_path / "ariroute.yaml"
    flow_file.write_text(
        f"""\
version: 1
lookups:
  crm:
    http:
      url: "http://127.0.0.1:{service.port}/{{caller.name}}"
      timeout: {TIMEOUT * 1000:g}ms
      record: contacts
      pick: {{tier: card.tier}}
      read_text: true
      missing_status: [404, 410]
    fields: {{tier: string, orders: number, vip: bool}}
queues: {{gold: {{}}}}
flows: {{support: {{default: gold, steps: [lookup: crm]}}}}
""",
        encoding="utf-8",
    )
    case = {"name": name, "lookups": {"crm": MOCKS[name]}, "expect": {"queue": "gold"}}
    (tmp_path / "tests.yaml").write_text(dumps({"tests": [case]}), encoding="utf-8")
    (suite,) = Reader(flow_file, Path).suites([tmp_path / "tests.yaml"])
    settings, make = suite.config.lookups["crm"]
    runner = LookupRunner({"crm": (settings, make(NoPbx()))})

    await runner.start()
    try:
        (real,) = await runner.fetch(["crm"], {"caller.name": name})
    finally:
        await runner.close()
    mocked = in_time("crm", suite.cases[0].given.mocks["crm"], settings.timeout)

    assert told(mocked) == told(real)


def told(answer: Answer) -> Answer:
    """What a flow sees of an answer; how a status is put in words is the source's own."""
    detail = "" if answer.failure == "status" else answer.detail
    return replace(answer, took=0.0, origin="given", detail=detail)
