"""The calendars of opening hours: files that change, a URL that lives, dies and comes back, a reload."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from ariroute.flow.hours import Agenda
from ariroute.lookups.calendar import SIZE_LIMIT, Calendar, CalendarSettings, as_calendar
from ariroute.values import PrivateText
from unit.lookups.test_ical import calendar as ics

ZONE = "Europe/Stockholm"
CLOSED = ics("SUMMARY:Stocktaking|DTSTART;VALUE=DATE:20261123")
OTHER = ics("SUMMARY:Party|DTSTART;VALUE=DATE:20261123")
MOMENT = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo(ZONE))


@dataclass
class Service:
    """What the calendar service answers next."""

    body: bytes = CLOSED
    status: int = 200
    asked: int = 0
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(body=self.body, status=self.status, headers={"Location": "/other"})


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = Service()
    app = web.Application()
    app.router.add_get("/office.ics", found.answer)
    async with TestServer(app) as server:
        found.url = str(server.make_url("/office.ics"))
        yield found


def of_url(url: str, timeout: float = 5.0) -> Calendar:
    settings = CalendarSettings(url=PrivateText(url), timeout=timeout)
    return Calendar("office", settings, Path(), ZONE, Agenda())


def of_file(path: Path) -> Calendar:
    return Calendar("office", CalendarSettings(file=path.name), path.parent, ZONE, Agenda())


def name_now(calendar: Calendar) -> str:
    event = calendar.agenda.at(MOMENT)
    return event.name if event else ""


async def test_a_url_is_asked_at_the_start_and_again(service: Service) -> None:
    calendar = of_url(service.url)
    await calendar.start()
    assert (name_now(calendar), calendar.is_known, service.asked) == ("Stocktaking", True, 1)
    service.body = OTHER
    assert await calendar.refresh()
    assert name_now(calendar) == "Party"
    await calendar.close()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"<html>", 200, "is not an iCalendar file"),
        (CLOSED, 500, "HTTP 500"),
        (CLOSED, 302, "redirects are not followed"),
        (b"x" * (SIZE_LIMIT + 1), 200, "larger than 4 MiB"),
    ],
)
async def test_what_was_read_last_stays_when_the_service_breaks(
    service: Service, body: bytes, status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    calendar = of_url(service.url)
    await calendar.start()
    service.body, service.status = body, status
    assert not await calendar.refresh()
    assert not await calendar.refresh()
    assert name_now(calendar) == "Stocktaking"
    complaints = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(complaints) == 1  # said once
    assert words in complaints[0]
    assert "what was read before stays" in complaints[0]
    service.body, service.status = OTHER, 200
    assert await calendar.refresh()
    assert "can be read again" in caplog.text
    await calendar.close()


async def test_a_dead_url_at_the_start_is_a_warning_without_the_url(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    calendar = of_url("http://127.0.0.1:1/secret-token/office.ics")
    await calendar.start()
    assert not calendar.is_known
    assert "the weekly hours hold" in caplog.text
    assert "secret-token" not in caplog.text
    await calendar.close()


async def test_a_service_that_hangs_is_given_up_in_time(caplog: pytest.LogCaptureFixture) -> None:
    async def hang(request: web.Request) -> web.Response:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"BEGIN:VCALENDAR")
        await over.wait()
        return web.Response()

    over = asyncio.Event()
    app = web.Application()
    app.router.add_get("/", hang)
    async with TestServer(app) as server:
        calendar = of_url(str(server.make_url("/")), timeout=0.05)
        await calendar.start()
        assert "no answer within 0.05s" in caplog.text
        await calendar.close()
        over.set()


async def test_after_a_reload_the_old_events_serve_while_the_url_is_dead(service: Service) -> None:
    old, new = of_url(service.url), of_url(service.url)
    await old.start()
    service.status = 503
    await new.start()
    assert name_now(new) == ""
    new.inherit(old)
    assert name_now(new) == "Stocktaking"
    stranger = of_url(service.url + "?other")
    stranger.inherit(old)
    assert name_now(stranger) == ""
    for calendar in (old, new):
        await calendar.close()


async def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "office.ics"
    path.write_bytes(CLOSED)
    calendar = of_file(path)
    calendar.load()
    assert name_now(calendar) == "Stocktaking"
    assert not await calendar.refresh()
    path.write_bytes(OTHER)
    os.utime(path, ns=(1, 1))
    assert await calendar.refresh()
    assert name_now(calendar) == "Party"
    path.write_bytes(b"broken")
    assert not await calendar.refresh()
    path.unlink()
    assert not await calendar.refresh()
    assert name_now(calendar) == "Party"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read: No such file"), (b"x", "is not an iCalendar"), (b" " * (SIZE_LIMIT + 1), "4 MiB")],
)
def test_a_file_that_cannot_be_used_is_refused_at_load(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "office.ics"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        of_file(path).load()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://x/y", "must begin with https://"),
        ("https:///x", "must begin with https://"),
        ("https://u:p@x/y", "must hold no user or password"),
        ("https://x/ y", "percent-encoded"),
        ("https://x:0/", "must begin with https://"),
        ("https://-x/", "can never be a host"),
        ("https://[x/", "is not one"),
    ],
)
def test_a_url_that_can_never_be_asked_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        of_url(url)


def test_the_short_form() -> None:
    assert as_calendar("a.ics") == {"file": "a.ics"}
    assert as_calendar("https://x/a.ics") == as_calendar({"url": "https://x/a.ics"})
    assert as_calendar("${env:CALENDAR}") == {"url": "${env:CALENDAR}"}


@pytest.mark.parametrize("given", [{}, {"file": "a", "url": PrivateText("https://x/")}])
def test_a_calendar_has_one_place(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either file: or url:"):
        CalendarSettings.model_validate(given)
