"""Packing a large CSV file in a process of its own, so that calls of those seconds do not wait for the interpreter.

Run as a module it reads the task as JSON from standard input, writes the table to the descriptor that the task names,
and answers with JSON on standard output: the number of rows, or the mistakes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import asdict

from ariroute.errors import ConfigError, Problem
from ariroute.lookups.csv_table import Table, memory_file, pack
from ariroute.lookups.table import Task

NICE = 10
"""How much the process stands back for the calls of a daemon at work (man 2 nice)."""


async def packed_elsewhere(task: Task, *, nice: int = 0) -> Table:
    """The table of ``task``, packed by another process. Raises ConfigError."""
    with memory_file() as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "ariroute.lookups.csv_packing"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(file.fileno(),),
        )
        try:
            request = json.dumps({"task": asdict(task), "to": file.fileno(), "nice": nice}).encode()
            answer, _ = await process.communicate(request)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        check(task, answer, process.returncode)
        return Table(file.fileno(), list(task.fields))


def check(task: Task, answer: bytes, code: int | None) -> None:
    """Raises ConfigError: what the process says is wrong with the file, or that it did not come to its end."""
    try:
        said = json.loads(answer)
    except ValueError:
        text = f"could not be read: the process that reads it ended with {code}; is there too little memory?"
        raise ConfigError([Problem(task.path, 0, 0, "", text)]) from None
    if said["problems"]:
        raise ConfigError([Problem(**each) for each in said["problems"]])


def main() -> None:
    """What the other process does."""
    request = json.load(sys.stdin)
    os.nice(request["nice"])
    problems: list[Problem] = []
    try:
        with os.fdopen(request["to"], "w+b") as file:
            pack(Task(**request["task"]), file)
    except ConfigError as error:
        problems = list(error.problems)
    json.dump({"problems": [asdict(each) for each in problems]}, sys.stdout)


if __name__ == "__main__":
    main()
