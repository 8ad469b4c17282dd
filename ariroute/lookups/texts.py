"""Records whose source knows texts only, such as variables: read as the types that the file declares."""

from __future__ import annotations

from collections.abc import Mapping

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType, Scalar
from ariroute.lookups.record import clean
from ariroute.lookups.table import converted


def typed_texts(texts: Mapping[str, str | None], fields: Mapping[str, FieldType]) -> dict[str, Scalar]:
    """The declared fields, read as a cell of a CSV file is. Raises LookupFailed (wrong_type).

    An empty text is an empty field. The text itself stays out of the failure, as it may be personal.
    """
    found: dict[str, Scalar] = {}
    for name, kind in fields.items():
        text = clean(texts.get(name) or "").strip()
        try:
            found[name] = converted(text, kind) if text else None
        except ValueError:
            raise LookupFailed(Failure.WRONG_TYPE, f"{name} is declared as {kind} and holds another text") from None
    return found
