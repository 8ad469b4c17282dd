"""The unit files: systemd understands every line, they seal the service as they promise, and the two agree."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from running_daemon import COMMAND

from ariroute import rescue
from ariroute.cli.exits import ExitCode
from ariroute.lab.systemd import exposure, verify

UNITS = Path(__file__).parents[3] / "packaging" / "systemd"
NAMES = ["ariroute.service", "ariroute@.service"]
EXPOSED = 1.5
"""At the most; 10 is a service without any of it."""


def lines(name: str) -> list[str]:
    text = (UNITS / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def values(name: str) -> dict[str, str]:
    """The section [Service]; of a key that stands twice the latter."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name)
    return dict(parser["Service"])


@pytest.mark.parametrize("name", NAMES)
def test_systemd_understands_every_line(name: str, tmp_path: Path) -> None:
    text = (UNITS / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(text.replace("=ariroute r", f"={COMMAND} r").replace("=-ariroute r", f"=-{COMMAND} r"))

    assert verify(tmp_path / name) == ""


def test_a_key_that_systemd_does_not_know_is_found(tmp_path: Path) -> None:
    unit = tmp_path / "ariroute.service"
    unit.write_text((UNITS / unit.name).read_text(encoding="utf-8").replace("ProtectClock=", "ProtectClok="))

    assert "ProtectClok" in verify(unit)


@pytest.mark.parametrize("name", NAMES)
def test_the_service_is_sealed(name: str) -> None:
    assert exposure(UNITS / name) <= EXPOSED


def test_without_the_restrictions_it_is_exposed(tmp_path: Path) -> None:
    (tmp_path / "open.service").write_text("[Service]\nExecStart=/bin/true\n")

    assert exposure(tmp_path / "open.service") > 9


def test_one_of_a_pair_differs_from_one_that_is_alone_in_what_makes_a_pair_only() -> None:
    alone, paired = (set(lines(name)) for name in NAMES)

    assert {line.partition("=")[0] for line in alone - paired} == {
        "Description",
        "ExecStart",
        "RestartPreventExitStatus",
        "RuntimeDirectory",
    }
    assert {line.partition("=")[0] for line in paired - alone} == {
        "Conflicts",
        "Description",
        "Environment",
        "ExecStart",
        "RestartPreventExitStatus",
        "RuntimeDirectory",
    }


def test_exit_codes_after_which_it_is_not_started_again() -> None:
    """A pair's daemon whose calls were taken over comes back to stand by; alone it would take them back for ever."""
    alone, paired = (values(name)["RestartPreventExitStatus"].split() for name in NAMES)

    assert alone == [str(int(ExitCode.UNUSABLE_INPUT)), str(int(ExitCode.REPLACED))]
    assert paired == [str(int(ExitCode.UNUSABLE_INPUT))]
    assert frozenset({paired[0]}) == rescue.NOT_RESTARTED


@pytest.mark.parametrize("name", NAMES)
def test_what_a_killed_daemon_has_left_for_the_rescue_outlives_a_start_that_fails(name: str) -> None:
    """It is killed, started again, and refuses a file with mistakes: only then does the rescue act, for the first."""
    assert values(name)["RuntimeDirectoryPreserve"] == "restart"
