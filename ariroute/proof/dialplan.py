"""The dialplan of a proof: ours with the guard of the flow file, a copy without any guard, and numbers to dial.

Pure text. The control shows that the meter sees losses, so it must differ from the run in the guard alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError
from ariroute.lab.pbxconfig import SAMPLES, fill_in

ARMED: Final = "same => n,Set(TIMEOUT(absolute)=4)"
"""The line of dialplan/extensions-ariroute.conf that arms the guard."""
INBOUND: Final = "ariroute-demo"
"""The context in which callers come in (dialplan/pjsip-demo.conf)."""
GUARDED, UNGUARDED = "prove", "control"
"""What the extensions begin with that callers dial."""


def sample(folder: Path = SAMPLES) -> str:
    """Our dialplan as users get it. Raises LabError when it is not there."""
    path = folder / "extensions-ariroute.conf"
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise LabError(f"{path} is not there: install ariroute again, with its dialplan") from None


def guarded(text: str, guard: float) -> str:
    """Our dialplan with a guard of so many seconds. Raises LabError when it does not arm one."""
    return fill_in(text, {ARMED: f"same => n,Set(TIMEOUT(absolute)={guard:g})"}, "extensions-ariroute.conf")


def unguarded(text: str) -> str:
    """A copy of our dialplan in contexts of its own, ``unguarded`` and ``unguarded-...``, that arms no guard."""
    copy = fill_in(text, {ARMED: "same => n,NoOp()"}, "extensions-ariroute.conf")
    copy = copy.replace("[ariroute]", "[unguarded]").replace("Goto(ariroute,", "Goto(unguarded,")
    for context in ("deliver", "ring", "agent"):
        copy = copy.replace(f"ariroute-{context}", f"unguarded-{context}")
    return copy


def numbers(dialled: Sequence[str]) -> str:
    """For each of these an extension ``proveN`` that enters our dialplan, and ``controlN`` for the copy.

    Callers dial these, as what a flow is triggered by may be no extension that is safe to write.
    """
    lines = [f"[{INBOUND}](+)"]
    for place, text in enumerate(dialled):
        for prefix, context in ((GUARDED, "ariroute"), (UNGUARDED, "unguarded")):
            lines += [f"exten => {prefix}{place},1,Set(ARIROUTE_TO={text})", f" same => n,Goto({context},s,1)"]
    return "\n".join(lines) + "\n"


def extensions(dialled: Sequence[str], variables: dict[str, str], guard: float, folder: Path = SAMPLES) -> str:
    """The whole extensions.conf. Raises LabError as `sample` and `guarded` do."""
    text = sample(folder)
    values = "".join(f"{name} = {value}\n" for name, value in variables.items())
    return (
        f"[general]\nstatic = yes\nwriteprotect = yes\n[globals]\n{values}\n{guarded(text, guard)}\n{unguarded(text)}\n"
        f'#include "{folder / "extensions-demo.conf"}"\n{numbers(dialled)}'
    )
