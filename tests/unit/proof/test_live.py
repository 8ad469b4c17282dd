"""A proof on a given Asterisk: names of its calls, and what its records must tell of a test call."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from ariroute.lab.records import CelEvent, CelRow
from ariroute.proof.live import APP, Logs, _is_here, _missing, _section, call_id, caller_end


def test_no_name_of_a_call_begins_with_another() -> None:
    names = [name for count in (0, 1, 10, 100) for call in [call_id("x", count)] for name in (call, caller_end(call))]

    assert not [(one, other) for one in names for other in names if one != other and other.startswith(one)]


def rows(*events: tuple[CelEvent, str]) -> list[CelRow]:
    return [
        CelRow(event, event.name, 1.0, "1.0", "1.0", "Local/1", "", "in", "s", application, "", {})
        for event, application in events
    ]


START = (CelEvent.CHAN_START, "")
STASIS = (CelEvent.APP_START, "Stasis")
QUEUE = (CelEvent.APP_START, "Queue")


@pytest.mark.parametrize(
    ("events", "queued", "words"),
    [
        ((), True, "tells nothing of a test call"),
        ((START,), True, "no APP_START of Stasis"),
        ((START, STASIS), False, "came into no queue"),
        ((START, STASIS), True, "no APP_START of Queue"),
    ],
)
def test_what_records_lack_is_told_with_the_remedy(
    events: tuple[tuple[CelEvent, str], ...], queued: bool, words: str
) -> None:
    assert words in _missing(rows(*events), queued, Logs())


def test_records_that_have_it_all_lack_nothing() -> None:
    assert _missing(rows(START, STASIS, QUEUE), True, Logs()) == ""


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:8088", True),
        ("http://localhost:8088/prefix", True),
        ("https://127.0.0.1:8089", False),
        ("http://pbx.example:8088", False),
    ],
)
def test_a_relay_stands_only_where_it_can(url: str, is_here: bool) -> None:
    assert _is_here(urlsplit(url)) is is_here


def test_the_daemon_of_the_proof_has_an_application_of_its_own() -> None:
    given = {"pbx1": {"ari": {"url": "http://127.0.0.1:8088", "user": "u", "app": "ariroute"}}, "pbx2": {"ari": {}}}

    assert _section(given, "pbx1", "http://127.0.0.1:1") == {
        "pbx1": {"ari": {"url": "http://127.0.0.1:1", "user": "u", "app": APP}}
    }
    assert _section(given, "pbx1", "")["pbx1"]["ari"]["url"] == "http://127.0.0.1:8088"
