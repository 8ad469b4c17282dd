"""What a request carries beside its address: a JSON body, a form, headers, with values of the contact in them.

A value is put in as a value and encoded afterwards, never pasted into syntax: a caller named ``","admin":true`` stays a
text of JSON, and one with a line break stays within its header.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ariroute.lookups.template import Pieces, Place, check_exposure, filled, pieces_of, places_in
from ariroute.values import REFERENCE, FromFile, PrivateText

DEPTH_LIMIT = 32
HEADER_SAFE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


class PrivateTemplate(PrivateText):
    """A private text in which values of the contact may stand. What comes from a secret is never read as a place."""

    __slots__ = ("pieces",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.pieces: Pieces = pieces_of(text)

    @classmethod
    def _from_file(cls, text: str, context: FromFile) -> str:
        return REFERENCE.sub(lambda found: _doubled(context.reveal(found[0])), text)

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(places_in(self.pieces))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "examples": ["Token ${env:TOKEN}", "{caller.e164}"]}


def _doubled(secret: str) -> str:
    return secret.replace("{", "{{").replace("}", "}}")


def header_value(text: PrivateTemplate, inputs: Mapping[str, str]) -> str:
    """The header; of its values, what is not printable ASCII is percent-encoded as UTF-8, and so is the percent sign.

    Raises LookupFailed for a value that is not of its form.
    """
    return "".join(
        piece if isinstance(piece, str) else quote(piece.value(inputs), safe=HEADER_SAFE, errors="replace")
        for piece in text.pieces
    )


def form_body(form: Mapping[str, PrivateTemplate], inputs: Mapping[str, str]) -> bytes:
    """The form, URL-encoded. Raises LookupFailed for a value that is not of its form."""
    return urlencode({key: filled(text.pieces, inputs) for key, text in form.items()}, errors="replace").encode()


@dataclass(frozen=True, slots=True)
class JsonTemplate:
    """A tree of JSON types. Its texts may hold places; all else stands as it is, numbers as numbers."""

    tree: Any
    places: tuple[Place, ...]

    @classmethod
    def parse(cls, tree: Any, *, is_query: bool) -> JsonTemplate:
        """The template in ``tree``. Raises ValueError with the remedy.

        ``is_query``: whether the receiver may take a text of it as a query, so that free text must stand alone.
        """
        places: list[Place] = []
        return cls(_parsed(tree, "", is_query, places, 0), tuple(places))

    def body(self, inputs: Mapping[str, str]) -> bytes:
        """The JSON text for these inputs. Raises LookupFailed for a value that is not of its form.

        A place that stands alone becomes a text, an empty one null; ``{name|number}`` becomes a number, ``{name|bool}``
        true or false.
        """
        return json.dumps(_rendered(self.tree, inputs), ensure_ascii=False).encode("utf-8", "replace")


def _parsed(node: Any, key: str, is_query: bool, places: list[Place], depth: int) -> Any:
    if depth > DEPTH_LIMIT:
        raise ValueError(f"is nested deeper than {DEPTH_LIMIT} levels")
    if isinstance(node, dict):
        return {_fixed_key(name): _parsed(inner, name, is_query, places, depth + 1) for name, inner in node.items()}
    if isinstance(node, list):
        return [_parsed(inner, key, is_query, places, depth + 1) for inner in node]
    if isinstance(node, str):
        return _text_node(node, key, is_query, places)
    if isinstance(node, float) and not math.isfinite(node):
        raise ValueError("a number of JSON is finite")
    return node


def _fixed_key(name: Any) -> str:
    if not isinstance(name, str):
        raise ValueError(f'a key of a JSON object is a text: put it in quotes, "{name}"')
    if "{" in name or "}" in name:
        raise ValueError(f"'{name[:40]}': a key is fixed text, {{...}} may stand in values only")
    return name


def _text_node(text: str, key: str, is_query: bool, places: list[Place]) -> str | Pieces:
    if REFERENCE.search(text):
        raise ValueError("a secret cannot stand in a JSON body: put it under auth or headers")
    pieces = pieces_of(text)
    if is_query:
        check_exposure(pieces, key)
    found = list(places_in(pieces))
    places += found
    return pieces if found else "".join(filter(None, (piece for piece in pieces if isinstance(piece, str))))


def _rendered(node: Any, inputs: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _rendered(inner, inputs) for name, inner in node.items()}
    if isinstance(node, list):
        return [_rendered(inner, inputs) for inner in node]
    if isinstance(node, tuple):  # pieces: JSON itself has no tuples
        return _value(node[0], inputs) if len(node) == 1 else filled(node, inputs)
    return node


def _value(place: Place, inputs: Mapping[str, str]) -> Any:
    text = place.value(inputs)
    return json.loads(text) if place.form in ("number", "bool") and text else text or None
