"""Notifications: what a decision tells another service, such as a ticket system, after the call has gone on.

Nothing waits for them. Each receiver has a bounded queue and few connections; what it does not take in time is given
up, counted and logged. A notification may come twice (an answer can be lost), never unasked: ``Idempotency-Key`` is the
same for each try.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import uuid4

from pydantic import AfterValidator, Field, JsonValue, PrivateAttr, model_validator

from ariroute.errors import LookupFailed
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.facts import Failure
from ariroute.lookups.base import Timeout
from ariroute.lookups.body import JsonTemplate
from ariroute.lookups.service import Request, Service, ServiceSettings, status_text
from ariroute.lookups.template import Place, UrlTemplate, places_in
from ariroute.values import Duration

if TYPE_CHECKING:
    from aiohttp import ClientResponse

log = logging.getLogger("ariroute.notify")

CLOSING_TIME = 2.0
"""Seconds in which what waits may still be sent when the daemon stops or its configuration is replaced."""

LONGEST_PAUSE = 30.0
WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
RETRIED = frozenset({Failure.TIMEOUT, Failure.REFUSED})

DECISION_NAMES = frozenset(
    f"decision.{name}" for name in ("flow", "destination", "queue", "priority", "by_default", "reason")
)

Result = Literal["sent", "failed", "dropped"]
Observe = Callable[[str, Result, str], None]
"""Told of each notification's end: its name, the result, and the word of the failure."""


def lifetime(value: float) -> float:
    if not 1 <= value <= 3600:
        raise ValueError("a notification is given up after 1s to 1h")
    return value


class NotifySettings(ServiceSettings):
    """A service that is told of decisions."""

    method: Literal["POST"] = Field(default="POST", description="The method.")
    json_: JsonValue = Field(alias="json", description="What is sent; texts in it may hold values of the contact.")
    timeout: Timeout = Field(default=5.0, description="Each try ends by then.")
    tries: int = Field(
        default=3, ge=1, le=10, description="So often, at most, while it does not answer or answers with 5xx or 429."
    )
    within: Annotated[Duration, AfterValidator(lifetime)] = Field(
        default=60.0, description="What is not delivered so long after the decision is given up."
    )
    max_waiting: int = Field(default=1000, ge=1, le=100_000, description="Beyond so many the newest are dropped.")
    connections: int = Field(default=4, ge=1, le=100, description="So many are sent at once.")

    _body: JsonTemplate = PrivateAttr()

    @model_validator(mode="after")
    def body_parsed(self) -> NotifySettings:
        self._body = JsonTemplate.parse(self.json_, is_query=False)
        return self

    @property
    def body(self) -> JsonTemplate:
        return self._body

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place in what is sent."""
        headers = (place for text in self.headers.values() for place in text.places)
        return (*places_in(UrlTemplate.parse(self.url).pieces), *headers, *self._body.places)


def decision_inputs(decision: Decision) -> dict[str, str]:
    """What templates may name of a decision, beside the inputs of the notice: :data:`DECISION_NAMES`."""
    destination = decision.destination
    inputs = {
        "decision.flow": decision.flow,
        "decision.destination": str(destination),
        "decision.by_default": "true" if decision.by_default else "false",
        "decision.reason": decision.reason,
    }
    if isinstance(destination, QueueDestination):
        inputs |= {"decision.queue": destination.queue, "decision.priority": str(destination.priority)}
    return inputs


class Notifier:
    """The receivers of one configuration. Used from one event loop."""

    def __init__(
        self, receivers: Mapping[str, tuple[NotifySettings, Path]], observe: Observe = lambda name, result, word: None
    ) -> None:
        self._outboxes = {
            name: Outbox(name, settings, folder, observe) for name, (settings, folder) in receivers.items()
        }

    async def start(self) -> None:
        """Make the connections' pools. Raises UnusableInput: a header or a file is not usable."""
        for outbox in self._outboxes.values():
            await outbox.start()

    def send(self, decision: Decision) -> None:
        """Take the decision's notices over for sending; never waits, never raises."""
        for notice in decision.notices:
            outbox = self._outboxes.get(notice.name)
            if outbox is None:
                log.error("there is no notification '%s' in this configuration", notice.name)
            else:
                outbox.offer({**notice.inputs, **decision_inputs(decision)})

    async def close(self) -> None:
        """Let what waits be sent for a moment, give up the rest, and close the connections."""
        await asyncio.gather(*(outbox.close() for outbox in self._outboxes.values()))


@dataclass(frozen=True, slots=True)
class Message:
    """One notification on its way. ``due`` is the loop's time; ``context`` carries the call's id for the log."""

    inputs: Mapping[str, str]
    key: str
    due: float
    context: Context


class Outbox:
    """What waits for one receiver and what is under way to it."""

    def __init__(self, name: str, settings: NotifySettings, folder: Path, observe: Observe) -> None:
        self._name = name
        self._settings = settings
        self._url = UrlTemplate.parse(settings.url)
        self._service = Service(f"notify {name}", settings, folder)
        self._observe = observe
        self._waiting: deque[Message] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def start(self) -> None:
        await self._service.start()

    def offer(self, inputs: Mapping[str, str]) -> None:
        """Take one for sending, or drop it when too many wait."""
        if len(self._waiting) >= self._settings.max_waiting:
            self._end("dropped", "overloaded", f"{len(self._waiting)} wait for the receiver already")
            return
        due = asyncio.get_running_loop().time() + self._settings.within
        self._waiting.append(Message(inputs, uuid4().hex, due, copy_context()))
        self._go_on()

    async def close(self) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + CLOSING_TIME
        while self._tasks and (left := end - clock()) > 0:  # at its end each starts the next that waits
            await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        self._closing = True
        late = list(self._tasks)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CLOSING_TIME)
        while self._waiting:
            self._waiting.popleft().context.run(self._end, "dropped", "", "the daemon stops")
        await self._service.close()

    def _go_on(self) -> None:
        while self._waiting and len(self._tasks) < self._settings.connections and not self._closing:
            message = self._waiting.popleft()
            task = asyncio.get_running_loop().create_task(
                self._deliver(message), name=f"notify {self._name}", context=message.context
            )
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._go_on()

    async def _deliver(self, message: Message) -> None:
        try:
            async with asyncio.timeout_at(message.due):
                await self._try_often(message)
        except LookupFailed as failed:
            self._end("failed", failed.reason, failed.detail)
        except TimeoutError:
            self._end("failed", Failure.TIMEOUT, f"not delivered within {self._settings.within:g} s of the decision")
        except asyncio.CancelledError:
            self._end("dropped", "", "the daemon stops")
            raise
        except Exception as error:  # whatever it is, the next one is sent
            log.exception("notify %s: unexpected", self._name)
            self._end("failed", Failure.ERROR, f"unexpected {type(error).__name__}")
        else:
            self._observe(self._name, "sent", "")

    async def _try_often(self, message: Message) -> None:
        """Returns when it is delivered. Raises LookupFailed with the last try's failure."""
        for number in range(1, self._settings.tries + 1):
            try:
                await self._try(message)
                return
            except LookupFailed as failed:
                if number == self._settings.tries or not is_worth_another_try(failed):
                    times = f" ({number} tries)" if number > 1 else ""
                    raise LookupFailed(failed.reason, failed.detail + times) from None
            await asyncio.sleep(min(2.0 ** (number - 1), LONGEST_PAUSE))

    async def _try(self, message: Message) -> None:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            **self._service.headers(message.inputs),
        }
        url = self._url.origin + self._url.target(message.inputs)
        request = Request(self._settings.method, url, headers, self._settings.body.body(message.inputs))
        try:
            async with asyncio.timeout(self._settings.timeout):
                await self._service.send(request, delivered)
        except TimeoutError:
            detail = f"no answer within {self._settings.timeout * 1000:g} ms"
            raise LookupFailed(Failure.TIMEOUT, detail) from None

    def _end(self, result: Result, word: str, detail: str) -> None:
        log.warning("notify %s: %s: %s", self._name, result, detail, extra={"failure": word})
        self._observe(self._name, result, word)


class Refusal(LookupFailed):
    """An answer that is no success."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        super().__init__(Failure.STATUS, detail)


async def delivered(response: ClientResponse) -> None:
    """Raises Refusal unless the receiver took it."""
    if not 200 <= response.status < 300:
        raise Refusal(response.status, status_text(response))


def is_worth_another_try(failed: LookupFailed) -> bool:
    if isinstance(failed, Refusal):
        return failed.status >= 500 or failed.status in WORTH_ANOTHER_TRY
    return failed.reason in RETRIED
