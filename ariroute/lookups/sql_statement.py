"""The query of an SQL lookup: one reading statement whose ``:caller.e164`` are bound parameters, never text.

The statement is only cut at its parameters; what stands between them goes to the database as it was written. Where the
databases read SQL differently (backslashes, comments, dollar quotes), the text is refused and not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ariroute.lookups.template import NAME, PLACE, Place

QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`"
PARAMETER = rf"{NAME.pattern}(?:\|(?!\|) *[a-z]+)?"  # a form after one bar; two concatenate
TOKEN = re.compile(
    rf"(?P<quoted>{QUOTED})|::|:(?P<place>{PARAMETER})|(?P<comment>--|/\*|#)|(?P<dollar>\$)|(?P<sign>[{{}};?:'\"`])",
    re.ASCII,
)
FIRST_WORD = re.compile(r"[\s(]*(?:SELECT|WITH)\b", re.IGNORECASE)
TO_FILE = re.compile(r"\bINTO\s+(OUTFILE|DUMPFILE)\b", re.IGNORECASE)
PASTED = re.compile(rf"^:({NAME.pattern})$", re.ASCII)

INSTEAD = "write :caller.e164, which is bound as a parameter"
SIGNS = {
    "{": f"braces are not used in SQL: {INSTEAD}",
    "}": f"braces are not used in SQL: {INSTEAD}",
    ";": "one statement only: leave out the ; and what follows it",
    "?": f"? names no value: {INSTEAD}",
    ":": "after a colon stands the name of a value, such as :caller.e164",
    "'": "a quote is not closed",
    '"': "a quote is not closed",
    "`": "a quote is not closed",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A query cut at its parameters; ``texts`` has one item more than ``places``, which may repeat."""

    texts: tuple[str, ...]
    places: tuple[Place, ...]

    @classmethod
    def parse(cls, query: str) -> Statement:
        """The statement in ``query``. Raises ValueError with the remedy."""
        query = query.strip().removesuffix(";").rstrip()
        if not FIRST_WORD.match(query):
            raise ValueError("a lookup only reads: the query starts with SELECT or WITH")
        texts, places, bare, end = [""], [], [], 0
        for token in TOKEN.finditer(query):
            check_token(token)
            between = query[end : token.start()]
            bare.append(between)
            texts[-1] += between
            end = token.end()
            if text := token["place"]:
                places.append(place_in(text))
                texts.append("")
            else:
                texts[-1] += token[0]
        texts[-1] += query[end:]
        if TO_FILE.search(" ".join([*bare, query[end:]])):
            raise ValueError("a lookup only reads: leave out INTO OUTFILE and INTO DUMPFILE")
        return cls(tuple(texts), tuple(places))

    def written(self, parameter: Callable[[int], str]) -> str:
        """The query with ``parameter(n)`` for the n-th parameter, from 1."""
        parts = [self.texts[0]]
        for number, text in enumerate(self.texts[1:], 1):
            parts += parameter(number), text
        return "".join(parts)


def check_token(token: re.Match[str]) -> None:
    """Raises ValueError when it is something that a query may not hold."""
    if quoted := token["quoted"]:
        check_quoted(quoted)
    elif token["comment"]:
        raise ValueError(f"no comments within the query (here {token[0]}): write them in YAML, with # before the key")
    elif token["dollar"]:
        raise ValueError(f"$ is not used here: a text stands in 'quotes', and for a value {INSTEAD}")
    elif token["sign"]:
        raise ValueError(SIGNS[token["sign"]])


def check_quoted(quoted: str) -> None:
    inner = quoted[1:-1]
    if "\\" in inner:
        raise ValueError("a backslash in quotes means different things to different databases: write it another way")
    if pasted := PASTED.match(inner):
        raise ValueError(f":{pasted[1]} stands in quotes, where it is only text: leave the quotes out")
    if any(NAME.fullmatch(place[1]) for place in PLACE.finditer(inner)):
        raise ValueError(f"nothing is pasted into SQL: {INSTEAD}, without quotes")


def place_in(text: str) -> Place:
    """The parameter that stands after a colon. Raises ValueError with the remedy."""
    try:
        return Place.parse(text)
    except ValueError as error:
        raise ValueError(PLACE.sub(r":\1", str(error))) from None
