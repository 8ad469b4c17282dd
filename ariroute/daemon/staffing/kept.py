"""What must survive the daemon: which memberships there were before ours, in a small file that only we may read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ariroute.asterisk.queue_events import QueueMember
from ariroute.daemon.staffing.hands import Taken
from ariroute.errors import UnusableInput
from ariroute.files import open_regular, why
from ariroute.json_text import dumps

VERSION: Final = 1
MOST: Final = 64 * 1024 * 1024
"""Bytes; more is no file of ours."""
FIELDS: Final = ("queue", "interface", "name", "state_interface", "dynamic", "penalty", "paused", "reason", "wrap_up")
"""What of a member can be put back."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the file holds: whether everybody was released by hand, and the agents who are moved, by interface."""

    released: bool = False
    taken: Mapping[str, Taken] = field(default_factory=dict)


def place_of(flow_file: Path, pbx: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where it lies: in the folder that systemd keeps for the service (StateDirectory=), else beside the flow file.

    Where the flow file is a folder, it lies in that.
    """
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    flow_file = flow_file.absolute()  # and then with a name of its own, which "." has not
    folder = flow_file if flow_file.is_dir() else flow_file.parent
    return (Path(given) if given else folder) / f"{flow_file.stem}.staffing.{pbx}.json"


def read(path: Path) -> Kept:
    """What ``path`` holds; nothing where there is no file. Raises UnusableInput for one that is damaged."""
    try:
        with open_regular(path) as stream:
            found = json.loads(stream.read(MOST))
        if found["version"] != VERSION:
            raise UnusableInput(f"{path}: written by another version of ariroute: move it away, and look at each agent")
        return Kept(bool(found["released"]), {name: _taken(each) for name, each in found["agents"].items()})
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise UnusableInput(f"{path}: {why(error)}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UnusableInput(
            f"{path}: is damaged: it holds who was where before ariroute moved them; move it away, and put agents back "
            "by hand where that matters"
        ) from None


def text_of(kept: Kept) -> str:
    """The file's text."""
    agents = {
        interface: {
            "before": [
                {name: value for name, value in asdict(each).items() if name in FIELDS} for each in taken.before
            ],
            "queue": taken.queue,
            "came_from": taken.came_from,
            "left_alone": taken.left_alone,
        }
        for interface, taken in kept.taken.items()
    }
    return dumps({"version": VERSION, "released": kept.released, "agents": agents}) + "\n"


def write(path: Path, text: str) -> None:
    """Make ``path`` hold ``text``, at once and whole. Raises OSError. Blocks: call it in a thread.

    What root writes belongs to whoever the old file belongs to, else the folder: the daemon must be able to read it.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        if os.geteuid() == 0:
            owner = (path if path.exists() else path.parent).stat()
            os.fchown(stream.fileno(), owner.st_uid, owner.st_gid)
        stream.write(text)
    fresh.replace(path)


def _taken(found: Mapping[str, Any]) -> Taken:
    members = tuple(QueueMember(**{name: each[name] for name in FIELDS}) for each in found["before"])
    for member in members:
        for name, value in ((name, getattr(member, name)) for name in FIELDS):
            if type(value) is not type(getattr(QueueMember("", ""), name)):
                raise TypeError(name)
    return Taken(members, *(str(found[key]) for key in ("queue", "came_from", "left_alone")))
