"""The calendars of opening hours: an iCalendar file read again when it changes, or a URL asked every few minutes.

What was read last and could be used stays until something better comes; a calendar that cannot be had never stops a
daemon and never makes hours unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from ariroute.errors import ConfigError, LookupFailed
from ariroute.files import open_regular, why
from ariroute.flow.facts import Failure
from ariroute.flow.hours import Agenda, Event
from ariroute.lookups.csv import Print, fingerprint
from ariroute.lookups.ical import events
from ariroute.lookups.service import status_text, whole_body
from ariroute.values import Duration, PrivateText, Settings, checked_host

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from ariroute.lookups.session import Session

log = logging.getLogger(__name__)

SIZE_LIMIT = 4 * 1024 * 1024
CHECK_EVERY = 1.0
HEADERS = {"Accept": "text/calendar", "Accept-Encoding": "gzip", "User-Agent": "ariroute"}


def _interval(value: float) -> float:
    if not 1 <= value <= 86400:
        raise ValueError("a calendar is asked again after 1s to 1d")
    return value


def _timeout(value: float) -> float:
    if not 0.001 <= value <= 30:
        raise ValueError("the timeout lies between 1ms and 30s")
    return value


class CalendarSettings(Settings):
    """Where an iCalendar file is: on this machine or behind a URL."""

    file: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="A file; a relative path starts at the flow file.", examples=["holidays.ics"]
    )
    url: PrivateText | None = Field(
        default=None,
        description="A URL with http or https; many services give a secret one, which comes by reference.",
        json_schema_extra={"examples": ["https://calendar.example/office.ics", "${env:CALENDAR_URL}"]},
    )
    every: Annotated[Duration, AfterValidator(_interval)] = Field(
        default=900.0, description="How often the URL is asked again."
    )
    timeout: Annotated[Duration, AfterValidator(_timeout)] = Field(
        default=5.0, description="The whole answer must be here by then."
    )

    @model_validator(mode="after")
    def _one_place(self) -> CalendarSettings:
        if (self.file is None) == (self.url is None):
            raise ValueError("a calendar has either file: or url:")
        if self.url is not None and (text := self.url.reveal()):
            checked_url(text)
        return self

    @property
    def label(self) -> str:
        """The calendar's name in messages; nothing of a URL but its host, as the rest often is a secret."""
        if self.file is not None:
            return self.file
        assert self.url is not None
        return urlsplit(self.url.reveal()).hostname or "the calendar's URL"


def as_calendar(value: object) -> object:
    """The short form: a text is a URL or a file."""
    if not isinstance(value, str):
        return value
    is_url = value.lower().startswith(("http://", "https://", "${"))
    return {"url": value} if is_url else {"file": value}


def checked_url(text: str) -> None:
    """Raises ValueError unless ``text`` is a URL that can be asked; does not repeat it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("the calendar's URL is not one") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("the calendar's URL must begin with https:// (or http://) and a host")
    if parts.username is not None:
        raise ValueError("the calendar's URL must hold no user or password")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("the calendar's URL holds a character that must be percent-encoded")
    checked_host(parts.hostname)


def read(path: Path, zone: ZoneInfo) -> list[Event]:
    """The events in the file at ``path``. Raises ValueError in words."""
    try:
        with open_regular(path) as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {why(error)}") from None
    if len(content) > SIZE_LIMIT:
        raise ValueError(f"{path} is larger than 4 MiB")
    try:
        return events(content, zone, datetime.now(zone).date())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


class Calendar:
    """Keeps the agenda of one place's opening hours: fills it at the start, then again and again until closed."""

    def __init__(self, hours: str, settings: CalendarSettings, folder: Path, timezone: str, agenda: Agenda) -> None:
        self.hours = hours
        self.settings = settings
        self.agenda = agenda
        self._path = folder / settings.file if settings.file else None
        self._zone = ZoneInfo(timezone)
        self._known = False
        self._print: tuple[Print, int] | None = None
        self._failure = ""
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None

    @property
    def is_known(self) -> bool:
        """Whether the calendar could be read at least once."""
        return self._known

    def load(self) -> None:
        """Read the file; nothing for a URL. Raises ValueError in words."""
        if self._path:
            self._print = self._fingerprint()
            self.agenda.replace(read(self._path, self._zone))
            self._known = True

    async def start(self) -> None:
        """Ask the URL once, at most for its timeout, and keep watch from then on. Raises nothing."""
        if not self._path:
            await self.refresh()
        self._task = asyncio.create_task(self._keep_watch(), name=f"calendar of {self.hours}")

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._session:
            await self._session.close()

    def inherit(self, old: Calendar) -> None:
        """After a reload: when this one could not be read, go on with what ``old`` had of the same source."""
        same = old.hours == self.hours and old.settings == self.settings and old._zone == self._zone
        if same and old._known and not self._known:
            self.agenda.replace(old.agenda.events)
            self._known = True

    async def refresh(self) -> bool:
        """Read it anew if there is anything new; true when there was and it can be used. Raises nothing."""
        try:
            found = await (self._changed() if self._path else self._fetched())
        except (ValueError, ConfigError, LookupFailed) as error:
            self._complain(str(error))
            return False
        if self._failure:
            log.info("hours %s: the calendar %s can be read again", self.hours, self.settings.label)
        self._failure = ""
        if found is None:
            return False
        self.agenda.replace(found)
        self._known = True
        log.info("hours %s: %s read, %d events", self.hours, self.settings.label, len(found))
        return True

    def _complain(self, text: str) -> None:
        if text == self._failure:
            return  # the same fault is said once, not every time
        self._failure = text
        stays = "what was read before stays" if self._known else "its events are not known, the weekly hours hold"
        log.warning("hours %s: the calendar %s cannot be used, %s: %s", self.hours, self.settings.label, stays, text)

    def _fingerprint(self) -> tuple[Print, int]:
        assert self._path is not None
        # of the year too: recurring events are written out for a few years only
        try:
            return fingerprint(self._path), datetime.now(self._zone).year
        except ConfigError as error:
            raise ValueError(str(error)) from None

    async def _changed(self) -> list[Event] | None:
        assert self._path is not None
        current = await asyncio.to_thread(self._fingerprint)
        if current == self._print:
            return None
        found = await asyncio.to_thread(read, self._path, self._zone)
        self._print = current
        return found

    async def _fetched(self) -> list[Event]:
        assert self.settings.url is not None
        if self._session is None:
            from ariroute.lookups.session import Session

            self._session = Session(1, kept=False)
        try:
            async with asyncio.timeout(self.settings.timeout):
                content = await self._session.exchange("GET", self.settings.url.reveal(), HEADERS, _body)
        except TimeoutError:
            raise LookupFailed(Failure.TIMEOUT, f"no answer within {self.settings.timeout:g}s") from None
        return await asyncio.to_thread(events, content, self._zone, datetime.now(self._zone).date())

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY if self._path else self.settings.every)
            try:
                await self.refresh()
            except Exception:
                log.exception("hours %s: the calendar could not be read again", self.hours)


async def _body(response: ClientResponse) -> bytes:
    if not 200 <= response.status < 300:
        raise LookupFailed(Failure.STATUS, status_text(response))
    try:
        return await whole_body(response, SIZE_LIMIT)
    except LookupFailed as error:
        if error.reason == Failure.TOO_LARGE:
            raise LookupFailed(Failure.TOO_LARGE, "the calendar is larger than 4 MiB") from None
        raise
