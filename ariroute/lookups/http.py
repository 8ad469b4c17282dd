"""Lookups over HTTP: one request to a customer service or CRM that answers with JSON."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, JsonValue, PrivateAttr, model_validator

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.base import FieldName, SourceSettings, Surroundings
from ariroute.lookups.body import JsonTemplate, PrivateTemplate, form_body
from ariroute.lookups.json import parsed, record_at
from ariroute.lookups.pick import PATH_PATTERN, at, read_text, steps_of
from ariroute.lookups.service import Request, Service, ServiceSettings, status_text, whole_body
from ariroute.lookups.template import Place, UrlTemplate, check_exposure, places_in
from ariroute.values import ByteSize

if TYPE_CHECKING:
    from aiohttp import ClientResponse

METHOD = re.compile(r"[A-Z]{1,20}", re.ASCII)
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


def usable_method(name: str) -> str:
    if not METHOD.fullmatch(name) or name in ("CONNECT", "TRACE"):
        raise ValueError("a method is a word in capitals, such as GET or POST; not CONNECT or TRACE")
    return name


class HttpSettings(SourceSettings, ServiceSettings):
    """Ask a service over HTTP; it answers with JSON, or with 404 for an unknown caller."""

    method: Annotated[str, AfterValidator(usable_method)] | None = Field(
        default=None, description="GET, or POST where there is a body."
    )
    json_: JsonValue = Field(
        default=None, alias="json", description="The body as JSON; texts in it may hold values of the contact."
    )
    form: dict[str, PrivateTemplate] | None = Field(
        default=None, description="The body as a form; values of the contact may stand in it."
    )
    record: str = Field(
        default="",
        pattern=PATH_PATTERN,
        description="Where in the answer the record is, such as data.customer; of a list the first.",
    )
    pick: dict[FieldName, Annotated[str, Field(pattern=PATH_PATTERN, min_length=1)]] = Field(
        default_factory=dict,
        description="Where in the record a field is, such as attributes.loyalty_c, unless under its own name.",
        examples=[{"loyalty": "attributes.loyalty_c", "phone": "phones[type=work].number"}],
    )
    read_text: bool = Field(
        default=False, description="Numbers and bools may come as text: '12' is 12. Some services send only text."
    )
    false_is_empty: bool = Field(
        default=False, description="false where no bool is declared means empty, as Odoo sends it."
    )
    missing_status: list[int] = Field(default=[404], description="Statuses that mean: no such customer.")
    max_size: ByteSize = Field(default=256 * 1024, ge=1, description="A longer answer fails as 'too_large'.")

    _body: JsonTemplate | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def one_body(self) -> HttpSettings:
        if self.json_ is not None and self.form is not None:
            raise ValueError("a request has one body: json: or form:")
        if self.json_ is not None:
            self._body = JsonTemplate.parse(self.json_, is_query=True)
        for key, text in (self.form or {}).items():
            check_exposure(text.pieces, key)
        return self

    @property
    def verb(self) -> str:
        return self.method or ("GET" if self.json_ is None and self.form is None else "POST")

    @property
    def json_body(self) -> JsonTemplate | None:
        return self._body

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place in what is sent."""
        texts = (*self.headers.values(), *(self.form or {}).values())
        return (
            *places_in(UrlTemplate.parse(self.url).pieces),
            *(place for text in texts for place in text.places),
            *(self._body.places if self._body else ()),
        )

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset(place.name for place in self.places)

    @property
    def at_once(self) -> int:
        return self.connections

    def misfits(self, fields: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
        for name in self.pick:
            if name not in fields:
                yield ("pick", name), f"'{name}' is not among the fields of this lookup: add it there, with its type"


class HttpSource:
    """A customer service, asked by one request for each contact."""

    def __init__(self, settings: HttpSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._fields = surroundings.fields
        self._url = UrlTemplate.parse(settings.url)
        self._forms = tuple(place for place in settings.places if place.form)
        self._verb, self._body, self._form = settings.verb, settings.json_body, settings.form
        self._missing = frozenset(settings.missing_status)
        self._picks = {name: (path, steps_of(path)) for name, path in settings.pick.items()}
        self._service = Service(f"lookup {surroundings.name}", settings, surroundings.folder)

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Make the pool of connections; none is opened yet. Raises UnusableInput: a header or a file is not usable."""
        await self._service.start()

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        if any(not place.value(inputs) for place in self._forms):
            return None  # such as the national form of what is no number: nobody can be asked for it
        return await self._service.send(self._request(inputs), self._record)

    async def close(self) -> None:
        await self._service.close()

    def _request(self, inputs: Mapping[str, str]) -> Request:
        headers = self._service.headers(inputs)
        body, kind = None, ""
        if self._body:
            body, kind = self._body.body(inputs), JSON_TYPE
        elif self._form is not None:
            body, kind = form_body(self._form, inputs), FORM_TYPE
        if kind and "content-type" not in {name.lower() for name in headers}:
            headers = {**headers, "Content-Type": kind}
        return Request(self._verb, self._url.origin + self._url.target(inputs), headers, body)

    async def _record(self, response: ClientResponse) -> Mapping[str, Any] | None:
        if response.status in self._missing:
            return None
        if not 200 <= response.status < 300:
            raise LookupFailed(Failure.STATUS, status_text(response))
        return self.record_of(parsed(await whole_body(response, self._settings.max_size)))

    def record_of(self, answer: Any) -> Mapping[str, Any] | None:
        """The raw record in the JSON of an answer; None when it has none. Raises LookupFailed (not_json)."""
        settings = self._settings
        record = record_at(answer, settings.record, false_is_empty=settings.false_is_empty)
        if record is None or not (self._picks or settings.read_text or settings.false_is_empty):
            return record
        return {name: self._field(record, name) for name in self._fields}

    def _field(self, record: Mapping[str, Any], name: str) -> Any:
        empty, kind = self._settings.false_is_empty, self._fields[name]
        path, steps = self._picks.get(name, (name, (name,)))
        value = at(record, path, steps, false_is_empty=empty and kind != "bool")
        return read_text(value, kind) if self._settings.read_text else value
