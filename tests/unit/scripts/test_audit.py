"""scripts/audit, against a stand-in of the advisory database."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from ariroute.lab.ports import Ports
from ariroute.lab.rest import Asked, Reply, RestService

AUDIT = Path(__file__).parents[3] / "scripts" / "audit"


class Advisories(RestService):
    """Knows of one hole, in every version of click."""

    def __init__(self, *holes: str) -> None:
        super().__init__()
        self.holes = holes

    def reply(self, asked: Asked) -> Reply:
        name = json.loads(asked.body)["package"]["name"]
        if name not in self.holes:
            return Reply(200, {})
        affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": []}]
        return Reply(200, {"vulns": [{"id": "PYSEC-0000-1", "summary": "made up", "affected": affected}]})


class Lost(RestService):
    """Is no such database, and answers as an index of packages does."""

    def reply(self, asked: Asked) -> Reply:
        return Reply(404, {"error": "not found"})


def audit(address: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([AUDIT, f"{address}/v1/query"], capture_output=True, text=True, timeout=100, check=False)


def test_a_known_hole_fails_and_is_named() -> None:
    with Advisories("click") as database:
        done = audit(database.url)
        asked = {json.loads(each.body)["package"]["name"] for each in database.asked}
    assert done.returncode == 1, done.stderr
    assert "PYSEC-0000-1" in done.stdout
    assert "click" in done.stdout
    assert {"aiohttp", "pydantic", "pytest"} <= asked


def test_without_a_known_hole_all_is_well() -> None:
    with Advisories() as database:
        done = audit(database.url)
    assert done.returncode == 0, done.stderr
    assert "PYSEC" not in done.stdout


def test_a_database_that_is_away_is_one_line_and_no_failure() -> None:
    with Ports(1) as (closed,):
        done = audit(f"http://127.0.0.1:{closed}")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("\n") == 1
    assert "not looked for known holes" in done.stderr


def test_an_answer_of_somebody_else_is_one_line_and_no_failure() -> None:
    with Lost() as elsewhere:
        done = audit(elsewhere.url)
    assert (done.returncode, done.stdout) == (0, "")
    assert "404" in done.stderr
    assert done.stderr.count("\n") == 1
