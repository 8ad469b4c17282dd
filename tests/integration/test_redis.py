"""Lookups in a real redis-server: what is found, who is let in, hostile values, a server that comes and goes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fixtures_stores import started

from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.lab.ports import Ports
from ariroute.lab.redis import PASSWORD, RedisServer
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.runner import LookupRunner

ANNA = {"caller.e164": "+46701234567", "caller.name": "Anna"}
FIELDS = {"tier": "string", "orders": "number", "blocked": "bool"}


@asynccontextmanager
async def asking(server: RedisServer, fields: dict[str, str] = FIELDS, **more: Any) -> AsyncIterator[LookupRunner]:
    settings = {"url": server.url, "key": "customer:{caller.e164}", "timeout": 5.0, **more}
    entry = LookupEntry.model_validate({"redis": settings, "fields": fields})
    source = entry.factory("crm", Surroundings("crm", region="SE"))(NoPbx())
    runner = LookupRunner({"crm": (entry.common(), source)})
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()


async def one(runner: LookupRunner, **inputs: str) -> Answer:
    given = {**ANNA, **{name.replace("_", ".", 1): value for name, value in inputs.items()}}
    (answer,) = await runner.fetch(["crm"], given)
    return answer


async def test_a_hash_is_found_with_its_texts_read_as_the_declared_types(redis: RedisServer) -> None:
    async with asking(redis) as runner:
        answer = await one(runner)
        stranger = await one(runner, caller_e164="+46850000000")

    assert (answer.outcome, answer.fields) == (Outcome.FOUND, {"tier": "gold", "orders": 12.0, "blocked": False})
    assert (stranger.outcome, dict(stranger.fields)) == (Outcome.MISSING, {})


async def test_a_hash_without_the_declared_fields_is_found_and_empty(redis: RedisServer) -> None:
    redis.hash("customer:+46700000001", {"note": "x"})
    async with asking(redis) as runner:
        answer = await one(runner, caller_e164="+46700000001")

    assert (answer.outcome, dict(answer.fields)) == (Outcome.FOUND, {})


async def test_json_in_a_text_is_read_with_its_own_types(redis: RedisServer) -> None:
    redis.ask("SET", "customer:+46700000002", json.dumps({"data": [{"tier": "gold", "orders": 3, "blocked": True}]}))
    async with asking(redis, holds="json", record="data") as runner:
        answer = await one(runner, caller_e164="+46700000002")
        stranger = await one(runner, caller_e164="+46850000000")

    assert answer.fields == {"tier": "gold", "orders": 3.0, "blocked": True}
    assert stranger.outcome == Outcome.MISSING


async def test_one_text_is_one_field(redis: RedisServer) -> None:
    redis.ask("SET", "tier:+46701234567", "platinum")
    async with asking(redis, {"tier": "string"}, key="tier:{caller.e164}", holds="text") as runner:
        assert (await one(runner)).fields == {"tier": "platinum"}


async def test_another_database_is_asked(redis: RedisServer) -> None:
    async with asking(redis, url=redis.url.replace("/0", "/3")) as runner:
        assert (await one(runner)).outcome == Outcome.MISSING


@pytest.mark.parametrize(
    ("key", "value", "more", "failure", "detail"),
    [
        ("a", "not json", {"holds": "json"}, Failure.NOT_JSON, "the answer is not JSON"),
        ("b", "[1]", {"holds": "json"}, Failure.NOT_JSON, "expected an object"),
        ("c", b"\xff\xfe", {"holds": "text"}, Failure.NOT_JSON, "not UTF-8"),
        ("d", "many", {"holds": "text"}, Failure.WRONG_TYPE, "orders is declared as number"),
        ("e", "x" * 5000, {"holds": "json", "max_size": "1KiB"}, Failure.TOO_LARGE, "longer than 1024 bytes"),
        ("f", "text", {"holds": "hash"}, Failure.WRONG_TYPE, "the key does not hold a hash"),
    ],
)
async def test_what_cannot_be_used_is_a_named_failure(
    redis: RedisServer, key: str, value: str | bytes, more: dict[str, Any], failure: Failure, detail: str
) -> None:
    redis.ask("SET", f"customer:bad-{key}", value)
    async with asking(redis, {"orders": "number"}, key=f"customer:bad-{key}", **more) as runner:
        answer = await one(runner)
        assert (answer.outcome, answer.failure) == (Outcome.FAILED, failure)
        assert detail in answer.detail
        assert runner.states()["crm"].failures_in_a_row == 0  # the server did serve


async def test_a_hash_field_that_is_too_long_is_not_read(redis: RedisServer) -> None:
    redis.hash("customer:+46700000003", {"tier": "x" * 3_000_000, "orders": "1"})
    async with asking(redis) as runner:
        assert (await one(runner, caller_e164="+46700000003")).failure == Failure.TOO_LARGE
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_a_user_of_the_acl_reads_what_it_may(redis: RedisServer) -> None:
    async with asking(redis, user="ariroute", password=PASSWORD) as runner:
        assert (await one(runner)).outcome == Outcome.FOUND
    async with asking(redis, user="ariroute", password=PASSWORD, key="secret:{caller.e164}") as runner:
        answer = await one(runner)
    assert (answer.failure, answer.detail) == (
        Failure.REFUSED,
        "the server does not let this user read the key (ACL)",
    )


@pytest.mark.parametrize("login", [{"user": "ariroute", "password": "wr0ng"}, {"user": "nobody", "password": "wr0ng"}])
async def test_a_wrong_password_is_refused_and_shown_nowhere(redis: RedisServer, login: dict[str, Any]) -> None:
    async with asking(redis, **login) as runner:
        answer = await one(runner)
    assert (answer.failure, answer.detail) == (Failure.REFUSED, "the server refuses user or password")


async def test_a_database_that_is_not_there_is_refused(redis: RedisServer) -> None:
    async with asking(redis, url=redis.url.replace("/0", "/77")) as runner:
        answer = await one(runner)
    assert (answer.failure, "number in url" in answer.detail) == (Failure.REFUSED, True)


async def test_hostile_values_never_reach_another_key(redis: RedisServer) -> None:
    """Every key but the caller's own holds `stolen`; whatever a name or a CRM says, that is never what is found."""
    redis.hash("name:1:secret", {"tier": "stolen"})
    redis.hash("name:", {"tier": "stolen"})
    redis.hash("secret", {"tier": "stolen"})
    dice = random.Random(5)
    pieces = ["1:secret", "*", "?", "[a-z]", "\r\n", "\r\nGET secret\r\n", "\x00", "$6\r\nsecret\r\n", "'", '"', "\\"]
    pieces += ["\u202e", "\ud83d\ude00", "😀", "Ann", "å", " ", "{caller.e164}", "%s", ":", "\n*1\r\n$4\r\nQUIT\r\n"]
    async with asking(redis, {"tier": "string"}, key="name:{caller.name}", connections=2) as runner:
        for _ in range(300):
            name = "".join(dice.choice(pieces) for _ in range(dice.randrange(1, 6)))
            answer = await one(runner, caller_name=name)
            assert answer.fields.get("tier") != "stolen", name
            assert answer.outcome == Outcome.MISSING or "may lead to another key" in answer.detail, answer
            assert runner.states()["crm"].breaker == "closed"
        redis.hash("name:Åsa B. Ek", {"tier": "gold"})
        assert (await one(runner, caller_name="Åsa B. Ek")).fields == {"tier": "gold"}


def clients(server: RedisServer) -> int:
    """Connections that the server has, without the one that asks."""
    return server.ask("CLIENT", "LIST").count(b"id=") - 1


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # another process changes it
            await asyncio.sleep(0.01)


async def test_connections_are_bounded_kept_and_closed(tmp_path: Path) -> None:
    with private(tmp_path) as server:
        async with asking(server, connections=3) as runner:
            assert clients(server) == 0  # nothing is opened before it is needed
            answers = await asyncio.gather(*(one(runner, caller_e164=f"+4670123{n:04}") for n in range(100)))
            assert {answer.outcome for answer in answers} == {Outcome.MISSING}
            assert clients(server) == 3
            await one(runner)
            assert clients(server) == 3
        await until(lambda: clients(server) == 0)


async def test_a_question_that_is_given_up_leaves_no_answer_for_the_next(tmp_path: Path) -> None:
    with private(tmp_path) as server:
        server.hash("customer:+46701234567", {"tier": "gold"})
        async with asking(server, connections=1, timeout=1.0) as runner:
            assert (await one(runner)).outcome == Outcome.FOUND
            server.ask("CLIENT", "PAUSE", "1500", "ALL")
            assert (await one(runner)).failure == Failure.TIMEOUT
            await until(lambda: answers(server))
            for n in range(20):
                assert (await one(runner, caller_e164=f"+4670123000{n}")).outcome == Outcome.MISSING
            assert (await one(runner)).outcome == Outcome.FOUND


def answers(server: RedisServer) -> bool:
    return server.ask("PING") == b"+PONG\r\n"


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_server_that_comes_back_is_asked_again(tmp_path: Path, end: str) -> None:
    with private(tmp_path) as server:
        async with asking(server) as runner:
            assert (await one(runner)).outcome == Outcome.MISSING
            getattr(server, end)()
            answer = await one(runner)
            assert (answer.failure, answer.detail) == (Failure.REFUSED, "no connection: Connection refused")
            server.start()
            server.hash("customer:+46701234567", {"tier": "gold"})
            assert (await one(runner)).fields == {"tier": "gold"}


async def test_a_server_restarted_between_two_calls_costs_no_failure(tmp_path: Path) -> None:
    with private(tmp_path) as server:
        async with asking(server) as runner:
            assert (await one(runner)).outcome == Outcome.MISSING
            server.stop()
            server.start()
            assert (await one(runner)).outcome == Outcome.MISSING


async def test_a_server_that_wants_a_password_says_so(tmp_path: Path) -> None:
    with private(tmp_path) as server:
        server.ask("CONFIG", "SET", "requirepass", "open-sesame")
        async with asking(server) as runner:
            answer = await one(runner)
            assert (answer.failure, "wants a password" in answer.detail) == (Failure.REFUSED, True)
        async with asking(server, password="open-sesame") as runner:
            assert (await one(runner)).outcome == Outcome.MISSING


async def test_tls_is_spoken_and_the_name_of_the_server_checked(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    made, key = certificate
    with Ports(1) as (port,):
        settings = {"tls-port": str(port), "tls-cert-file": str(made), "tls-key-file": str(key)}
        ca = {"ca": str(made)}
        with private(tmp_path, settings | {"tls-auth-clients": "no"}) as server:
            async with asking(server, url=f"rediss://localhost:{port}", tls=ca) as runner:
                assert (await one(runner)).outcome == Outcome.MISSING
            async with asking(server, url=f"rediss://127.0.0.1:{port}", tls=ca) as runner:
                answer = await one(runner)
                assert (answer.failure, "IP address mismatch" in answer.detail) == (Failure.REFUSED, True), answer
            async with asking(server, url=f"rediss://localhost:{port}") as runner:
                answer = await one(runner)
                assert (answer.failure, "self-signed certificate" in answer.detail) == (Failure.REFUSED, True), answer


@contextmanager
def private(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[RedisServer]:
    """A server of a test's own, running."""
    server = RedisServer(folder / "redis", settings)
    try:
        started(server.start)
        yield server
    finally:
        server.close()
