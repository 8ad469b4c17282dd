"""Gathering on this machine: packages, limits, free space, files and who may read them."""

from __future__ import annotations

import importlib
import resource
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ariroute import __version__
from ariroute.doctor.conf import Conf, parse
from ariroute.doctor.facts import AsteriskFiles
from ariroute.doctor.flow_file import FileFacts
from ariroute.doctor.machine import Disk, Machine
from ariroute.files import open_regular
from ariroute.values import REFERENCE

PACKAGES: Final = {
    "aiohttp": "aiohttp",
    "panoramisk": "panoramisk",
    "requests": "requests",
    "click": "click",
    "rich": "rich",
    "pydantic": "pydantic",
    "ruamel.yaml": "ruamel.yaml",
    "cel-expr-python": "cel_expr_python",
    "protobuf": "google.protobuf",
    "phonenumbers": "phonenumbers",
    "prometheus-client": "prometheus_client",
    "cachetools": "cachetools",
    "tzdata": "tzdata",
}
"""Each package of pyproject.toml, and the module that shows that it is whole."""

WRITTEN: Final = (
    ("logs", "/var/log"),
    ("ariroute's state", "/var/lib/ariroute"),
    ("Asterisk's records and recordings", "/var/spool/asterisk"),
)
CONF_LIMIT: Final = 4 * 1024 * 1024
CONFS: Final = ("asterisk.conf", "ari.conf", "http.conf", "manager.conf", "logger.conf", "cel.conf", "queues.conf")
WITH_PASSWORDS: Final = ("ari.conf", "manager.conf")


def machine(daemon_files: int) -> Machine:
    """This machine; ``daemon_files`` is the limit of the daemon that runs, 0 for none."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return Machine(
        sys.version_info[:3],
        __version__,
        broken_packages(PACKAGES),
        daemon_files or (limit if limit >= 0 else sys.maxsize),
        "the daemon" if daemon_files else "a process of this shell",
        tuple(_disks(WRITTEN)),
    )


def broken_packages(packages: dict[str, str]) -> dict[str, str]:
    """Those that cannot be imported, and why."""
    broken = {}
    for name, module in packages.items():
        try:
            importlib.import_module(module)
        except Exception as error:  # code of others: a package that is damaged may raise anything
            broken[name] = f"{type(error).__name__}: {error}"[:200]
    return broken


def _disks(folders: Iterable[tuple[str, str]]) -> Iterable[Disk]:
    for use, folder in folders:
        try:
            yield Disk(use, folder, shutil.disk_usage(folder).free)
        except OSError:
            continue


def file_facts(paths: Iterable[str]) -> tuple[FileFacts, ...]:
    """The permissions of those that are there."""
    found = []
    for path in dict.fromkeys(paths):
        whole = Path(path).absolute()
        try:
            found.append(FileFacts(str(whole), whole.stat().st_mode, whole.parent.stat().st_mode))
        except OSError:
            continue
    return tuple(found)


def secret_paths(files: Sequence[str]) -> tuple[str, ...]:
    """The files that ``${file:...}`` names in these files of the configuration."""
    found: dict[str, None] = {}
    for file in files:
        try:
            text = Path(file).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        found |= {match[2]: None for line in lines for match in REFERENCE.finditer(line) if match[1] == "file"}
    return tuple(found)


def asterisk_files(folder: Path, port: int | None) -> AsteriskFiles | None:
    """The files of the Asterisk whose web server has ``port``; None when this folder is not its, or cannot be read."""
    files: dict[str, Conf] = {}
    for name in CONFS:
        if (conf := conf_file(folder / name)) is not None:
            files[name] = conf
    http = files.get("http.conf")
    if http is None or (port is not None and str(port) not in _ports(http)):
        return None
    open_ones = [each.path for each in file_facts(str(folder / name) for name in WITH_PASSWORDS) if each.mode & 0o004]
    return AsteriskFiles(str(folder), files, tuple(open_ones))


def conf_file(path: Path) -> Conf | None:
    """The file with those that it includes, which are looked for beside it; None when it cannot be read."""
    lines = _conf_lines(path, path.parent, ())
    return None if lines is None else parse(lines)


def _ports(http: Conf) -> set[str]:
    tls = http.get("general", "tlsbindaddr").rpartition(":")[2]
    return {http.get("general", "bindport", "8088"), tls or "8089"}


def _conf_lines(path: Path, folder: Path, above: tuple[Path, ...]) -> list[str] | None:
    try:
        with open_regular(path) as stream:
            text = stream.read(CONF_LIMIT).decode("utf-8", "replace")
    except OSError:
        return None
    lines: list[str] = []
    for line in text.splitlines():
        if not line.strip().startswith(("#include", "#tryinclude")):
            lines.append(line)
            continue
        named = folder / line.strip().partition(" ")[2].strip(' "<>')
        for each in sorted(named.parent.glob(named.name)) if "*" in named.name else [named]:
            if each not in (*above, path):
                lines += _conf_lines(each, folder, (*above, path)) or []
    return lines
