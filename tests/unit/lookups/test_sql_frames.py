"""The frames of PostgreSQL's protocol."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ariroute.lookups.sql_frames import LONGEST, TYPES, Frames


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + struct.pack("!I", len(body) + 4) + body


messages = st.lists(st.tuples(st.sampled_from(sorted(TYPES)), st.binary(max_size=50)), max_size=8).map(
    lambda each: b"".join(message(*one) for one in each)
)


@given(messages, st.lists(st.integers(0, 400)))
def test_messages_are_good_however_they_are_cut(stream: bytes, cuts: list[int]) -> None:
    frames = Frames()
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)})
    assert all(frames.good(stream[start:end]) for start, end in zip([0, *ends], ends, strict=False))


@given(messages, st.binary(min_size=5, max_size=5))
def test_a_broken_head_is_found_after_any_messages(stream: bytes, head: bytes) -> None:
    length = int.from_bytes(head[1:])
    assert Frames().good(stream + head) == (head[0] in TYPES and 4 <= length <= LONGEST)


@pytest.mark.parametrize("head", [b"\0", b"H\0\0\0\3", b"D\x7f\xff\xff\xff", b"HTTP/1.1 400"])
def test_what_is_no_head_is_refused(head: bytes) -> None:
    assert not Frames().good(head)
