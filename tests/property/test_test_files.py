"""Whatever stands in a test file, reading and running it ends in verdicts or in mistakes, in words."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ariroute.cases.case import Suite
from ariroute.cases.grammar import CaseSettings, ExpectSettings, FileSettings, MockSettings
from ariroute.cases.read import Reader
from ariroute.cases.run import run_case
from ariroute.cli.test_report import Outcome, json_report, junit_report, tap_report, text_report
from ariroute.config.words import keys_of
from ariroute.errors import ConfigError, Problem

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NAMES = ("collect", "crm-salesforce", "dial", "label", "lookup-ways", "menu", "queue", "split", "voicemail")
FILES: dict[str, Any] = {
    name: YAML(typ="safe", pure=True).load((EXAMPLES / name / "tests.yaml").read_text(encoding="utf-8"))
    for name in NAMES
}
KEYS = sorted({key for model in (FileSettings, CaseSettings, ExpectSettings, MockSettings) for key in keys_of(model)})
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 3.5, 10**30, "", " ", "{{ x }}", "{{ keys }}", "gold", "support", "+46701234567"),
    *("timeout", "5s", "2026-11-24T09:00", "0001-01-01T00:00+14:00", "\u202e\u0007", "x" * 500, "*", "\uffff"),
    *([], {}, [1], [None], {"a": 1}, {"found": {}}, {"takes": "1s"}, [[["a"]]], {"each": [{}]}),
]
READERS = {name: Reader(EXAMPLES / name / "ariroute.yaml", Path) for name in NAMES}
"""One for each, so that its flow file is loaded once."""


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(inner for key, item in items for inner in paths(item, (*path, key)))]


def spoilt(file: Any, random: Random) -> Any:
    """``file`` with one value replaced, added or taken out."""
    changed = copy.deepcopy(file)
    path = random.choice(paths(changed))
    holder = changed
    for part in path[:-1]:
        holder = holder[part]
    what = random.random()
    if what < 0.6:
        holder[path[-1]] = copy.deepcopy(random.choice(VALUES))
    elif isinstance(holder, dict) and what < 0.8:
        holder[random.choice(KEYS)] = copy.deepcopy(random.choice(VALUES))
    else:
        del holder[path[-1]]
    return changed


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), random=st.randoms(use_true_random=False), twice=st.booleans())
def test_a_spoilt_file_is_run_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, name: str, random: Random, twice: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "spoilt.yaml"
    file = spoilt(FILES[name], random)
    path.write_text(json.dumps(spoilt(file, random) if twice and paths(file) else file), encoding="utf-8")
    problems: tuple[Problem, ...] = ()
    suites: list[Suite] = []
    try:
        suites = READERS[name].suites([path])
    except ConfigError as error:
        problems = error.problems
    assert bool(suites) != bool(problems)
    assert all(problem.text.strip() and problem.file == str(path) for problem in problems)
    assert not any(word in str(problems) for word in ("pydantic", "Input should", "NoneType", "<class"))
    outcomes = [Outcome(suite, [run_case(suite.config, case) for case in suite.cases]) for suite in suites]

    assert bool(json.loads(json_report(outcomes, True))["cases"]) == bool(suites)
    assert ElementTree.fromstring(junit_report(outcomes, True)).get("tests")
    assert tap_report(outcomes, True).startswith("TAP version 14\n")
    assert bool(text_report(outcomes, True)) == bool(suites)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_file_has_the_same_verdicts_every_time(name: str) -> None:
    def verdicts() -> list[Any]:
        suites = READERS[name].suites([EXAMPLES / name / "tests.yaml"])
        found = [run_case(suite.config, case) for suite in suites for case in suite.cases]
        return [(verdict.decision, verdict.after, verdict.mismatches) for verdict in found]

    assert verdicts() == verdicts()
