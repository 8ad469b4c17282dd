"""The flow file: does it load, and who may change it or read its secrets."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ariroute.doctor.findings import Finding, fault, note, ok, warning
from ariroute.errors import Problem

GROUP_OR_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file's permission bits, and those of the folder in which it lies."""

    path: str
    mode: int
    folder_mode: int


def loads(path: str, problems: Sequence[Problem], warnings: Sequence[Problem]) -> Iterator[Finding]:
    """The file is usable, with its secrets."""
    for problem in problems:
        yield fault(
            f"{problem.path}: {problem.text}" if problem.path else problem.text,
            _place(problem),
            why="the daemon does not start with this file, and a reload keeps the old one",
            remedy=f"ariroute check {path}",
        )
    for problem in warnings:
        yield note(
            f"{problem.path}: {problem.text}" if problem.path else problem.text,
            _place(problem),
            remedy=f"ariroute check {path}",
        )
    if not problems:
        yield ok("the flow file loads", path)


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file


def permissions(files: Sequence[FileFacts]) -> Iterator[Finding]:
    """Nobody but its owner and group changes where calls go."""
    for file in files:
        if file.mode & stat.S_IWOTH:
            yield fault(
                f"every user of this machine may change {file.path}",
                file.path,
                why="whoever changes it decides where calls go, and what programs and services are asked",
                remedy=f"chmod o-w {file.path}",
            )
        elif file.folder_mode & stat.S_IWOTH and not file.folder_mode & stat.S_ISVTX:
            yield fault(
                f"every user of this machine may put another file in the place of {file.path}",
                _folder(file.path),
                why="whoever changes it decides where calls go, and what programs and services are asked",
                remedy=f"chmod o-w {_folder(file.path)}",
            )
        elif file.mode & stat.S_IWGRP:
            yield note(
                f"its group may change {file.path}",
                file.path,
                why="every member of the group decides where calls go",
                remedy=f"chmod g-w {file.path}",
            )
        else:
            yield ok("its owner alone may change it", file.path)


def secret_files(files: Sequence[FileFacts]) -> Iterator[Finding]:
    """Files of secrets are their owner's alone."""
    for file in files:
        if file.mode & (stat.S_IROTH | stat.S_IWOTH):
            yield fault(
                "every user of this machine can read this secret",
                file.path,
                why="with the password of ARI anybody places calls at your cost, and reads those of others",
                remedy=f"chmod 0600 {file.path}",
            )
        elif file.mode & (stat.S_IRGRP | stat.S_IWGRP):
            yield warning(
                "its group can read this secret",
                file.path,
                why="every member of the group has the whole PBX",
                remedy=f"chmod 0600 {file.path}   # the owner being the user that runs ariroute",
            )
        else:
            yield ok("its owner alone can read this secret", file.path)


def admin(address: str) -> Iterator[Finding]:
    """The admin API has no passwords, so it stays on loopback."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost" or host == "::1" or host.startswith("127."):
        yield ok("the admin API is bound to loopback", address)
    else:
        yield fault(
            f"the admin API is bound to {host}",
            address,
            why="it has no passwords: whoever reaches it reloads the configuration and reads the state",
            remedy='daemon: {admin: "127.0.0.1:8067"}',
        )


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"
