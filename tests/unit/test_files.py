"""Only regular files are opened, and nothing is waited for."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from ariroute.files import open_regular, why


def refusal(path: Path) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011  # its text is what the tests look at
        open_regular(path)
    return why(caught.value)


def test_a_regular_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with open_regular(tmp_path / "link") as stream:
        assert stream.read() == b"x"


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "it is a pipe, not a regular file"


def test_a_file_that_becomes_a_pipe_meanwhile_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"")
    regular = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda path: regular)
    assert refusal(tmp_path / "pipe") == "it is a pipe, not a regular file"


def test_a_device_a_socket_and_a_directory_are_refused(tmp_path: Path) -> None:
    assert refusal(Path("/dev/zero")) == "it is a device, not a regular file"
    assert refusal(tmp_path) == "Is a directory"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        assert refusal(tmp_path / "s") == "it is a socket, not a regular file"


def test_what_is_not_there_or_not_allowed_has_its_remedy(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere") == "No such file or directory: check the path"
    denied = PermissionError(errno.EACCES, "Permission denied")
    assert why(denied) == "Permission denied: the user that runs ariroute must be allowed to read it"


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_name_that_no_file_can_have_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / name)
