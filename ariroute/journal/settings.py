"""The flow file's section ``journal``: where decisions are recorded, and what of them is kept."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ariroute.database_address import Address
from ariroute.tls import SqlTls, or_a_switch, switched
from ariroute.values import ByteSize, Duration, Secret, Settings

Numbers = Literal["masked", "full"]
Fields = Literal["used", "declared"]


SHORTEST_KEY = 16
NEED_KEY = (
    'PostgreSQL needs the key of the callers\' hash here, so that all daemons share it: write key: "${file:/path}", '
    f"a random text of {SHORTEST_KEY} characters or more"
)


def usable_url(text: str) -> str:
    """``text`` if a journal can be kept there. Raises ValueError."""
    if text and text.partition(":")[0] not in ("sqlite", "postgresql"):
        raise ValueError(
            "a journal is kept in SQLite or PostgreSQL: write sqlite:FILE or postgresql://user@host/database"
        )
    if text:
        Address.parse(text)
    return text


def usable_key(key: Secret) -> Secret:
    """``key`` if it cannot be guessed; what a check without secrets has in its place is empty. Raises ValueError."""
    if 0 < len(key.reveal()) < SHORTEST_KEY:
        raise ValueError(f"a key has {SHORTEST_KEY} characters or more: `openssl rand -hex 32` makes one")
    return key


class JournalSettings(Settings):
    """The record of every decision. ``journal: {}`` keeps one with these defaults."""

    url: Annotated[str, AfterValidator(usable_url)] = Field(
        default="",
        description="`sqlite:FILE`, or `postgresql://user@host/database` for several daemons; left out, the file "
        "journal.db in the service's state directory (/var/lib/ariroute).",
    )
    password: Secret | None = Field(default=None, description="Of PostgreSQL.")
    tls: Annotated[SqlTls | None, BeforeValidator(switched)] = Field(
        default=None,
        description="Encrypt the way to PostgreSQL, and verify its certificate and name; files of your own are named.",
        json_schema_extra=or_a_switch,
    )
    numbers: Numbers = Field(
        default="masked",
        description="How callers are kept: as +46*****123 with a keyed hash to find them by, or in full.",
    )
    key: Annotated[Secret, AfterValidator(usable_key)] | None = Field(
        default=None,
        description="The key of that hash. Left out, one is made once and kept beside the SQLite file; PostgreSQL "
        "needs one here.",
    )
    fields: Fields = Field(
        default="used",
        description="What is kept of lookups' answers: the fields that the rules use, or all that are declared, so "
        "that rules which use more can be replayed.",
    )
    omit: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$")]] = Field(
        default_factory=list,
        description="What is never kept: fields such as crm.personal_number, and variables such as vars.pin.",
    )
    keep: Duration = Field(default=90 * 86400.0, description="Older records are deleted.")
    largest: ByteSize = Field(default=2 * 1024**3, description="The oldest are deleted before it grows larger.")
    waiting: int = Field(
        default=20_000, ge=100, le=1_000_000, description="Records that may wait to be written; more are dropped."
    )

    @model_validator(mode="after")
    def fitting(self) -> JournalSettings:
        in_postgresql = self.address is not None and self.address.engine == "postgresql"
        if in_postgresql and self.key is None:
            raise ValueError(NEED_KEY)
        given = [key for key in ("password", "tls") if getattr(self, key)]
        if given and not in_postgresql:
            raise ValueError(f"an SQLite file knows no {', '.join(given)}: leave it out")
        return self

    @cached_property
    def address(self) -> Address | None:
        """Where the database is; None for the file in the state directory."""
        return Address.parse(self.url) if self.url else None
