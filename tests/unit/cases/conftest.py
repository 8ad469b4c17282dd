"""A small configuration, and cases for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ariroute.cases.case import Case, Checkpoint, Expected, Given, Mock, Verdict
from ariroute.cases.run import run_case
from ariroute.config.load import Config, load_text
from ariroute.flow.contact import Contact, party
from ariroute.flow.facts import Answer, Failure, Outcome, Scalar

FLOW_FILE = """\
version: 1
region: SE
timezone: Europe/Stockholm

lookups:
  crm:
    http: {url: "http://127.0.0.1:9/customers/{caller.e164}"}
    fields: {loyalty: string, account: string}
  invoices:
    http: {url: "http://127.0.0.1:9/invoices/{crm.account}", timeout: 300ms}
    fields: {due: number}

hours:
  office: {mon-fri: "08:00-17:00"}

endpoints:
  reception: PJSIP/reception

queues:
  gold: {priority: 20}
  invoices: {priority: 10}
  standard: {priority: 0}

flows:
  support:
    trigger: {call: {to: ["+46850000000", support]}}
    default: standard
    steps:
      - lookup: [crm, invoices]
      - branch:
          - when: crm.loyalty == "gold"
            queue: gold
          - when: invoices.due > 0
            queue: invoices
  opening:
    default: standard
    steps:
      - branch:
          - when: open("office")
            queue: gold
  talk:
    default: standard
    steps:
      - play: custom/welcome
      - menu:
          prompt: custom/menu
          keys: {"1": {queue: gold}, "2": {goto: number}}
          timeout: 5s
          tries: 2
          on_no_input: {queue: invoices}
  number:
    default: standard
    steps:
      - collect: {prompt: custom/number, into: number, digits: 3-6, timeout: 4s, on_no_input: {queue: invoices}}
      - queue: gold
  twice:
    default: standard
    steps:
      - play: custom/wait
      - collect: {prompt: custom/wait, into: first, digits: 1-6, timeout: 4s, tries: 1}
      - collect: {prompt: custom/wait, into: second, digits: 1, timeout: 4s, tries: 1}
      - queue: gold
  ring:
    default: standard
    steps:
      - dial: {endpoint: reception, timeout: 20s, on_busy: {queue: gold}, on_no_answer: {queue: invoices}}
"""

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Europe/Stockholm"))
ANN = "+46701234567"

Try = Callable[..., Verdict]


def found(lookup: str, takes: float = 0.0, **fields: Scalar) -> Mock:
    return Mock(Answer(lookup, Outcome.FOUND, fields, origin="given"), takes)


def failed(lookup: str, failure: Failure, takes: float = 0.0) -> Mock:
    return Mock(Answer(lookup, Outcome.FAILED, failure=failure, origin="given"), takes)


@pytest.fixture(scope="session")
def config() -> Config:
    return load_text(FLOW_FILE, "ariroute.yaml")


@pytest.fixture
def tried(config: Config) -> Try:
    """Runs a case: what is given beyond the call, and what is expected, by the names of Given and Expected."""

    def run(
        flow: str = "support",
        expected: Expected | None = None,
        checkpoints: tuple[Checkpoint, ...] = (),
        caller: str = ANN,
        **given: Any,
    ) -> Verdict:
        contact = Contact("test", MONDAY, party(caller, "", "SE"))
        case = Case("a case", Given(flow, contact, **given), expected or Expected(), checkpoints)
        return run_case(config, case)

    return run
