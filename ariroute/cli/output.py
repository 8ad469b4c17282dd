"""Data to standard output, words to standard error, nothing that a terminal would obey.

Names and records come from callers and customer systems, so no text of theirs is ever read as markup or sent as a
control character. Tables and trees have colour and wrap on a terminal, and neither when piped.
"""

from __future__ import annotations

import errno
import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

PIPED_WIDTH = 4096  # wide enough that no line is wrapped or cut for a reader such as grep


def say(words: str) -> None:
    """A message for people, on standard error."""
    click.echo("\n".join(printable(line) for line in words.split("\n")), err=True)


def show(text: str) -> None:
    """Data, on standard output. Raises OSError, as do the other two, when that is closed or takes nothing."""
    _check_open()
    click.echo("\n".join(printable(line) for line in text.split("\n")))


def show_json(value: Any) -> None:
    """Data as JSON in ASCII, so that neither an encoding nor a control character can spoil it."""
    _check_open()
    click.echo(json.dumps(value, indent=2))


def ruled(*heads: str, numbers: Iterable[str] = ()) -> Table:
    """An empty table with a rule below its heads: columns of words, then of ``numbers``, which stand on the right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head)
    for head in numbers:
        table.add_column(head, justify="right")
    return table


def show_drawn(drawing: RenderableType) -> None:
    """A table or a tree, on standard output."""
    _check_open()
    _console().print(drawing)


def show_live(drawings: Iterable[RenderableType], every: float) -> None:
    """One drawing in place of the other, ``every`` so many seconds, on a screen of its own; the last one stays."""
    import time

    from rich.live import Live

    _check_open()
    drawn: RenderableType = ""
    try:
        with Live(console=_console(), screen=True, auto_refresh=False) as live:
            for drawn in drawings:
                live.update(drawn, refresh=True)
                time.sleep(every)
    finally:
        show_drawn(drawn)


def width() -> int:
    """Characters in a line of what is shown; no end where it is piped."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH


def _check_open() -> None:
    """Python has no ``sys.stdout`` when the shell closed it (``>&-``), and click would drop the data silently."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")


def printable(text: str) -> str:
    """``text`` with control, format and surrogate characters written as escapes (``\\x1b``)."""
    return "".join(_escaped(c) if unicodedata.category(c)[0] == "C" else c for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _console() -> Console:
    from rich.console import Console

    class PlainConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, "nobody reads")  # rich would exit with 1, a test's "not as expected"

    console = PlainConsole(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    return console
