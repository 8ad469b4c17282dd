"""500 answers that no customer system should give, over real sockets: each ends in a word, and memory stays small."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import evil_answers
import pytest

from ariroute.flow.facts import Failure, Outcome
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.runner import LookupRunner

COUNT = 500
FIELDS = {"loyalty": "string", "orders": "number", "vip": "bool", "note": "string"}
ROOM = 20 * 1024 * 1024
"""Bytes by which memory may grow."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-I", evil_answers.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.communicate(timeout=10)
    assert process.returncode == 0


def resident() -> int:
    """Bytes of this process in memory (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_500_evil_answers_end_in_a_word_and_leave_memory_as_it_was(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    item = {"http": {"url": f"{url}/{{crm.id}}", "timeout": 5.0}, "fields": FIELDS}
    entry = LookupEntry.model_validate(item)
    settings = entry.common().model_copy(update={"has_breaker": False})
    runner = LookupRunner({"crm": (settings, entry.factory("crm", Surroundings("crm"))(NoPbx()))})
    await runner.start()
    ends: Counter[str] = Counter()
    before = most = 0
    try:
        with caplog.at_level(logging.WARNING):
            for number in range(-60, COUNT):  # the first ones warm up: parsers, pools of memory
                (answer,) = await runner.fetch(["crm"], {"crm.id": str(number % COUNT)})
                before, most = (resident(), resident()) if number < 0 else (before, max(most, resident()))
                if number < 0:
                    continue
                ends[answer.failure or answer.outcome] += 1
                assert answer.outcome is not Outcome.FAILED or (answer.failure and answer.detail), number
                assert answer.failure is not Failure.ERROR, (number, answer.detail)
                for name, value in answer.fields.items():
                    kind = {"string": str, "number": float, "bool": bool}[FIELDS[name]]
                    assert type(value) is kind, number
                    assert not isinstance(value, str) or not set(value) & set("\r\n\0\x1b\u202e"), number
                assert len(answer.detail) < 300, number
    finally:
        await runner.close()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert most - before < ROOM, f"{(most - before) / 2**20:.1f} MiB"
    assert set(ends) == {
        *(Outcome.FOUND, Failure.NOT_JSON, Failure.TOO_LARGE, Failure.WRONG_TYPE, Failure.REFUSED, Failure.STATUS)
    }
