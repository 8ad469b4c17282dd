"""The package of docs/examples/plugin, installed as a user would, and used by the command in processes of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "plugin"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "plugin.md"
ARIROUTE = (sys.executable, "-m", "ariroute")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example: building leaves files in the folder."""
    return Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("plugin") / "plugin"))


@pytest.fixture(scope="module")
def site(package: Path) -> Path:
    """A folder with the package installed in it, and nothing else."""
    target = package.parent / "site"
    offline = ("--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--quiet")
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", str(target), str(package)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return target


def environment(*sites: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sites)), "ARI_SECRET": "x"}


def run(command: tuple[str, ...], cwd: Path, *sites: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=environment(*sites), capture_output=True, text=True, timeout=60, check=False
    )


def broken(folder: Path, name: str = "soup", code: str = "import there_is_no_such_module\n") -> Path:
    """A folder with an installed package whose plug-in ``name`` holds ``code``."""
    (folder / f"ariroute_{name}.py").write_text(code)
    info = folder / f"ariroute_{name}-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ariroute-{name}\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text(f"[ariroute.lookups]\n{name} = ariroute_{name}:KIND\n")
    return folder


def test_a_flow_file_uses_the_new_kind(package: Path, site: Path) -> None:
    checked = run((*ARIROUTE, "check", "ariroute.yaml"), package / "flow", site)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr

    for number, queue in {"+46401234567": "south", "+46850000000": "standard", "+4930123456": "standard"}.items():
        tested = run(
            (*ARIROUTE, "test", "support", "--caller", number, "--live-lookups", "--expect", queue),
            package / "flow",
            site,
        )
        assert tested.returncode == 0, tested.stdout + tested.stderr


def test_its_test_file_passes(package: Path, site: Path) -> None:
    tested = run((*ARIROUTE, "test", "-f", "tests.yaml", "--fail-under", "100"), package / "flow", site)

    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_without_the_package_its_kind_is_an_unknown_key(package: Path) -> None:
    checked = run((*ARIROUTE, "check", "ariroute.yaml"), package / "flow")

    assert checked.returncode == 2
    assert "there is no kind of lookup 'prefix'" in checked.stdout


def test_mistakes_under_the_new_kind_have_their_place(package: Path, site: Path, tmp_path: Path) -> None:
    text = (package / "flow" / "ariroute.yaml").read_text()
    file = tmp_path / "ariroute.yaml"
    file.write_text(text.replace("records:", "rekords:"))
    checked = run((*ARIROUTE, "check", "ariroute.yaml"), tmp_path, site)
    assert (checked.returncode, "unknown key 'rekords', did you mean 'records'?" in checked.stdout) == (2, True)

    file.write_text(text.replace("office: capital", "offiz: capital"))
    checked = run((*ARIROUTE, "check", "ariroute.yaml"), tmp_path, site)
    assert checked.returncode == 2
    assert "lookup area: the record of +468 has none of its fields" in checked.stdout


def test_the_schema_has_the_new_kind(package: Path, site: Path, tmp_path: Path) -> None:
    printed = run((*ARIROUTE, "schema"), tmp_path, site)
    (tmp_path / "schema.json").write_text(printed.stdout)

    assert "prefix" in json.loads(printed.stdout)["$defs"]["LookupEntry"]["properties"]
    judge = (sys.executable, "-m", "check_jsonschema", "--schemafile", str(tmp_path / "schema.json"))
    assert run((*judge, str(package / "flow" / "ariroute.yaml")), tmp_path).returncode == 0
    (tmp_path / "bad.yaml").write_text((package / "flow" / "ariroute.yaml").read_text().replace("records:", "rekords:"))
    assert run((*judge, str(tmp_path / "bad.yaml")), tmp_path).returncode == 1


def test_its_own_tests_pass(package: Path, site: Path) -> None:
    done = run((sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"), package, site)

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_broken_package_is_a_warning(package: Path, site: Path, tmp_path: Path) -> None:
    checked = run((*ARIROUTE, "check", "ariroute.yaml"), package / "flow", site, broken(tmp_path))

    assert checked.returncode == 0, checked.stdout
    assert checked.stdout == (
        "ariroute.yaml: the plug-in 'soup' of the package ariroute-soup 2.5 cannot be used: "
        "ModuleNotFoundError: No module named 'there_is_no_such_module' (warning)\n"
    )


def test_a_broken_package_is_the_mistake_where_its_kind_is_used(package: Path, tmp_path: Path) -> None:
    file = tmp_path / "ariroute.yaml"
    file.write_text((package / "flow" / "ariroute.yaml").read_text().replace("    prefix:", "    soup:"))
    checked = run((*ARIROUTE, "check", "ariroute.yaml"), tmp_path, broken(tmp_path))

    assert checked.returncode == 2
    assert re.search(
        r"ariroute\.yaml:\d+:3: lookups\.area: the plug-in 'soup' of the package ariroute-soup 2\.5 cannot be used",
        checked.stdout,
    )
    assert "not usable: 1 mistake" in checked.stderr


def test_what_a_plugin_raises_in_its_start_is_a_sentence(package: Path, tmp_path: Path) -> None:
    code = """
from ariroute.lookups.base import Kind, SourceSettings
class Soup:
    template_names = frozenset()
    def __init__(self, settings, surroundings): pass
    async def start(self): raise KeyError("spoon")
    async def fetch(self, inputs): return None
    async def close(self): pass
class SoupSettings(SourceSettings):
    records: dict[str, object] = {}
KIND = Kind(SoupSettings, Soup)
"""
    file = tmp_path / "ariroute.yaml"
    file.write_text((package / "flow" / "ariroute.yaml").read_text().replace("    prefix:", "    soup:"))
    checked = run((*ARIROUTE, "check", "ariroute.yaml"), tmp_path, broken(tmp_path, code=code))

    assert checked.returncode == 2
    assert "lookup area: cannot be started: KeyError: 'spoon'" in checked.stdout


@pytest.fixture
def daemon(package: Path, site: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = (*ARIROUTE, "run", "--config", str(package / "flow" / "ariroute.yaml"))
    with subprocess.Popen(
        command, env=environment(site, broken(tmp_path)), stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        yield process
        process.kill()


def test_the_daemon_starts_with_a_broken_package_and_says_so(daemon: subprocess.Popen[str]) -> None:
    assert daemon.stderr is not None
    said = ""
    for line in daemon.stderr:
        said += line
        if " started" in line:
            break
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0, said
    assert "the plug-in 'soup' of the package ariroute-soup 2.5 cannot be used" in said


def test_the_page_shows_the_package_as_it_is() -> None:
    page = PAGE.read_text()
    module = (EXAMPLE / "src" / "ariroute_prefix" / "__init__.py").read_text()
    project = (EXAMPLE / "pyproject.toml").read_text()
    shown = re.findall(r"^```(python|toml)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    assert {language for language, _ in shown} == {"python", "toml"}
    for language, block in shown:
        assert block in (module if language == "python" else project)
