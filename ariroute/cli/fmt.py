"""``ariroute fmt``: flow files in their normal form."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.output import say, show
from ariroute.errors import ConfigError, Problem, UnusableInput


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when a file is not in normal form.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def fmt(files: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Bring flow files into their normal form, and print the names of those that changed.

    Indentation by two, one blank line between sections, double quotes. Comments and the order of everything stay.
    What a file says never changes: a file for which that cannot be had is left as it is, with exit code 2.

    \b
    Example:
      ariroute fmt --check ariroute.yaml flows/*.yaml
    """
    changed = failed = False
    for path in files:
        try:
            before, after = _both(path)
            if before == after.encode():
                continue
            changed = True
            if diff:
                show(_difference(path, before, after))
            elif check:
                show(str(path))
            else:
                replace(path, after)
                show(str(path))
        except UnusableInput as error:
            failed = True
            say(str(error))
    if failed:
        return ExitCode.UNUSABLE_INPUT
    return ExitCode.NOT_AS_EXPECTED if changed and check else ExitCode.OK


def _both(path: Path) -> tuple[bytes, str]:
    """The file as it is, and its normal form. Raises UnusableInput."""
    from ariroute.config.normal import normal_form
    from ariroute.config.read import SIZE_LIMIT
    from ariroute.files import open_regular, why

    try:
        with open_regular(path) as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError([Problem(str(path), 0, 0, "", f"cannot be read: {why(error)}")]) from None
    return content, normal_form(content, str(path))


def _difference(path: Path, before: bytes, after: str) -> str:
    from difflib import unified_diff

    lines = before.decode("utf-8-sig", "replace").splitlines()
    found = unified_diff(lines, after.splitlines(), str(path), f"{path} in normal form", lineterm="")
    return "\n".join(found) or f"{path}: line ends or a byte order mark alone"


def replace(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` at once or not at all; a link stays one, and the file's mode and owner stay.

    Raises UnusableInput.
    """
    import tempfile  # with all that it imports half as much as click

    target = path.resolve()
    made = ""
    try:
        mode, owner = target.stat().st_mode, target.stat()
        descriptor, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(stream.fileno(), mode & 0o7777)
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(stream.fileno(), owner.st_uid, owner.st_gid)
            os.fsync(stream.fileno())
        Path(made).replace(target)
    except OSError as error:
        with suppress(OSError):
            if made:
                Path(made).unlink()
        raise UnusableInput(f"{path} cannot be written: {error.strerror}; it is left as it was") from None
