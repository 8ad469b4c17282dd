"""The version of an Asterisk: is it supported, and which advisories concern it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from ariroute.doctor.advisories import ADVISORIES, CHECKED, END_OF_LIFE, Version, concerns, mended_in
from ariroute.doctor.findings import Finding, fault, note, ok, warning

OLDEST: Final = 16
NEWEST: Final = 23
"""Tested with 16 and 22; 23 by its change logs."""
NUMBER: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?", re.ASCII)


def version_of(text: str) -> Version | None:
    """The release in ``22.10.1+dfsg-1``; None for certified releases and for what was built from no release."""
    match = NUMBER.match(text)
    if not match or "cert" in text or match[3] is None:
        return None
    return int(match[1]), int(match[2]), int(match[3])


def supported(text: str, today: date) -> Iterator[Finding]:
    """ariroute works with it, and its makers mend it."""
    match = NUMBER.search(text)
    if not match:
        yield note(f"which release Asterisk {text} is cannot be told", why="so neither can its advisories")
        return
    series = int(match[1])
    end = END_OF_LIFE.get(series)
    if series < OLDEST:
        yield fault(
            f"Asterisk {text} is older than {OLDEST}",
            why="ariroute does not work with it: ARI lacks what it needs",
            remedy="install Asterisk 22 (long-term support): https://docs.asterisk.org/About-the-Project/Asterisk-Versions",
        )
    elif end and date.fromisoformat(end) < today:
        yield warning(
            f"Asterisk {text}: its series {series} has had no security fixes since {end}",
            why="holes that were found since stay open, unless your distribution mends them; which, cannot be told",
            remedy="install Asterisk 22 (long-term support): https://docs.asterisk.org/About-the-Project/Asterisk-Versions",
        )
    elif series > NEWEST:
        yield note(f"Asterisk {text} is newer than {NEWEST}, the newest that this ariroute was written for")
    else:
        yield ok(f"Asterisk {text} is supported")


def advisories(text: str, modules: frozenset[str] | None) -> Iterator[Finding]:
    """None of the advisories in the table concerns this release with these modules."""
    version = version_of(text)
    if version is None or not any(fix[0] == version[0] for each in ADVISORIES for fix in each.fixed):
        yield note(
            f"the advisories for Asterisk {text} are not in ariroute's table",
            why="it holds releases of the series 18 and 20 to 23, and no certified ones",
            remedy="https://github.com/asterisk/asterisk/security/advisories",
        )
        return
    found = [each for each in ADVISORIES if concerns(each, version, modules)]
    if not found:
        yield ok(f"no advisory known on {CHECKED} concerns Asterisk {text}")
        return
    told = "; ".join(f"{each.id} ({each.title})" for each in found)
    yield warning(
        f"Asterisk {text} lacks the fixes of {len(found)} advisories: {told}",
        why="each is public; a distribution may have mended its own package without changing the number",
        remedy=f"upgrade Asterisk to {mended_in(found, version[0])} or later",
    )
