"""The JSON Schema, judged by a validator that knows nothing of ariroute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ariroute.config.load import json_schema, load_rules
from ariroute.errors import ConfigError
from ariroute.lookups.kinds import OWN

FIXTURES = Path(__file__).parents[2] / "fixtures"
GOOD = [*(FIXTURES / "good").glob("*.yaml"), *(Path(__file__).parents[3] / "docs" / "examples").glob("*/ariroute.yaml")]
SHOWN_BY_A_SCHEMA = (
    *("case-with-two-ways-out", "case-without-condition", "cause-out-of-range", "default-missing"),
    *("duration-without-unit", "duration-unknown-unit", "else-with-value", "lookup-field-type"),
    *("lookup-of-unknown-kind", "number-in-quotes", "phone-number-as-plain-digits", "priority-negative"),
    *("secret-written-out", "step-as-text", "step-with-two-keys", "unknown-key", "unknown-key-in-case"),
    *("unknown-step", "version-from-the-future", "version-missing", "yes-for-true", "hours-day"),
    *("queue-name-with-blank", "admin-not-loopback", "log-level"),
    *("split-over-100", "endpoints", "label", "prompts"),
    *("values-missing-are-told-once", "version-in-quotes", "include-of-nothing"),
    *("agents-and-their-queues", "staffing-settings", "staffing-words", "staffing-thresholds", "staffing-lend"),
)
HEAD = """\
version: 1
queues: {std: {}, 600: {}}
agents: {100: PJSIP/100}
lookups: {db: {astdb: {family: f, key: k}, fields: {value: string}}}
hours: {o: {mon: closed}}
timezone: UTC
"""
FLOW = "flows: {a: {trigger: {call: {}}, default: std, steps: [%s]}}\n"
USABLE = (
    *("{agent: 100}", "{agent: {name: 100}}", "{voicemail: '100'}", "{voicemail: 100}", "{queue: 600}"),
    *("{hours: {calendar: o, closed: {voicemail: '100'}}}", "{lookup: db}", "{lookup: {db: {}}}"),
)
UNUSABLE = ("{lookup: []}", "{lookup: {}}", "{answer: false}", "{agent: }")


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "ariroute.schema.json"
    path.write_text(json.dumps(json_schema()))
    return path


def validator(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--output-format", "json", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_schema_is_a_schema(schema: Path) -> None:
    done = validator("--check-metaschema", schema)
    assert done.returncode == 0, done.stdout


def test_good_files_pass(schema: Path) -> None:
    done = validator("--schemafile", schema, *GOOD)
    assert done.returncode == 0, done.stdout


def test_bad_files_fail_each(schema: Path) -> None:
    paths = {str(FIXTURES / "bad" / f"{name}.yaml") for name in SHOWN_BY_A_SCHEMA}
    done = validator("--schemafile", schema, *sorted(paths))
    assert {error["filename"] for error in json.loads(done.stdout)["errors"]} == paths


def test_defaults_stand_as_one_writes_them() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["DaemonSettings"]["properties"]["guard"]["default"] == "4s"
    assert definitions["HttpSettings"]["properties"]["max_size"]["default"] == "256KiB"
    assert "null" not in json.dumps(definitions["Step"])


def test_every_key_has_a_description() -> None:
    bare = {
        f"{name}.{key}"
        for name, definition in json_schema()["$defs"].items()
        for key, value in definition.get("properties", {}).items()
        if "description" not in value and "$ref" not in value
    }
    assert bare == set()


@pytest.mark.parametrize("kind", OWN)
def test_every_kind_of_lookup_is_described_and_its_required_keys_have_examples(kind: str) -> None:
    definitions = json_schema()["$defs"]
    definition = definitions[definitions["LookupEntry"]["properties"][kind]["$ref"].rpartition("/")[2]]

    assert definition["description"]
    assert [key for key in definition["required"] if "examples" not in definition["properties"][key]] == []


def test_the_schema_takes_what_loads_and_refuses_what_does_not(schema: Path, tmp_path: Path) -> None:
    good = {f"good{number}.yaml": HEAD + FLOW % step for number, step in enumerate(USABLE)}
    bad = {f"bad{number}.yaml": HEAD + FLOW % step for number, step in enumerate(UNUSABLE)}
    head = HEAD + FLOW % ""
    bad |= {"true.yaml": head.replace("1", "true", 1), "include.yaml": head + "include:\n"}
    for name, text in (good | bad).items():
        (tmp_path / name).write_text(text)

    for name in good:
        load_rules(tmp_path / name)
    for name in bad:
        with pytest.raises(ConfigError):
            load_rules(tmp_path / name)
    done = validator("--schemafile", schema, *(tmp_path / name for name in good | bad))
    assert {Path(error["filename"]).name for error in json.loads(done.stdout)["errors"]} == bad.keys()


def test_a_main_file_may_leave_queues_and_flows_to_other_files(schema: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "conf.d").mkdir(parents=True)
    main, including, site = folder / "ariroute.yaml", tmp_path / "including.yaml", tmp_path / "site.yaml"
    main.write_text("version: 1\n")
    including.write_text("include: [folder/ariroute.yaml, folder/conf.d/support.yaml]\n")
    site.write_text("base: folder\nqueues: {std: {priority: 5}}\n")
    (folder / "conf.d" / "support.yaml").write_text(
        "queues: {std: {priority: 1}}\nflows: {a: {trigger: {call: {}}, default: std}}\n"
    )

    for path in (folder, including, site):
        load_rules(path)
    done = validator("--schemafile", schema, main, including, site)
    assert done.returncode == 0, done.stdout
