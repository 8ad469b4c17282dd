"""What the rows of the fault matrix share beside the stage of the acceptance tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .load import Figures, Note


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Keeps a row's figures with its result; ``scripts/matrix`` prints them."""

    def keep(figures: Figures | str) -> None:
        record_property("figures", str(figures))

    return keep
