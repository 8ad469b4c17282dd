"""A configuration in several files: folders, include, and sites that change values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ariroute.cases.read import suite_of
from ariroute.config.load import Config, load_rules
from ariroute.config.parts import DEPTH_LIMIT, FILE_LIMIT
from ariroute.errors import ConfigError
from ariroute.lookups.pbx import NoPbx

MAIN = "version: 1\nqueues: {gold: {priority: 20}, standard: {}}\n"
SALES = "flows:\n  sales:\n    trigger: {call: {to: sales}}\n    default: gold\n"
SUPPORT = "flows:\n  support:\n    trigger: {call: {to: support}}\n    default: standard\n"


def lay(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path, files: Mapping[str, str], name: str = "ariroute.yaml") -> Config:
    return load_rules(lay(folder, files) / name)


def told(folder: Path, files: Mapping[str, str], name: str = "ariroute.yaml") -> list[str]:
    """The mistakes, with file names from the folder on."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, files, name)
    return [str(problem).splitlines()[0].replace(f"{folder}/", "") for problem in caught.value.problems]


async def starts(config: Config, lookup: str) -> None:
    """The source of ``lookup`` finds its file."""
    source = config.lookups[lookup][1](NoPbx())
    await source.start()
    await source.close()


class TestInclude:
    def test_included_files_and_a_folder_make_the_configuration_that_one_file_would(self, tmp_path: Path) -> None:
        one = loaded(tmp_path / "a", {"ariroute.yaml": MAIN + SALES + SUPPORT.removeprefix("flows:\n")})
        several = loaded(
            tmp_path / "b",
            {
                "ariroute.yaml": "include: [flows/sales.yaml, flows/support.yaml]\n" + MAIN,
                "flows/sales.yaml": SALES,
                "flows/support.yaml": "version: 1\n" + SUPPORT,
            },
        )
        folder = loaded(
            tmp_path / "c",
            {"ariroute.yaml": MAIN, "conf.d/20-support.yaml": SUPPORT, "conf.d/10-sales.yaml": SALES},
            name=".",
        )
        assert one.ruleset == several.ruleset == folder.ruleset
        assert one.digest == several.digest == folder.digest
        assert [Path(file).name for file in folder.files] == ["ariroute.yaml", "10-sales.yaml", "20-support.yaml"]

    async def test_a_path_starts_at_the_file_that_says_it(self, tmp_path: Path) -> None:
        files = {
            "ariroute.yaml": "include: area/north.yaml\n" + MAIN + SALES,
            "area/north.yaml": "include: [deep/lookups.yaml]\n",
            "area/deep/lookups.yaml": "lookups:\n  vip: {csv: {path: vip.csv, key: phone}, fields: {tier: string}}\n",
        }
        await starts(loaded(tmp_path, files | {"area/deep/vip.csv": "phone,tier\n"}), "vip")

    def test_every_mistake_stands_at_its_place_in_its_file(self, tmp_path: Path) -> None:
        files = {
            "ariroute.yaml": "version: 1\nregion: Sweden\ninclude: [a.yaml, b.yaml]\n",
            "a.yaml": "queues:\n  gold: {priority: high}\nflows:\n  a:\n    default: gld\n",
            "b.yaml": (
                "lookups:\n  crm: {http: {url: 'http://crm/{caller.e164}'}, fields: {orders: number}}\n"
                "flows:\n  b:\n    default: gold\n    steps:\n      - lookup: crm\n      - branch:\n"
                "          - when: |\n              crm.orders > 1 &&\n              crm.odrers < 9\n"
                "            queue: gold\n      - goto: c\n"
            ),
        }
        assert told(tmp_path, files) == [
            "ariroute.yaml:2:9: region: 'Sweden' is not a country: write its ISO 3166 code in capitals, such as SE",
            "a.yaml:2:20: queues.gold.priority: must be a whole number, such as 10, without quotes",
            "a.yaml:5:14: flows.a.default: there is no queue 'gld', did you mean 'gold'?",
            "b.yaml:11:19: flows.b.steps[1].branch[0].when: crm has no field 'odrers', did you mean orders?",
            "b.yaml:13:15: flows.b.steps[2].goto: there is no flow 'c'; flows has: a, b",
        ]

    def test_the_excerpt_is_of_the_file_with_the_mistake(self, tmp_path: Path) -> None:
        files = {
            "ariroute.yaml": "include: [b.yaml]\n# one\n# two\n# three\n" + MAIN,
            "b.yaml": "flows:\n  b:\n    default: gold\n    steps: [{branch: [{when: 1 + 'x' == 2, queue: gold}]}]\n",
        }
        with pytest.raises(ConfigError) as caught:
            loaded(tmp_path, files)
        assert "    steps: [{branch" in caught.value.problems[0].excerpt

    def test_the_same_name_twice_is_told_with_both_places(self, tmp_path: Path) -> None:
        files = {
            "ariroute.yaml": "include: [a.yaml]\nregion: SE\n" + MAIN + SALES,
            "a.yaml": "region: SE\nqueues:\n  silver: {}\n  gold: {}\n" + SALES,
        }
        assert told(tmp_path, files) == [
            f"a.yaml:1:1: region: 'region' is given twice: the first is at {tmp_path}/ariroute.yaml:2:1".replace(
                f"{tmp_path}/", ""
            ),
            "a.yaml:4:3: queues.gold: 'gold' is given twice: the first is at ariroute.yaml:4:10",
            "a.yaml:6:3: flows.sales: 'sales' is given twice: the first is at ariroute.yaml:6:3",
        ]

    def test_mistakes_of_yaml_in_several_files_are_told_together(self, tmp_path: Path) -> None:
        files = {"ariroute.yaml": "include: [a.yaml, b.yaml]\n" + MAIN, "a.yaml": "flows: [\n", "b.yaml": "\tx: 1\n"}
        assert [line.split(" ")[0] for line in told(tmp_path, files)] == ["a.yaml:2:1:", "b.yaml:1:1:"]

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({}, "ariroute.yaml:1:11: include[0]: a.yaml cannot be read: No such file or directory: check the path"),
            ({"a.yaml": "- x\n"}, "a.yaml: must begin with keys, such as 'flows:'"),
            ({"a.yaml": "base: b.yaml\n"}, "a.yaml:1:1: base: a site is named with -c itself, and not included"),
            ({"a.yaml": "include: a.yaml\n"}, "a.yaml:1:10: include: goes round in a circle: a.yaml -> a.yaml"),
            (
                {"a.yaml": "include: b.yaml\n", "b.yaml": "include: [ariroute.yaml]\n"},
                "b.yaml:1:11: include[0]: goes round in a circle: ariroute.yaml -> a.yaml -> b.yaml -> ariroute.yaml",
            ),
            ({"a.yaml": "include: {x: 1}\n"}, "a.yaml:1:10: include: must name files: include: [flows/sales.yaml]"),
            ({"a.yaml": "flows:\n"}, "a.yaml:1:1: flows: 'flows:' has no value: write one, or delete the line"),
        ],
    )
    def test_an_include_that_cannot_be_followed(self, tmp_path: Path, files: dict[str, str], expected: str) -> None:
        assert expected in told(tmp_path, {"ariroute.yaml": "include: [a.yaml]\n" + MAIN, **files})

    def test_a_file_read_by_two_names_is_read_once(self, tmp_path: Path) -> None:
        lay(tmp_path, {"ariroute.yaml": "include: [a.yaml, b.yaml]\n" + MAIN, "a.yaml": SALES})
        (tmp_path / "b.yaml").symlink_to("a.yaml")
        assert told(tmp_path, {}) == ["ariroute.yaml:1:19: include[1]: b.yaml is read already, as a.yaml"]

    def test_a_link_that_leads_to_itself_is_a_mistake(self, tmp_path: Path) -> None:
        lay(tmp_path, {"ariroute.yaml": "include: [a.yaml]\n" + MAIN})
        (tmp_path / "a.yaml").symlink_to("a.yaml")
        assert told(tmp_path, {}) == [
            "ariroute.yaml:1:11: include[0]: a.yaml cannot be read: Too many levels of symbolic links"
        ]

    def test_folders_that_lead_into_themselves_are_no_way_round_the_circle(self, tmp_path: Path) -> None:
        (tmp_path / "x").symlink_to(".")
        files = {"ariroute.yaml": "include: [x/a.yaml]\n" + MAIN + SALES, "a.yaml": "include: [x/x/a.yaml]\n"}
        (line,) = told(tmp_path, files)
        assert line.startswith("x/a.yaml:1:11: include[0]: goes round in a circle: x/a.yaml -> x/a.yaml")

    def test_depth_and_number_of_files_are_bounded(self, tmp_path: Path) -> None:
        deep = {f"{number}.yaml": f"include: {number + 1}.yaml\n" for number in range(DEPTH_LIMIT + 3)}
        (line,) = told(tmp_path / "deep", {"ariroute.yaml": "include: 0.yaml\n" + MAIN, **deep})
        assert line.startswith(f"{DEPTH_LIMIT - 1}.yaml:1:10: include: files include each other more than")
        many = {f"conf.d/{number}.yaml": "" for number in range(FILE_LIMIT + 1)}
        assert f"more than {FILE_LIMIT} files" in told(tmp_path / "many", {"ariroute.yaml": MAIN, **many}, ".")[0]


class TestFolder:
    def test_what_conf_d_leaves_out_is_said(self, tmp_path: Path) -> None:
        files = {"ariroute.yaml": MAIN + SALES, "conf.d/x.yml": SUPPORT, "conf.d/old.yaml.bak": "{"}
        (warning,) = loaded(tmp_path, files, ".").warnings
        assert str(warning) == f"{tmp_path}/conf.d/x.yml: is not read: files of conf.d are called *.yaml"

    def test_when_the_file_is_named_although_there_is_a_conf_d_then_a_warning_says_so(self, tmp_path: Path) -> None:
        (warning,) = loaded(tmp_path, {"ariroute.yaml": MAIN + SALES, "conf.d/x.yaml": SUPPORT}).warnings
        assert warning.text == (
            f"the files of {tmp_path}/conf.d are not read: to use them, name the folder, -c {tmp_path}"
        )

    def test_a_folder_without_the_main_file_is_refused(self, tmp_path: Path) -> None:
        assert told(tmp_path, {"conf.d/a.yaml": SALES}, ".") == [
            "ariroute.yaml: cannot be read: No such file or directory: check the path"
        ]

    def test_what_conf_d_holds_may_be_included_too(self, tmp_path: Path) -> None:
        files = {"ariroute.yaml": "include: conf.d/a.yaml\n" + MAIN, "conf.d/a.yaml": SALES}
        assert list(loaded(tmp_path, files, ".").ruleset.flows) == ["sales"]


BASE = (
    MAIN
    + "asterisk:\n  pbx1:\n    ari: {url: 'http://a:8088', user: u, password: '${env:A}'}\n"
    + "lookups:\n  vip: {csv: {path: vip.csv, key: phone, timeout: 100ms}, fields: {tier: string}}\n"
    + SALES.replace("to: sales", "to: [sales, '100', '200']")
)


class TestSite:
    async def test_a_site_changes_values_and_keeps_the_rest(self, tmp_path: Path) -> None:
        site = (
            "version: 1\nbase: ..\nqueues: {gold: {priority: 7}}\n"
            "asterisk: {pbx1: {ari: {url: 'http://b:8088'}}}\n"
            "lookups: {vip: {csv: {path: vip.csv}}}\n"
            "flows: {sales: {trigger: {call: {to: ['300']}}}}\n"
        )
        files = {"ariroute.yaml": BASE, "sites/north.yaml": site, "sites/vip.csv": "phone,tier\n"}
        config = loaded(tmp_path, files, "sites/north.yaml")
        assert config.ruleset.queues["gold"].priority == 7
        assert config.pbxs["pbx1"].ari.url == "http://b:8088"
        trigger = config.ruleset.flows["sales"].trigger
        assert trigger is not None
        assert trigger.to == {"300"}
        await starts(config, "vip")
        assert [Path(file).name for file in config.files] == ["north.yaml", "ariroute.yaml"]
        assert config.digest != load_rules(tmp_path).digest

    def test_a_wrong_value_is_told_in_the_site_and_a_wrong_base_in_the_base(self, tmp_path: Path) -> None:
        files = {
            "ariroute.yaml": BASE.replace("default: gold", "default: gld"),
            "north.yaml": "base: ariroute.yaml\nlookups:\n  vip: {csv: {timeout: 100}}\n",
        }
        assert told(tmp_path, files, "north.yaml") == [
            "north.yaml:3:24: lookups.vip.csv.timeout: a duration needs a unit: write 100ms, 100s, 100m or 100h",
            "ariroute.yaml:11:14: flows.sales.default: there is no queue 'gld', did you mean 'gold'?",
        ]

    @pytest.mark.parametrize(
        ("site", "expected"),
        [
            (
                "queues: {silver: {}}",
                "north.yaml:2:10: queues.silver: ariroute.yaml has no such value here: "
                "a site changes values that stand there, add it there",
            ),
            (
                "queues: {gold: 5}",
                "north.yaml:2:10: queues.gold: a site changes single values (texts, numbers, lists of them), "
                "not steps and not what else has keys",
            ),
            ("include: x.yaml", "north.yaml:2:1: include: ariroute.yaml has no such value here: a site changes values"),
        ],
    )
    def test_a_site_does_not_change_the_structure(self, tmp_path: Path, site: str, expected: str) -> None:
        files = {"ariroute.yaml": BASE, "north.yaml": f"base: ariroute.yaml\n{site}\n"}
        (line,) = told(tmp_path, files, "north.yaml")
        assert line.startswith(expected)

    @pytest.mark.parametrize(
        ("base", "expected"),
        [
            ("other.yaml", "is a site itself: name the base of that one"),
            ("[a]", "must name a file or a folder: base: ../ariroute.yaml"),
            ("nowhere.yaml", "nowhere.yaml: cannot be read: No such file or directory: check the path"),
        ],
    )
    def test_a_base_that_is_none(self, tmp_path: Path, base: str, expected: str) -> None:
        files = {"ariroute.yaml": BASE, "other.yaml": "base: ariroute.yaml\n", "north.yaml": f"base: {base}\n"}
        (line,) = told(tmp_path, files, "north.yaml")
        assert line.startswith("north.yaml:1:")
        assert line.endswith(expected)


def test_a_refusal_says_too_that_conf_d_is_not_read(tmp_path: Path) -> None:
    found = told(tmp_path, {"ariroute.yaml": "version: 1\n", "conf.d/all.yaml": MAIN + SALES})

    assert found[0] == (f"ariroute.yaml: the files of conf.d are not read: to use them, name the folder, -c {tmp_path}")
    assert all("is missing" in each for each in found[1:])


def test_cases_of_several_files_are_put_one_behind_the_other_and_know_their_places(tmp_path: Path) -> None:
    cases = (
        "tests:\n"
        "  - {name: %s, flow: %s, expect: {queue: gold}}\n"
        "  - {name: %s again, flow: no, expect: {queue: gold}}\n"
    )
    config = loaded(
        tmp_path,
        {
            "ariroute.yaml": "include: [sales.yaml, support.yaml]\n" + MAIN,
            "sales.yaml": SALES + cases % ("sales", "sales", "sales"),
            "support.yaml": SUPPORT + cases % ("support", "support", "support"),
        },
    )

    assert [case["name"] for case in config.data["tests"]] == ["sales", "sales again", "support", "support again"]
    with pytest.raises(ConfigError) as caught:
        suite_of(config)
    assert [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems] == [
        "sales.yaml:7:31: tests[1].flow: there is no flow 'no'; flows has: sales, support",
        "support.yaml:7:33: tests[3].flow: there is no flow 'no'; flows has: sales, support",
    ]
