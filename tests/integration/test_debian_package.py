"""The Debian package: built from this folder, installed by dpkg into a folder, and used from there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ariroute import __version__
from ariroute.lab.systemd import verify

REPOSITORY = Path(__file__).parents[2]
UNPRIVILEGED = "--force-not-root,depends,bad-path,script-chrootless"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the package."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [REPOSITORY / "scripts/package", "deb", "--quick"],
        env={**os.environ, "ARIROUTE_DIST": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for the machine."""
    root = tmp_path_factory.mktemp("machine")
    for folder in ("updates", "info", "triggers"):
        (root / "var/lib/dpkg" / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    command = ["dpkg", f"--root={root}", UNPRIVILEGED, "--log=/dev/null", "--install", str(built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / "usr/bin/ariroute", *arguments], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.timeout(400)
def test_the_command_runs_with_its_own_packages(installed: Path) -> None:
    version = run(installed, "version")
    assert (version.returncode, version.stdout.startswith(f"ariroute {__version__}")) == (0, True), version.stderr

    for file in ("usr/share/doc/ariroute/examples/loyalty/ariroute.yaml", "usr/share/ariroute/ariroute.yaml"):
        checked = run(installed, "check", file)
        assert checked.returncode == 0, checked.stderr


def test_the_asterisk_side_comes_along_and_passes_its_own_rules(installed: Path) -> None:
    dialplan = installed / "usr/share/ariroute/dialplan/extensions-ariroute.conf"
    assert dialplan.read_bytes() == (REPOSITORY / "dialplan" / dialplan.name).read_bytes()

    checked = run(installed, "check", "dialplan", str(dialplan))
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("name", ["ariroute.service", "ariroute@.service"])
def test_the_service_starts_what_was_installed(installed: Path, name: str) -> None:
    unit = installed / "lib/systemd/system" / name
    assert unit.read_bytes() == (REPOSITORY / "packaging/systemd" / name).read_bytes()
    command = f"{installed}/usr/bin/ariroute "
    unit.write_text(unit.read_text().replace("=ariroute ", f"={command}").replace("=-ariroute ", f"=-{command}"))

    assert unit.read_text().count(command) == 3
    assert verify(unit) == ""
    assert "u ariroute " in (installed / "usr/lib/sysusers.d/ariroute.conf").read_text()


def test_it_is_for_the_python_that_it_brings_packages_for(built: Path) -> None:
    depends = subprocess.run(
        ["dpkg-deb", "--field", built, "Depends"], capture_output=True, text=True, check=True
    ).stdout
    major, minor = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert f"python3 (>= {major}.{minor}~), python3 (<< {major}.{int(minor) + 1}~)" in depends
