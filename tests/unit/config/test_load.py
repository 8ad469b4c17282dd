"""load() and load_rules(): what a good file becomes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ariroute.config.load import Config, load, load_rules, load_text
from ariroute.errors import ConfigError
from ariroute.flow.queues import Queue, ServiceLevel
from ariroute.flow.steps import Branch, Goto, HangUp, Lookup, Set, ToQueue
from ariroute.lookups.pbx import NoPbx
from unit.config.texts import flow_file, loaded

FIXTURES = Path(__file__).parents[2] / "fixtures"
GOOD = sorted((FIXTURES / "good").glob("*.yaml"))
EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "examples").glob("*/ariroute.yaml"))
SECRETS = {"ARI_SECRET": "a", "AMI_SECRET": "b", "CRM_TOKEN": "c"}


def everything() -> Config:
    return load(FIXTURES / "good" / "everything.yaml", SECRETS)


@pytest.mark.parametrize("path", GOOD + EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_when_a_good_file_is_loaded_twice_then_the_rulesets_are_equal(path: Path) -> None:
    assert load_rules(path).ruleset == load_rules(path).ruleset


def test_when_everything_is_loaded_then_secrets_are_there_and_not_shown() -> None:
    config = everything()
    pbx = config.pbxs["pbx1"]
    assert pbx.ari.password.reveal() == "a"
    assert pbx.ami is not None
    assert pbx.ami.password.reveal() == "b"
    assert "***" in repr(config)
    assert "reveal" not in repr(config)


def test_when_only_rules_are_loaded_then_secrets_need_not_exist() -> None:
    assert load_rules(FIXTURES / "good" / "everything.yaml").pbxs["pbx1"].ari.user == "ariroute"


def test_when_the_daemon_loads_then_every_secret_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ConfigError) as caught:
        load(FIXTURES / "good" / "everything.yaml", {"AMI_SECRET": "b", "CRM_TOKEN": ""})
    told = [problem.text for problem in caught.value.problems]
    assert told == ["the environment variable ARI_SECRET is not set", "the secret ${env:CRM_TOKEN} is empty"]


def test_when_no_asterisk_is_named_then_rules_load_and_the_daemon_does_not() -> None:
    path = FIXTURES / "good" / "smallest.yaml"
    assert load_rules(path).pbxs == {}
    with pytest.raises(ConfigError, match="the section 'asterisk' is missing"):
        load(path, {})


def test_queues_are_built_in_the_files_order() -> None:
    queues = everything().ruleset.queues
    assert list(queues) == ["platinum", "gold", "standard"]
    assert queues["platinum"] == Queue("platinum", 30, 1.0, ServiceLevel(90.0, 10.0))


def test_steps_are_built_with_their_paths() -> None:
    flow = everything().ruleset.flows["support"]
    lookup, values, branch, erp, debt, last = flow.steps
    assert lookup == Lookup("flows.support.steps[0]", ("crm", "vip_list"))
    assert isinstance(values, Set)
    assert {name: value.text for name, value in values.values.items()} == {
        "tier": '"standard"',
        "manager": 'coalesce(crm.account, "none")',
        "weight": "3",
        "urgent": "true",
    }
    assert isinstance(branch, Branch)
    platinum, gold, failed = branch.cases
    assert platinum.path == "flows.support.steps[2].branch[0]"
    assert platinum.steps[1] == ToQueue("flows.support.steps[2].branch[0].then[1]", "platinum")
    assert gold.condition.text == 'crm.loyalty in ["gold", "silver"] && crm.orders >= 10'
    assert gold.steps == (ToQueue("flows.support.steps[2].branch[1].queue", "gold", 25),)
    assert failed.steps == (Goto("flows.support.steps[2].branch[2].goto", "without-crm"),)
    assert branch.otherwise == ()
    assert isinstance(debt, Branch)
    assert debt.cases[0].steps == (HangUp("flows.support.steps[4].branch[0].hangup", 21),)
    assert (erp.path, last) == ("flows.support.steps[3]", ToQueue("flows.support.steps[5]", "standard"))


def test_a_trigger_answers_to_the_number_in_both_forms() -> None:
    trigger = load_rules(FIXTURES / "good" / "freepbx-numbers.yaml").ruleset.flows["from-pstn"].trigger
    assert trigger is not None
    assert trigger.to == {"600", "030901820", "+4930901820", "*43"}


def test_lookups_have_settings_and_make_a_new_source_each_time() -> None:
    settings, make = everything().lookups["crm"]
    assert (settings.timeout, settings.cache and settings.cache.fresh) == (1.0, 300.0)
    assert make(NoPbx()) is not make(NoPbx())


def test_daemon_settings_have_their_defaults_and_can_be_given() -> None:
    given, default = everything().daemon, load_rules(FIXTURES / "good" / "smallest.yaml").daemon
    assert (default.guard, default.admin, default.drain, default.log.format) == (4.0, "127.0.0.1:8067", 5.0, "text")
    assert (given.max_in_flight, given.mask_numbers, given.log.format) == (500, False, "json")


def test_the_digest_is_of_the_content_not_of_the_layout() -> None:
    text = flow_file("- queue: gold")
    assert loaded("# a comment\n\n" + text.replace("    - ", "      -   ")).digest == loaded(text).digest
    assert loaded(text).ruleset.digest == loaded(text).digest


def test_the_digest_changes_with_the_order_of_queues() -> None:
    text = "version: 1\nqueues: {a: {}, b: {}}\nflows: {f: {default: a}}\n"
    assert loaded(text).digest != loaded(text.replace("{a: {}, b: {}}", "{b: {}, a: {}}")).digest


def test_a_flow_that_nothing_starts_is_a_warning() -> None:
    warnings = load_rules(FIXTURES / "good" / "smallest.yaml").warnings
    assert [problem.text for problem in warnings] == ["is never started: it has no trigger, and no goto leads to it"]


def test_when_the_file_does_not_exist_then_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read: No such file or directory"):
        load_rules(tmp_path / "nowhere.yaml")


def test_when_it_is_a_folder_without_the_main_file_then_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"/ariroute\.yaml: cannot be read: No such file"):
        load_rules(tmp_path)


def test_when_the_file_is_a_pipe_then_it_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match="cannot be read: it is a pipe, not a regular file"):
        load_rules(tmp_path / "pipe.yaml")


def test_when_the_file_is_larger_than_a_mebibyte_then_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text("#" * (1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load_rules(path)


def test_a_text_can_be_loaded_without_a_file() -> None:
    assert load_text(flow_file("- queue: gold"), "editor").file == "editor"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    text = flow_file(
        '- branch:\n    - when: |\n        crm.loyalty ==\n          "gold"\n      queue: gold'.join(
            ["- lookup: crm\n", ""]
        )
    )
    unix, windows = tmp_path / "unix.yaml", tmp_path / "windows.yaml"
    unix.write_bytes(text.encode())
    windows.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_rules(unix).digest == load_rules(windows).digest
