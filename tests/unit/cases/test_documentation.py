"""What docs/how-to/test-files.md shows works as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from ariroute.cases.grammar import ANSWERS, CallSettings, CaseSettings, ExpectSettings, HeadSettings
from ariroute.cases.read import Reader
from ariroute.cases.run import run_case
from ariroute.cli.main import main
from ariroute.config.words import keys_of
from ariroute.flow.facts import Failure

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "how-to" / "test-files.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = [block for block in BLOCKS if "routes: ariroute.yaml" in block]


@pytest.mark.parametrize("text", FILES, ids=lambda text: text[:30])
def test_the_files_shown_pass(text: str, tmp_path: Path) -> None:
    path = tmp_path / "tests.yaml"
    path.write_text(text, encoding="utf-8")

    (suite,) = Reader(DOCS / "examples" / "loyalty" / "ariroute.yaml", Path).suites([path])

    assert {case.name: run_case(suite.config, case).mismatches for case in suite.cases if suite} == {
        case.name: () for case in suite.cases
    }


def test_there_are_files_to_try() -> None:
    assert len(FILES) == 2


def test_the_failure_shown_looks_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.search(r"^```text\n(FAIL.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown
    flow_file = (DOCS / "examples" / "loyalty" / "ariroute.yaml").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    Path("ariroute.yaml").write_text(flow_file.replace("lifetime_value >= 50000", "orders >= 3"), encoding="utf-8")
    Path("tests.yaml").write_text(FILES[0], encoding="utf-8")

    ended = CliRunner().invoke(main, ["test", "-f", "tests.yaml"])

    before, after = (part.splitlines() for part in shown[1].split("      …\n"))
    assert ended.stdout.splitlines()[: len(before)] == before
    assert ended.stderr.splitlines() == after


def test_every_row_of_answers_is_an_answer(tmp_path: Path) -> None:
    rows = re.findall(r"^\| `(crm: .*?)` \|", PAGE, re.MULTILINE)
    told = {
        key for row in rows for mock in [YAML(typ="safe").load(row)["crm"]] if isinstance(mock, dict) for key in mock
    }

    assert {*ANSWERS, "takes"} - {"error", "missing"} == told
    assert [word for word in Failure if f"`{word}`" not in PAGE and f"crm: {word}" not in PAGE] == []


@pytest.mark.parametrize(
    "model", [HeadSettings, CaseSettings, CallSettings, ExpectSettings], ids=lambda each: each.__name__
)
def test_every_key_is_told(model: type[HeadSettings]) -> None:
    assert [key for key in keys_of(model) if f"`{key}`" not in PAGE] == []
