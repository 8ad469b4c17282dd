"""Getting Debian's packages without root: the plans, and what is said when there is no way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ariroute.lab import debian
from ariroute.lab.debian import LabError


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.17.60671434-1\n", (22, 10, 1)),
        ("Asterisk 16.28.0~dfsg-0+deb11u4", (16, 28, 0)),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", (20, 6, 0)),
        ("Asterisk 18.10-cert3", (18, 10)),
        ("asterisk_1:22.10.1+dfsg+~cs6.17.60671434-1_amd64.deb", (22, 10, 1)),
    ],
)
def test_a_version_is_read(text: str, version: debian.Version) -> None:
    assert debian.parse_version(text) == version


def test_when_there_is_no_version_then_the_error_shows_what_was_read() -> None:
    with pytest.raises(LabError, match="GIT-master"):
        debian.parse_version("Asterisk GIT-master-f0a9d3e")


def test_a_version_is_written_as_asterisk_does() -> None:
    assert debian.dotted((22, 10, 1)) == "22.10.1"


def test_the_cache_is_where_the_user_said_unless_it_is_relative(tmp_path: Path) -> None:
    assert debian.cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "ariroute"
    assert debian.cache_folder({"XDG_CACHE_HOME": "here"}) == Path.home() / ".cache/ariroute"
    assert debian.cache_folder({}) == Path.home() / ".cache/ariroute"


def test_mirrors_are_debians_own_first_without_security_and_without_strangers() -> None:
    targets = (
        "|mirror+file:/etc/apt/mirrors/debian.list\n"
        "Debian|http://mirror.example/debian/\n"
        "Debian|http://mirror.example/debian/\n"
        "Debian|http://mirror.example/debian-security/\n"
        "Node Source|https://node.example/\n"
        "\n"
    )

    assert debian.mirrors(targets) == ["http://mirror.example/debian/", "mirror+file:/etc/apt/mirrors/debian.list"]


def test_apt_reads_and_writes_under_its_folder_only(tmp_path: Path) -> None:
    settings = debian.apt_settings(tmp_path)

    folders = [line.split('"')[1] for line in settings.splitlines() if line.startswith("Dir::")]
    assert {folder for folder in folders if not folder.startswith(str(tmp_path))} == {"/dev/null"}
    for place in ("Dir::State ", "Dir::State::lists ", "Dir::State::status ", "Dir::Cache ", "Dir::Etc::sourcelist "):
        assert f"\n{place}" in settings


def test_apt_runs_no_hooks_of_the_machine(tmp_path: Path) -> None:
    assert "#clear APT::Update::Post-Invoke;\n" in debian.apt_settings(tmp_path)


def test_retired_keys_are_trusted_for_the_old_suite_only(tmp_path: Path) -> None:
    for name in ("debian-archive-keyring.gpg", "debian-archive-removed-keys.gpg"):
        (tmp_path / name).touch()

    assert [path.name for path in debian.keyrings("sid", tmp_path)] == ["debian-archive-keyring.gpg"]
    assert len(debian.keyrings("bullseye", tmp_path)) == 2


def make_root(root: Path, *files: str) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_libraries_of_both_layouts_are_found(tmp_path: Path) -> None:
    root = make_root(
        tmp_path,
        "lib/x86_64-linux-gnu/libc.so.6",
        "usr/lib/x86_64-linux-gnu/libssl.so.3",
        "usr/lib/x86_64-linux-gnu/pulseaudio/libpulsecommon.so",
        "usr/lib/libasteriskpj.so.2",
    )

    assert [str(folder.relative_to(root)) for folder in debian.library_folders(root)] == [
        "lib/x86_64-linux-gnu",
        "usr/lib/x86_64-linux-gnu",
        "usr/lib/x86_64-linux-gnu/pulseaudio",
        "usr/lib",
    ]


def test_a_loader_that_points_out_of_the_folder_is_not_taken(tmp_path: Path) -> None:
    root = make_root(tmp_path, "lib/aarch64-linux-gnu/ld-2.31.so", "usr/sbin/asterisk")
    (root / "lib64").mkdir()
    (root / "lib64/ld-linux-aarch64.so.1").symlink_to("/usr/lib/ld-linux-aarch64.so.1")
    (root / "lib/aarch64-linux-gnu/ld-linux-aarch64.so.1").symlink_to("ld-2.31.so")

    command = debian.loader_command(root, root / "usr/sbin/asterisk")

    assert command[0] == str(root / "lib/aarch64-linux-gnu/ld-linux-aarch64.so.1")
    assert command[1] == "--library-path"
    assert command[-1] == str(root / "usr/sbin/asterisk")


def test_when_the_unpacked_folder_is_damaged_then_the_error_says_to_delete_it(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="delete that folder"):
        debian.loader_command(tmp_path, tmp_path / "usr/sbin/asterisk")


def test_an_unknown_release_is_refused_with_the_choice() -> None:
    with pytest.raises(LabError, match="choose 22 or 16"):
        debian.asterisk_program("13")


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who never fetched anything, on a machine without Asterisk and SIPp."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(debian, "_installed_asterisk", lambda: None)
    return tmp_path / "ariroute/debian"


@pytest.mark.parametrize("get", [debian.asterisk_program, debian.sipp_program])
def test_when_there_is_no_apt_then_the_error_says_what_to_install(get: Callable[[], object], empty_cache: Path) -> None:
    with pytest.raises(LabError, match="sudo apt-get install asterisk sip-tester"):
        get()


def test_when_debians_keyring_is_missing_then_the_error_names_it(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name, **_: None if name == "sipp" else f"/usr/bin/{name}")
    monkeypatch.setattr(debian, "keyrings", lambda suite: [])

    with pytest.raises(LabError, match="debian-archive-keyring"):
        debian.sipp_program()


def make_unpacked(home: Path, version: str) -> None:
    make_root(
        home / "root",
        "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
        "usr/lib/x86_64-linux-gnu/asterisk/modules/app_queue.so",
        "usr/share/asterisk/rest-api/events.json",
        "usr/sbin/asterisk",
    )
    stamp = {"packages": debian.asterisk_packages(home.name), "archives": [f"asterisk_1%3a{version}-1_amd64.deb"]}
    (home / "complete.json").write_text(json.dumps(stamp))


def test_when_the_cache_is_filled_then_nothing_is_run(empty_cache: Path) -> None:
    make_unpacked(empty_cache / "sid", "22.10.1+dfsg")

    program = debian.asterisk_program()

    assert (program.version, program.source) == ((22, 10, 1), "sid")
    assert program.modules.name == "modules"
    assert program.rest_api == empty_cache / "sid" / "root" / "usr/share/asterisk/rest-api"


def test_when_the_newest_cannot_be_had_then_the_oldest_serves_and_it_is_said(
    empty_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_unpacked(empty_cache / "bullseye", "16.28.0~dfsg")

    assert debian.asterisk_program().version == (16, 28, 0)
    assert "falling back to Asterisk 16.28.0" in capsys.readouterr().err


def test_when_a_release_was_named_then_no_other_serves(empty_cache: Path) -> None:
    make_unpacked(empty_cache / "bullseye", "16.28.0~dfsg")

    with pytest.raises(LabError, match="sid"):
        debian.asterisk_program("22")


def test_what_was_unpacked_by_halves_is_not_used(empty_cache: Path) -> None:
    make_unpacked(empty_cache / "sid", "22.10.1")
    (empty_cache / "sid/complete.json").write_text('{"packages": ["aster')

    with pytest.raises(LabError):
        debian.asterisk_program("22")
