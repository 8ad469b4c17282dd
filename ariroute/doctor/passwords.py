"""Passwords that can be guessed. Nothing here repeats one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ariroute.doctor.findings import Finding, fault, ok, warning
from ariroute.values import Secret

SHORTEST: Final = 16
FEWEST_BITS: Final = 64.0
"""782 guesses in 2 s were answered by ARI, and nothing there locks anybody out: 2 to the 64th is out of reach."""
KNOWN: Final = frozenset(
    {
        *("password", "passw0rd", "password123", "mysecretpassword", "secret", "changeme", "letmein", "qwerty"),
        *("123456", "12345678", "1234567890", "test", "demo", "user", "default", "admin", "root"),
        *("asterisk", "asterisk123", "ariroute", "amp109", "amp111", "elastix", "freepbx", "issabel", "vicidial"),
    }
)
PLACEHOLDERS: Final = ("change-me", "changeme", "change_me", "your-password", "yourpassword", "xxxx")
NEW: Final = "openssl rand -hex 32   # a new password for the flow file's secret and for {where}"


@dataclass(frozen=True, slots=True)
class Password:
    """One password: of which PBX, what it opens, whose it is, and the file of Asterisk that has it too."""

    pbx: str
    opens: str
    user: str
    secret: Secret
    where: str


def weakness(text: str, user: str) -> tuple[str, bool] | None:
    """Why ``text`` can be guessed, and whether at once; None when it cannot."""
    plain = text.lower()
    if any(word in plain for word in PLACEHOLDERS):
        return "is still the one of the sample", True
    if plain in KNOWN:
        return "is on every list of passwords", True
    if plain == user.lower() or (len(user) > 3 and user.lower() in plain and len(text) - len(user) < SHORTEST):
        return "is the user's name, or made of it", True
    if len(text) < 8:
        return f"has {len(text)} characters", True
    if len(text) < SHORTEST:
        return f"has {len(text)} characters, fewer than {SHORTEST}", False
    if bits(text) < FEWEST_BITS:
        return "repeats few characters", False
    return None


def bits(text: str) -> float:
    """The information in ``text`` by how often its characters occur: an upper bound of what guessing it takes."""
    counts = Counter(text)
    return -sum(count * math.log2(count / len(text)) for count in counts.values())


def passwords(given: Sequence[Password]) -> Iterator[Finding]:
    """Each is long and random, and no two are the same."""
    for each in given:
        found = weakness(each.secret.reveal(), each.user)
        what = f"{each.pbx}: the password of the {each.opens} user '{each.user}'"
        remedy = NEW.format(where=each.where)
        if found is None:
            yield ok(f"{what} cannot be guessed", each.where)
            continue
        why = "Asterisk locks nobody out: hundreds of guesses a second are answered"
        make = fault if found[1] else warning
        yield make(f"{what} {found[0]}", each.where, why=why, remedy=remedy)
    for number, each in enumerate(given):
        for other in given[:number]:
            if each.secret == other.secret:
                yield warning(
                    f"{each.pbx}: the {each.opens} user '{each.user}' has the password of the {other.opens} user "
                    f"'{other.user}'",
                    each.where,
                    why="who gets hold of the one with fewer rights has the other one too",
                    remedy=NEW.format(where=each.where),
                )
