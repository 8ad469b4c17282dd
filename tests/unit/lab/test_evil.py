"""The customer service from hell: each fault is on the wire what its name says."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from ariroute.lab import evil as evil_module
from ariroute.lab.evil import BOMB_BYTES, HUGE_BYTES, EvilService


@pytest.fixture(scope="module")
def evil() -> Iterator[EvilService]:
    with EvilService() as service:
        yield service


def ask(evil: EvilService, path: str) -> tuple[int, str, bytes]:
    """Status, Location and body."""
    connection = http.client.HTTPConnection("127.0.0.1", evil.port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.getheader("Location", ""), response.read()
    finally:
        connection.close()


def drain(client: socket.socket) -> None:
    """Read to the end."""
    while client.recv(4096):
        pass


def listen(evil: EvilService, path: str, seconds: float) -> bytes:
    """What comes within some seconds from one which does not end."""
    answer = b""
    with socket.create_connection(("127.0.0.1", evil.port), timeout=seconds) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        try:
            while b"  " not in answer and (data := client.recv(4096)):
                answer += data
        except TimeoutError:
            return answer + b"<silence>"
    return answer


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        ("array", [{"loyalty": "gold"}]),
        ("dup", {"loyalty": "standard"}),
        ("null", None),
        ("control", {"loyalty": "gold\r\nX-Evil: 1\0", "name": "\u202egnp.exe"}),
    ],
)
def test_when_the_body_is_json_but_no_customer_then_so_it_reads(evil: EvilService, fault: str, body: object) -> None:
    assert json.loads(ask(evil, f"/{fault}/customers/+46701")[2]) == body


def test_when_types_are_wrong_then_none_is_what_a_customer_has(evil: EvilService) -> None:
    body = json.loads(ask(evil, "/types")[2])

    assert [type(body[key]) for key in ("loyalty", "orders", "name", "lifetime_value", "plan")] == [
        list,
        str,
        dict,
        bool,
        int,
    ]


def test_when_numbers_are_not_finite_then_the_text_says_so(evil: EvilService) -> None:
    assert {b"NaN", b"1e999"} <= set(ask(evil, "/nan")[2].replace(b",", b" ").split())


def test_when_json_is_deep_then_a_recursive_reader_fails(evil: EvilService) -> None:
    with pytest.raises(RecursionError):
        json.loads(ask(evil, "/deep")[2])


def test_when_an_integer_is_big_then_it_has_100000_digits(evil: EvilService) -> None:
    assert ask(evil, "/bigint")[2].count(b"9") == 100_000


def test_when_text_is_no_utf8_then_decoding_fails(evil: EvilService) -> None:
    with pytest.raises(UnicodeDecodeError):
        ask(evil, "/utf8")[2].decode()


def test_when_the_service_is_out_of_order_then_500(evil: EvilService) -> None:
    assert ask(evil, "/500/customers/+46701")[0] == 500


def test_when_the_answer_is_empty_or_a_page_then_200_all_the_same(evil: EvilService) -> None:
    assert ask(evil, "/empty") == (200, "", b"")
    assert ask(evil, "/html")[2].startswith(b"<html>")


def test_when_redirected_then_the_target_is_counted_only_if_followed(evil: EvilService) -> None:
    evil.hits.clear()

    assert ask(evil, "/redirect/customers/+46701")[:2] == (302, evil.url_of("redirected"))
    assert evil.hits == {"redirect": 1}
    assert ask(evil, "/loop")[:2] == (302, evil.url_of("loop"))


def test_when_the_body_is_cut_then_reading_it_is_an_error(evil: EvilService) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(evil, "/close")


def test_when_the_answer_is_garbage_then_it_is_no_http(evil: EvilService) -> None:
    with pytest.raises(http.client.HTTPException):
        ask(evil, "/garbage")


def test_when_a_header_is_a_mebibyte_then_a_careful_client_refuses(evil: EvilService) -> None:
    with pytest.raises(http.client.LineTooLong):
        ask(evil, "/header")


def test_when_it_hangs_then_not_one_byte_comes(evil: EvilService) -> None:
    assert listen(evil, "/hang", 0.5) == b"<silence>"


@pytest.mark.parametrize(("fault", "head_ended"), [("slow", False), ("drip", True)])
def test_when_it_drips_then_bytes_keep_coming(evil: EvilService, fault: str, head_ended: bool) -> None:
    answer = listen(evil, f"/{fault}", 5)

    assert answer.endswith(b"  ")
    assert (b"\r\n\r\n" in answer) is head_ended


def test_when_it_is_huge_then_all_of_it_comes(evil: EvilService) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", evil.port, timeout=20)
    connection.request("GET", "/huge")
    response = connection.getresponse()
    total = sum(len(block) for block in iter(lambda: response.read(1 << 20), b""))
    connection.close()

    assert total == HUGE_BYTES


def test_when_it_is_a_bomb_then_little_becomes_much(evil: EvilService, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BOMB_BYTES >= 300 << 20
    monkeypatch.setattr(evil_module, "BOMB_BYTES", 20 << 20)  # seconds less; the packing is the same
    evil_module._bomb_body.cache_clear()

    body = ask(evil, "/bomb")[2]
    evil_module._bomb_body.cache_clear()

    assert len(body) < 1 << 20
    assert len(gzip.decompress(body)) == 20 << 20


def test_when_the_fault_is_unknown_then_404(evil: EvilService) -> None:
    assert ask(evil, "/customers/+46701")[0] == 404


def test_when_asked_then_every_fault_is_named() -> None:
    assert {"hang", "drip", "slow", "bomb", "huge", "deep", "redirect", "loop", "500"} <= set(EvilService.faults())


def test_when_stopped_amid_an_answer_then_the_client_is_let_go() -> None:
    evil = EvilService()
    evil.start()
    with socket.create_connection(("127.0.0.1", evil.port), timeout=5) as client:
        client.sendall(b"GET /drip HTTP/1.1\r\n\r\n")
        assert client.recv(1)
        evil.stop()
        while client.recv(4096):
            pass


def test_when_interim_answers_come_then_no_final_one_does(evil: EvilService) -> None:
    with socket.create_connection(("127.0.0.1", evil.port), timeout=5) as client:
        client.sendall(b"GET /continue HTTP/1.1\r\n\r\n")
        answer = b""
        while answer.count(b"\r\n\r\n") < 3:
            answer += client.recv(4096)
    assert set(answer.split(b"\r\n\r\n")[:3]) == {b"HTTP/1.1 100 Continue"}


def test_when_the_connection_is_reset_then_the_client_hears_of_it(evil: EvilService) -> None:
    with socket.create_connection(("127.0.0.1", evil.port), timeout=5) as client:
        client.sendall(b"GET /reset HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            drain(client)


def test_when_a_chunk_has_no_length_then_the_reader_fails(evil: EvilService) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(evil, "/chunk")
