"""TLS with files of the user's own: whom the daemon trusts, and how it proves who it is itself."""

from __future__ import annotations

import ssl
from pathlib import Path

from pydantic import Field, model_validator

from ariroute.errors import UnusableInput
from ariroute.files import open_regular, why
from ariroute.values import Secret, Settings


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


def tls_context(settings: TlsSettings, folder: Path, what: str) -> ssl.SSLContext:
    """The context for connections to a server. Raises UnusableInput with the file and the reason.

    ``what`` names the lookup or the notification in messages.
    """
    for path in filter(None, (settings.ca, settings.certificate, settings.key)):
        _check_readable(folder / path, what)
    try:
        context = ssl.create_default_context(cafile=str(folder / settings.ca) if settings.ca else None)
    except (ssl.SSLError, OSError):
        raise UnusableInput(f"{what}: {settings.ca} holds no certificate in PEM (tls.ca)") from None
    password = settings.key_password.reveal() if settings.key_password else ""
    if settings.certificate is None or (settings.key_password and not password):  # a check without secrets
        return context
    try:
        # Without a password of ours OpenSSL would ask for one at the terminal.
        context.load_cert_chain(folder / settings.certificate, _path(folder, settings.key), password=lambda: password)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise UnusableInput(f"{what}: {_reason(error, settings)}") from None
    return context


def _check_readable(path: Path, what: str) -> None:
    try:
        open_regular(path).close()
    except OSError as error:
        raise UnusableInput(f"{what}: {path} cannot be read: {why(error)}") from None


def _path(folder: Path, name: str | None) -> Path | None:
    return folder / name if name else None


def _reason(error: Exception, settings: TlsSettings) -> str:
    reason = getattr(error, "reason", None) or ""
    key = settings.key or settings.certificate
    if reason == "KEY_VALUES_MISMATCH":
        return f"{key} is not the key of the certificate {settings.certificate} (tls.key)"
    if "PASSWORD" in reason or "DECRYPT" in reason or not reason:
        return f"the key {key} cannot be opened: is it encrypted, and tls.key_password right?"
    return f"{settings.certificate} and {key} are no certificate and key in PEM ({reason})"
