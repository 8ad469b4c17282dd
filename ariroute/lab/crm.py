"""Stand-ins for five CRMs, as their makers publish their APIs: what they ask for, answer and refuse.

    python3 -m ariroute.lab.crm salesforce

prints the address of one and serves until SIGINT or SIGTERM. Each holds the customers of `CUSTOMERS`. They know as much
of each API as a search for a caller's number needs, and refuse the rest as the maker's server does.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ariroute.lab.rest import Asked, Reply, RestService


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with a number (E.164), as every stand-in knows them."""

    phone: str
    name: str
    loyalty: str
    orders: int
    manager: str = ""


CUSTOMERS = (
    Customer("+46701234567", "Ann Ek", "gold", 12, "Anna Holm"),
    Customer("+46707654321", "Bo Al", "", 0),
)


class Crm(RestService):
    """What the stand-ins share. `secrets` are what the environment of a flow file holds."""

    maker: str
    """The address in the recipes that this one stands in for."""
    secrets: ClassVar[Mapping[str, str]]

    def found(self, phone: str) -> list[Customer]:
        """The customers with this number."""
        return [customer for customer in CUSTOMERS if customer.phone == phone]


class Tokens(Crm):
    """A CRM that gives out access tokens by OAuth 2.0 client credentials (RFC 6749 section 4.4)."""

    token_path: str
    client: tuple[str, str]

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.tokens: list[str] = []

    def revoke(self) -> None:
        """Let every token have ended."""
        self.tokens.clear()

    def granted(self, asked: Asked, **more: Any) -> Reply:
        """A token for a right request, an error of RFC 6749 section 5.2 for another."""
        form = asked.form() or asked.json() or {}
        if asked.method != "POST" or not form:
            return _oauth_error(400, "invalid_request", "no form of type application/x-www-form-urlencoded")
        if form.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type", "grant type not supported")
        if (form.get("client_id"), form.get("client_secret")) != self.client and asked.basic != self.client:
            return self.refused_client()
        self.tokens.append(f"token-{uuid.uuid4().hex}")
        return Reply(200, {"access_token": self.tokens[-1], "token_type": "Bearer", **more})

    def refused_client(self) -> Reply:
        """For a client that is not known, or its secret."""
        return _oauth_error(401, "invalid_client", "Client authentication failed")


def _oauth_error(status: int, code: str, text: str) -> Reply:
    return Reply(status, {"error": code, "error_description": text})


class Salesforce(Tokens):
    """REST API, resource Query, with the client credentials flow of an external client app.

    developer.salesforce.com: REST API Developer Guide, "Query"; Salesforce Help, "OAuth 2.0 Client Credentials Flow".
    Tokens carry no `expires_in`.
    """

    maker = "https://example.my.salesforce.com"
    token_path = "/services/oauth2/token"  # noqa: S105  # a path
    client = ("3MVG9.consumer-key", "sf-secret")
    secrets: ClassVar = {"SALESFORCE_ID": client[0], "SALESFORCE_SECRET": client[1]}
    _query = re.compile(r"/services/data/v\d+\.0/query/?")
    _soql = re.compile(
        r"SELECT (?P<fields>[\w., ]+) FROM (?P<object>\w+)"
        r" WHERE (?P<where>\w+ = '[^'\\]*'(?: OR \w+ = '[^'\\]*')*)"
        r"(?: ORDER BY \w+(?: DESC)?)?(?: LIMIT (?P<limit>\d+))?",
        re.IGNORECASE,
    )

    def reply(self, asked: Asked) -> Reply:
        if asked.path == self.token_path:
            more = {"signature": "c2ln", "instance_url": self.url, "id": f"{self.url}/id/00D/005", "issued_at": "1"}
            return self.granted(asked, scope="api", **more)
        if asked.bearer not in self.tokens:
            return _salesforce_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if asked.method != "GET" or not self._query.fullmatch(asked.path):
            return _salesforce_error(404, "NOT_FOUND", "The requested resource does not exist")
        return self._queried(dict(asked.query).get("q", ""))

    def refused_client(self) -> Reply:
        return _oauth_error(400, "invalid_client", "invalid client credentials")

    def _queried(self, soql: str) -> Reply:
        query = self._soql.fullmatch(soql)
        if not query:
            return _salesforce_error(400, "MALFORMED_QUERY", "unexpected token")
        if query["object"] != "Contact":
            return _salesforce_error(400, "INVALID_TYPE", f"sObject type '{query['object']}' is not supported")
        fields = [name.strip() for name in query["fields"].split(",")]
        terms = re.findall(r"(\w+) = '([^']*)'", query["where"])
        columns = _salesforce_columns(CUSTOMERS[0])
        for name in (*fields, *(column for column, _ in terms)):
            if name not in columns:
                return _salesforce_error(400, "INVALID_FIELD", f"No such column '{name}' on entity 'Contact'")
        rows = [
            _salesforce_record(customer, fields)
            for customer in CUSTOMERS
            if any(_salesforce_columns(customer)[column] == value for column, value in terms)
        ][: int(query["limit"] or 2000)]
        return Reply(200, {"totalSize": len(rows), "done": True, "records": rows})


def _salesforce_columns(customer: Customer) -> dict[str, Any]:
    return {
        "Id": "003RO0000035WQgYAM",
        "Name": customer.name,
        "Phone": None,
        "MobilePhone": customer.phone,
        "Loyalty__c": customer.loyalty or None,
        "Orders__c": float(customer.orders),
        "Account.Owner.Name": customer.manager or None,
    }


def _salesforce_record(customer: Customer, fields: list[str]) -> dict[str, Any]:
    record: dict[str, Any] = {"attributes": {"type": "Contact", "url": "/services/data/v62.0/sobjects/Contact/003"}}
    for name in fields:
        value = _salesforce_columns(customer)[name]
        if name == "Account.Owner.Name":  # a relationship without a record is null
            owner = {"attributes": {"type": "User"}, "Name": value}
            record["Account"] = {"attributes": {"type": "Account"}, "Owner": owner} if value else None
        else:
            record[name] = value
    return record


def _salesforce_error(status: int, code: str, text: str) -> Reply:
    return Reply(status, [{"message": text, "errorCode": code}])


class HubSpot(Crm):
    """CRM search, developers.hubspot.com, "Search the CRM". Every property is a text or null, numbers too."""

    maker = "https://api.hubapi.com"
    secrets: ClassVar = {"HUBSPOT_TOKEN": "pat-eu1-1234"}

    def reply(self, asked: Asked) -> Reply:
        if asked.bearer != self.secrets["HUBSPOT_TOKEN"]:
            return _hubspot_error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        if asked.path != "/crm/v3/objects/contacts/search":
            return _hubspot_error(404, "OBJECT_NOT_FOUND", "resource not found")
        if asked.method != "POST":
            return _hubspot_error(405, "METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed")
        if asked.content_type != "application/json":
            return _hubspot_error(415, "UNSUPPORTED_MEDIA_TYPE", "HTTP 415 Unsupported Media Type")
        body = asked.json()
        if problem := _hubspot_problem(body):
            return _hubspot_error(400, "VALIDATION_ERROR", problem)
        rows = [customer for customer in CUSTOMERS if _hubspot_matches(customer, body["filterGroups"])]
        results = [_hubspot_object(customer, body.get("properties", [])) for customer in rows]
        return Reply(200, {"total": len(rows), "results": results[: body.get("limit", 10)]})


def _hubspot_properties(customer: Customer) -> dict[str, str | None]:
    return {
        "firstname": customer.name.partition(" ")[0],
        "lastname": customer.name.partition(" ")[2],
        "phone": None,
        "mobilephone": customer.phone,
        "loyalty": customer.loyalty or None,
        "num_orders": str(customer.orders),
        "account_manager": customer.manager or None,
    }


def _hubspot_problem(body: Any) -> str:
    """What is wrong with a search; empty when nothing is."""
    if not isinstance(body, dict) or not isinstance(body.get("filterGroups"), list):
        return "Invalid input JSON on line 1, column 1"
    if not 0 < body.get("limit", 10) <= 200:
        return "limit must be between 1 and 200"
    if len(body["filterGroups"]) > 5:
        return "too many filter groups"
    for group in body["filterGroups"]:
        for each in group.get("filters", []):
            if each.get("operator") not in ("EQ", "NEQ", "CONTAINS_TOKEN", "IN", "HAS_PROPERTY"):
                return f"{each.get('operator')} is no operator"
            if each.get("propertyName") not in _hubspot_properties(CUSTOMERS[0]):
                return f"There was a problem with the request: no property {each.get('propertyName')}"
            if not isinstance(each.get("value"), str):
                return "value must be a string"
    return ""


def _hubspot_matches(customer: Customer, groups: list[dict[str, Any]]) -> bool:
    known = _hubspot_properties(customer)
    return any(
        all(each["operator"] == "EQ" and known[each["propertyName"]] == each["value"] for each in group["filters"])
        for group in groups
    )


def _hubspot_object(customer: Customer, names: list[str]) -> dict[str, Any]:
    stamp = "2026-01-05T08:00:00.000Z"
    always = {"createdate": stamp, "hs_object_id": "512", "lastmodifieddate": stamp}
    known = _hubspot_properties(customer)
    properties = always | {name: known[name] for name in names if name in known}
    return {"id": "512", "properties": properties, "createdAt": stamp, "updatedAt": stamp, "archived": False}


def _hubspot_error(status: int, category: str, text: str) -> Reply:
    return Reply(status, {"status": "error", "message": text, "correlationId": str(uuid.uuid4()), "category": category})


class Zendesk(Crm):
    """Search API with an API token, developer.zendesk.com, "Retrieving the Zendesk user id of a caller".

    A number in a query has digits alone; `*` before it finds numbers that end so, however they are written.
    """

    maker = "https://example.zendesk.com"
    secrets: ClassVar = {"ZENDESK_TOKEN": "zd-token"}
    user = "routing@example.com/token"
    _query = re.compile(r"type:user(?: role:end-user)? phone:(?P<star>\*?)(?P<number>[0-9]+)")

    def reply(self, asked: Asked) -> Reply:
        if asked.basic != (self.user, self.secrets["ZENDESK_TOKEN"]):
            return Reply(401, {"error": "Couldn't authenticate you"})
        if asked.method != "GET" or asked.path not in ("/api/v2/search.json", "/api/v2/search"):
            return Reply(404, {"error": "InvalidEndpoint", "description": "Not found"})
        query = dict(asked.query).get("query", "")
        if not query:
            return Reply(422, {"error": "invalid", "description": "Invalid search: query is missing"})
        rows = [_zendesk_user(customer) for customer in CUSTOMERS if self._matches(customer, query)]
        whole = {"results": rows, "facets": None, "next_page": None, "previous_page": None, "count": len(rows)}
        return Reply(200, whole)

    def _matches(self, customer: Customer, query: str) -> bool:
        wanted, digits = self._query.fullmatch(query), customer.phone.removeprefix("+")
        if not wanted:
            return False  # the search takes anything, and finds nothing that we know of
        return digits.endswith(wanted["number"]) if wanted["star"] else digits == wanted["number"]


def _zendesk_user(customer: Customer) -> dict[str, Any]:
    return {
        "id": 35436,
        "url": "https://example.zendesk.com/api/v2/users/35436.json",
        "name": customer.name,
        "phone": customer.phone,
        "role": "end-user",
        "tags": ["vip"] if customer.loyalty else [],
        "user_fields": {"loyalty": customer.loyalty or None, "orders": customer.orders, "account_manager": None},
        "result_type": "user",
    }


class Odoo(Crm):
    """External JSON-2 API of Odoo 19, odoo.com/documentation, "External JSON-2 API".

    An empty field is `false`; a many2one field is a list of id and name.
    """

    maker = "https://example.odoo.com"
    secrets: ClassVar = {"ODOO_KEY": "6578616d706c65206a736f6e20617069206b6579"}

    def reply(self, asked: Asked) -> Reply:
        if asked.bearer != self.secrets["ODOO_KEY"]:
            return _odoo_error(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
        if asked.method != "POST" or asked.path != "/json/2/res.partner/search_read":
            return _odoo_error(404, "werkzeug.exceptions.NotFound", "the model or method does not exist")
        if asked.content_type != "application/json":
            return _odoo_error(415, "werkzeug.exceptions.UnsupportedMediaType", "415 Unsupported Media Type")
        body = asked.json()
        if not isinstance(body, dict) or body.keys() - {"domain", "fields", "limit", "order", "offset", "context"}:
            return _odoo_error(422, "werkzeug.exceptions.UnprocessableEntity", "unexpected keyword argument")
        names = ["id", *body.get("fields", [])]
        if unknown := [name for name in names if name not in _odoo_partner(CUSTOMERS[0])]:
            return _odoo_error(500, "builtins.ValueError", f"Invalid field '{unknown[0]}' on 'res.partner'")
        rows = [_odoo_partner(customer) for customer in CUSTOMERS if _odoo_matches(customer, body.get("domain", []))]
        return Reply(200, [{name: row[name] for name in names} for row in rows[: body.get("limit")]])


def _odoo_partner(customer: Customer) -> dict[str, Any]:
    return {
        "id": 25,
        "name": customer.name,
        "phone_sanitized": customer.phone,
        "x_loyalty": customer.loyalty or False,
        "x_orders": customer.orders,
        "x_vip": bool(customer.loyalty),
        "user_id": [7, customer.manager] if customer.manager else False,
    }


def _odoo_matches(customer: Customer, domain: list[list[Any]]) -> bool:
    known = _odoo_partner(customer)
    return all(operator == "=" and known[name] == value for name, operator, value in domain)


def _odoo_error(status: int, name: str, text: str) -> Reply:
    body = {"name": name, "message": text, "arguments": [text, status], "context": {}, "debug": "Traceback ..."}
    return Reply(status, body, "application/json; charset=utf-8")


class SuiteCrm(Tokens):
    """JSON API V8, docs.suitecrm.com, "JSON API", and its sources (Api/V8/JsonApi/Repository/Filter.php).

    With `filter[operator]=or` the server joins "not deleted" by or as well, so that every contact is found.
    """

    maker = "https://crm.example"
    token_path = "/Api/access_token"  # noqa: S105  # a path
    client = ("7c1a3c1e-0f6b-4a8f-9f6e-5ad0f0a9a001", "suite-secret")
    secrets: ClassVar = {"SUITECRM_SECRET": client[1]}
    _type = "application/vnd.api+json"

    def reply(self, asked: Asked) -> Reply:
        if asked.path == self.token_path:
            return self.granted(asked, expires_in=3600)
        if asked.bearer not in self.tokens:
            text = "The resource owner or authorization server denied the request."
            return _oauth_error(401, "access_denied", text)
        if asked.method != "GET" or asked.path != "/Api/V8/module/Contacts":
            return self._error(404, "Not found")
        given = dict(asked.query)
        filters = [re.fullmatch(r"filter\[(\w+)\]\[(\w+)\]", name) for name in given]
        terms = [(each[1], each[2], given[each[0]]) for each in filters if each]
        for name, operator, _ in terms:
            if name not in _suite_attributes(CUSTOMERS[0]):
                return self._error(400, f"Filter field {name} in Contact module is not found")
            if operator not in ("eq", "neq", "gt", "gte", "lt", "lte"):
                return self._error(400, f"Filter operator {operator} is invalid")
        names = given.get("fields[Contacts]", "").split(",")
        either = given.get("filter[operator]", "and").lower() == "or"
        rows = [customer for customer in CUSTOMERS if either or _suite_matches(customer, terms)]
        size = int(given.get("page[size]", "20"))
        data = [_suite_contact(customer, names) for customer in rows[:size]]
        meta = {"total-pages": 1, "records-on-this-page": len(data)}
        return Reply(200, {"meta": meta, "data": data}, self._type)

    def _error(self, status: int, text: str) -> Reply:
        return Reply(status, {"errors": {"status": status, "title": None, "detail": text}}, self._type)


def _suite_attributes(customer: Customer) -> dict[str, str]:
    return {
        "full_name": customer.name,
        "phone_mobile": customer.phone,
        "phone_work": "",
        "loyalty_c": customer.loyalty,
        "orders_c": str(customer.orders) if customer.orders else "",
        "assigned_user_name": customer.manager,
    }


def _suite_matches(customer: Customer, terms: list[tuple[str, str, str]]) -> bool:
    known = _suite_attributes(customer)
    return all(operator == "eq" and known[name] == value for name, operator, value in terms)


def _suite_contact(customer: Customer, names: list[str]) -> dict[str, Any]:
    known = _suite_attributes(customer)
    attributes = {name: known[name] for name in names if name in known} if any(names) else known
    links = {"Accounts": {"links": {"related": "V8/module/Contacts/1/relationships/accounts"}}}
    return {"type": "Contact", "id": "11a71596-83e7", "attributes": attributes, "relationships": links}


CRMS: dict[str, type[Crm]] = {
    "salesforce": Salesforce,
    "hubspot": HubSpot,
    "zendesk": Zendesk,
    "odoo": Odoo,
    "suitecrm": SuiteCrm,
}


def main(arguments: list[str] | None = None) -> int:
    """Serve one from the command line until SIGINT or SIGTERM; standard output is its address alone."""
    parser = argparse.ArgumentParser(prog="python3 -m ariroute.lab.crm", description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=sorted(CRMS))
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args(arguments)
    endings = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, endings)  # the thread is to inherit the mask
    try:
        with CRMS[options.name](options.port) as service:
            print(service.url, flush=True)
            taken = " ".join(f"{name}={secret}" for name, secret in service.secrets.items())
            known = ", ".join(each.phone for each in CUSTOMERS)
            print(f"takes {taken}; knows {known}", file=sys.stderr, flush=True)
            signal.sigwait(endings)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
