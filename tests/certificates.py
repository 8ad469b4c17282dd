"""Certificates for tests of TLS, made by OpenSSL's command: an authority, a server at 127.0.0.1, a client."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

SERVER = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
CLIENT = "extendedKeyUsage=clientAuth\n"
AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
PASSWORD = "open sesame"


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


def make_certificates(folder: Path) -> None:
    """``ca``, ``server``, ``client`` and ``other`` (an authority that signed nothing), each ``.pem`` and ``.key``.

    ``locked.key`` is the client's key, encrypted with :data:`PASSWORD`.
    """
    for name in ("ca", "other"):
        _request(folder, name, AUTHORITY)
        _sign(folder, name, "-signkey", f"{name}.key")
    for name, use in (("server", SERVER), ("client", CLIENT)):
        _request(folder, name, use)
        _sign(folder, name, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    openssl(folder, "pkey", "-in", "client.key", "-aes128", "-passout", f"pass:{PASSWORD}", "-out", "locked.key")


def _request(folder: Path, name: str, use: str) -> None:
    (folder / f"{name}.ext").write_text(use)
    new = ("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}")
    openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.csr")


def _sign(folder: Path, name: str, *by: str) -> None:
    openssl(
        folder,
        "x509",
        "-req",
        "-in",
        f"{name}.csr",
        *by,
        "-days",
        "2",
        "-extfile",
        f"{name}.ext",
        "-out",
        f"{name}.pem",
    )


def server_context(folder: Path, *, mutual: bool) -> ssl.SSLContext:
    """For a server that, with ``mutual``, wants a certificate of its clients."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED if mutual else ssl.CERT_NONE
    return context
