"""Lookups over HTTP: one GET to a customer service that answers with a JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from ariroute.lookups.base import SourceSettings, Surroundings
from ariroute.lookups.template import UrlTemplate
from ariroute.values import ByteSize, Secret, Settings


def usable_url(text: str) -> str:
    UrlTemplate.parse(text)
    return text


class BasicAuth(Settings):
    """A user and a password, sent as HTTP Basic authentication."""

    user: str
    password: Secret


class Auth(Settings):
    """How ariroute names itself to the service: one of these."""

    basic: BasicAuth | None = None
    bearer: Secret | None = None

    @model_validator(mode="after")
    def one_way(self) -> Auth:
        if (self.basic is None) == (self.bearer is None):
            raise ValueError("write either basic: {user: ..., password: ...} or bearer: ...")
        return self


class HttpSettings(SourceSettings):
    """Ask a customer service over HTTP; it answers with one JSON object, or 404 for an unknown caller."""

    url: Annotated[str, AfterValidator(usable_url)] = Field(
        description="Values of the contact may stand in path and query.",
        examples=["https://crm.example/customers/{caller.e164}"],
    )
    record: str = Field(
        default="",
        pattern=r"^([^.\s]+(\.[^.\s]+)*)?$",
        description="Where in the answer the record is, such as data.customer; of a list the first.",
    )
    headers: dict[str, Secret] = Field(default_factory=dict, description="Sent with every request.")
    auth: Auth | None = None
    missing_status: list[int] = Field(default=[404], description="Statuses that mean: no such customer.")
    max_size: ByteSize = Field(default=256 * 1024, ge=1, description="A longer answer fails as 'too_large'.")
    connections: int = Field(default=16, ge=1, le=1000, description="Open at once; further requests wait.")

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset(UrlTemplate.parse(self.url).names)


class HttpSource:
    """A customer service."""

    def __init__(self, settings: HttpSettings, surroundings: Surroundings) -> None:
        self._settings = settings

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        pass

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        raise NotImplementedError

    async def close(self) -> None:
        pass
