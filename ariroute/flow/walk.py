"""The state of one run: where it stands, what it knows, its trace, and the decision it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field

from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision, Destination, Label, Notice, QueueDestination
from ariroute.flow.gaps import NO_GAPS, Gaps
from ariroute.flow.prompts import Said
from ariroute.flow.scope import Scope, Unknown, as_text
from ariroute.flow.steps import Step, Way
from ariroute.flow.trace import TraceEntry, What
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Ring

STEP_LIMIT = 1000
"""A run takes so many steps at most. Longer ways and loops are refused at load; this holds whatever was overlooked."""

SILENCE = Said(())


@dataclass(slots=True)
class Frame:
    """A list of steps that is being walked, and what led into it."""

    steps: tuple[Step, ...]
    cause: tuple[str, str]  # path, text; put together only when a decision is made
    next: int = field(default=0)

    def because(self, path: str) -> str:
        """One sentence: what led to the step at ``path``; the step itself when it stands in the flow's own list."""
        where, text = self.cause
        return f"{where}: {text}" if where else path


@dataclass(slots=True)
class Waiting:
    """The step that waits for a reply. ``names`` are the lookups asked, ``tries`` those of a question left."""

    step: Step
    frame: Frame
    names: tuple[str, ...] = ()
    said: Said = SILENCE
    tries: int = 0
    ring: Ring | None = None


class Walk:
    """One contact's walk. It belongs to its run alone; the steps change it."""

    __slots__ = (
        *("_steps_left", "contact", "decision", "draws", "flow", "frames", "gaps", "label", "notices", "record"),
        *("ruleset", "scope", "trace", "waiting"),
    )

    def __init__(self, ruleset: Ruleset, flow: Flow, contact: Contact, gaps: Gaps = NO_GAPS) -> None:
        self.ruleset = ruleset
        self.flow = flow
        self.contact = contact
        self.scope = Scope(contact, contact.arrived, gaps.facts, gaps.calendars)
        self.gaps = gaps
        self.draws: dict[str, float] = {}
        self.frames: list[Frame] = []
        self.waiting: Waiting | None = None
        self.trace: list[TraceEntry] = []
        self.label: Label | None = None
        self.record = False
        self.notices: dict[str, None] = {}
        self.decision: Decision | None = None
        self._steps_left = STEP_LIMIT

    def counted(self) -> Decision | None:
        """Count one more step; the default when that is one too many."""
        if self._steps_left == 0:
            return self.default(f"more than {STEP_LIMIT} steps, the most that one contact may take")
        self._steps_left -= 1
        return None

    def enter(self, flow: Flow) -> None:
        """Go on with the steps of ``flow``, and with its default."""
        self.flow = flow
        self.frames = [Frame(flow.steps, ("", ""))]
        self.trace.append(TraceEntry(f"flows.{flow.name}", "flow", flow.name))

    def lead(self, way: Way | None, why: str) -> None:
        """Go on with the steps of ``way``; without one, behind the step."""
        if way is not None:
            self.frames.append(Frame(way.steps, (way.path, why)))

    def note(self, path: str, what: What, result: str, text: str = "", reason: str = "") -> None:
        """One more line of the trace."""
        self.trace.append(TraceEntry(path, what, result, text, reason=reason))

    def default(self, reason: str) -> Decision:
        """Decide for the flow's default."""
        name = self.flow.default
        queue = self.ruleset.queues.get(name)
        path = f"flows.{self.flow.name}.default"
        self.trace.append(TraceEntry(path, "default", name, reason=reason))
        destination = QueueDestination(name, queue.priority if queue else 0)
        return self.decide(destination, f"{path}: {reason}", by_default=True)

    def decide(self, destination: Destination, reason: str, by_default: bool = False) -> Decision:
        """Decide for ``destination``."""
        self.decision = self.made(destination, reason, by_default, tuple(self.trace))
        return self.decision

    def made(
        self, destination: Destination, reason: str, by_default: bool = False, trace: tuple[TraceEntry, ...] = ()
    ) -> Decision:
        """The decision for ``destination`` at this moment, not decided yet."""
        variables = self.scope.variables
        return Decision(
            contact=self.contact.id,
            flow=self.flow.name,
            destination=destination,
            reason=reason,
            by_default=by_default,
            variables={name: "" if isinstance(value, Unknown) else as_text(value) for name, value in variables.items()},
            trace=trace,
            ruleset=self.ruleset.digest,
            label=self.label,
            record=self.record,
            notices=self._notices() if self.notices else (),
        )

    def _notices(self) -> tuple[Notice, ...]:
        inputs = self.scope.inputs()
        return tuple(Notice(name, inputs) for name in self.notices)
