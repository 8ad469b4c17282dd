"""The recipes of docs/how-to/crm-recipes.md, as they stand there, against stand-ins that answer as the makers say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ariroute.config.load import load_live
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.lab.crm import CRMS, Crm, Salesforce, SuiteCrm, Tokens
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.runner import LookupRunner

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "crm-recipes.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"```yaml\n# recipe: (\w+)\n(.*?)```", PAGE, re.DOTALL))
AROUND = """version: 1
queues: {standard: {}}
flows: {support: {trigger: {call: {}}, default: standard, steps: [{lookup: crm}]}}
"""
ANN, BO, NOBODY = "+46701234567", "+46707654321", "+46700000001"

FOUND: dict[str, dict[str, Any]] = {
    "salesforce": {"id": "003RO0000035WQgYAM", "account_manager": "Anna Holm", "name": "Ann Ek"},
    "hubspot": {"account_manager": "Anna Holm", "name": "Ann"},
    "zendesk": {"id": 35436.0, "name": "Ann Ek"},
    "odoo": {"account_manager": "Anna Holm", "vip": True, "name": "Ann Ek"},
    "suitecrm": {"account_manager": "Anna Holm", "name": "Ann Ek"},
}
EMPTY: dict[str, dict[str, Any]] = {
    "salesforce": {"id": "003RO0000035WQgYAM", "name": "Bo Al", "orders": 0.0},
    "hubspot": {"name": "Bo", "orders": 0.0},
    "zendesk": {"id": 35436.0, "name": "Bo Al", "orders": 0.0},
    "odoo": {"name": "Bo Al", "orders": 0.0, "vip": False},
    "suitecrm": {"name": "Bo Al", "loyalty": "", "account_manager": ""},
}
"""What is known of somebody with empty fields: an absent one is empty; a text of nothing is what SuiteCRM stores."""


@pytest.fixture(params=sorted(CRMS))
def crm(request: pytest.FixtureRequest) -> Iterator[Crm]:
    with CRMS[request.param]() as service:
        yield service


def name_of(crm: Crm) -> str:
    return next(name for name, kind in CRMS.items() if isinstance(crm, kind))


@asynccontextmanager
async def recipe(crm: Crm, folder: Path, environ: dict[str, str] | None = None) -> AsyncIterator[LookupRunner]:
    """The recipe as it stands, with the stand-in's address and without its cache."""
    text = RECIPES[name_of(crm)].replace(crm.maker, crm.url)
    assert crm.url in text
    path = folder / "ariroute.yaml"
    path.write_text(AROUND + re.sub(r"^ +cache:.*\n", "", text, flags=re.MULTILINE))
    config = load_live(path, environ if environ is not None else crm.secrets)
    settings, make = config.lookups["crm"]
    runner = LookupRunner({"crm": (settings, make(NoPbx()))})
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()


async def ask(runner: LookupRunner, number: str) -> Answer:
    (answer,) = await runner.fetch(["crm"], {"caller.e164": number})
    return answer


def test_every_crm_has_a_recipe_and_no_other() -> None:
    assert RECIPES.keys() == CRMS.keys()


async def test_customer_is_found_with_all_that_is_known(crm: Crm, tmp_path: Path) -> None:
    async with recipe(crm, tmp_path) as runner:
        answer = await ask(runner, ANN)
    assert answer.outcome == Outcome.FOUND, answer
    assert dict(answer.fields) == FOUND[name_of(crm)] | {"loyalty": "gold", "orders": 12.0}


async def test_empty_fields_are_empty(crm: Crm, tmp_path: Path) -> None:
    async with recipe(crm, tmp_path) as runner:
        answer = await ask(runner, BO)
    assert answer.outcome == Outcome.FOUND, answer
    assert dict(answer.fields) == EMPTY[name_of(crm)]


async def test_stranger_is_missing(crm: Crm, tmp_path: Path) -> None:
    async with recipe(crm, tmp_path) as runner:
        answer = await ask(runner, NOBODY)
    assert (answer.outcome, answer.failure) == (Outcome.MISSING, None), answer


async def test_wrong_secret_is_a_failure_that_names_the_status(crm: Crm, tmp_path: Path) -> None:
    async with recipe(crm, tmp_path, dict.fromkeys(crm.secrets, "wrong")) as runner:
        answer = await ask(runner, ANN)
    assert (answer.outcome, answer.failure) == (Outcome.FAILED, Failure.STATUS)
    assert "wrong" not in answer.detail
    if isinstance(crm, Tokens):
        status = 400 if isinstance(crm, Salesforce) else 401
        assert answer.detail == f"token endpoint: HTTP {status}, invalid_client"
    else:
        assert answer.detail == "HTTP 401"


async def test_token_that_ended_is_replaced_within_the_lookup(crm: Crm, tmp_path: Path) -> None:
    async with recipe(crm, tmp_path) as runner:
        await ask(runner, ANN)
        if isinstance(crm, Tokens):
            crm.revoke()
        answer = await ask(runner, BO)
    assert answer.outcome == Outcome.FOUND, answer
    if isinstance(crm, Tokens):
        assert [each.path for each in crm.asked].count(crm.token_path) == 2


async def test_stand_in_of_suitecrm_finds_everybody_by_or() -> None:
    with SuiteCrm() as crm:
        crm.tokens.append("t")
        asked = [("filter[operator]", "or"), ("filter[phone_mobile][eq]", NOBODY)]
        assert len(crm.reply(_get("/Api/V8/module/Contacts", asked, "t")).body["data"]) == 2


@pytest.mark.parametrize("query", ["SELECT Id FROM Contact WHERE Phone = '' OR ''=''", "SELECT Id FROM Contact", ""])
async def test_stand_in_of_salesforce_refuses_what_is_no_query(query: str) -> None:
    with Salesforce() as crm:
        crm.tokens.append("t")
        reply = crm.reply(_get("/services/data/v62.0/query", [("q", query)], "t"))
    assert (reply.status, reply.body[0]["errorCode"]) == (400, "MALFORMED_QUERY")


def _get(path: str, query: list[tuple[str, str]], token: str) -> Any:
    from ariroute.lab.rest import Asked

    return Asked("GET", path, query, {"authorization": f"Bearer {token}"}, b"")


@pytest.mark.parametrize("maker", sorted(CRMS))
def test_a_stand_in_tells_its_address_its_secrets_and_whom_it_knows(maker: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "ariroute.lab.crm", maker], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout
        assert started.stderr
        address, told = started.stdout.readline(), started.stderr.readline()
        started.terminate()
        assert started.wait(10) == 0

    assert address.startswith("http://127.0.0.1:")
    assert all(f"{name}={secret}" in told for name, secret in CRMS[maker].secrets.items())
    assert "+46701234567" in told
