"""The pages on the flow language tell every step and every key of each, and their examples load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ariroute.config.load import load_text
from ariroute.config.steps import STEPS, Step
from ariroute.config.words import flat, keys_of
from ariroute.values import Settings

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "flow-language.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "configuration.md").read_text(encoding="utf-8")

AROUND = """\
version: 1
timezone: Europe/Stockholm
speech: {command: ["flite", "-o", "{file}"]}
lookups:
  crm:
    http: {url: "http://127.0.0.1:8000/customers/{caller.e164}"}
    fields: {loyalty: string, orders: number, place: number, name: string, account_manager: string, id: string,
             lifetime_value: number, plan: string}
  vip_list:
    http: {url: "http://127.0.0.1:8000/vips/{caller.e164}"}
    fields: {tier: string}
hours: {office: {mon-fri: "08:00-17:00"}}
endpoints: {overflow: "PJSIP/support@carrier"}
agents: {anna: "PJSIP/anna"}
notify:
  ticket: {url: "http://127.0.0.1:8000/tickets", json: {caller: "{caller.e164}"}}
  wallboard: {url: "http://127.0.0.1:8000/wall", json: {caller: "{caller.e164}"}}
queues: {gold: {}, platinum: {}, standard: {}, new_customers: {}, trial: {}, sales: {}}
flows:
  night: {default: standard}
  support:
    trigger: {call: {}}
    default: standard
    steps:
      - set: {customer_number: none}
      - lookup: [crm, vip_list]
"""


def sections() -> dict[str, str]:
    """What stands under each step's heading."""
    steps = PAGE.split("\n## Steps\n", 1)[1].split("\n## ", 1)[0]
    parts = re.split(r"^### `([^`]+)`$", steps, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def table() -> list[str]:
    """The steps in the table, by their keys."""
    rows = re.findall(r"^\| `([a-z]+):", PAGE.split("\n## Steps\n", 1)[1].split("\n### ", 1)[0], re.MULTILINE)
    return list(rows)


def models(annotation: Any) -> list[type[Settings]]:
    """The settings that stand under a step's key, without ways."""
    found = []
    for kind in flat(annotation):
        if isinstance(kind, type) and issubclass(kind, Settings):
            found.append(kind)
        else:
            found += [inner for part in getattr(kind, "__args__", ()) for inner in models(part)]
    return found


def test_every_step_is_in_the_table_and_has_its_section() -> None:
    assert sorted(table()) == sorted(STEPS)
    assert sorted(sections()) == sorted(STEPS)


def test_the_steps_at_the_top_load() -> None:
    steps = re.findall(r"```yaml\nsteps:\n(.*?)```", PAGE, re.DOTALL)[0]
    loaded = load_text(AROUND + "".join(f"    {line}\n" for line in steps.splitlines()))
    assert len(loaded.ruleset.flows["support"].steps) == 7


def test_the_steps_are_those_of_the_model() -> None:
    assert sorted(keys_of(Step)) == sorted(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_every_key_of_a_step_is_in_the_reference(name: str) -> None:
    reference = REFERENCE.split("### `flows.NAME.steps[]`", 1)[1].split("\n## ", 1)[0]
    keys = {key for model in models(Step.model_fields[name].annotation) for key in keys_of(model)}
    assert f"| `{name}` |" in reference
    assert {key for key in keys if f"| `{key}` |" not in reference} == set()


@pytest.mark.parametrize("name", STEPS)
def test_the_examples_of_a_step_load_and_show_it(name: str) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", sections()[name], re.DOTALL)
    assert examples
    for example in examples:
        assert f"- {name}:" in example
        for step in re.split(r"^(?=- )", example, flags=re.MULTILINE)[1:]:
            indented = "".join(f"      {line}\n" for line in step.splitlines())
            flow = load_text(AROUND + indented).ruleset.flows["support"]
            assert len(flow.steps) == 3
