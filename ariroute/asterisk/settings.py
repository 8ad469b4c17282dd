"""Where an Asterisk is and who we are there: the settings of ARI and AMI."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from ariroute.values import Duration, Secret, Settings, checked_host

ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/@]+):(?P<port>\d{1,5})", re.ASCII)


def _base_url(url: str) -> str:
    """``url`` without a trailing slash or ``/ari``. Raises ValueError."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets without an IPv6 address in them
        raise ValueError(f"'{url}' is not an address of Asterisk's HTTP server: write http://HOST:8088") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"'{url}' is not an address of Asterisk's HTTP server: write http://HOST:8088")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password do not belong into the url: write them as user: and password:")
    if parts.query or parts.fragment:
        raise ValueError(f"'{url}' has more than an address: write http://HOST:8088")
    checked_host(parts.hostname)
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"'{url}' has no usable port: {error}") from None
    return url.rstrip("/").removesuffix("/ari")


def _address(address: str) -> str:
    match = ADDRESS.fullmatch(address)
    if not match or not 0 < int(match["port"]) < 65536:
        raise ValueError(f"'{address}' is not an address: write HOST:PORT, such as 127.0.0.1:5038")
    checked_host(match["host"].strip("[]"))
    return address


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class AriReader(Settings):
    """A second user of ARI, who may only read."""

    user: str = Field(
        pattern=r"^[^\x00-\x1f\x7f:]+$", description="A section of ari.conf with `type=user` and `read_only=yes`."
    )
    password: Secret


class AriSettings(Settings):
    """How to reach one Asterisk over ARI, and what to be there."""

    url: Annotated[str, AfterValidator(_base_url)] = Field(
        description="Asterisk's HTTP server (http.conf `bindaddr`, `bindport`, `prefix`), such as `http://127.0.0.1:8088`."
    )
    user: str = Field(
        pattern=r"^[^\x00-\x1f\x7f:]+$",
        description="A section of ari.conf with `type=user`. Without a colon: HTTP's basic authentication ends the "
        "name there.",
    )
    password: Secret
    app: Name = Field(
        default="ariroute", description="Name of the Stasis application, as the dialplan's `Stasis()` calls it."
    )
    transport: Literal["auto", "websocket", "http"] = Field(
        default="auto",
        description="How requests travel. `auto`: over the websocket if the server does that (20.14, 21.9, 22.4), else "
        "over HTTP.",
    )
    request_timeout: Duration = Field(
        default=2.0,
        description="Deadline of each request. Below the guard (4 s), so that a slow answer is seen before the caller "
        "is rescued.",
    )
    connect_timeout: Duration = Field(
        default=5.0, description="Deadline of TCP, TLS and the websocket's opening handshake together."
    )
    ping: Duration = Field(
        default=5.0,
        description="Interval of the websocket's pings; nothing heard for twice as long and the connection counts as "
        "dead.",
    )
    reconnect_within: Duration = Field(
        default=1.0, description="Longest pause between two attempts to connect; the first ones follow faster."
    )
    reader: AriReader | None = Field(
        default=None,
        description="Who asks where nothing is changed (`check --live`, `doctor`); without it the user above.",
    )

    @property
    def for_reading(self) -> AriSettings:
        """These settings with the user who may only read, where there is one."""
        if self.reader is None:
            return self
        return self.model_copy(update={"user": self.reader.user, "password": self.reader.password, "reader": None})


class AmiSettings(Settings):
    """How to reach one Asterisk over AMI."""

    address: Annotated[str, AfterValidator(_address)] = Field(
        default="127.0.0.1:5038", description="`HOST:PORT` (manager.conf `bindaddr`, `port`)."
    )
    user: str = Field(
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="A section of manager.conf; `read=agent,user` and `write=agent` are enough, "
        "`write=agent,reporting` for the Asterisk database.",
    )
    password: Secret
    timeout: Duration = Field(default=3.0, description="Deadline of the login and of each action.")

    @property
    def host(self) -> str:
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])
