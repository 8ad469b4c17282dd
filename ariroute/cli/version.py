"""``ariroute version``."""

from __future__ import annotations

import platform

import click

from ariroute import __version__
from ariroute.cli.options import json_option
from ariroute.cli.output import show, show_json


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Show the version of ariroute and of Python.

    \b
    Example:
      ariroute version --json
    """
    if as_json:
        show_json({"ariroute": __version__, "python": platform.python_version()})
    else:
        show(line())


def line() -> str:
    """The versions in one line."""
    return f"ariroute {__version__} (Python {platform.python_version()})"


def show_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """The ``--version`` option: the same line, then nothing else."""
    if wanted and not context.resilient_parsing:
        show(line())
        context.exit()
