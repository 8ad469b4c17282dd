"""The customer service: a real HTTP server, asked over a real socket."""

from __future__ import annotations

import http.client
import json
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ariroute.lab.customers import CustomerFileError, CustomerService, main, parse_delay, read_customers

DEMO = Path(__file__).parents[3] / "docs" / "examples" / "demo" / "customers.csv"
HEADER = "phone,name,loyalty,orders,lifetime_value,plan,account_manager\n"


@pytest.fixture
def crm() -> Iterator[CustomerService]:
    with CustomerService(DEMO) as service:
        yield service


def get(crm: CustomerService, path: str, method: str = "GET") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", crm.port, timeout=5)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def exchange(crm: CustomerService, request: bytes) -> bytes:
    """Send bytes and read until the service closes."""
    with socket.create_connection(("127.0.0.1", crm.port), timeout=5) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_when_the_customer_is_known_then_all_columns_come_typed(crm: CustomerService) -> None:
    assert get(crm, "/customers/+46701000001") == (
        200,
        {
            "phone": "+46701000001",
            "name": "Astrid Lindqvist",
            "loyalty": "platinum",
            "orders": 214,
            "lifetime_value": 48210.5,
            "plan": "business",
            "account_manager": "Maja Berg",
        },
    )


def test_when_the_plus_is_percent_encoded_then_it_is_the_same_customer(crm: CustomerService) -> None:
    assert get(crm, "/customers/%2B46701000003?verbose=1") == get(crm, "/customers/+46701000003")


def test_when_a_cell_is_empty_then_it_is_null(crm: CustomerService) -> None:
    assert get(crm, "/customers/+46701000012")[1]["loyalty"] is None


@pytest.mark.parametrize(
    "path", ["/customers/+46999", "/customers/", "/", "/customers/%FF", "/customers/%2B46701000001/x"]
)
def test_when_nobody_is_known_there_then_404(crm: CustomerService, path: str) -> None:
    assert get(crm, path) == (404, {"error": "no such customer"})


def test_when_the_method_is_another_then_405(crm: CustomerService) -> None:
    assert get(crm, "/customers/+46701000001", "DELETE")[0] == 405


def test_when_one_connection_asks_often_then_it_is_kept_and_counted(crm: CustomerService) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", crm.port, timeout=5)
    connection.connect()
    kept = connection.sock
    for _ in range(50):
        connection.request("GET", "/customers/+46701000002")
        assert json.loads(connection.getresponse().read())["loyalty"] == "platinum"
        assert connection.sock is kept
    connection.close()

    assert crm.requests == 50
    assert get(crm, "/requests") == (200, {"requests": 51})


def test_when_requests_are_pipelined_and_split_then_answers_come_in_order(crm: CustomerService) -> None:
    request = b"".join(b"GET /customers/+4670100000%d HTTP/1.1\r\nHost: crm\r\n\r\n" % digit for digit in (1, 9, 3))
    with socket.create_connection(("127.0.0.1", crm.port), timeout=5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            client.sendall(bytes([byte]))
        answer = b""
        while answer.count(b"account_manager") < 3:
            answer += client.recv(65536)

    assert [answer.index(name) for name in (b"Astrid", b"Ingrid", b"Cecilia")] == sorted(
        answer.index(name) for name in (b"Astrid", b"Ingrid", b"Cecilia")
    )


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/2.0\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 20_000, b"431"),
        (b"POST / HTTP/1.1\r\nContent-Length: 25\r\n\r\nGET /a HTTP/1.1\r\n\r\n", b"405"),
        (b"GET /customers/+46701000001 HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /customers/+46701000001 HTTP/1.1\r\nConnection: close\r\n\r\n", b"200"),
    ],
)
def test_when_the_connection_cannot_go_on_then_one_answer_and_closed(
    crm: CustomerService, request_text: bytes, status: bytes
) -> None:
    answer = exchange(crm, request_text)

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_when_there_is_a_delay_then_each_answer_waits_but_not_for_another() -> None:
    with CustomerService(DEMO, delay=0.3) as crm:
        started = time.monotonic()
        askers = [threading.Thread(target=get, args=(crm, "/customers/+46701000001")) for _ in range(8)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        took = time.monotonic() - started

    assert 0.3 <= took < 8 * 0.3
    assert crm.requests == 8


def test_when_stopped_then_open_connections_end_and_the_port_is_free(crm: CustomerService) -> None:
    with socket.create_connection(("127.0.0.1", crm.port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert client.recv(4096)
        crm.stop()
        assert client.recv(4096) == b""

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", crm.port), timeout=5)


def test_when_the_port_is_taken_then_starting_raises(crm: CustomerService) -> None:
    with pytest.raises(OSError, match="address already in use"):
        CustomerService(DEMO, port=crm.port).start()


def test_when_customers_are_given_as_a_mapping_then_they_are_served() -> None:
    with CustomerService({"+1": {"vip": True}}) as crm:
        assert get(crm, "/customers/+1") == (200, {"vip": True})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phone,name\n", ":1: no column loyalty, orders, lifetime_value, plan, account_manager"),
        (HEADER + "+1,Ann,gold,many,0,,\n", ":2: invalid literal for int"),
        (HEADER + "+1,Ann,gold,1,0,,\n+1,Bo,gold,1,0,,\n", ":3: phone '+1' is empty or given twice"),
        (HEADER + ",Ann,gold,1,0,,\n", ":2: phone None is empty"),
        ("", ":1: no column phone"),
    ],
)
def test_when_the_file_is_wrong_then_file_and_line_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CustomerFileError) as raised:
        read_customers(path)

    assert str(raised.value).startswith(f"{path}{message}")


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("20ms", 0.02), ("1.5s", 1.5)])
def test_when_a_delay_has_its_unit_then_it_is_read(text: str, seconds: float) -> None:
    assert parse_delay(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["20", "-1s", "", "1m", "1 s"])
def test_when_a_delay_has_no_unit_then_the_text_shows_how(text: str) -> None:
    with pytest.raises(ValueError, match="as 20ms or 1s"):
        parse_delay(text)


def test_when_the_file_is_not_there_then_the_command_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert main(["/nonexistent/customers.csv"]) == 2
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert "/nonexistent/customers.csv" in capsys.readouterr().err


def test_when_run_as_a_command_then_the_first_line_is_the_address_and_sigterm_ends_it() -> None:
    command = [sys.executable, "-m", "ariroute.lab.customers", str(DEMO), "--delay", "1ms"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 20)[0]
        address = process.stdout.readline().strip()
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
        connection.request("GET", "/customers/+46701000005")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
