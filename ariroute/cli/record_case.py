"""A call of the journal as a case of a test file: printed, or added to a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ariroute.cases.case import Verdict
from ariroute.cases.ending import Ending
from ariroute.cases.read import Reader as TestFiles
from ariroute.cases.recorded import CallThen, Remade, remade
from ariroute.cases.run import run_case
from ariroute.cases.writing import case_lines, with_case
from ariroute.cli.exits import ExitCode
from ariroute.cli.expectation import can_be_rung, expectation
from ariroute.cli.output import say, show
from ariroute.config.load import Config, load_rules
from ariroute.config.read import read_file
from ariroute.errors import UnusableInput
from ariroute.files import why
from ariroute.flow.decision import Decision

if TYPE_CHECKING:
    from ariroute.journal.reader import Reader, Recorded

LAST = "last"


def record_case(path: Path, wanted: str, expect: str | None, files: Sequence[Path]) -> ExitCode:
    """Make a case out of the call ``wanted`` of the journal that the flow file at ``path`` names.

    It is printed, or added to the one of ``files``. Raises UnusableInput, ConfigError, JournalError.
    """
    if len(files) > 1:
        raise UnusableInput(f"--record adds to one file, and not to {len(files)}: {', '.join(map(str, files))}")
    config = load_rules(path)
    made, name = _made(config, wanted)
    if expect is not None:
        made = Remade(made.given, _expected(config, expect), made.notes)
    lines = case_lines(name, made.given, made.ending, config, made.notes)
    if files:
        verdict = _add(files[0].resolve(), lines, path)
        say(f"added to {files[0]}: {name}")
    else:
        with TemporaryDirectory(prefix="ariroute-record-") as folder:
            verdict = _written(Path(folder) / "tests.yaml", with_case("", None, lines), path)
        show("\n".join(f"  {line}" for line in lines))
    for note in made.notes:
        say(f"note: {note}")
    say(_verdict(verdict, config))
    return ExitCode.OK


def _made(config: Config, wanted: str) -> tuple[Remade, str]:
    """The call as a case has it, and a name for the case."""
    from ariroute.journal.opening import open_store
    from ariroute.journal.reader import Reader

    if config.journal is None:
        raise UnusableInput(f"{config.file} has no section 'journal', so no call was recorded: add `journal: {{}}`")
    with closing(open_store(config.journal, config.journal_folder, only_read=True)) as store:
        reader = Reader(store)
        recorded = reader.last() if wanted == LAST else reader.by_contact(wanted)
        if recorded is None:
            raise UnusableInput(
                "the journal is empty: place a call first"
                if wanted == LAST
                else f"--record {wanted}: the journal has no such call; `ariroute calls` lists them"
            )
        then = _then(reader, recorded, config)
    made = remade(then, config)
    arrived: datetime = made.given.contact.arrived
    return made, f"call {recorded.contact} on {arrived:%Y-%m-%d} at {arrived:%H:%M:%S}"


def _then(reader: Reader, recorded: Recorded, config: Config) -> CallThen:
    from ariroute.config.kept import rules_of
    from ariroute.errors import ConfigError

    plain = recorded.plain()
    if plain["decision"] is None:
        raise UnusableInput(
            f"call {recorded.contact} was not decided by rules ({recorded.handed}): choose another call"
        )
    fields = {name: settings.fields for name, (settings, _) in config.lookups.items()}
    text = reader.rules(recorded.digest)
    try:
        rules = config.ruleset if text is None else rules_of(text, recorded.digest)
    except ConfigError:  # of an older version: what is made up is then made to fit the rules of now
        rules = config.ruleset
    return CallThen(recorded.past(fields), plain["flow"], Decision.of_plain(plain["decision"]), rules)


def _expected(config: Config, text: str) -> Ending:
    wanted = expectation(text, config.ruleset.queues, can_be_rung(config.ruleset))
    return Ending(wanted.kind, wanted.name, wanted.number)


def _add(file: Path, lines: Sequence[str], config: Path) -> Verdict:
    """Put the case into ``file``, which is made if it is not there; it stays as it was where it cannot be read then."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    places = read_file(file).places if text.strip() else None
    if places and ("tests",) in places.keys:
        TestFiles(config, lambda: config).suites([file])  # its own mistakes are told before anything is added
    new = with_case(text, places, lines)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.yaml")
    try:
        verdict = _written(fresh, new, config)
        if file.exists():
            shutil.copymode(file, fresh)
        fresh.replace(file)
    except OSError as error:
        raise UnusableInput(f"{file}: cannot be written: {why(error)}") from None
    finally:
        fresh.unlink(missing_ok=True)
    return verdict


def _written(file: Path, text: str, config: Path) -> Verdict:
    """Write the file; what comes of its last case."""
    file.write_text(text, encoding="utf-8")
    suites = TestFiles(config, lambda: config).suites([file])
    return run_case(suites[-1].config, suites[-1].cases[-1])


def _verdict(verdict: Verdict, config: Config) -> str:
    got = f"by {config.file} it goes to {verdict.decision.destination}"
    return (
        f"{got}, as the case expects" if verdict.passed else f"{got}; the case expects {verdict.case.expected.ending}"
    )
