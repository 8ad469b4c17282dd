"""``ariroute check``: every mistake of a configuration at once."""

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
    from ariroute.cli.check_live import Live
    from ariroute.config.load import Config


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@config_option
@click.option(
    "--live", is_flag=True, show_envvar=True, help="Compare it with the Asterisk servers too; only reads from them."
)
@click.option("--app", default="ariroute", show_default=True, help="The Stasis application, for check dialplan.")
@json_option
def check(files: tuple[Path, ...], config: Path | None, live: bool, app: str, as_json: bool) -> int:
    """Check the configuration and print every mistake in it.

    Each mistake as FILE:LINE:COLUMN to standard output, a summary to standard error. Exit code 2 when there is
    a mistake; warnings leave the configuration usable.

    FILE may be a folder; of several each is checked as a configuration of its own, such as the sites of one.
    The files of lookups are read too. Secrets need not be there, so a file can be checked on any machine.

    With --live each Asterisk of the configuration is asked for what the configuration needs: queues, endpoints,
    sounds, modules, the guard in the dialplan, the rights of the AMI user. What is missing is a mistake, at its
    place in the file. This needs the secrets; exit code 3 when an Asterisk cannot be asked.

    "check dialplan" reads files of extensions instead, with what they include: is the guard armed before Stasis(),
    is there a way out at T, is it disarmed before the queue, is what callers send filtered? It asks no Asterisk.

    \b
    Example:
      ariroute check ariroute.yaml
      ariroute check --live
      ariroute check /etc/ariroute sites/*.yaml
      ariroute check dialplan /etc/asterisk/extensions.conf
    """
    if files and str(files[0]) == "dialplan" and (len(files) > 1 or not files[0].exists()):
        return _dialplan(files[1:], live, app, as_json)
    paths = files or (flow_file(config),)
    results = [_checked(path, as_json, live) for path in paths]
    if as_json:
        plain = [plain for _, plain in results]
        show_json(plain[0] if len(plain) == 1 else plain)
    return max(code for code, _ in results)


def _dialplan(files: tuple[Path, ...], live: bool, app: str, as_json: bool) -> int:
    from ariroute.cli.check_dialplan import check_dialplan

    if live or not files:
        raise click.UsageError("check dialplan takes files of extensions, such as /etc/asterisk/extensions.conf")
    return check_dialplan(files, app, as_json)


def _checked(path: Path, as_json: bool, live: bool) -> tuple[ExitCode, dict[str, Any]]:
    """The exit code for the configuration at ``path``, and what ``--json`` shows of it; else it is shown here."""
    from asyncio import run

    from ariroute.config.load import load_rules

    try:
        loaded = load_rules(path)
        check_cases(loaded)
        run(start_sources(loaded))
        lives = _lives(path) if live else {}
    except ConfigError as error:
        if not as_json:
            show("\n".join(str(each) for each in error.problems))
        say(f"{path}: not usable: {counted(len(error.problems), 'mistake')}")
        plain = {"file": str(path), "usable": False, "problems": [asdict(each) for each in error.problems]}
        return ExitCode.UNUSABLE_INPUT, plain
    if loaded.warnings and not as_json:
        show("\n".join(f"{each} (warning)" for each in loaded.warnings))
    say(summary(path, loaded))
    plain = _plain(path, loaded)
    if live:
        from ariroute.cli.check_live import tell

        plain["live"] = {name: each.to_plain() for name, each in lives.items()}
        tell(lives, as_json)
    return max((each.code for each in lives.values()), default=ExitCode.OK), plain


def check_cases(config: Config) -> None:
    """Read the cases that the flow file has under ``tests:``. Raises ConfigError with their mistakes."""
    if "tests" in config.data:
        from ariroute.cases.read import suite_of

        suite_of(config)


def _lives(path: Path) -> dict[str, Live]:
    from ariroute.cli.check_live import check_live

    return check_live(path)


async def start_sources(config: Config) -> None:
    """Start each lookup and notification once, as the daemon will. Raises ConfigError with their files' mistakes."""
    from ariroute.lookups.base import no_surprise
    from ariroute.lookups.notify import Notifier
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
    for name, receiver in config.notify.items():
        notifier = Notifier({name: receiver})
        try:
            await notifier.start()
        except UnusableInput as error:
            problems.append(Problem(config.file, 0, 0, f"notify.{name}", str(error)))
        finally:
            await notifier.close()
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
        "files": list(config.files),
    }
