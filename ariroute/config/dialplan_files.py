"""Files of extensions, with what they include, as one dialplan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ariroute.config.dialplan import Dialplan, SourceLine, parse, source
from ariroute.errors import UnusableInput
from ariroute.files import open_regular, why

INCLUDE: Final = re.compile(r"#(?:try)?include\s+[\"<]?([^\">]+)[\">]?")
LIMIT: Final = 8 * 1024 * 1024
DEEPEST: Final = 20


def read(paths: Sequence[Path]) -> Dialplan:
    """The dialplan of these files together, in this order.

    Relative includes start at the folder of the first file, as they start at Asterisk's own configuration folder. One
    that is not there is told among the lines that nobody could read. Raises UnusableInput for a file that was named
    and cannot be read.
    """
    folder = paths[0].parent
    lines: list[SourceLine] = []
    missing: list[str] = []
    for path in paths:
        try:
            lines += _lines(path, folder, missing, ())
        except OSError as error:
            raise UnusableInput(f"{path}: {why(error)}") from error
    dialplan = parse(lines)
    return replace(dialplan, unread=(*missing, *dialplan.unread))


def _lines(path: Path, folder: Path, missing: list[str], above: tuple[Path, ...]) -> list[SourceLine]:
    with open_regular(path) as stream:
        text = stream.read(LIMIT).decode("utf-8", "replace")
    lines: list[SourceLine] = []
    for line in source(text, str(path)):
        match = INCLUDE.fullmatch(line.text)
        if not match:
            lines.append(line)
            continue
        named = folder / match[1].strip()
        found = sorted(named.parent.glob(named.name)) if "*" in named.name else [named]
        for each in found:
            if each in (*above, path) or len(above) >= DEEPEST:
                missing.append(f"{line.place}: {each} includes itself")
                continue
            try:
                lines += _lines(each, folder, missing, (*above, path))
            except OSError as error:
                if not line.text.startswith("#tryinclude"):
                    missing.append(f"{line.place}: {each}: {why(error)}")
    return lines
