"""How long a flow itself may hold its caller, without any fault: prompts, keys, rings. Pure.

Lookups count only in a flow that holds the caller: in all others they end within the guard, as the loader has seen to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ariroute.config.load import Config
from ariroute.flow.steps import (
    AnswerCall,
    Collect,
    Consent,
    Dial,
    Goto,
    Lookup,
    Menu,
    Play,
    Question,
    RingAgent,
    Step,
    ways_of,
)
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import PickUp

TALK = (AnswerCall, Play, Menu, Collect, Consent)
RINGS = (Dial, RingAgent)
STOPPING = 1.0
"""Seconds that a prompt may take to end when it is stopped, and Asterisk's answers around it."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Seconds on the longest way through one flow; 0 where nothing on it holds the caller."""

    talk: float
    """Prompts and keys, and the lookups between them: all in one stay in Stasis(), whose guard grows by them."""
    restarted: float
    """The same with a guard for each of them, which is what may be spent when daemons die and begin anew."""
    rings: float
    """Phones that ring, each with a guard of its own for the call's way back."""
    asks: bool = False
    """Whether it asks for keys."""

    @property
    def whole(self) -> float:
        return self.restarted + self.rings


NOTHING = Allowed(0.0, 0.0, 0.0)


def longest(config: Config) -> dict[str, Allowed]:
    """What each flow may take."""
    timeouts = {name: settings.timeout for name, (settings, _) in config.lookups.items()}
    speech = config.speech.timeout if config.speech else 0.0
    guard = config.daemon.guard
    talk = _Longest(config.ruleset, TALK, timeouts, speech, 0.0)
    restarted = _Longest(config.ruleset, TALK, timeouts, speech, guard)
    rings = _Longest(config.ruleset, RINGS, {}, 0.0, guard)
    asking = _Longest(config.ruleset, (Menu, Collect, Consent), {}, 0.0, 0.0)
    return {
        name: Allowed(talk.flow(flow), restarted.flow(flow), rings.flow(flow), asking.flow(flow) > 0)
        for name, flow in config.ruleset.flows.items()
    }


class _Longest:
    """Adds up steps of ``kinds`` on the longest way, a ``guard`` for each, and lookups by ``timeouts``."""

    def __init__(
        self,
        ruleset: Ruleset,
        kinds: tuple[type[Step], ...],
        timeouts: Mapping[str, float],
        speech: float,
        guard: float,
    ) -> None:
        self._flows = ruleset.flows
        self._kinds = kinds
        self._timeouts = timeouts
        self._speech = speech
        self._guard = guard

    def flow(self, flow: Flow) -> float:
        return self._steps(flow.steps) if self._holds(flow, set()) else 0.0

    def _holds(self, flow: Flow, seen: set[str]) -> bool:
        seen.add(flow.name)
        steps = list(flow.walk())
        targets = {step.flow for step in steps if isinstance(step, Goto)} - seen
        return any(isinstance(step, self._kinds) for step in steps) or any(
            self._holds(self._flows[name], seen) for name in targets
        )

    def _steps(self, steps: tuple[Step, ...]) -> float:
        return sum(self._own(step) + max(map(self._steps, ways_of(step)), default=0.0) for step in steps)

    def _own(self, step: Step) -> float:
        if not isinstance(step, (*self._kinds, Goto, Lookup)):
            return 0.0
        match step:
            case Goto(flow=name):
                return self._steps(self._flows[name].steps)
            case Lookup(names=names):
                return sum(self._timeouts.get(name, 0.0) for name in names)
            case AnswerCall():
                return PickUp.bound + self._guard
            case Play(at_most=at_most):
                return at_most + STOPPING + self._speech + self._guard
            case Collect(question=question, between=between, most=most):
                return self._asked(question) + question.tries * between * most
            case Menu(question=question) | Consent(question=question):
                return self._asked(question)
            case Dial(within=within) | RingAgent(within=within):
                return within + STOPPING + self._guard
        return 0.0

    def _asked(self, question: Question) -> float:
        more = STOPPING + self._speech + self._guard
        again = (question.tries - 1) * (question.at_most + more) if question.invalid else 0.0
        return PickUp.bound + question.tries * (question.at_most + question.timeout + more) + again
