"""The normal form changes neither what a file says nor its comments, and is its own normal form."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ariroute.config.load import load_text
from ariroute.config.normal import comments, normal_form
from ariroute.config.read import read_text
from ariroute.errors import UnusableInput

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "tests" / "fixtures" / "good").glob("*.yaml")),
    *sorted((ROOT / "docs" / "examples").glob("*/ariroute.yaml")),
]
RELAXED = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
COMMENTS = st.sampled_from(["# one", "  # two", "#three: [", '        # "four', "", "", "   "])
BEHIND = st.sampled_from(["", "   ", "  # why", " # 'it is'"])


def checked(text: str) -> str | None:
    """The normal form, once what it must be is seen; None when there is none."""
    try:
        made = normal_form(text.encode("utf-8", "surrogatepass"), "f.yaml")
    except UnusableInput:
        return None
    assert normal_form(made.encode(), "f.yaml") == made
    assert read_text(made, "f.yaml").data == read_text(text.replace("\r", "\n"), "f.yaml").data
    return made


@RELAXED
@given(st.sampled_from(FILES), st.data())
def test_comments_and_blank_lines_anywhere(path: Path, data: st.DataObject) -> None:
    lines = path.read_text("utf-8").splitlines()
    made: list[str] = []
    for line in lines:
        if data.draw(st.booleans()):
            made.append(data.draw(COMMENTS))
        behind = data.draw(BEHIND) if line.strip() and not line.rstrip().endswith(("|", ">", ">-")) else ""
        made.append(line + behind)
    text = "\n".join(made)
    if (done := checked(text)) is not None:
        assert comments(done) == comments(text)


@settings(deadline=None, max_examples=60)
@given(st.text())
@example("a: |\n  x\n\n\n# c\nb: 1\n")
@example("a: 'it''s'\nb: \"\\u00e9\"\n")
@example("? a\n: b\n")
@example("- a\n-   b # c\n")
@example("a: [1,\n # c\n 2]\n")
@example("\ufeffa: 1\r\nb: 2")
@example("# alone")
def test_any_text_has_a_normal_form_or_is_refused(text: str) -> None:
    checked(text)


def test_every_file_of_the_project_has_a_normal_form_with_the_same_digest() -> None:
    for path in FILES:
        text = path.read_text("utf-8")
        made = checked(text)
        assert made is not None, path
        if path.parent.name in ("good", "demo", "loyalty"):
            assert load_text(made, folder=path.parent).digest == load_text(text, folder=path.parent).digest
        assert comments(made) == comments(text)
