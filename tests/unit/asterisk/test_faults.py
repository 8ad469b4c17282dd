"""Transient or fatal, and how long to wait."""

from __future__ import annotations

import itertools
import logging
import ssl
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from hypothesis import given
from hypothesis import strategies as st

from ariroute.asterisk.faults import Tries, classify, of_status, pauses
from ariroute.asterisk.settings import AriSettings
from ariroute.errors import PbxUnreachable
from ariroute.values import Secret

SETTINGS = AriSettings(url="http://pbx:8088", user="router", password=Secret("hush"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_user_is_fatal_and_told_where_to_look(status: int) -> None:
    fault = of_status(status, SETTINGS)
    assert fault.fatal
    assert "[router] of its ari.conf" in fault.text
    assert "hush" not in fault.text


@pytest.mark.parametrize("status", [200, 302, 400, 404, 426, 500, 502, 503])
def test_every_other_status_may_pass(status: int) -> None:
    fault = of_status(status, SETTINGS)
    assert not fault.fatal
    assert "http://pbx:8088" in fault.text


KEY = Mock(spec=ConnectionKey, host="pbx", port=8088, ssl=True)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            aiohttp.ClientConnectorError(KEY, OSError(111, "Connect call failed ('::1', 1)")),
            "cannot be reached: Connection refused",
        ),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name or service not known")), "Name or service not known"),
        (aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLError("expired")), "TLS failed"),
        (TimeoutError(), "did not answer within 5 s"),
        (PbxUnreachable("as it says"), "as it says"),
        (ConnectionResetError("reset"), "ConnectionResetError: reset"),
        (aiohttp.ServerDisconnectedError(), "Server disconnected"),
    ],
)
def test_a_connection_that_fails_is_tried_again_and_named(error: Exception, sentence: str) -> None:
    fault = classify(error, SETTINGS)
    assert not fault.fatal
    assert sentence in fault.text


@given(st.floats(0.01, 100))
def test_pauses_grow_to_the_longest_and_never_pass_it(longest: float) -> None:
    first = list(itertools.islice(pauses(longest), 60))
    assert all(0 < pause <= longest for pause in first)
    assert all(pause >= longest / 2 for pause in first[-20:])
    assert first[0] <= 0.1


def test_a_new_reason_is_loud_and_the_same_one_only_now_and_then() -> None:
    tries = Tries()
    levels = [tries.level("down") for _ in range(2 * Tries.REPEAT)]
    assert levels.count(logging.WARNING) == 2
    assert levels[0] == logging.WARNING
    assert tries.level("other") == logging.WARNING
