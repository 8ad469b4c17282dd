"""Stand-ins for a CRM that is asked by POST and for a ticket system: what docs/examples/http and notify talk to."""

from __future__ import annotations

from typing import Any

from ariroute.lab.rest import Asked, Reply, RestService

_ANN = "+46701234567"


class Contacts(RestService):
    """Contacts by number, accounts by theirs; numbers come as text. Who has no key gets 401."""

    key = "crm-key"

    def reply(self, asked: Asked) -> Reply:
        if asked.headers.get("x-api-key") != self.key:
            return Reply(401, {"error": "no such key"})
        if (asked.method, asked.path) == ("POST", "/api/contacts/search"):
            return self._search(asked.json())
        if (asked.method, asked.path) == ("GET", "/api/accounts/A-1"):
            return Reply(200, {"number": "A-1", "unpaid": "0"})
        return Reply(404, {"error": "not found"})

    def _search(self, body: Any) -> Reply:
        if not isinstance(body, dict) or body.keys() != {"filter", "limit"} or type(body["limit"]) is not int:
            return Reply(400, {"error": "a search has filter and limit"})
        tags = [{"name": "language", "value": "sv"}, {"name": "level", "value": "gold"}]
        known = [{"name": "Ann Ek", "account": {"number": "A-1"}, "tags": tags}]
        return Reply(200, {"contacts": known if body["filter"].get("phone") == _ANN else []})


class Desk(RestService):
    """Takes tickets, and keeps them in `tickets`."""

    token = "desk-token"  # noqa: S105  # of a stand-in

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.tickets: list[dict[str, Any]] = []

    def reply(self, asked: Asked) -> Reply:
        if asked.bearer != self.token:
            return Reply(401, {"error": "no such token"})
        body = asked.json()
        if (asked.method, asked.path) != ("POST", "/api/tickets") or not isinstance(body, dict):
            return Reply(400, {"error": "a ticket is an object"})
        self.tickets.append(body)
        return Reply(201, {"id": len(self.tickets)})
