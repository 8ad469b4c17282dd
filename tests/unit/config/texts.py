"""Short flow files for these tests."""

from __future__ import annotations

import pytest

from ariroute.config.load import Config, load_text
from ariroute.errors import ConfigError

QUEUES = "queues: {gold: {priority: 20}, standard: {}}\n"
CRM = """\
lookups:
  crm:
    http: {url: "http://crm.local/customers/{caller.e164}"}
    fields: {loyalty: string, orders: number}
"""


def flow_file(steps: str, *, lookups: str = CRM, more: str = "") -> str:
    """A file with one flow of these steps, each line of them indented by six."""
    indented = "".join(f"      {line}\n" if line else "\n" for line in steps.splitlines())
    return (
        "version: 1\n"
        + more
        + lookups
        + QUEUES
        + "flows:\n  support:\n    trigger: {call: {}}\n    default: standard\n"
    ) + (f"    steps:\n{indented}" if steps else "")


def loaded(text: str) -> Config:
    return load_text(text, "f.yaml")


def mistakes(text: str) -> list[str]:
    """What is wrong with ``text``, without excerpts; the file is called f.yaml."""
    with pytest.raises(ConfigError) as caught:
        load_text(text, "f.yaml")
    return [str(problem).splitlines()[0] for problem in caught.value.problems]
