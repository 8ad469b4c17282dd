"""Opening the files that a configuration names: regular ones only, and a fault that says the remedy.

Opening a named pipe waits for its other end, for ever; reading a device may do anything.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
REMEDIES = {
    errno.ENOENT: ": check the path",
    errno.ENOTDIR: ": check the path",
    errno.EACCES: ": the user that runs ariroute must be allowed to read it",
}


def open_regular(path: Path) -> BinaryIO:
    """The file at ``path``, open for reading. Raises OSError, at once, when it is no regular file."""
    try:
        mode = path.stat().st_mode
    except ValueError:  # a NUL, or half a character, which no file name has
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), ascii(str(path))) from None
    _check(path, mode)
    # It may have been replaced meanwhile: without O_NONBLOCK a pipe would be waited for.
    stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    try:
        _check(path, os.fstat(stream.fileno()).st_mode)
    except OSError:
        stream.close()
        raise
    return stream


def why(error: OSError) -> str:
    """What ``error`` says, and the remedy where one is known: ``No such file or directory: check the path``."""
    return f"{error.strerror or error}{REMEDIES.get(error.errno or 0, '')}"


def _check(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", str(path))
