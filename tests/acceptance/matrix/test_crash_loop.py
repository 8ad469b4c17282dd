"""F1 with a word: a daemon that dies each time while it talks to a caller holds the caller no longer than one would."""

from __future__ import annotations

import time

from running_daemon import until

from ariroute.lab import audio
from ariroute.lab.accounts import GUARD

from ..conftest import NewDaemon, Site, edit
from .load import BUSY, Note, callers, judge

PROMPT = 3.0
"""Seconds: ``at_most`` of the only step that talks."""
LONGEST = GUARD + PROMPT + GUARD
"""Before the prompt, for the prompt, and the guard behind it: what one daemon that lives can make of it."""
STARTING = 2.0
"""Seconds in which the first daemon begins with the prompt on a busy machine; the count of what it may begins then."""


def test_killed_in_every_prompt_it_holds_no_caller_longer_than_the_flow_and_the_guard(
    site: Site, new_daemon: NewDaemon, note: Note
) -> None:
    """Each life begins the flow anew, and would make the guard longer once more, for ever."""
    audio.write_tone(site.pbx.sounds / "custom/endless.wav", 400, 60.0)
    daemon = new_daemon(site)
    edit(daemon, "      - lookup: crm\n", f"      - play: {{prompt: custom/endless, at_most: {PROMPT:g}s}}\n")
    edit(daemon, "      - branch:\n", "      - lookup: crm\n      - branch:\n")
    daemon.start()
    site.place(callers(3), rate=20)
    site.accounts.in_application(3)

    def is_over() -> bool:
        return all(call.queues for call in site.accounts.calls())

    def is_talking() -> bool:
        left = [site.variable(call.uniqueid, "TIMEOUT(absolute)") for call in site.accounts.calls() if not call.queues]
        return all(float(seconds or 0) > GUARD for seconds in left)

    last, lives = time.time() + LONGEST + STARTING, 1
    until(is_talking, "three callers in the prompt")
    while not is_over() and time.time() < last:
        daemon.kill()
        daemon.start()
        lives += 1
        until(lambda: is_over() or is_talking() or time.time() > last, daemon.text)

    site.accounts.settled(3)
    calls = judge(site, note)
    assert lives >= 3
    assert max(call.wait for call in calls) < LONGEST + STARTING + BUSY
