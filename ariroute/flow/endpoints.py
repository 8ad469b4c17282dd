"""Whom a flow may ring: Asterisk's names of endpoints, held to a closed alphabet, and agents by all their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LENGTH_LIMIT = 128
FORM = re.compile(r"[A-Za-z0-9_]{1,20}/[-+_*#./:@0-9A-Za-z]+", re.ASCII)


class Endpoint(str):
    """What ``Dial()`` rings, such as ``PJSIP/anna``, ``PJSIP/support@carrier`` or ``Local/100@internal``: one alone.

    Raises ValueError for everything else. A comma would begin the next argument of ``Dial()``, ``&`` a second
    endpoint, ``$`` an expression, a bracket a function: none is in the alphabet (``dial_exec_full()`` in app_dial.c).
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Endpoint:
        if "&" in text:
            raise ValueError(f"'{text[:80]}' names several endpoints: write one, and a step for each further one")
        if len(text) > LENGTH_LIMIT or not FORM.fullmatch(text):
            raise ValueError(
                f"'{text[:80]}' is not an endpoint: write TECHNOLOGY/NAME, such as PJSIP/anna or "
                "PJSIP/support@carrier, of letters, digits and -+_*#./:@"
            )
        return super().__new__(cls, text)


@dataclass(frozen=True, slots=True)
class Agent:
    """A person and the phone that rings for them; ``also`` are the other names by which a CRM knows them."""

    name: str
    endpoint: Endpoint
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agents:
    """All agents by name. Capitals and blanks around a name do not matter: CRMs are filled in by hand."""

    by_name: Mapping[str, Agent] = field(default_factory=dict)
    _known_as: Mapping[str, Agent] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {plain(each): agent for agent in self.by_name.values() for each in (*agent.also, agent.name)}
        object.__setattr__(self, "_known_as", names)

    def find(self, text: str) -> Agent | None:
        """The agent whom ``text`` names; None when it names nobody."""
        return self._known_as.get(plain(text))


def plain(name: str) -> str:
    """``name`` as names are compared."""
    return " ".join(name.split()).casefold()
