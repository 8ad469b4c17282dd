"""Ctrl-C, SIGTERM and a closed terminal: the first one ends the demo in order, further ones do not disturb that."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """A signal asks us to end. Not an Exception, so that nothing on the way takes it for a failure."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise Ended in the block at the first of these signals."""
    for number in ENDINGS:
        signal.signal(number, _on_signal)
    yield


@contextmanager
def orderly_end() -> Iterator[None]:
    """Be deaf to signals once the block has ended: what follows is cleaning up."""
    try:
        yield
    finally:
        _ignore()


def _on_signal(number: int, frame: FrameType | None) -> None:
    _ignore()
    raise Ended(number)


def _ignore() -> None:
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
