"""What every kind of lookup shares: the settings, and the one method a source is asked by.

A kind is one file: a settings model (what stands under the kind's name in the flow file) and one class with
:class:`Source`'s methods. The runner adds deadline, cache, single-flight and breaker; a source only asks.

This module is public: an installed package may add a kind of its own (docs/how-to/plugin.md). What such a package
needs is in ``__all__``, and changes with a new major version only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, ConfigDict, Field

from ariroute.errors import ArirouteError, LookupFailed, UnusableInput
from ariroute.flow.facts import Failure, FieldType
from ariroute.lookups.pbx import NoPbx, PbxFacts
from ariroute.values import ByteSize, Duration, Secret, Settings

__all__ = [
    "ByteSize",
    "Duration",
    "Failure",
    "FieldType",
    "Kind",
    "LookupFailed",
    "Secret",
    "Settings",
    "Source",
    "SourceSettings",
    "Surroundings",
    "UnusableInput",
]

RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in"),
        *("let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"),
    )
)
"""Words that a condition cannot use as a name: CEL keeps them (cel-spec, section Syntax)."""


def usable_field(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"'{name}' cannot name a field: conditions keep this word for themselves")
    return name


def sensible_timeout(value: float) -> float:
    if not 0.001 <= value <= 30.0:
        raise ValueError(f"a timeout lies between 1ms and 30s, and {value:g}s does not: a caller waits meanwhile")
    return value


def some_time(value: float) -> float:
    if value <= 0:
        raise ValueError("write a time above 0, or leave the key out")
    return value


FieldName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$", examples=["loyalty"]), AfterValidator(usable_field)
]
Timeout = Annotated[Duration, AfterValidator(sensible_timeout)]


class CacheSettings(Settings):
    """How long answers are kept, in seconds. Without this section every contact asks the source."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    fresh: Annotated[Duration, AfterValidator(some_time)] = Field(
        alias="for", description="A found record is used again for this long without asking."
    )
    missing_for: Duration = Field(
        default=30.0, description="So long 'no such customer' is believed; short, as customers are added."
    )
    stale_if_error: Duration = Field(
        default=0.0, description="So long after that, a found record still serves when the source fails."
    )
    max_entries: int = Field(default=10_000, ge=1, le=1_000_000, description="The least used go first.")


Fields = Annotated[
    dict[FieldName, FieldType],
    Field(min_length=1, description="The fields that conditions may read, with their types."),
]


class LookupSettings(Settings):
    """What the runner needs to know of any lookup, whatever its kind. Times are seconds."""

    fields: Fields
    timeout: Timeout = 0.8
    cache: CacheSettings | None = None
    max_in_flight: int = Field(default=200, ge=1, le=10_000)
    at_once: int | None = Field(default=None, description="So many are asked together, further ones wait; None: all.")
    has_breaker: bool = Field(default=True, description="Whether failures in a row keep it from being asked.")


class SourceSettings(Settings):
    """Base of every kind's settings: what stands under the kind's name in the flow file."""

    timeout: Timeout = Field(
        default=0.8, description="The whole answer must be here by then: name resolution, connection, body."
    )
    max_in_flight: int = Field(
        default=200, ge=1, le=10_000, description="Contacts beyond this many at once fail as 'overloaded'."
    )

    @property
    def template_names(self) -> frozenset[str]:
        """The inputs that a question to this source is made of, such as ``caller.e164``."""
        return frozenset()

    @property
    def at_once(self) -> int | None:
        """How many questions this source takes together; None for as many as are in flight."""
        return None

    def misfits(self, fields: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
        """What in these settings does not fit the lookup's fields: the keys that lead there, and what is wrong."""
        return iter(())

    @property
    def has_breaker(self) -> bool:
        """Whether failures in a row keep this source from being asked for a while.

        Not where somebody else watches the connection: the daemon does for all that asks the PBX.
        """
        return True

    @property
    def usual_cache(self) -> CacheSettings | None:
        """How answers are kept where the file has no ``cache:``."""
        return None

    def fields_for(self, given: Mapping[str, FieldType] | None) -> Mapping[str, FieldType]:
        """The fields that conditions may read, when ``fields:`` says ``given``; None is a file without that key.

        Raises ValueError. A kind whose fields are its own (:func:`some_of`) needs no ``fields:``.
        """
        if given is None:
            raise ValueError("the key 'fields' is missing: name the fields that conditions read, with their types")
        return given


def some_of(
    own: Mapping[str, FieldType], given: Mapping[str, FieldType] | None, *, texts: bool = False
) -> Mapping[str, FieldType]:
    """All fields of a kind, or those that ``fields:`` names. With ``texts`` they may be read as other types.

    Raises ValueError for a field that the kind does not have.
    """
    if given is None:
        return own
    for name, kind in given.items():
        if name not in own:
            raise ValueError(f"there is no field '{name[:80]}' here: this lookup has {', '.join(own)}")
        if kind != own[name] and not texts:
            raise ValueError(f"the field '{name}' is a {own[name]} here: write that, or leave out 'fields'")
    return given


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source is told of the configuration around it.

    ``folder`` is where the flow file lies: relative paths start there. ``region`` is the ISO 3166 code that
    local numbers are read in. ``pbx`` answers questions to the Asterisk that a contact came from; in a rehearsal
    there is none.
    """

    name: str
    fields: Mapping[str, FieldType] = field(default_factory=dict)
    region: str = ""
    folder: Path = Path()
    pbx: PbxFacts = field(default_factory=NoPbx)


class Source(Protocol):
    """One place to look contacts up. Used from one event loop."""

    @property
    def template_names(self) -> frozenset[str]:
        """The inputs it needs. If one is empty, the runner answers 'missing' without asking."""

    async def start(self) -> None:
        """Get ready. Raises UnusableInput when what the user gave (a file) cannot be used."""

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The raw record, unchecked; None when the source has none. Raises LookupFailed.

        It may be cancelled at any await; it need not keep time.
        """

    async def close(self) -> None:
        """Let go of connections and threads."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the model of what stands under its name in the file, and what makes a source of it.

    ``source`` gets those settings and the :class:`Surroundings`. It may raise UnusableInput.
    """

    settings: type[SourceSettings]
    source: Callable[[Any, Surroundings], Source]


@contextmanager
def no_surprise(lookup: str) -> Iterator[None]:
    """Around making and starting a source: what it raises that is not ariroute's own becomes UnusableInput."""
    try:
        yield
    except ArirouteError:
        raise
    except Exception as error:  # a plug-in's code may raise anything
        raise UnusableInput(f"lookup {lookup}: cannot be started: {type(error).__name__}: {error}") from error
