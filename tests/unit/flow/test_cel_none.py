"""Empty results do not use up None: a daemon would abort after so many calls."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from datetime import UTC, datetime
from ariroute.flow.conditions import Language
from ariroute.flow.contact import Contact
from ariroute.flow.scope import Scope
from ariroute.flow.facts import Answer, Outcome
language = Language({"crm": {"vip": "bool"}}, {}, [], "SE", "UTC")
vip = language.condition("crm.vip")
scope = Scope(Contact("1", datetime(2026, 1, 1, tzinfo=UTC)), datetime(2026, 1, 1, tzinfo=UTC))
scope.learn(Answer("crm", Outcome.FOUND, {"vip": None}))
for _ in range(60_000):
    vip.holds(scope)
print(vip.holds(scope))
"""


def test_a_process_outlives_more_empty_results_than_there_are_references_to_none() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "Unknown(reason='crm.vip is empty')\n"
