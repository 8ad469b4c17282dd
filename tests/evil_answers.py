"""Answers of a customer system that is broken or hostile, each by its number, the same ones on every machine.

As a program it serves them on 127.0.0.1, in a process of its own so that its memory is not ours:
``GET /17`` gets the answer number 17. It prints its port and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
import os
import random
import sys
import traceback
import zlib
from collections.abc import Callable, Iterator

MIB = 1024 * 1024
GOOD = b'{"loyalty": "gold", "orders": 12, "vip": true, "note": "good \\u00e5\\n"}'
VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 2**63, 10**300, 1.5, "", "12", "true", " ", [], {}, [1], {"a": 1}, [[]], "x" * 5000),
    *("\r\nX-Evil: 1", "\0", "\u202eevil", "\u2028", "${SHELL(id)}", "a,b&c", "\U0001f600", "e\u0301" * 600, "\x1b[2J"),
)
FIELDS = ("loyalty", "orders", "vip", "note")

Answer = Callable[[], Iterator[bytes]]


def whole(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Iterator[bytes]:
    said = ["Content-Type: application/json", f"Content-Length: {len(body) if length is None else length}", *headers]
    yield f"HTTP/1.1 {status}\r\n{''.join(f'{line}{chr(13)}{chr(10)}' for line in said)}\r\n".encode("latin-1")
    yield body


def endless(start: bytes, piece: bytes, size: int, *, chunked: bool) -> Iterator[bytes]:
    """A body of ``size`` MiB or so, of unknown or of no length."""
    kind = "Transfer-Encoding: chunked" if chunked else "Connection: close"
    yield f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{kind}\r\n\r\n".encode()
    block = piece * (65536 // len(piece))
    for number in range(size * 16):
        part = start + block if number == 0 else block
        yield b"%x\r\n%b\r\n" % (len(part), part) if chunked else part


@functools.cache
def bomb(size: int, form: int) -> bytes:
    """``size`` MiB of blanks or of nested lists, packed as zlib's ``wbits`` says."""
    packer = zlib.compressobj(level=9, wbits=form)
    block = (b" " if size % 2 else b"[") * MIB
    return b"".join([*(packer.compress(block) for _ in range(size)), packer.flush()])


def text(value: object) -> bytes:
    return json.dumps(value).encode()


def deep(dice: random.Random) -> Iterator[bytes]:
    depth = dice.choice((5, 900, 1000, 1100, 5000, 50_000, 120_000))
    opening, closing = dice.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"[[", b"]]"), (b'[{"a":', b"}]")))
    return whole(b'{"loyalty": ' + opening * depth + b"1" + closing * dice.choice((depth, 0)) + b"}")


def huge(dice: random.Random) -> Iterator[bytes]:
    piece = dice.choice((b" ", b"[", b'"', b"\\u0000", b"9", b'{"a":', b"\xff", b"\\"))
    if dice.random() < 0.3:
        return whole(b"{}" + piece * dice.choice((300_000, 3_000_000)))
    start = dice.choice((b"", b'{"loyalty": "', b'{"orders": '))
    return endless(start, piece, dice.choice((1, 64)), chunked=dice.random() < 0.5)


def packed(dice: random.Random) -> Iterator[bytes]:
    name = dice.choice(("gzip", "deflate", "x-gzip", "GZIP", "gzip, gzip", "br", "zstd", "identity", "chunked", "\xff"))
    bodies = (
        lambda: bomb(dice.choice((10, 11, 100, 101)), dice.choice((31, 15, -15))),
        lambda: gzip.compress(gzip.compress(GOOD)),
        lambda: gzip.compress(GOOD)[: dice.randrange(1, 60)],
        lambda: gzip.compress(GOOD) + b"garbage",
        lambda: gzip.compress(GOOD) * 3,
        lambda: GOOD,
        lambda: bytes([0x1F, 0x8B]) + dice.randbytes(40),
    )
    return whole(dice.choice(bodies)(), f"Content-Encoding: {name}")


def numbers(dice: random.Random) -> Iterator[bytes]:
    digits = dice.choice((4299, 4301, 20_000, 100_000))
    shown = dice.choice(
        (
            *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", f"1e{'9' * 50}", "1e400000000"),
            *("-0", "-0.0", "01", "+1", "0x10", ".5", "5.", "1_0"),
            *("9" * digits, "-" + "9" * digits, "0." + "9" * digits, "1" + "0" * digits + ".0"),
        )
    )
    places = ('{"orders": #}', '{"orders": [#]}', '{"other": #, "loyalty": "gold"}', "#", '{"orders": "#"}')
    return whole(dice.choice(places).replace("#", shown).encode())


def types(dice: random.Random) -> Iterator[bytes]:
    record = {name: dice.choice(VALUES) for name in dice.sample(FIELDS, dice.randint(0, 4))}
    outer = dice.choice(
        (record, [record], {"data": record}, record, record, list(record.values()), dice.choice(VALUES))
    )
    return whole(text(outer))


def twice(dice: random.Random) -> Iterator[bytes]:
    keys = [dice.choice(("loyalty", "orders", "loy\\u0061lty", "")) for _ in range(dice.choice((2, 3, 20_000)))]
    return whole(b"{" + b",".join(b'"%b": "gold"' % key.encode() for key in keys) + b"}")


def encoded(dice: random.Random) -> Iterator[bytes]:
    words = '{"loyalty": "gålð \U0001f600", "orders": 1}'
    bodies = (
        *(words.encode(name) for name in ("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "utf-7")),
        *(words.encode(name, "replace") for name in ("latin-1", "cp1140")),
        *(
            b'{"loyalty": "%b"}' % raw
            for raw in (b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xfe", b"\0", b"\n")
        ),
        *(
            b'{"loyalty": "%b"}' % raw
            for raw in (b"\\ud800", b"\\udc00\\ud800", b"\\u0000", b"\\u202e", b"\\x41", b"\\u12")
        ),
        *(b"\xef\xbb\xbf" * 2 + GOOD, b"\0" + GOOD, GOOD + b"\0"),
        *(b")]}',\n" + GOOD, b"callback(" + GOOD + b")", b"/**/" + GOOD),
    )
    return whole(dice.choice(bodies), f"Content-Type: text/html; charset={dice.choice(('utf-16', 'x', 'ascii', ''))}")


def cut(dice: random.Random) -> Iterator[bytes]:
    end = dice.randrange(len(GOOD))
    length = dice.choice((len(GOOD), end, max(0, end - 3), end + 1, 10**9, 0))
    return whole(GOOD[:end], length=length)


def flipped(dice: random.Random) -> Iterator[bytes]:
    body = bytearray(GOOD)
    for _ in range(dice.randint(1, 8)):
        body[dice.randrange(len(body))] = dice.randrange(256)
    return whole(bytes(body))


def soup(dice: random.Random) -> Iterator[bytes]:
    tokens = (
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"a"',
        b'"loyalty"',
        b"1",
        b"-",
        b"e",
        b"null",
        b"tru",
        b'"',
        b"\\",
        b" ",
    )
    return whole(b"".join(dice.choice(tokens) for _ in range(dice.choice((3, 30, 3000)))))


def wide(dice: random.Random) -> Iterator[bytes]:
    count = dice.choice((100, 15_000))
    body = {f"key{number}": number for number in range(count)} | {"loyalty": "gold"}
    long = [{"loyalty": sign * count} for sign in "\\\0"]
    return whole(text(dice.choice((body, [body], list(range(count)), *long))))


def odd_http(dice: random.Random) -> Iterator[bytes]:
    size = len(GOOD)
    good = b"HTTP/1.1 200 OK\r\n"
    chunked = good + b"Transfer-Encoding: chunked\r\n\r\n"
    lines = (b"X", b": x", b"X\x00: y", b" X: y", b"X: \xff\x1b[2J", b"X: " + b"y" * 70_000)
    heads = (
        *(b"", b"\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 200\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n", b"GOLD\r\n\r\n"),
        *(
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, size)
            for status in (99, 204, 206, 304, 407, 599, 999)
        ),
        *(good + b"Content-Length: %b\r\n\r\n" % said for said in (b"-1", b"x", b"9" * 30, b"1, 2", b"+5", b"")),
        good + b"Content-Length: 3\r\nContent-Length: %d\r\n\r\n" % size,
        good + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % size,
        *(chunked + chunk for chunk in (b"g\r\n", b"-1\r\n", b"9" * 40 + b"\r\n", b"5;x=")),
        *(good + line + b"\r\n\r\n" for line in lines),
        good + b"X: y\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 200 \x1b[2J" + b"x" * 9000 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: %d\n\n" % size,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    )
    yield dice.choice(heads)
    yield GOOD


KINDS = (deep, huge, packed, numbers, types, twice, encoded, cut, flipped, soup, wide, odd_http)


def answer(number: int) -> Iterator[bytes]:
    """The pieces of answer ``number``."""
    return KINDS[number % len(KINDS)](random.Random(number))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        for piece in answer(int(head.split(b" ", 2)[1].strip(b"/"))):
            writer.write(piece)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    except Exception:  # a mistake here must not pass for an answer that was cut
        traceback.print_exc()
        os._exit(1)
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
