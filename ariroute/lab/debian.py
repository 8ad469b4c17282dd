"""Asterisk and SIPp from Debian's packages, unpacked in the user's cache: no root, nothing installed on the machine.

`asterisk_program()` and `sipp_program()` answer with argument vectors that run. A program found on PATH is taken as it
is; otherwise the packages of one Debian suite are downloaded with private apt directories, verified with the Debian
archive keyring, and unpacked. Programs unpacked so are run through their own dynamic loader and libraries, which makes
them independent of the machine's C library.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Version = tuple[int, ...]

SUITES: Final[Mapping[str, str]] = {"22": "sid", "16": "bullseye"}
"""Release of Asterisk wanted -> suite of Debian that carries it; newest first."""

PACKAGES: Final = ("asterisk", "sip-tester", "asterisk-moh-opsound-gsm")
APART: Final[Mapping[str, Sequence[str]]] = {"bullseye": ("asterisk-voicemail",)}
"""What a suite packs apart and others have in `asterisk` itself."""
PIP_PACKAGES: Final = ("python3-pip-whl",)
OLDEST: Final[Version] = (16,)
KEYRINGS: Final = Path("/usr/share/keyrings")
INSTALL_HINT: Final = "install them with your system's package manager: sudo apt-get install asterisk sip-tester"


class LabError(Exception):
    """The lab cannot do what was asked; the text names the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class AsteriskProgram:
    """An Asterisk that can be run: its command, and where its parts lie.

    `rest_api` holds the API description (`events.json`, ...) that Asterisk ships, None where the package has none.
    """

    command: tuple[str, ...]
    version: Version
    modules: Path
    data: Path
    rest_api: Path | None
    source: str


def asterisk_program(release: str | None = None) -> AsteriskProgram:
    """Return a runnable Asterisk: of `release` ("22", "16"), or, with None, of the newest that can be had.

    The first use of a release downloads about 80 MB; later ones take a few milliseconds. Raises LabError when no way
    works, naming what to install.
    """
    if release is not None and release not in SUITES:
        raise LabError(f"Asterisk {release}: not offered here; choose {' or '.join(SUITES)}")
    installed = _installed_asterisk()
    if installed and (installed.version[:1] == (int(release),) if release else installed.version >= OLDEST):
        return installed
    reasons = []
    for suite in [SUITES[release]] if release else list(SUITES.values()):
        try:
            program = _unpacked_asterisk(unpacked(suite), suite)
        except LabError as error:
            reasons.append(f"{suite}: {error}")
            continue
        if reasons:
            _say(f"{reasons[-1]}\nfalling back to Asterisk {dotted(program.version)} from Debian {suite}")
        return program
    raise LabError("; ".join(reasons) + f". Otherwise {INSTALL_HINT}")


def sipp_program() -> tuple[str, ...]:
    """Return the command of SIPp, from PATH or unpacked beside Asterisk. Raises LabError as `asterisk_program` does."""
    if path := shutil.which("sipp"):
        return (path,)
    reasons = []
    for suite in SUITES.values():
        try:
            root = unpacked(suite)
            return loader_command(root, root / "usr/bin/sipp")
        except LabError as error:
            reasons.append(f"{suite}: {error}")
    raise LabError("SIPp: " + "; ".join(reasons) + f". Otherwise {INSTALL_HINT}")


def pip_wheel() -> Path:
    """Return pip as a wheel, for a machine whose Python came without it. Raises LabError."""
    reasons = []
    for suite in SUITES.values():
        try:
            folder = unpacked(suite, PIP_PACKAGES) / "usr/share/python-wheels"
            return next(folder.glob("pip-*.whl"))
        except (LabError, StopIteration) as error:
            reasons.append(f"{suite}: {error or 'no wheel in the package'}")
    raise LabError("pip: " + "; ".join(reasons) + ". Otherwise: sudo apt-get install python3-venv")


def dotted(version: Version) -> str:
    """Write a version the way Asterisk does: (22, 10, 1) is "22.10.1"."""
    return ".".join(map(str, version))


def parse_version(text: str) -> Version:
    """Read the answer of `asterisk -V`, e.g. "Asterisk 22.10.1~dfsg+~cs6", or a package version with its epoch.

    Raises LabError when there is no version in it (a build from git says "Asterisk GIT-master-...").
    """
    found = re.search(r"(?:^|[\s:])(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not found:
        raise LabError(f"cannot read a version of Asterisk in {text.strip()[:80]!r}")
    return tuple(int(part) for part in found.groups() if part is not None)


# ---- what is on the machine


def _installed_asterisk() -> AsteriskProgram | None:
    path = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    modules = next((place for place in _module_folders(Path("/")) if place.is_dir()), None)
    data = next(
        (p for p in map(Path, ("/usr/share/asterisk", "/var/lib/asterisk")) if (p / "documentation").is_dir()), None
    )
    if path is None or modules is None or data is None:
        return None
    answer = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=10, check=False)
    with contextlib.suppress(LabError):
        return AsteriskProgram((path,), parse_version(answer.stdout), modules, data, _rest_api(data), "PATH")
    return None


def _module_folders(root: Path) -> Iterator[Path]:
    yield from root.glob("usr/lib/*-linux-gnu*/asterisk/modules")
    yield from (root / "usr/lib/asterisk/modules", root / "usr/lib64/asterisk/modules")


def _rest_api(data: Path) -> Path | None:
    folder = data / "rest-api"
    return folder if (folder / "events.json").is_file() else None


# ---- what was unpacked


def _unpacked_asterisk(root: Path, suite: str) -> AsteriskProgram:
    modules = next((place for place in _module_folders(root) if place.is_dir()), None)
    if modules is None:
        raise LabError(f"{root} holds no Asterisk modules; delete that folder and try again")
    command = loader_command(root, root / "usr/sbin/asterisk")
    data = root / "usr/share/asterisk"
    archives = json.loads((root.parent / "complete.json").read_text())["archives"]
    package = next(name for name in archives if name.startswith("asterisk_")).replace("%3a", ":")
    return AsteriskProgram(command, parse_version(package), modules, data, _rest_api(data), suite)


def loader_command(root: Path, binary: Path) -> tuple[str, ...]:
    """Return the command that runs `binary` with the loader and the libraries under `root`.

    Raises LabError when the binary or a loader is missing there.
    """
    loaders = (
        path
        for pattern in ("lib/*-linux-gnu*", "usr/lib/*-linux-gnu*", "lib", "lib64", "usr/lib", "usr/lib64")
        for path in sorted(root.glob(f"{pattern}/ld-linux*.so.*"))
    )
    # A link such as lib64/ld-linux-x86-64.so.2 may be absolute and point out of `root`, at the machine's own loader.
    loader = next((path for path in loaders if path.resolve().is_relative_to(root.resolve())), None)
    if loader is None or not binary.is_file():
        raise LabError(
            f"{root} is incomplete ({binary.name} or its loader is missing); delete that folder and try again"
        )
    return (str(loader), "--library-path", ":".join(map(str, library_folders(root))), str(binary))


def library_folders(root: Path) -> list[Path]:
    """Return the folders under `root` with shared libraries, in the order in which to search them.

    `usr/lib` itself and `pulseaudio` count too: older packages keep `libasteriskpj.so` and libpulsecommon there.
    """
    folders = [
        *root.glob("lib/*-linux-gnu*"),
        *root.glob("usr/lib/*-linux-gnu*"),
        *root.glob("usr/lib/*-linux-gnu*/pulseaudio"),
        *(library.parent for library in root.glob("usr/lib*/libasterisk*.so*")),
    ]
    return list(dict.fromkeys(folder for folder in folders if folder.is_dir()))


# ---- getting it


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of this user for what may be fetched again: `$XDG_CACHE_HOME/ariroute`."""
    base = environ.get("XDG_CACHE_HOME", "")
    # The specification says that a relative path is invalid and to be ignored.
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "ariroute"


def asterisk_packages(suite: str) -> tuple[str, ...]:
    """Return the packages of `suite` that make an Asterisk, and SIPp to call it."""
    return (*PACKAGES, *APART.get(suite, ()))


def unpacked(suite: str, packages: Sequence[str] = ()) -> Path:
    """Return the folder in which `packages` of `suite` (by default Asterisk's) lie unpacked with all they need.

    They are fetched first if need be. Several processes may ask at once: one fetches, the others wait for it. Raises
    LabError.
    """
    name = f"{suite}-{packages[0]}" if packages else suite
    packages = packages or asterisk_packages(suite)
    home = cache_folder() / "debian" / name
    if _is_complete(home, packages):
        return home / "root"
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home / "lock"):
        if not _is_complete(home, packages):
            _fetch(suite, packages, home)
    return home / "root"


def _is_complete(home: Path, packages: Sequence[str]) -> bool:
    try:
        return bool(json.loads((home / "complete.json").read_text())["packages"] == list(packages))
    except (OSError, ValueError, KeyError):
        return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"another process is fetching; waiting for it ({path})")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(suite: str, packages: Sequence[str], home: Path) -> None:
    for tool in ("apt-get", "dpkg"):
        if not shutil.which(tool):
            raise LabError(f"{tool} is not there, so this is no Debian or Ubuntu machine")
    keys = keyrings(suite)
    if not keys:
        raise LabError(f"no Debian archive keyring under {KEYRINGS} (package debian-archive-keyring)")
    apt = _update(suite, home / "apt", keys)
    _run([*apt, "autoclean"])  # of a run that was killed days ago; two versions must not be unpacked over each other
    size = " and what they need (about 80 MB)" if packages == asterisk_packages(suite) else ""
    _say(f"Debian {suite}: downloading {', '.join(packages)}{size} ...")
    _run([*apt, "--yes", "--no-install-recommends", "--download-only", "install", *packages])
    archives = sorted((home / "apt/cache/archives").glob("*.deb"))
    for leftover in home.glob("unpacking-*"):  # of a run that was killed; we hold the lock
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="unpacking-", dir=home))
    _unpack(archives, fresh)
    fresh.chmod(0o755)
    (home / "complete.json").unlink(missing_ok=True)
    shutil.rmtree(home / "root", ignore_errors=True)
    fresh.rename(home / "root")
    stamp = {"packages": packages, "archives": [archive.name for archive in archives]}
    (home / "complete.json").write_text(json.dumps(stamp, indent=1))
    shutil.rmtree(home / "apt", ignore_errors=True)
    _say(f"Debian {suite}: ready in {home}")


def _unpack(archives: Sequence[Path], target: Path) -> None:
    for number, archive in enumerate(archives, 1):
        if number % 40 == 0 or number == len(archives):
            _say(f"  unpacking {number} of {len(archives)}")
        _run(["dpkg", "-x", str(archive), str(target)])


def keyrings(suite: str, folder: Path = KEYRINGS) -> list[Path]:
    """Return the keyrings to verify `suite` with; a suite that is no longer supported may need the retired keys too."""
    names = ["debian-archive-keyring.gpg", "debian-archive-keyring.pgp"]
    if suite == SUITES["16"]:
        names += ["debian-archive-removed-keys.gpg", "debian-archive-removed-keys.pgp"]
    return [folder / name for name in names if (folder / name).is_file()]


def mirrors(index_targets: str) -> list[str]:
    """Return the archive mirrors named in lines "origin|uri" (from `apt-get indextargets`), Debian's own first.

    A machine whose lists were never updated knows no origin yet, so an unknown one is tried too; the signature decides.
    """
    rows = [line.partition("|")[::2] for line in index_targets.splitlines() if "|" in line]
    usable = [(origin, uri) for origin, uri in rows if uri and not uri.rstrip("/").endswith("-security")]
    known = [uri for origin, uri in usable if origin == "Debian"]
    unknown = [uri for origin, uri in usable if origin in ("", "$(ORIGIN)")]
    return list(dict.fromkeys(known + unknown))


def _machines_mirrors() -> list[str]:
    """Return the mirrors with which the machine's own apt is configured."""
    ask = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)", "Created-By: Packages"]
    # Without release files (a fresh image, never updated) apt tells of no target at all unless asked so.
    return mirrors(_run(ask)) or mirrors(_run([*ask, "--no-release-info"]))


def apt_settings(home: Path) -> str:
    """Return an apt.conf with which apt reads and writes under `home` alone.

    The machine's own settings stay in force (a proxy, say), except for its hooks, which would work on its own cache.
    """
    values = {
        "Dir::Etc::sourcelist": home / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": home,
        "Dir::State::lists": home / "lists",
        "Dir::State::status": home / "status",
        "Dir::Cache": home / "cache",
        "Dir::Cache::archives": home / "cache/archives",
        # Run by root, apt would fetch as the user _apt, who cannot write to a folder under root's home.
        "APT::Sandbox::User": "root",
        "APT::Keep-Downloaded-Packages": "true",
    }
    hooks = ("APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success")
    return "".join(
        [*(f"#clear {hook};\n" for hook in hooks), *(f'{key} "{value}";\n' for key, value in values.items())]
    )


def _update(suite: str, home: Path, keys: Iterable[Path]) -> list[str]:
    """Read the package lists of `suite` from the first mirror that has it; return the apt-get command to go on with."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "status").write_text("")
    (home / "apt.conf").write_text(apt_settings(home))
    apt = ["apt-get", "--quiet=2", f"--config-file={home / 'apt.conf'}"]
    reasons = []
    for mirror in _machines_mirrors():
        signed_by = ",".join(map(str, keys))
        (home / "sources.list").write_text(f"deb [signed-by={signed_by}] {mirror} {suite} main\n")
        _say(f"Debian {suite}: reading the package lists from {mirror}")
        try:
            _run([*apt, "--error-on=any", "update"])
            return apt
        except LabError as error:
            reasons.append(str(error))
    raise LabError("; ".join(reasons) or "apt knows no Debian mirror (see `apt-get indextargets`)")


def _run(command: Sequence[str]) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"`{command[0]} {command[-1]}` failed: {' / '.join(words[-3:])[:400]}")
    return done.stdout


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] != ["pip"]:
        sys.exit("usage: python3 -m ariroute.lab.debian pip   (prints the path of a wheel of pip)")
    try:
        print(pip_wheel())
    except LabError as problem:
        sys.exit(str(problem))
