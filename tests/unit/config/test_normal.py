"""The normal form, by example."""

from __future__ import annotations

import pytest

from ariroute.config import normal
from ariroute.config.normal import comments, normal_form
from ariroute.errors import ConfigError, UnusableInput

MESSY = """\


# The whole.
version:   1
region: 'SE'   # Sweden


queues:
    gold:     {priority: 20}   # the best
    standard: {  }
# Where calls go.
flows:
    support:
        default:   standard
        steps:
        - lookup: crm


        # first the best
        - branch:
          - when: >-
              crm.loyalty == 'gold'


              && true
            queue: gold
          - {when: "crm.x", queue: {name: 'it''s'}}
"""
NORMAL = """\
# The whole.
version: 1
region: "SE"   # Sweden

queues:
  gold: {priority: 20}         # the best
  standard: {}

# Where calls go.
flows:
  support:
    default: standard
    steps:
      - lookup: crm

        # first the best
      - branch:
          - when: >-
              crm.loyalty == 'gold'


              && true
            queue: gold
          - {when: "crm.x", queue: {name: "it's"}}
"""


def test_a_messy_file() -> None:
    assert normal_form(MESSY.encode(), "f.yaml") == NORMAL
    assert normal_form(NORMAL.encode(), "f.yaml") == NORMAL


def test_line_ends_of_windows_and_a_byte_order_mark_go() -> None:
    assert normal_form(b"\xef\xbb\xbfversion: 1\r\nregion: SE\r\n", "f.yaml") == "version: 1\nregion: SE\n"


def test_comments_are_found_and_nothing_else() -> None:
    text = 'a: "# no" # one\n"b # no": |  # two\n  # no\n  no # no\n# three\nc: x#no\nd: [1, # four\n  2]\n'
    assert comments(text) == ["# one", "# two", "# three", "# four"]


def test_a_file_that_cannot_be_read_is_refused_with_its_mistakes() -> None:
    with pytest.raises(ConfigError, match=r"f\.yaml:2:1: a: 'a' is given twice"):
        normal_form(b"a: 1\na: 2\n", "f.yaml")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("a: 2\n", "a value would change"),
        ("a: 1\n", "a comment would be lost or moved"),
    ],
)
def test_what_would_change_more_than_the_layout_is_refused(
    monkeypatch: pytest.MonkeyPatch, made: str, words: str
) -> None:
    monkeypatch.setattr(normal, "_written", lambda text, file: made)
    with pytest.raises(UnusableInput, match=words):
        normal_form(b"a: 1  # why\n", "f.yaml")


def test_a_layout_that_does_not_settle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normal, "_written", lambda text, file: text + "\n")
    with pytest.raises(UnusableInput, match="does not settle"):
        normal_form(b"a: 1\n", "f.yaml")
