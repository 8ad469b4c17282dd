"""Lookups in a real slapd: what is found, who is let in, hostile values, TLS, a server that comes and goes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fixtures_stores import LDAP_CUSTOMERS, started

from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.lab.slapd import BASE, CUSTOMERS, PASSWORD, USER, LdapServer
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.runner import LookupRunner

ANNA = {"caller.e164": "+46701234567", "caller.name": "Anna"}
SETTINGS = {
    "base": CUSTOMERS,
    "filter": "(&(objectClass=person)(telephoneNumber={caller.e164}))",
    "attributes": {"tier": "employeeType", "orders": "employeenumber"},
    "timeout": 5.0,
}
FIELDS = {"tier": "string", "orders": "number", "mail": "string"}


@asynccontextmanager
async def asking(server: LdapServer, fields: dict[str, str] = FIELDS, **more: Any) -> AsyncIterator[LookupRunner]:
    settings = {"url": server.url, **SETTINGS, **more}
    entry = LookupEntry.model_validate({"ldap": settings, "fields": fields})
    runner = LookupRunner({"crm": (entry.common(), entry.factory("crm", Surroundings("crm", region="SE"))(NoPbx()))})
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()
        await until(lambda: not threads())


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ldap ")]


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # another thread or process changes it
            await asyncio.sleep(0.01)


async def one(runner: LookupRunner, **inputs: str) -> Answer:
    given = {**ANNA, **{name.replace("_", ".", 1): value for name, value in inputs.items()}}
    (answer,) = await runner.fetch(["crm"], given)
    return answer


async def test_an_entry_is_found_by_its_number(ldap: LdapServer) -> None:
    async with asking(ldap) as runner:
        answer = await one(runner)
        stranger = await one(runner, caller_e164="+46850000000")

    assert (answer.outcome, answer.fields) == (Outcome.FOUND, {"tier": "gold", "orders": 12.0, "mail": "a@x.se"})
    assert (stranger.outcome, dict(stranger.fields)) == (Outcome.MISSING, {})


async def test_of_several_entries_the_first_is_taken(ldap: LdapServer) -> None:
    async with asking(ldap) as runner:
        assert (await one(runner, caller_e164="+46701234570")).fields == {"tier": "gold"}


@pytest.mark.parametrize(
    ("more", "failure", "detail"),
    [
        ({"attributes": {"tier": "jpegPhoto"}}, Failure.WRONG_TYPE, "tier holds no text"),
        ({"attributes": {"orders": "employeeNumber"}}, Failure.WRONG_TYPE, "orders is declared as number"),
        ({"base": f"ou=nowhere,{BASE}"}, Failure.ERROR, "there is no such base"),
        ({"base": "dc=elsewhere"}, Failure.ERROR, "there is no such base"),
        ({"base": f"ou=secret,{BASE}"}, Failure.ERROR, "there is no such base"),
        ({"user": USER, "password": "wr0ng"}, Failure.REFUSED, "the server refuses user or password"),
        ({"user": "cn=nobody,dc=example,dc=com", "password": "wr0ng"}, Failure.REFUSED, "refuses user or password"),
        ({"user": "no dn", "password": "wr0ng"}, Failure.REFUSED, "the server refuses the login: invalidDNSyntax"),
        ({"start_tls": True}, Failure.REFUSED, "the server does not offer StartTLS"),
    ],
)
async def test_what_cannot_be_used_is_a_named_failure(
    ldap: LdapServer, more: dict[str, Any], failure: Failure, detail: str
) -> None:
    async with asking(ldap, **{"fields": FIELDS, **more}) as runner:
        answer = await one(runner, caller_e164="+46701234568")
    assert (answer.outcome, answer.failure) == (Outcome.FAILED, failure)
    assert detail in answer.detail
    assert "wr0ng" not in answer.detail


async def test_a_user_logs_in(ldap: LdapServer) -> None:
    async with asking(ldap, user=USER, password=PASSWORD) as runner:
        assert (await one(runner)).outcome == Outcome.FOUND


@pytest.mark.parametrize(("scope", "outcome"), [("subtree", "found"), ("one", "found"), ("base", "missing")])
async def test_the_scope_is_kept(ldap: LdapServer, scope: str, outcome: str) -> None:
    async with asking(ldap, scope=scope) as runner:
        assert (await one(runner)).outcome == outcome


async def test_characters_with_a_meaning_in_filters_are_found_as_themselves(ldap: LdapServer) -> None:
    async with asking(ldap, filter="(cn={caller.name})") as runner:
        assert (await one(runner, caller_name="Åsa (VIP) *\\")).fields == {"tier": "platinum"}
        assert (await one(runner, caller_name="Åsa*")).outcome == Outcome.MISSING


async def test_hostile_values_find_nobody(ldap: LdapServer) -> None:
    dice = random.Random(7)
    pieces = [
        "*",
        ")",
        "(",
        "\\",
        "\\2a",
        "*)(cn=*",
        ")(|(cn=*",
        "\0",
        "\n",
        "&",
        "|",
        "!",
        "=",
        "😀",
        "\ud800",
        "A",
        " ",
    ]
    async with asking(ldap, filter="(&(objectClass=person)(cn={caller.name}))", connections=2) as runner:
        for _ in range(300):
            name = "".join(dice.choice(pieces) for _ in range(dice.randrange(1, 8))) + "~"
            answer = await one(runner, caller_name=name)
            assert (answer.outcome, answer.detail) == (Outcome.MISSING, ""), name
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_connections_and_threads_are_bounded_and_kept(ldap: LdapServer) -> None:
    async with asking(ldap, connections=3) as runner:
        assert threads() == []
        answers = await asyncio.gather(*(one(runner, caller_e164=f"+4670123{n:04}") for n in range(100)))
        assert {answer.outcome for answer in answers} <= {Outcome.MISSING, Outcome.FOUND}
        assert len(threads()) == 3
        await one(runner)
        assert len(threads()) == 3


@contextmanager
def private(folder: Path, settings: str = "", tls: tuple[Path, Path] | None = None) -> Iterator[LdapServer]:
    """A server of a test's own, running."""
    server = LdapServer(folder / "ldap", settings, tls)
    try:
        started(lambda: server.start(LDAP_CUSTOMERS))
        yield server
    finally:
        server.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_server_that_comes_back_is_asked_again(tmp_path: Path, end: str) -> None:
    with private(tmp_path) as server:
        async with asking(server) as runner:
            assert (await one(runner)).outcome == Outcome.FOUND
            getattr(server, end)()
            answer = await one(runner)
            assert (answer.failure, answer.detail) == (Failure.REFUSED, "no connection: Connection refused")
            server.start()
            assert (await one(runner)).outcome == Outcome.FOUND


async def test_a_server_restarted_between_two_calls_costs_no_failure(tmp_path: Path) -> None:
    with private(tmp_path) as server:
        async with asking(server) as runner:
            assert (await one(runner)).outcome == Outcome.FOUND
            server.stop()
            server.start()
            assert (await one(runner)).outcome == Outcome.FOUND


async def test_a_server_that_stands_still_is_given_up_and_asked_again(tmp_path: Path) -> None:
    with private(tmp_path) as server:
        async with asking(server, timeout=1.0) as runner:
            assert (await one(runner)).outcome == Outcome.FOUND
            os.kill(server.pid, signal.SIGSTOP)
            try:
                await until(lambda: stands_still(server.pid))
                answer = await one(runner)
                assert answer.failure == Failure.TIMEOUT, answer
                await until(lambda: not threads())
                answer = await one(runner)  # over a new connection, taken by the kernel alone
                assert answer.failure == Failure.TIMEOUT, answer
                await until(lambda: not threads())
            finally:
                os.kill(server.pid, signal.SIGCONT)
            answer = await one(runner)
            assert answer.outcome == Outcome.FOUND, answer


def stands_still(pid: int) -> bool:
    """Whether every thread of the process is stopped: a signal takes effect a little after it is sent."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rpartition(")")[2].split()[0] == "T" for stat in threads)


async def test_a_server_that_wants_a_login_says_so(tmp_path: Path) -> None:
    with private(tmp_path, "disallow bind_anon") as server:
        async with asking(server) as runner:
            answer = await one(runner)
            assert (answer.failure, answer.detail) == (
                Failure.REFUSED,
                "the server wants a user and a password",
            )


@pytest.mark.parametrize("way", ["ldaps", "start_tls"])
async def test_tls_is_spoken_and_the_name_of_the_server_checked(
    tmp_path: Path, certificate: tuple[Path, Path], way: str
) -> None:
    ca = {"ca": str(certificate[0])}
    with private(tmp_path, "security tls=128", certificate) as server:
        port = server.tls_port if way == "ldaps" else server.port
        more: dict[str, Any] = {} if way == "ldaps" else {"start_tls": True}
        scheme = "ldaps" if way == "ldaps" else "ldap"
        async with asking(server, url=f"{scheme}://localhost:{port}", tls=ca, **more) as runner:
            assert (await one(runner)).outcome == Outcome.FOUND
            assert (await one(runner)).outcome == Outcome.FOUND
        async with asking(server, url=f"{scheme}://127.0.0.1:{port}", tls=ca, **more) as runner:
            answer = await one(runner)
            assert (answer.failure, "TLS: " in answer.detail) == (Failure.REFUSED, True), answer
            assert "IP address mismatch" in answer.detail
        async with asking(server, url=f"{scheme}://localhost:{port}", **more) as runner:
            answer = await one(runner)
            assert (answer.failure, "self-signed certificate" in answer.detail) == (Failure.REFUSED, True), answer
        async with asking(server) as runner:
            answer = await one(runner)
            assert (answer.failure, "wants TLS" in answer.detail) == (Failure.REFUSED, True), answer
