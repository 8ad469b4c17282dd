"""TLS with files of the user's own: whom the daemon trusts, and how it proves who it is itself."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from ariroute.errors import UnusableInput
from ariroute.files import open_regular, why
from ariroute.values import Secret, Settings

CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
KEY = b"PRIVATE KEY-----"
SIZE_LIMIT = 4 * 1024 * 1024


class TlsSettings(Settings):
    """Files in PEM; relative paths start at the flow file. Without `ca` the authorities of the system are trusted."""

    ca: str | None = Field(default=None, description="Certificates of the authorities that are trusted, these alone.")
    certificate: str | None = Field(default=None, description="The daemon's own certificate, with its chain.")
    key: str | None = Field(default=None, description="The certificate's private key; default: in the same file.")
    key_password: Secret | None = Field(default=None, description="Of an encrypted key.")

    @model_validator(mode="after")
    def some(self) -> TlsSettings:
        if self.ca is None and self.certificate is None:
            raise ValueError("write ca: FILE, or certificate: FILE with key: FILE, or both")
        if self.certificate is None and (self.key or self.key_password):
            raise ValueError("a key belongs to a certificate: write certificate: FILE as well")
        return self


class SqlTls(TlsSettings):
    """Verified TLS, perhaps with files in PEM of your own; ``true`` stands for none."""

    @model_validator(mode="after")
    def some(self) -> SqlTls:
        if self.certificate is None and (self.key or self.key_password):
            raise ValueError("a key belongs to a certificate: write certificate: FILE as well")
        return self


def switched(value: object) -> object:
    """``true`` and ``false`` as the settings that they stand for, or none."""
    return ({} if value else None) if isinstance(value, bool) else value


def or_a_switch(schema: dict[str, Any]) -> None:
    """Let the JSON Schema of such settings have ``true`` and ``false`` too."""
    schema["anyOf"].insert(0, {"type": "boolean"})


def tls_context(settings: TlsSettings, folder: Path, what: str) -> ssl.SSLContext:
    """The context for connections to a server. Raises UnusableInput with the file and the reason.

    ``what`` names the lookup, the notification or the journal in messages.
    """
    if settings.ca:
        _check(folder, settings.ca, CERTIFICATE, "certificate", "tls.ca", what)
    try:
        context = ssl.create_default_context(cafile=str(folder / settings.ca) if settings.ca else None)
    except (ssl.SSLError, OSError):
        raise UnusableInput(f"{what}: the certificates in {settings.ca} cannot be read (tls.ca)") from None
    if settings.certificate:
        _check(folder, settings.certificate, CERTIFICATE, "certificate", "tls.certificate", what)
        _check(folder, settings.key or settings.certificate, KEY, "private key", "tls.key", what)
        _load_own(context, settings.certificate, settings, folder, what)
    return context


def _load_own(context: ssl.SSLContext, certificate: str, settings: TlsSettings, folder: Path, what: str) -> None:
    password = settings.key_password.reveal() if settings.key_password else ""
    if settings.key_password and not password:  # a check without secrets
        return
    key = folder / (settings.key or certificate)
    try:
        # Without a password of ours OpenSSL would ask for one at the terminal.
        context.load_cert_chain(folder / certificate, key, password=lambda: password)
    except (ssl.SSLError, OSError, ValueError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            text = f"{key.name} is not the key of the certificate {certificate} (tls.key)"
        else:
            text = f"the key in {key.name} cannot be opened: is it encrypted, and tls.key_password right?"
        raise UnusableInput(f"{what}: {text}") from None


def _check(folder: Path, name: str, marker: bytes, content: str, setting: str, what: str) -> None:
    try:
        with open_regular(folder / name) as file:
            text = file.read(SIZE_LIMIT)
    except OSError as error:
        raise UnusableInput(f"{what}: {folder / name} cannot be read: {why(error)} ({setting})") from None
    if marker not in text:
        raise UnusableInput(f"{what}: {name} holds no {content} in PEM ({setting})")
