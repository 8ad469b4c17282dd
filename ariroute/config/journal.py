"""What a flow file says of its journal, and nothing else of it: past calls can be asked for while the file is changed.

No other secrets are wanted than the journal's own, and these only when they are needed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ariroute.config.parts import read_all
from ariroute.config.secrets import Secrets
from ariroute.errors import UnusableInput
from ariroute.flow.contact import Party, party
from ariroute.journal.keeping import caller_key
from ariroute.journal.key import key_of
from ariroute.journal.opening import open_store, sqlite_file
from ariroute.journal.settings import JournalSettings
from ariroute.journal.store import Store
from ariroute.values import FromFile

NONE_KEPT: Final = (
    "no journal is kept, so nothing is known of past calls: add 'journal: {}' to the file, and restart the daemon"
)
WITHHELD: Final = "unknown"
"""What stands for the number of a caller who has none."""


@dataclass(frozen=True, slots=True)
class JournalOfFile:
    """The journal of the flow file ``file``."""

    file: Path
    folder: Path
    timezone: str
    region: str
    section: Mapping[str, Any]

    def open(self, environ: Mapping[str, str] = os.environ, *, only_read: bool = True) -> Store:
        """Its database. Raises JournalError, and UnusableInput when its password cannot be had."""
        settings = self.settings()
        if settings.password:
            settings = self.settings(environ)
        return open_store(settings, self.folder, only_read=only_read)

    def files(self) -> tuple[Path, ...]:
        """The files of a journal in SQLite, of which the write-ahead log need not be there; none of PostgreSQL's."""
        file = sqlite_file(self.settings(), self.folder)
        return (file, file.with_name(f"{file.name}-wal")) if file else ()

    def keys_of(self, caller: str, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """The hashes of which the records of ``caller`` have one: by the number's international form, and as it is.

        Raises UnusableInput for what is no number, and when the key cannot be had; JournalError.
        """
        if caller == WITHHELD:
            return ("",)
        found = party(caller, "", self.region)
        if not found.number.lstrip("+").isdigit():
            raise UnusableInput(
                f"--caller {caller}: not a telephone number: write it in full, such as +46701234567, or {WITHHELD} for "
                "those without one"
            )
        key = key_of(self.settings(environ), self.folder, only_read=True)
        return tuple(dict.fromkeys(caller_key(key, each) for each in (found, Party(found.number))))

    def settings(self, environ: Mapping[str, str] | None = None) -> JournalSettings:
        """The section; with ``environ`` its secrets are looked up. Raises UnusableInput."""
        try:
            return JournalSettings.model_validate(self.section, context=FromFile(Secrets(environ).reveal))
        except ValidationError as error:
            item = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, ("journal", *item["loc"])))
            raise UnusableInput(f"{self.file}: {place}: {item.get('ctx', {}).get('error', item['msg'])}") from None


def journal_of_file(path: Path) -> JournalOfFile:
    """The journal that the flow file at ``path``, a file or a folder, names.

    Raises ConfigError with every mistake when it cannot be told, UnusableInput when the file names none.
    """
    document = read_all(path)
    data = document.data if isinstance(document.data, dict) else {}
    section, timezone, region = (data.get(name) for name in ("journal", "timezone", "region"))
    timezone = "UTC" if timezone is None else timezone
    if isinstance(section, dict) and _is_zone(timezone):
        folder = document.folder_of(("journal", "url"))
        found = JournalOfFile(path, folder, timezone, region if isinstance(region, str) else "", section)
        if _is_usable(found):
            return found
    from ariroute.config.load import load_rules  # the whole of it takes as long again

    if load_rules(path).journal is None:
        raise UnusableInput(f"{path}: {NONE_KEPT}")
    raise AssertionError("a section that is unusable alone is unusable in its file")


def _is_usable(found: JournalOfFile) -> bool:
    try:
        found.settings()
    except UnusableInput:
        return False
    return True


def _is_zone(name: object) -> bool:
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (ValueError, OSError):
        return False


def flows_in(path: Path) -> Collection[str]:
    """The names of the flows in the file at ``path``. Raises ConfigError when it is not YAML."""
    data = read_all(path).data
    flows = data.get("flows") if isinstance(data, dict) else None
    return list(flows) if isinstance(flows, dict) else []
