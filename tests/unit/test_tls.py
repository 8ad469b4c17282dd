"""TLS with own files: who is trusted, who the daemon is, and what is said of files that cannot be used."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from certificates import PASSWORD, make_certificates, server_context
from pydantic import ValidationError

from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import Failure
from ariroute.lookups.base import Surroundings
from ariroute.lookups.http import HttpSettings, HttpSource
from ariroute.tls import TlsSettings, tls_context


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("certificates")
    make_certificates(path)
    return path


async def gold(request: web.Request) -> web.Response:
    return web.json_response({"loyalty": "gold"})


@asynccontextmanager
async def asking(folder: Path, tls: dict[str, Any] | None, *, mutual: bool = False) -> AsyncIterator[HttpSource]:
    app = web.Application()
    app.router.add_get("/", gold)
    # A handshake that the server refuses is told to the loop's handler, which would be a warning here.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=server_context(folder, mutual=mutual))
    settings: dict[str, Any] = {"url": f"https://127.0.0.1:{server.port}/"} | ({"tls": tls} if tls else {})
    source = HttpSource(HttpSettings.model_validate(settings), Surroundings("crm", folder=folder))
    await source.start()
    try:
        yield source
    finally:
        await source.close()
        await server.close()


async def test_server_of_an_own_authority_is_trusted_when_it_is_named(folder: Path) -> None:
    async with asking(folder, {"ca": "ca.pem"}) as source:
        assert await source.fetch({}) == {"loyalty": "gold"}


@pytest.mark.parametrize("tls", [None, {"ca": "other.pem"}])
async def test_server_of_an_unknown_authority_is_refused(folder: Path, tls: dict[str, Any] | None) -> None:
    async with asking(folder, tls) as source:
        with pytest.raises(LookupFailed) as caught:
            await source.fetch({})
    assert caught.value.reason == Failure.REFUSED
    assert caught.value.detail.startswith("TLS: ")


@pytest.mark.parametrize(
    "more", [{"key": "client.key"}, {"key": "locked.key", "key_password": PASSWORD}], ids=["plain", "encrypted"]
)
async def test_daemon_shows_its_own_certificate(folder: Path, more: dict[str, Any]) -> None:
    async with asking(folder, {"ca": "ca.pem", "certificate": "client.pem", **more}, mutual=True) as source:
        assert await source.fetch({}) == {"loyalty": "gold"}


async def test_without_a_certificate_a_server_that_wants_one_refuses(folder: Path) -> None:
    async with asking(folder, {"ca": "ca.pem"}, mutual=True) as source:
        with pytest.raises(LookupFailed) as caught:
            await source.fetch({})
    assert caught.value.reason == Failure.REFUSED


@pytest.mark.parametrize(
    ("tls", "complaint"),
    [
        ({"ca": "absent.pem"}, "absent.pem cannot be read: No such file"),
        ({"ca": "client.key"}, r"client.key holds no certificate in PEM \(tls.ca\)"),
        ({"certificate": "client.pem", "key": "server.key"}, "server.key is not the key of the certificate client.pem"),
        ({"certificate": "client.pem", "key": "locked.key"}, "the key in locked.key cannot be opened: is it encrypted"),
        (
            {"certificate": "client.pem", "key": "locked.key", "key_password": "wrong"},
            "the key in locked.key cannot be opened: is it encrypted",
        ),
        (
            {"certificate": "client.ext", "key": "client.key"},
            r"client.ext holds no certificate in PEM \(tls.certificate\)",
        ),
        ({"certificate": "client.pem"}, r"client.pem holds no private key in PEM \(tls.key\)"),
    ],
)
def test_file_that_cannot_be_used_is_named_at_start(folder: Path, tls: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UnusableInput, match=f"lookup crm: .*{complaint}") as caught:
        tls_context(TlsSettings.model_validate(tls), folder, "lookup crm")
    assert PASSWORD not in str(caught.value)


def test_check_without_secrets_leaves_an_encrypted_key_closed(folder: Path) -> None:
    tls = {"certificate": "client.pem", "key": "locked.key", "key_password": ""}
    context = tls_context(TlsSettings.model_validate(tls), folder, "lookup crm")
    assert context.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("tls", "complaint"), [({}, "write ca: FILE"), ({"ca": "ca.pem", "key": "client.key"}, "belongs to a certificate")]
)
def test_half_of_a_setting_is_refused(tls: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        TlsSettings.model_validate(tls)
