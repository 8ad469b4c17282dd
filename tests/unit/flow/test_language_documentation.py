"""docs/conditions.md: complete, and every example in it works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flow_builders import OFFICE, scope

from ariroute.flow.conditions import CONTACT_RECORDS, Language, Unknown
from ariroute.flow.facts import Outcome
from ariroute.flow.functions import COALESCE_LIMIT, FUNCTIONS
from ariroute.flow.match import render_match
from ariroute.flow.scope import CONTACT_FACTS

PAGE = (Path(__file__).parents[3] / "docs" / "conditions.md").read_text(encoding="utf-8")

LANGUAGE = Language(
    {
        "crm": {"loyalty": "string", "orders": "number", "vip": "bool", "mobile": "string"},
        "vip_list": {"tier": "string", "visits": "number"},
    },
    {"office": OFFICE},
    ["level"],
    "SE",
    "Europe/Stockholm",
)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def rows(heading: str) -> list[tuple[str, ...]]:
    """The cells of the table below ``heading``, without its head."""
    section = PAGE.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[2:]]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_row_with_an_example_that_compiles(name: str) -> None:
    example = next(cells[0].strip("`") for cells in rows("### Functions") if cells[0].startswith(f"`{name}("))
    LANGUAGE.expression(example)


def test_no_function_is_documented_that_is_not_there() -> None:
    assert [cells[0].strip("`").partition("(")[0] for cells in rows("### Functions")] == list(FUNCTIONS)


def test_every_name_has_its_row() -> None:
    documented = {cells[0].strip("`") for cells in rows("### Names")}
    known = {f"{record}.{field}" for record, fields in CONTACT_RECORDS.items() for field in fields}
    assert documented == known | {"now", "arguments", "vars.NAME", "outcome.LOOKUP", "LOOKUP.FIELD"}
    assert set(CONTACT_FACTS) == known | {"arguments"}


def test_every_outcome_and_the_limit_are_named() -> None:
    for outcome in Outcome:
        assert f"`{outcome}`" in PAGE
    assert f"({COALESCE_LIMIT} at most)" in PAGE


@pytest.mark.parametrize("text", [line for block in blocks("cel") for line in block.splitlines()])
def test_every_condition_compiles(text: str) -> None:
    LANGUAGE.condition(text)


@pytest.mark.parametrize("cells", rows("### Without code"))
def test_the_no_code_form_means_what_the_page_says(cells: tuple[str, ...]) -> None:
    inside = re.search(r"\{(.*)\}", cells[0])
    meant = re.search(r"`(.*?)`", cells[1])
    assert inside
    assert meant
    fields: dict[str, object] = {}
    for name, value in re.findall(r'([\w.]+): (\[.*?\]|".*?"|\w+)', inside[1]):
        words = value.strip('[]"').split(", ")
        plain = [{"true": True}.get(word, word) for word in words]
        fields[name] = plain if value.startswith("[") else plain[0]
    assert render_match(fields) == meant[1]  # type: ignore[arg-type]


def test_the_lines_on_unknown_behave_as_the_page_says() -> None:
    blocked, friend, inside = (LANGUAGE.condition(line) for line in blocks("cel")[1].splitlines())
    down = scope({"crm": Outcome.FAILED})
    assert isinstance(blocked.holds(down), Unknown)
    assert friend.holds(down) is True
    assert isinstance(inside.holds(down), Unknown)
    assert LANGUAGE.condition('crm.vip && open("office", now + duration("12h"))').holds(down) is False
    missing = scope({"crm": Outcome.MISSING})
    assert LANGUAGE.condition('crm.loyalty != "gold"').holds(missing) is True
    assert LANGUAGE.condition("crm.orders > 10").holds(missing) == Unknown("crm.orders is empty")


def test_the_mistake_on_the_page_reads_so() -> None:
    shown = re.search(r"    1:5: .*\n    .*\n    .*\^", PAGE)
    assert shown
    wanted = "\n".join(line[4:] for line in shown[0].splitlines())
    with pytest.raises(Exception, match=re.escape(wanted)):
        LANGUAGE.condition('crm.loyality == "gold"')
