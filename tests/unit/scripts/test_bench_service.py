"""The customer service of scripts/bench: a process of its own, whose delay can be changed while it runs."""

from __future__ import annotations

import http.client
import json
import time

from scripts.benchmark.customers import CustomersProcess


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[int, dict[str, object], float]:
    begun = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read()), time.perf_counter() - begun


def test_customers_are_answered_on_one_connection_with_the_delay_in_force() -> None:
    with CustomersProcess() as service:
        connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=5)
        status, escaped, _ = ask(connection, "/customers/%2B46701000003")
        assert (status, escaped["loyalty"], escaped["orders"]) == (200, "gold", 200)
        assert ask(connection, "/customers/+46701000003")[1] == escaped
        assert ask(connection, "/customers/+4600")[0] == 404
        service.set_delay(30)
        status, customer, took = ask(connection, "/customers/+46701000010")
        assert (status, customer["loyalty"]) == (200, "platinum")
        assert took >= 0.03
        connection.close()
