"""The flow file's section ``journal``: where decisions are recorded, and what of them is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ariroute.values import ByteSize, Duration, Secret, Settings

Numbers = Literal["masked", "full"]
Fields = Literal["used", "declared"]


class JournalSettings(Settings):
    """The record of every decision. ``journal: {}`` keeps one with these defaults."""

    url: str = Field(
        default="",
        description="`sqlite:FILE`, or `postgresql://user@host/database` for several daemons; left out, the file "
        "journal.db in the service's state directory (/var/lib/ariroute).",
    )
    password: Secret | None = Field(default=None, description="Of PostgreSQL.")
    numbers: Numbers = Field(
        default="masked",
        description="How callers are kept: as +46*****123 with a keyed hash to find them by, or in full.",
    )
    key: Secret | None = Field(
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
