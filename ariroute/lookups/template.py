"""Addresses with ``{caller.e164}`` in them: an own substitution that cannot be talked into anything else.

A value becomes one percent-encoded path segment or query value. Scheme, host and port are fixed text, so no
caller and no CRM can choose whom the daemon asks.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from ariroute.errors import LookupFailed
from ariroute.flow.contact import Contact
from ariroute.flow.facts import Failure
from ariroute.values import checked_host

CONTACT_NAMES = frozenset(Contact("", datetime.fromtimestamp(0, UTC)).facts())
"""Every input that a contact itself brings; others are earlier lookups' fields, ``crm.account``."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
PLACE = re.compile(r"\{([^{}]*)\}")
DOT = re.compile("%2e", re.IGNORECASE)
FIXED = re.compile(r"[!-~]*", re.ASCII)  # printable ASCII without the space


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """An address cut at its places: ``texts`` has one item more than ``names``; ``origin`` is before both."""

    origin: str
    texts: tuple[str, ...]
    names: tuple[str, ...]

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
        origin = f"{parts.scheme}://{parts.netloc}"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        pieces = PLACE.split(target)
        texts, names = tuple(pieces[::2]), tuple(pieces[1::2])
        for name in names:
            check_name(name)
        if any(brace in piece for piece in texts for brace in "{}"):
            raise ValueError("a brace stands alone: write {caller.e164}, or %7B and %7D for the characters")
        if climbs(DOT.sub(".", "x".join(texts))):
            raise ValueError("a part of the path is . or ..: write the path that is meant, without it")
        return cls(origin, texts, names)

    def target(self, inputs: Mapping[str, str]) -> str:
        """Path and query for these inputs, encoded. Raises LookupFailed when a value would climb the path."""
        parts = [self.texts[0]]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            parts += quote(inputs[name], safe="", errors="replace"), text
        target = "".join(parts)
        if "/." in target and climbs(target):
            raise LookupFailed(Failure.ERROR, "a value of dots alone would change the path: not asked", asked=False)
        return target


def climbs(target: str) -> bool:
    """True if a path segment is ``.`` or ``..``, which servers resolve instead of looking it up."""
    return not {".", ".."}.isdisjoint(target.partition("?")[0].split("/"))


def checked_characters(text: str) -> str:
    if not FIXED.fullmatch(text):
        raise ValueError("only printable ASCII without spaces: percent-encode the rest, such as %20 for a space")
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
