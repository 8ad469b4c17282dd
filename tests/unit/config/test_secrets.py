"""Secrets come by reference, from the environment or a file, and never show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ariroute.config.load import load, load_rules
from ariroute.config.secrets import Secrets
from ariroute.errors import ConfigError

FILE = """\
version: 1
asterisk:
  pbx1:
    ari: {{url: "http://127.0.0.1:8088", user: ariroute, password: "{}"}}
queues: {{gold: {{}}}}
flows: {{support: {{trigger: {{call: {{}}}}, default: gold}}}}
"""


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "ari.secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def flow_file(folder: Path, reference: str) -> Path:
    path = folder / "ariroute.yaml"
    path.write_text(FILE.format(reference))
    return path


def refusal(secrets: Secrets, text: str) -> str:
    with pytest.raises(ValueError, match=r"secret|path|variable|credential") as caught:
        secrets.reveal(text)
    return str(caught.value)


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    secret = secret_file(tmp_path, b"hunter2\n")
    config = load(flow_file(tmp_path, f"${{file:{secret}}}"), {})
    assert config.pbxs["pbx1"].ari.password.reveal() == "hunter2"
    assert config.warnings == ()


def test_text_may_stand_around_a_reference() -> None:
    assert Secrets({"TOKEN": "t"}).reveal("Bearer ${env:TOKEN}") == "Bearer t"


def test_a_revealed_secret_is_not_read_for_references_again() -> None:
    assert Secrets({"A": "${env:B}", "B": "b"}).reveal("${env:A}") == "${env:B}"


def test_when_everybody_can_read_the_file_then_it_is_a_warning(tmp_path: Path) -> None:
    secret = secret_file(tmp_path, b"hunter2\n", 0o644)
    config = load(flow_file(tmp_path, f"${{file:{secret}}}"), {})
    assert [problem.file for problem in config.warnings] == [str(secret)]
    assert "chmod o-r" in config.warnings[0].text


def test_when_the_file_is_not_there_then_its_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"4:67: .*the secret's file .*/ari\.secret cannot be read: No such file"):
        load(flow_file(tmp_path, f"${{file:{tmp_path}/ari.secret}}"), {})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"hunter2\nhunter3\n", "more than one line"),
        (b"hunter\xff2", "not UTF-8"),
        (b"hunter2" * 3000, "larger than 16 KiB"),
    ],
)
def test_when_the_file_holds_no_secret_then_it_is_refused_without_showing_it(
    tmp_path: Path, content: bytes, said: str
) -> None:
    secret = secret_file(tmp_path, content)
    with pytest.raises(ConfigError, match=said) as caught:
        load(flow_file(tmp_path, f"${{file:{secret}}}"), {})
    assert "hunter" not in str(caught.value)


def test_when_the_file_is_a_pipe_then_it_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(Secrets({}), f"${{file:{tmp_path}/pipe}}").endswith(
        "pipe cannot be read: it is a pipe, not a regular file"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hunter2\n", "more than one line"),
        (b"hunter2\r\nX-Admin: 1", "more than one line"),
        ("hunter2\u2028".encode(), "more than one line"),
        (b"hunter2\x1b[", "a control character"),
        (b"hunter2\xff", "not UTF-8"),
    ],
)
def test_when_the_environment_holds_no_secret_then_it_is_refused_without_showing_it(content: bytes, said: str) -> None:
    text = refusal(Secrets({"A": os.fsdecode(content)}), "${env:A}")
    assert said in text
    assert "hunter2" not in text


def test_a_credential_comes_from_the_folder_that_systemd_names(tmp_path: Path) -> None:
    secret_file(tmp_path, b"hunter2\n", 0o400)
    config = load(flow_file(tmp_path, "${credential:ari.secret}"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert config.pbxs["pbx1"].ari.password.reveal() == "hunter2"
    assert config.warnings == ()


@pytest.mark.parametrize("environ", [{}, {"CREDENTIALS_DIRECTORY": ""}, {"CREDENTIALS_DIRECTORY": "relative"}])
def test_when_systemd_hands_nothing_over_then_the_remedy_is_told(environ: dict[str, str]) -> None:
    assert "By hand, set it to the folder of the secrets" in refusal(Secrets(environ), "${credential:ari}")


def test_when_a_credential_is_not_loaded_then_its_file_is_told(tmp_path: Path) -> None:
    text = refusal(Secrets({"CREDENTIALS_DIRECTORY": str(tmp_path)}), "${credential:ari}")
    assert text.startswith(f"the secret's file {tmp_path}/ari cannot be read: No such file")


@pytest.mark.parametrize("name", ["../ari", "/etc/passwd", "..", "a b", ".hidden"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert "cannot name a credential" in refusal(Secrets(environ), f"${{credential:{name}}}")


def test_a_relative_path_is_refused() -> None:
    assert "not an absolute path" in refusal(Secrets({}), "${file:ari.secret}")


def test_a_name_that_no_variable_has_is_refused() -> None:
    assert "cannot name an environment variable" in refusal(Secrets({}), "${env:A B}")


def test_an_unset_variable_is_refused_even_when_another_is_set() -> None:
    assert refusal(Secrets({"A": "a"}), "${env:A}${env:B}") == "the environment variable B is not set"


@pytest.mark.parametrize("written", ["hunter2", "$ARI_SECRET", "${ARI_SECRET}", "${vault:ari}"])
def test_when_a_secret_is_written_out_then_it_is_refused_and_not_shown(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError, match="a secret never stands in this file") as caught:
        load_rules(flow_file(tmp_path, written))
    assert "hunter2" not in str(caught.value)
