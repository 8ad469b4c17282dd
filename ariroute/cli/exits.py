"""Exit codes, and the one place where an error becomes a code and words.

A script may rely on them: 0 done, 1 the expectation of a test is not met, 2 the input cannot be used,
3 the daemon, Asterisk or a source cannot be reached, 4 another daemon has taken the calls over. 130 is Ctrl-C and 141
a reader that went away, as in a shell; 74 (EX_IOERR) is a standard output that takes nothing: a full disk, or closed.
70 (EX_SOFTWARE) is a fault of ariroute itself, the only case that prints a traceback.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

import click

from ariroute import errors
from ariroute.cli.output import say


class ExitCode(IntEnum):
    """What the command answers to the shell."""

    OK = 0
    NOT_AS_EXPECTED = 1
    UNUSABLE_INPUT = 2
    UNREACHABLE = 3
    REPLACED = 4
    FAULT = 70
    OUTPUT_LOST = 74
    INTERRUPTED = 130
    BROKEN_PIPE = 141


CODES: tuple[tuple[type[errors.ArirouteError], ExitCode], ...] = (
    (errors.UnusableInput, ExitCode.UNUSABLE_INPUT),
    (errors.Unreachable, ExitCode.UNREACHABLE),
    (errors.PbxRefused, ExitCode.UNREACHABLE),
    (errors.PbxReplaced, ExitCode.REPLACED),
    (errors.AriError, ExitCode.UNREACHABLE),
    (errors.AmiError, ExitCode.UNREACHABLE),
    (errors.LookupFailed, ExitCode.UNREACHABLE),
    (errors.JournalError, ExitCode.UNREACHABLE),
    (errors.ArirouteError, ExitCode.UNUSABLE_INPUT),
)


def code_of(error: errors.ArirouteError) -> ExitCode:
    """The exit code for ``error``: that of the first class in ``CODES`` it belongs to."""
    return next(code for kind, code in CODES if isinstance(error, kind))


def exit_code(command: Callable[[], object]) -> int:
    """Run ``command``; its errors are said on standard error, and the code to exit with is returned."""
    try:
        result = command()
    except errors.ArirouteError as error:
        say(str(error))
        return code_of(error)
    except click.ClickException as error:  # a usage error: shows the usage line and a hint
        error.show()
        return ExitCode.UNUSABLE_INPUT
    except click.Abort:
        return ExitCode.INTERRUPTED
    except Exception:
        traceback.print_exc()
        say("This is a fault in ariroute. Please report it with the lines above.")
        return ExitCode.FAULT
    return result if isinstance(result, int) else ExitCode.OK


OUTPUT_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def with_output(command: Callable[[], object]) -> object:
    """Run ``command`` and write out its output.

    When nobody reads it any more (``| head``), nothing is said; when it cannot be written, one sentence. Either way it
    ends with ``click.exceptions.Exit``.
    """
    try:
        result = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        raise click.exceptions.Exit(ExitCode.BROKEN_PIPE) from None
    except OSError as error:
        if error.errno not in OUTPUT_ERRORS or error.filename is not None:
            raise
        _drop_output()
        say(f"the output cannot be written: {os.strerror(error.errno)}; is the disk full, or standard output closed?")
        raise click.exceptions.Exit(ExitCode.OUTPUT_LOST) from None
    return result


def _drop_output() -> None:
    """The interpreter flushes once more when it ends, and would complain then."""
    with suppress(AttributeError, OSError, ValueError):  # closed, or no real file under a test's standard output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
