"""Frames of the websocket protocol (RFC 6455), as a relay needs them: read whole, and written for a client."""

from __future__ import annotations

import asyncio
import struct
from typing import Final, NamedTuple

CONTINUATION: Final = 0
TEXT: Final = 1
FIRST_CONTROL: Final = 8
"""Of the opcodes: close, ping and pong, which may come between the fragments of a message."""


class Frame(NamedTuple):
    """One frame: as it was on the wire, and what it holds."""

    raw: bytes
    opcode: int
    is_last: bool
    """Of its message."""
    payload: bytes
    """Without its mask."""

    @property
    def is_control(self) -> bool:
        """Whether it is a close, ping or pong."""
        return self.opcode >= FIRST_CONTROL


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame. Raises asyncio.IncompleteReadError where there is none any more."""
    head = await reader.readexactly(2)
    length = head[1] & 0x7F
    extended = await reader.readexactly({126: 2, 127: 8}.get(length, 0))
    if extended:
        length = int.from_bytes(extended)
    key = await reader.readexactly(4) if head[1] & 0x80 else b""
    payload = await reader.readexactly(length)
    raw = head + extended + key + payload
    return Frame(raw, head[0] & 0x0F, bool(head[0] & 0x80), masked(payload, key) if key else payload)


def masked(payload: bytes, key: bytes) -> bytes:
    """``payload`` with the mask of ``key`` put on, or taken off."""
    length = len(payload)
    pad = (key * (length // 4 + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(pad)).to_bytes(length)


def text_frame(text: str, key: bytes = b"", *, opcode: int = TEXT, is_last: bool = True) -> bytes:
    """A frame that holds ``text``; one of a client has a mask, ``key``."""
    payload = text.encode()
    length = len(payload)
    mask = 0x80 if key else 0
    if length < 126:
        size = bytes([mask | length])
    elif length < 65536:
        size = bytes([mask | 126]) + struct.pack("!H", length)
    else:
        size = bytes([mask | 127]) + struct.pack("!Q", length)
    return bytes([(0x80 if is_last else 0) | opcode]) + size + key + (masked(payload, key) if key else payload)
