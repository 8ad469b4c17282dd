"""Why nobody is moved, as a status of the staffing says it where that is wanted; any other reason is a trouble."""

from __future__ import annotations

from typing import Final

ADVISES: Final = "advise"
RELEASED: Final = "released by hand"
NO_RULES: Final = "no staffing in the flow file"
TAKEN_OVER: Final = "another daemon has the calls"
