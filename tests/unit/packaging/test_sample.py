"""The flow file that the package brings: usable as it is, and with a journal where the service may write."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from ariroute.config.load import load, load_rules
from ariroute.journal.opening import sqlite_file

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "packaging" / "ariroute.yaml"


def test_it_can_be_used_as_it_is_with_the_credential_of_the_unit(tmp_path: Path) -> None:
    (tmp_path / "ari").write_text("s3cret\n")
    (tmp_path / "ari").chmod(0o600)
    config = load(SAMPLE, {"CREDENTIALS_DIRECTORY": str(tmp_path)})

    assert config.pbxs["pbx1"].ari.password.reveal() == "s3cret"
    assert config.warnings == ()


@pytest.mark.parametrize("unit", ["ariroute.service", "ariroute@.service"])
def test_its_journal_lies_where_the_service_may_write_and_nobody_else_may_read(
    unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(ROOT / "packaging" / "systemd" / unit)
    config = load_rules(SAMPLE)
    assert config.journal is not None
    file = sqlite_file(config.journal, config.journal_folder)

    assert file is not None
    assert file.parent == Path("/var/lib") / parser["Service"]["StateDirectory"]
    assert parser["Service"]["StateDirectoryMode"] == "0700"


def test_the_container_has_a_place_for_it() -> None:
    text = (ROOT / "packaging/container/Containerfile").read_text(encoding="utf-8")
    (user,) = re.findall(r"^USER (\d+):\d+$", text, re.MULTILINE)

    assert f"install -d -o {user} -g {user} -m 700 /var/lib/ariroute" in text


def test_the_package_brings_it() -> None:
    script = (ROOT / "scripts/package").read_text(encoding="utf-8")
    assert 'packaging/ariroute.yaml "$root/usr/share/ariroute/ariroute.yaml"' in script
