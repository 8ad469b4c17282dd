"""The flow file of the daemon under proof: for every example it loads, and nothing in it leads elsewhere."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from ariroute.config.load import Config, load_rules
from ariroute.config.parts import read_all
from ariroute.config.read import Document
from ariroute.proof.allowed import NOTHING, Allowed, longest
from ariroute.proof.derive import NO_EVENTS, UNKNOWN, Around, PrivatePbx, derived, entries, phones, refusals, started

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
FILES = [*sorted(EXAMPLES.glob("*/ariroute.yaml")), EXAMPLES / "several-files" / "sites" / "north.yaml"]
HERE = "http://127.0.0.1:9"


def around(folder: Path, config: Config, document: Document, *, real: bool = False) -> Around:
    no_events = folder / "none.ics"
    no_events.write_text(NO_EVENTS)
    private = PrivatePbx("http://127.0.0.1:1", "127.0.0.1:2", "ariroute", folder / "ari.secret", folder / "ami.secret")
    return Around(
        asterisk=private.section(document.data.get("asterisk")),
        service=None if real else HERE,
        notices=HERE,
        no_events=no_events,
        phones={name: f"PJSIP/proof-{place}" for place, name in enumerate(phones(config))},
        tone=folder / "tone.wav",
        speech_cache=folder / "speech",
    )


@functools.cache
def read(path: Path) -> tuple[Config, Document]:
    """An example, loaded once for all tests."""
    return load_rules(path), read_all(path)


def made(path: Path, folder: Path, *, real: bool = False) -> tuple[Config, dict[str, Any]]:
    """What is derived from the file at ``path``: loaded, and as plain data."""
    config, document = read(path) if path in FILES else (load_rules(path), read_all(path))
    file = folder / "derived.yaml"
    there = around(folder, config, document, real=real)
    file.write_text(derived(config, document, there, 8099), encoding="utf-8")
    data = json.loads(file.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return load_rules(file), data


def written(folder: Path, text: str) -> Path:
    path = folder / "ariroute.yaml"
    path.write_text("version: 1\nqueues: {standard: {}}\n" + text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_when_an_example_is_proved_then_its_file_loads_and_leads_to_nothing_real(path: Path, tmp_path: Path) -> None:
    own, _ = read(path)

    config, data = made(path, tmp_path)

    assert config.ruleset.flows.keys() == own.ruleset.flows.keys()
    assert config.ruleset.queues == own.ruleset.queues
    assert config.daemon.guard == own.daemon.guard
    assert config.daemon.admin == "127.0.0.1:8099"
    assert config.staffing is None
    assert "staffing" not in str(config.warnings)
    for name, (settings, _) in own.lookups.items():
        derived_settings, _ = config.lookups[name]
        assert (dict(derived_settings.fields), derived_settings.timeout) == (dict(settings.fields), settings.timeout)
    text = json.dumps(data)
    assert "${env:" not in text
    for lookup in data.get("lookups", {}).values():
        assert lookup["http"]["url"].startswith(f"{HERE}/lookups/")
    for notice in data.get("notify", {}).values():
        assert notice["url"].startswith(f"{HERE}/notices/")
    for endpoint in [*data.get("endpoints", {}).values(), *data.get("agents", {}).values()]:
        assert json.dumps(endpoint).count("PJSIP/proof-") == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_when_real_lookups_are_asked_then_the_file_loads_and_finds_its_own_files(path: Path, tmp_path: Path) -> None:
    config, data = made(path, tmp_path, real=True)

    assert config.lookups.keys() == read(path)[0].lookups.keys()
    for lookup in data.get("lookups", {}).values():
        for kind in lookup.values():
            if isinstance(kind, dict) and "path" in kind:
                assert Path(kind["path"]).is_file()


def test_when_lookups_are_made_of_one_another_then_so_are_the_stand_ins(tmp_path: Path) -> None:
    config, _ = made(EXAMPLES / "lookup-ways" / "ariroute.yaml", tmp_path)

    assert config.kinds["invoices"].template_names == {"crm.account"}
    assert config.kinds["crm"].template_names == {"caller.e164"}


def test_when_the_file_has_settings_of_its_own_for_ari_then_they_stay(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "asterisk: {main: {ari: {url: 'http://10.0.0.1:8088', user: u, password: '${env:X}', transport: http}}}\n"
        "flows: {support: {trigger: {call: {}}, default: standard}}\n",
    )

    _, data = made(path, tmp_path)

    ari = data["asterisk"]["main"]["ari"]
    assert ari["transport"] == "http"
    assert ari["url"] == "http://127.0.0.1:1"
    assert ari["password"] == f"${{file:{tmp_path / 'ari.secret'}}}"


def test_when_the_file_names_no_asterisk_then_there_is_one(tmp_path: Path) -> None:
    path = written(tmp_path, "flows: {support: {trigger: {call: {}}, default: standard}}\n")

    config, _ = made(path, tmp_path)

    assert list(config.pbxs) == ["pbx1"]


@pytest.mark.parametrize(
    ("calendar", "file"),
    [
        ("office.ics", "office.ics"),
        ("{file: office.ics}", "office.ics"),
        ("https://calendar.example/secret.ics", "none.ics"),
        ("{url: 'https://calendar.example/secret.ics', every: 5m}", "none.ics"),
    ],
)
def test_when_hours_have_a_calendar_then_a_file_is_read_and_no_url_is_asked(
    tmp_path: Path, calendar: str, file: str
) -> None:
    (tmp_path / "office.ics").write_text(NO_EVENTS)
    hours = f"timezone: UTC\nhours: {{office: {{mon-sun: '00:00-24:00', calendar: {calendar}}}}}\n"
    path = written(tmp_path, f"{hours}flows: {{support: {{trigger: {{call: {{}}}}, default: standard}}}}\n")

    _, data = made(path, tmp_path)

    assert data["hours"]["office"]["calendar"] == {"file": str(tmp_path / file)}


def test_when_flows_have_triggers_then_every_number_is_dialled_and_its_flow_is_known(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "flows:\n"
        "  support: {trigger: {call: {to: ['+46850000000', support]}}, default: standard}\n"
        "  rest: {trigger: {call: {}}, default: standard, steps: [{hangup: 21}]}\n",
    )

    config = load_rules(path)

    assert entries(config) == ["+46850000000", "support", UNKNOWN]
    assert [started(config, each) for each in entries(config)] == ["support", "support", "rest"]
    assert [refusals(config, each) for each in entries(config)] == [set(), set(), {21}]


def test_when_a_flow_goes_to_another_then_what_that_one_refuses_is_its_own_too(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "flows:\n"
        "  support: {trigger: {call: {to: support}}, default: standard, steps: [{goto: late}]}\n"
        "  late: {default: standard, steps: [{hangup: 17}]}\n"
        "  other: {trigger: {call: {to: other}}, default: standard, steps: [{hangup: 21}]}\n",
    )

    config = load_rules(path)

    assert refusals(config, "support") == {17}
    assert refusals(config, "other") == {21}
    assert refusals(config, "elsewhere") == set()


def test_when_a_flow_holds_its_callers_then_what_it_may_take_is_added_up(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "endpoints: {anna: PJSIP/anna}\n"
        "flows:\n"
        "  plain: {trigger: {call: {to: plain}}, default: standard, steps: [{queue: standard}]}\n"
        "  talk:\n"
        "    trigger: {call: {to: talk}}\n"
        "    default: standard\n"
        "    steps: [{play: {prompt: a, at_most: 5s}}, {goto: ring}]\n"
        "  ring:\n"
        "    default: standard\n"
        "    steps: [{dial: {endpoint: anna, timeout: 10s}}, {dial: {endpoint: anna, timeout: 5s}}]\n",
    )

    found = longest(load_rules(path))

    assert found["plain"] == NOTHING
    assert found["talk"] == Allowed(6.0, 10.0, 25.0)
    assert found["ring"] == Allowed(0.0, 0.0, 25.0)


def test_when_the_file_keeps_a_journal_then_made_up_calls_are_not_recorded_in_it(tmp_path: Path) -> None:
    flows = "flows: {all: {trigger: {call: {}}, default: standard}}\n"
    path = written(tmp_path, f"journal: {{}}\n{flows}tests: [{{name: one, expect: {{queue: standard}}}}]\n")

    _, data = made(path, tmp_path)

    assert "journal" not in data
    assert "tests" not in data
