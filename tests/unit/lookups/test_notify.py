"""Notifications: sent after the decision, tried again where it helps, never in anybody's way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from ariroute.flow.decision import Decision, HangUpDestination, Notice, QueueDestination
from ariroute.lookups import notify
from ariroute.lookups.notify import DECISION_NAMES, Notifier, NotifySettings, decision_inputs

BODY = {
    "subject": "Call from {caller.name}",
    "phone": "{caller.e164}",
    "queue": "{decision.queue}",
    "priority": "{decision.priority|number}",
    "orders": "{crm.orders|number}",
}
INPUTS = {"caller.name": 'Ann "x"', "caller.e164": "+46701234567", "crm.orders": "12"}


class Receiver:
    """A service that keeps what it is told; ``statuses`` are answered in turn, the last for ever."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.seen: list[tuple[Any, dict[str, str]]] = []
        self.inside = self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self.ends: list[tuple[str, str, str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            self.seen.append((await request.json(), dict(request.headers)))
            await self.open.wait()
            return web.Response(status=self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])
        finally:
            self.inside -= 1

    def observe(self, name: str, result: str, word: str) -> None:
        self.ends.append((name, result, word))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110  # what ends has no event of its own
                await asyncio.sleep(0.001)


@asynccontextmanager
async def receiving(**more: Any) -> AsyncIterator[tuple[Receiver, Notifier]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/tickets", receiver.handle)
    async with TestServer(app) as server:
        item = {"url": f"http://127.0.0.1:{server.port}/tickets", "json": BODY, **more}
        notifier = Notifier({"ticket": (NotifySettings.model_validate(item), Path())}, receiver.observe)
        await notifier.start()
        try:
            yield receiver, notifier
        finally:
            receiver.open.set()
            await notifier.close()


def decision(*names: str, inputs: dict[str, str] = INPUTS) -> Decision:
    return Decision(
        "1.1",
        "support",
        QueueDestination("gold", 20),
        "customer is gold",
        notices=tuple(Notice(name, inputs) for name in names),
    )


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "LONGEST_PAUSE", 0.0)


async def test_what_is_sent_holds_the_values_and_one_key() -> None:
    async with receiving(headers={"X-Caller": "{caller.e164}"}, auth={"bearer": "t0ken"}) as (receiver, notifier):
        notifier.send(decision("ticket"))
        await receiver.until(lambda: bool(receiver.ends))
    ((sent, headers),) = receiver.seen
    assert sent == {
        "subject": 'Call from Ann "x"',
        "phone": "+46701234567",
        "queue": "gold",
        "priority": 20,
        "orders": 12,
    }
    assert (headers["X-Caller"], headers["Authorization"]) == ("+46701234567", "Bearer t0ken")
    assert headers["Content-Type"] == "application/json"
    assert len(headers["Idempotency-Key"]) == 32
    assert receiver.ends == [("ticket", "sent", "")]


async def test_failure_worth_it_is_tried_again_under_the_same_key() -> None:
    async with receiving() as (receiver, notifier):
        receiver.statuses = [503, 429, 201]
        notifier.send(decision("ticket"))
        await receiver.until(lambda: bool(receiver.ends))
    assert len({headers["Idempotency-Key"] for _, headers in receiver.seen}) == 1
    assert (len(receiver.seen), receiver.ends) == (3, [("ticket", "sent", "")])


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (401, 1), (302, 1), (500, 3)])
async def test_failure_is_counted_and_logged_with_its_word(
    status: int, tries: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with receiving() as (receiver, notifier):
        receiver.statuses = [status]
        notifier.send(decision("ticket"))
        await receiver.until(lambda: bool(receiver.ends))
    assert (len(receiver.seen), receiver.ends) == (tries, [("ticket", "failed", "status")])
    assert f"notify ticket: failed: HTTP {status}" in caplog.text


async def test_receiver_that_hangs_is_given_up_at_the_deadline_of_each_try_and_of_all() -> None:
    async with receiving(timeout=0.02, tries=2) as (receiver, notifier):
        receiver.open.clear()
        notifier.send(decision("ticket"))
        await receiver.until(lambda: bool(receiver.ends))
        assert (len(receiver.seen), receiver.ends) == (2, [("ticket", "failed", "timeout")])
    async with receiving(within=1.0, tries=2, timeout=30.0) as (receiver, notifier):
        receiver.open.clear()
        notifier.send(decision("ticket"))
        await receiver.until(lambda: bool(receiver.ends))
        assert (len(receiver.seen), receiver.ends) == (1, [("ticket", "failed", "timeout")])


async def test_sending_never_waits_and_takes_few_connections() -> None:
    async with receiving(connections=2) as (receiver, notifier):
        receiver.open.clear()
        for _ in range(20):
            notifier.send(decision("ticket"))
        await receiver.until(lambda: receiver.inside == 2)
        receiver.open.set()
        await receiver.until(lambda: len(receiver.ends) == 20)
    assert receiver.most == 2
    assert {result for _, result, _ in receiver.ends} == {"sent"}


async def test_what_is_too_much_is_dropped_and_counted() -> None:
    async with receiving(connections=1, max_waiting=2) as (receiver, notifier):
        receiver.open.clear()
        for _ in range(5):
            notifier.send(decision("ticket"))
        assert receiver.ends == [("ticket", "dropped", "overloaded")] * 2
        receiver.open.set()
        await receiver.until(lambda: len(receiver.ends) == 5)


async def test_closing_sends_what_waits() -> None:
    async with receiving(connections=1) as (receiver, notifier):
        for _ in range(5):
            notifier.send(decision("ticket"))
        await notifier.close()
        assert receiver.ends == [("ticket", "sent", "")] * 5


async def test_closing_gives_up_after_a_moment_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "CLOSING_TIME", 0.05)
    async with receiving(connections=1) as (receiver, notifier):
        receiver.open.clear()
        for _ in range(3):
            notifier.send(decision("ticket"))
        await receiver.until(lambda: receiver.inside == 1)
        await notifier.close()
        assert receiver.ends == [("ticket", "dropped", "")] * 3
        assert not [task for task in asyncio.all_tasks() if "notify" in task.get_name()]


async def test_value_that_is_not_of_its_form_fails_that_notification_alone() -> None:
    async with receiving() as (receiver, notifier):
        notifier.send(decision("ticket", inputs={"crm.orders": "many"}))
        notifier.send(decision("ticket"))
        await receiver.until(lambda: len(receiver.ends) == 2)
    assert sorted(receiver.ends) == [("ticket", "failed", "error"), ("ticket", "sent", "")]


async def test_unknown_notification_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    async with receiving() as (_, notifier):
        notifier.send(decision("nobody"))
    assert "no notification 'nobody'" in caplog.text


def test_decision_brings_its_values() -> None:
    inputs = decision_inputs(decision())
    assert inputs.keys() == DECISION_NAMES
    assert inputs["decision.destination"] == "queue gold, priority 20"
    released = Decision("1.1", "support", HangUpDestination(), "closed")
    assert decision_inputs(released).keys() == DECISION_NAMES - {"decision.queue", "decision.priority"}


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"method": "GET"}, "'POST'"),
        ({"json": "{caller.e614}"}, "did you mean"),
        ({"within": 0.5}, "after 1s to 1h"),
        ({"url": "http://x.test/{caller.name}x"}, "free text within other text"),
    ],
)
def test_bad_setting_is_refused(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        NotifySettings.model_validate({"url": "http://x.test/", "json": {}, **more})
