"""Texts with ``{caller.e164}`` in them: an own substitution that cannot be talked into anything else.

A place may name a form: ``{caller.e164|digits}``. Where a service could read a value as part of a query (SOQL, a search
expression), only numbers and checked forms may stand: such a text is refused when the file loads, not when a caller
named ``' OR 1=1`` comes. In an address a value becomes one percent-encoded path segment or query value; scheme, host
and port are fixed text, so no caller and no CRM can choose whom the daemon asks.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

import phonenumbers

from ariroute.errors import LookupFailed
from ariroute.flow.contact import Contact
from ariroute.flow.facts import Failure
from ariroute.values import checked_host

CONTACT_NAMES = frozenset(Contact("", datetime.fromtimestamp(0, UTC)).facts())
"""Every input that a contact itself brings; others are earlier lookups' fields, ``crm.account``."""

CHECKED_NAMES = frozenset({"caller.e164", "dialled.e164"})
"""Inputs that are ``+`` and digits by construction. Not ``caller.number``: a ``*`` in it is a wildcard to many."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
PLACE = re.compile(r"\{([^{}]*)\}")
TEXT_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
DOT = re.compile("%2e", re.IGNORECASE)
FIXED = re.compile(r"[!-~]*", re.ASCII)  # printable ASCII without the space
BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?", re.ASCII)
QUERY_KEY = re.compile(
    r"\$?(q|query|search|searchterm|filter|where|soql|sosl|sql|jql|cql|kql|nrql|expression|condition|criteria|statement)",
    re.IGNORECASE | re.ASCII,
)
"""Names under which services take a text in a query language."""


def digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def national(text: str) -> str:
    """An E.164 number as it is dialled within its country, digits only: ``0701234567``; of anything else nothing."""
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return ""
    return digits(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def significant(text: str) -> str:
    """An E.164 number without its calling code and without a trunk zero: ``701234567``; of anything else nothing."""
    try:
        return digits(phonenumbers.national_significant_number(phonenumbers.parse(text, None)))
    except phonenumbers.NumberParseException:
        return ""


def identifier(text: str) -> str:
    if text and not ID.fullmatch(text):
        raise ValueError("is not made of letters, digits, _ and - (64 at most)")
    return text


def number(text: str) -> str:
    if text and not NUMBER.fullmatch(text):
        raise ValueError("is not a number")
    return text


def boolean(text: str) -> str:
    if text not in ("true", "false", ""):
        raise ValueError("is neither true nor false")
    return text


FORMS: Mapping[str, Callable[[str], str]] = {
    "digits": digits,
    "national": national,
    "significant": significant,
    "id": identifier,
    "number": number,
    "bool": boolean,
    "text": str,
}
"""What may stand after the bar. All but ``text`` give a safe alphabet, or nothing, or refuse (ValueError)."""


@dataclass(frozen=True, slots=True)
class Place:
    """One ``{name}`` or ``{name|form}``."""

    name: str
    form: str = ""

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place in ``text``, which stood between braces. Raises ValueError with the remedy."""
        name, bar, form = text.partition("|")
        name, form = name.strip(" "), form.strip(" ")
        check_name(name)
        if bar and form not in FORMS:
            close = difflib.get_close_matches(form, FORMS, 1, 0.5)
            remedy = f"did you mean {{{name}|{close[0]}}}?" if close else f"known: {', '.join(FORMS)}"
            raise ValueError(f"'{form[:40]}' is not a form of a value; {remedy}")
        return cls(name, form)

    @property
    def is_checked(self) -> bool:
        """Whether its value is of a safe alphabet, whatever a caller or a CRM says."""
        return self.form not in ("", "text") or (not self.form and self.name in CHECKED_NAMES)

    def value(self, inputs: Mapping[str, str]) -> str:
        """Its text, perhaps empty. Raises LookupFailed (nobody was asked) when the value is not of its form."""
        text = inputs.get(self.name) or ""
        if not self.form:
            return text
        try:
            return FORMS[self.form](text)
        except ValueError as error:
            raise LookupFailed(Failure.ERROR, f"{self.name} {error}: not asked", asked=False) from None

    def __str__(self) -> str:
        return f"{{{self.name}|{self.form}}}" if self.form else f"{{{self.name}}}"


Pieces = tuple[str | Place, ...]


def pieces_of(text: str) -> Pieces:
    """``text`` cut at its places; ``{{`` and ``}}`` stand for braces. Raises ValueError with the remedy."""
    found: list[str | Place] = []
    fixed, end = "", 0
    for part in TEXT_PART.finditer(text):
        fixed += text[end : part.start()]
        end = part.end()
        if part[0] in ("{{", "}}"):
            fixed += part[0][0]
        elif part[0] in ("{", "}"):
            raise ValueError("a brace stands alone: write {caller.e164} for a value, {{ and }} for the characters")
        else:
            found += [fixed, Place.parse(part[1])] if fixed else [Place.parse(part[1])]
            fixed = ""
    fixed += text[end:]
    return (*found, fixed) if fixed or not found else tuple(found)


def places_in(pieces: Pieces) -> Iterator[Place]:
    return (piece for piece in pieces if isinstance(piece, Place))


def filled(pieces: Pieces, inputs: Mapping[str, str]) -> str:
    """The text with its values as they are. Raises LookupFailed as :meth:`Place.value`."""
    return "".join(piece if isinstance(piece, str) else piece.value(inputs) for piece in pieces)


def check_exposure(pieces: Pieces, key: str) -> None:
    """Raises ValueError when free text stands where a service may take it as part of a query.

    That is within other text, or alone under a ``key`` that is known for holding queries.
    """
    for place in places_in(pieces):
        if place.is_checked:
            continue
        if len(pieces) > 1:
            raise ValueError(
                f"{place} is free text within other text, which a service may read as a query: let it stand alone, or "
                f"write a checked form such as {{{place.name}|digits}}, {{{place.name}|id}} or {{{place.name}|number}}"
            )
        if QUERY_KEY.fullmatch(key) and place.form != "text":
            raise ValueError(
                f"{place} is free text under '{key}', where services take queries: write a checked form such as "
                f"{{{place.name}|digits}} or {{{place.name}|id}}, or {{{place.name}|text}} if it is no query there"
            )


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """An address cut at its places; ``origin`` is what stands before the path."""

    origin: str
    pieces: Pieces

    @classmethod
    def parse(cls, text: str) -> UrlTemplate:
        """The template in ``text``. Raises ValueError with the remedy."""
        checked_characters(text)
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValueError("in [ ] stands an IPv6 address, such as http://[::1]:8000/path") from None
        check_origin(parts.scheme, parts.netloc)
        if parts.fragment:
            raise ValueError("a fragment (#...) is never sent to a server: leave it out")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        cut = PLACE.split(target)
        if any(brace in piece for piece in cut[::2] for brace in "{}"):
            raise ValueError("a brace stands alone: write {caller.e164}, or %7B and %7D for the characters")
        if climbs(DOT.sub(".", "x".join(cut[::2]))):
            raise ValueError("a part of the path is . or ..: write the path that is meant, without it")
        template = cls(f"{parts.scheme}://{parts.netloc}", _cut(target))
        _check_parts(parts.path, parts.query)
        return template

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(place.name for place in places_in(self.pieces))

    def target(self, inputs: Mapping[str, str]) -> str:
        """Path and query for these inputs, encoded. Raises LookupFailed when a value would lead to another path."""
        target = ""
        for piece in self.pieces:
            value = piece if isinstance(piece, str) else quote(piece.value(inputs), safe="", errors="replace")
            if not value and "?" not in target:
                raise LookupFailed(Failure.ERROR, f"{piece} is empty, which is another path: not asked", asked=False)
            target += value
        if "/." in target and climbs(target):
            raise LookupFailed(Failure.ERROR, "a value of dots alone would change the path: not asked", asked=False)
        return target


def _cut(text: str) -> Pieces:
    cut = PLACE.split(text)
    return tuple(Place.parse(part) if index % 2 else part for index, part in enumerate(cut) if index % 2 or part)


def _check_parts(path: str, query: str) -> None:
    for segment in path.split("/"):
        check_exposure(_cut(segment), "")
    for parameter in query.split("&"):
        key, equals, value = parameter.partition("=")
        if not equals and not PLACE.fullmatch(key):
            check_exposure(_cut(key), "")
        else:
            if any(not place.is_checked for place in places_in(_cut(key))) and equals:
                raise ValueError("free text cannot name a parameter: write name={...}")
            check_exposure(_cut(value), unquote(key))


def climbs(target: str) -> bool:
    """True if a path segment is ``.`` or ``..``, which servers resolve instead of looking it up."""
    return not {".", ".."}.isdisjoint(target.partition("?")[0].split("/"))


def checked_characters(text: str) -> str:
    if not FIXED.fullmatch(text):
        raise ValueError("only printable ASCII without spaces: percent-encode the rest, such as %20 for a space")
    if BARE_PERCENT.search(text):  # '%' before a place would make an escape of the value's first digits
        raise ValueError("a % that begins no escape such as %20: write %25 for the character")
    return text


def check_origin(scheme: str, netloc: str) -> None:
    """Raises ValueError unless these are fixed text, http or https, a host and perhaps a port."""
    if scheme not in ("http", "https"):
        raise ValueError("an address starts with http:// or https://")
    if "{" in netloc or "}" in netloc:
        raise ValueError("host and port are fixed: {...} may stand in the path and the query only")
    if "@" in netloc:
        raise ValueError("no user or password in an address: use auth: {basic: {user: ..., password: ...}}")
    host = urlsplit(f"{scheme}://{netloc}")
    if not host.hostname:
        raise ValueError("the host is missing: write http://host/path")
    checked_host(host.hostname)
    try:
        port = host.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port is not a number from 1 to 65535")


def check_name(name: str) -> None:
    """Raises ValueError for a name that no input has; the loader checks those of other lookups' fields."""
    known = name in CONTACT_NAMES or (NAME.fullmatch(name) and name.partition(".")[0] not in ("caller", "dialled"))
    if known:
        return
    close = difflib.get_close_matches(name, sorted(CONTACT_NAMES), 1, 0.5)
    remedy = f"did you mean {{{close[0]}}}?" if close else f"known: {', '.join(sorted(CONTACT_NAMES))}"
    raise ValueError(f"{{{name}}} is not a value that a contact has; {remedy}")
