"""Run a program that must not outlive us: `spawn()`, and the little process in between that holds the leash.

The parent-death signal of Linux alone is not enough: it fires when the *thread* that started the program ends. So a
process of one thread stands in between; it waits for the program to end or for our end of a pipe to close, which
the kernel does however we die, and then kills the program.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

_PR_SET_PDEATHSIG: Final = 1


class Leashed:
    """A running program that dies with us.

    `pid` is the program's own, so that signals sent to it reach the program itself and not the holder of the leash.
    """

    def __init__(self, holder: subprocess.Popen[bytes], pid: int) -> None:
        self._holder = holder
        self.pid = pid

    @property
    def returncode(self) -> int | None:
        """The program's exit code once it has ended (negative: the signal), else None."""
        code = self._holder.poll()
        return code if code is None or code < 128 else 128 - code

    def wait(self, timeout: float) -> int:
        """Wait for the end and return the exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        self._holder.wait(timeout)
        self._close()
        return self.returncode or 0

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the program; nothing happens when it has ended already."""
        if self._holder.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def stop(self, timeout: float = 5.0) -> None:
        """End the program: politely, and by force after `timeout` seconds. Returns when it is gone."""
        self.send_signal(signal.SIGTERM)
        try:
            self._holder.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    def kill(self) -> None:
        """End the program by SIGKILL. Returns when it is gone."""
        self.send_signal(signal.SIGKILL)
        self._holder.wait(10)
        self._close()

    def _close(self) -> None:
        for pipe in (self._holder.stdin, self._holder.stdout):
            if pipe is not None:
                pipe.close()


def spawn(
    command: Sequence[str], *, output: IO[bytes], cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> Leashed:
    """Start `command` with stdout and stderr going to `output`. Raises FileNotFoundError when it cannot be run."""
    holder = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
        cwd=cwd,
        env=None if environ is None else dict(environ),
        start_new_session=True,  # Ctrl-C in our terminal is ours to handle, in our order
    )
    assert holder.stdout is not None
    first = holder.stdout.readline()
    if not first.strip().isdigit():
        holder.wait(10)
        for pipe in (holder.stdin, holder.stdout):
            if pipe is not None:
                pipe.close()
        raise FileNotFoundError(f"cannot run {command[0]}")
    return Leashed(holder, int(first))


def _hold(command: Sequence[str]) -> int:
    libc = ctypes.CDLL(None)
    program = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=2,
        preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
    )
    print(program.pid, flush=True)
    ended = os.pidfd_open(program.pid)
    ready, _, _ = select.select([0, ended], [], [])
    if ended not in ready:
        program.kill()
    code = program.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(_hold(sys.argv[1:]))
