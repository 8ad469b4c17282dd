"""The container image's definition: what it copies is there, and reaches the build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONTAINERFILE = (ROOT / "packaging/container/Containerfile").read_text(encoding="utf-8")
LET_IN = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] == "!"]


def copied() -> list[str]:
    """What the image takes from this folder."""
    lines = re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_is_there_and_is_not_left_out_of_the_build(source: str) -> None:
    assert (ROOT / source).exists()
    assert source in LET_IN


def test_nothing_else_is_sent_to_the_build() -> None:
    assert sorted(LET_IN) == sorted(copied())
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").startswith("*\n")


def test_the_daemon_does_not_run_as_root() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", CONTAINERFILE, re.MULTILINE)
    assert int(user) > 0
