"""``ariroute check``: every mistake of the flow file at once."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, flow_file, json_option
from ariroute.cli.output import say, show, show_json
from ariroute.errors import ConfigError, Problem, UnusableInput

if TYPE_CHECKING:
    from ariroute.config.load import Config


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@config_option
@json_option
def check(file: Path | None, config: Path | None, as_json: bool) -> int:
    """Check the flow file and print every mistake in it.

    Each mistake as FILE:LINE:COLUMN to standard output, a summary to standard error. Exit code 2 when there is
    a mistake; warnings leave the file usable.

    The files of lookups are read too. Secrets need not be there, so a file can be checked on any machine.

    \b
    Example:
      ariroute check ariroute.yaml
    """
    from asyncio import run

    from ariroute.config.load import load_rules

    path = flow_file(file or config)
    try:
        loaded = load_rules(path)
        run(start_sources(loaded))
    except ConfigError as error:
        _refuse(path, error.problems, as_json)
        return ExitCode.UNUSABLE_INPUT
    if as_json:
        show_json(_plain(path, loaded))
    elif loaded.warnings:
        show("\n".join(f"{each} (warning)" for each in loaded.warnings))
    say(summary(path, loaded))
    return ExitCode.OK


async def start_sources(config: Config) -> None:
    """Start each lookup's source once, as the daemon will. Raises ConfigError with the mistakes in all their files."""
    from ariroute.lookups.base import no_surprise
    from ariroute.lookups.pbx import NoPbx

    problems: list[Problem] = []
    for name, (_, make) in config.lookups.items():
        source = make(NoPbx())
        try:
            with no_surprise(name):
                await source.start()
        except ConfigError as error:
            problems += [replace(problem, path=problem.path or f"lookups.{name}") for problem in error.problems]
        except UnusableInput as error:
            problems.append(Problem(config.file, 0, 0, f"lookups.{name}", str(error)))
        finally:
            await source.close()
    if problems:
        raise ConfigError(problems)


def summary(path: Path, config: Config) -> str:
    """What the file holds, in one line."""
    counts = (
        counted(len(config.ruleset.flows), "flow"),
        counted(len(config.lookups), "lookup"),
        counted(len(config.ruleset.queues), "queue"),
    )
    return f"{path}: usable: {', '.join(counts)}"


def counted(number: int, noun: str) -> str:
    """``1 flow``, ``2 flows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _refuse(path: Path, problems: tuple[Problem, ...], as_json: bool) -> None:
    if as_json:
        show_json({"file": str(path), "usable": False, "problems": [asdict(each) for each in problems]})
    else:
        show("\n".join(str(each) for each in problems))
    say(f"{path}: not usable: {counted(len(problems), 'mistake')}")


def _plain(path: Path, config: Config) -> dict[str, Any]:
    return {
        "file": str(path),
        "usable": True,
        "problems": [],
        "warnings": [asdict(each) for each in config.warnings],
        "flows": list(config.ruleset.flows),
        "lookups": list(config.lookups),
        "queues": list(config.ruleset.queues),
        "digest": config.digest,
    }
