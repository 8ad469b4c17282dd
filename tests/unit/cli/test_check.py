"""``ariroute check`` and ``ariroute schema``."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ariroute


@pytest.mark.parametrize("arguments", [["ariroute.yaml"], ["-c", "ariroute.yaml"], []])
def test_when_the_file_is_usable_then_0_and_one_line_of_words(
    ariroute: Ariroute, flow_file: Path, arguments: list[str]
) -> None:
    ended = ariroute("check", *arguments)

    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "ariroute.yaml: usable: 2 flows, 2 lookups, 3 queues\n"


def test_when_the_file_is_named_in_the_environment_then_it_is_that_one(ariroute: Ariroute, flow_file: Path) -> None:
    moved = flow_file.rename(flow_file.with_name("other.yaml"))

    assert "other.yaml: usable" in ariroute("check", ARIROUTE_CONFIG=moved.name).err


def test_when_a_file_of_a_notice_cannot_be_used_then_it_is_a_mistake(ariroute: Ariroute, flow_file: Path) -> None:
    text = flow_file.read_text(encoding="utf-8")
    notice = """
notify:
  ticket: {url: "https://desk.example/", json: {a: 1}, tls: {ca: absent.pem}}
"""
    flow_file.write_text(text + notice, encoding="utf-8")

    ended = ariroute("check")

    assert ended.code == 2
    assert (
        "notify.ticket: notify ticket: absent.pem cannot be read: No such file or directory: check the path (tls.ca)"
        in ended.out
    )


def test_when_json_is_wanted_then_the_names_are_listed(ariroute: Ariroute, flow_file: Path) -> None:
    answer = ariroute("check", "--json").json

    assert answer["usable"] is True
    assert answer["problems"] == []
    assert answer["flows"] == ["support", "sales"]
    assert answer["lookups"] == ["crm", "vip_list"]
    assert answer["queues"] == ["platinum", "gold", "standard"]


def test_when_there_are_mistakes_then_each_is_data_with_its_place_and_the_summary_is_words(
    ariroute: Ariroute, flow_file: Path
) -> None:
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(
        text.replace("crm.blocked", "crm.bloked").replace("goto: support", "goto: suport"), encoding="utf-8"
    )

    ended = ariroute("check")

    assert ended.code == 2
    places = [line.split(":")[:3] for line in ended.out.splitlines() if line.startswith("ariroute.yaml:")]
    assert [place[0] for place in places] == ["ariroute.yaml", "ariroute.yaml"]
    assert all(number.isdigit() for place in places for number in place[1:])
    assert ended.err == "ariroute.yaml: not usable: 2 mistakes\n"


def test_when_there_are_mistakes_then_json_has_their_places(ariroute: Ariroute, flow_file: Path) -> None:
    flow_file.write_text("version: 2\n", encoding="utf-8")

    ended = ariroute("check", "--json")

    assert ended.code == 2
    assert ended.json["usable"] is False
    assert {"line", "column", "path", "text"} <= ended.json["problems"][0].keys()


def test_when_there_is_a_warning_alone_then_it_is_data_and_the_file_is_usable(
    ariroute: Ariroute, flow_file: Path
) -> None:
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(text.replace('    trigger: {call: {to: ["sales"]}}\n', ""), encoding="utf-8")

    ended = ariroute("check")

    assert ended.code == 0
    assert ended.out.startswith("ariroute.yaml:")
    assert ended.out.endswith("flows.sales: is never started: it has no trigger, and no goto leads to it (warning)\n")
    assert ended.err.startswith("ariroute.yaml: usable")
    assert [warning["path"] for warning in ariroute("check", "--json").json["warnings"]] == ["flows.sales"]


@pytest.mark.parametrize("name", ["no-such.yaml", "."])
def test_when_the_file_cannot_be_read_then_2_and_its_name(ariroute: Ariroute, name: str) -> None:
    ended = ariroute("check", name)

    assert ended.code == 2
    assert name in ended.out
    assert "Traceback" not in ended.err


def test_the_schema_is_json_on_standard_output(ariroute: Ariroute) -> None:
    ended = ariroute("schema")

    assert ended.code == 0
    assert ended.json["properties"].keys() >= {"version", "lookups", "queues", "flows"}
    assert {"required": ["version"]} in ended.json["anyOf"]
    assert ended.err == ""


def test_the_schema_of_a_part_requires_nothing(ariroute: Ariroute) -> None:
    assert not {"required", "anyOf"} & ariroute("schema", "--part").json.keys()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "vip.csv: lookups.vip_list: cannot be read: No such file or directory"),
        (
            "phone,name\n",
            "vip.csv:1:1: lookups.vip_list: there is no column 'tier' in the header; columns: phone, name",
        ),
        ("phone,tier\n100,gold\n", "vip.csv:2:1: lookups.vip_list: phone '100' is not a telephone number in region SE"),
    ],
)
def test_when_the_file_of_a_lookup_cannot_be_used_then_2_as_run_would(
    ariroute: Ariroute, flow_file: Path, content: str | None, told: str
) -> None:
    table = flow_file.parent / "vip.csv"
    if content is None:
        table.unlink()
    else:
        table.write_text(content, encoding="utf-8")

    ended = ariroute("check")

    assert ended.code == 2
    assert ended.out.startswith(told)
    assert ended.err == "ariroute.yaml: not usable: 1 mistake\n"


def test_when_there_is_a_conf_d_then_the_folder_is_the_configuration(ariroute: Ariroute, flow_file: Path) -> None:
    part = flow_file.parent / "conf.d" / "night.yaml"
    part.parent.mkdir()
    part.write_text("flows:\n  night: {trigger: {call: {to: night}}, default: standard}\n", encoding="utf-8")

    assert ariroute("check").err == ".: usable: 3 flows, 2 lookups, 3 queues\n"
    assert ariroute("check", "--json").json["files"] == ["ariroute.yaml", "conf.d/night.yaml"]
    assert "conf.d/night.yaml" in ariroute("check", "-c", ".", "--json").out


def test_several_files_are_checked_each_as_a_configuration_of_its_own(ariroute: Ariroute, flow_file: Path) -> None:
    (flow_file.parent / "north.yaml").write_text("base: ariroute.yaml\nqueues: {gold: {priority: 1}}\n", "utf-8")
    (flow_file.parent / "south.yaml").write_text("base: ariroute.yaml\nqueues: {gold: {priority: x}}\n", "utf-8")

    ended = ariroute("check", "ariroute.yaml", "north.yaml", "south.yaml")

    assert ended.code == 2
    assert ended.out == "south.yaml:2:27: queues.gold.priority: must be a whole number, such as 10, without quotes\n"
    assert [line.split(":")[1] for line in ended.err.splitlines()] == [" usable", " usable", " not usable"]
    assert [each["usable"] for each in ariroute("check", "ariroute.yaml", "south.yaml", "--json").json] == [True, False]
