"""How ariroute names itself to a service over HTTP: the settings, and the headers that never change.

What changes with time, an access token of OAuth 2.0, is :mod:`ariroute.lookups.oauth`'s.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ariroute.lookups.base import Timeout
from ariroute.lookups.template import UrlTemplate
from ariroute.values import Secret, Settings

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)  # RFC 9110 section 5.6.2
OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
OWN_PARAMETERS = frozenset({"grant_type", "client_id", "client_secret", "scope"})


def settable_header(name: str) -> str:
    if not TOKEN.fullmatch(name):
        raise ValueError(f"'{name}' is not the name of a header")
    if name.lower() in OWN_HEADERS:
        raise ValueError(f"the header {name} is set by ariroute itself")
    return name


def fixed_url(text: str) -> str:
    if UrlTemplate.parse(text).names:
        raise ValueError("the address of a token endpoint is fixed: no {...} in it")
    return text


def parameter(name: str) -> str:
    if name in OWN_PARAMETERS:
        raise ValueError(f"'{name}' has a key of its own here")
    return name


HeaderName = Annotated[str, AfterValidator(settable_header)]


class BasicAuth(Settings):
    """A user and a password, sent as HTTP Basic authentication."""

    user: str = Field(description="Who asks.")
    password: Secret


class ApiKey(Settings):
    """A key in a header of its own."""

    header: HeaderName = Field(description="The header's name.", examples=["X-Api-Key"])
    key: Secret


class OAuth2(Settings):
    """OAuth 2.0 client credentials: a token is fetched, used until shortly before its end, and fetched anew."""

    token_url: Annotated[str, AfterValidator(fixed_url)] = Field(
        description="Where tokens are given out.", examples=["https://example.my.salesforce.com/services/oauth2/token"]
    )
    client_id: str = Field(min_length=1, description="Who ariroute is to the service.")
    client_secret: Secret
    scope: str = Field(default="", description="Sent when given.")
    parameters: dict[Annotated[str, AfterValidator(parameter)], str] = Field(
        default_factory=dict, description="Further parameters of the request, such as audience or resource."
    )
    client_in: Literal["header", "body"] = Field(
        default="header", description="Where id and secret stand: HTTP Basic, or the form itself."
    )
    timeout: Timeout = Field(
        default=5.0, description="A token must be here by then, whoever waits; a lookup's own timeout is shorter."
    )


class Auth(Settings):
    """How ariroute names itself to the service: one of these."""

    basic: BasicAuth | None = None
    bearer: Secret | None = None
    api_key: ApiKey | None = None
    oauth2: OAuth2 | None = None

    @model_validator(mode="after")
    def one_way(self) -> Auth:
        if sum(way is not None for way in (self.basic, self.bearer, self.api_key, self.oauth2)) != 1:
            raise ValueError(
                "write exactly one: basic: {user: ..., password: ...}, bearer: ..., api_key: {header: ..., key: ...} "
                "or oauth2: {token_url: ..., client_id: ..., client_secret: ...}"
            )
        return self

    @property
    def header(self) -> str:
        """The header that carries it."""
        return self.api_key.header if self.api_key else "Authorization"

    def headers(self) -> dict[str, str]:
        """What every request carries; nothing for OAuth 2.0, whose token changes."""
        if self.basic:
            from aiohttp import encode_basic_auth  # 0.15 s of CPU: only where a service is asked

            return {"Authorization": encode_basic_auth(self.basic.user, self.basic.password.reveal())}
        if self.bearer:
            return {"Authorization": f"Bearer {self.bearer.reveal()}"}
        if self.api_key:
            return {self.api_key.header: self.api_key.key.reveal()}
        return {}
