"""What a real floor is built of."""

from __future__ import annotations

import pytest

from ariroute.lab.debian import LabError
from ariroute.simulate.scenario import QueueModel
from scripts.trialling.house import queues_conf


def test_a_queue_has_the_settings_of_its_model() -> None:
    text = queues_conf({"gold": QueueModel("gold", "linear", 12, 1, 3, 7, autofill=False, autopause="all", within=20)})

    wanted = "strategy = linear|timeout = 12|retry = 1|wrapuptime = 3|weight = 7|autofill = no|autopause = all"
    assert text.splitlines()[0] == "[gold]"
    assert set(wanted.split("|")) < set(text.splitlines())


def test_a_time_that_app_queue_cannot_keep_is_refused() -> None:
    with pytest.raises(LabError, match=r"queue gold: retry = 0\.5: app_queue knows whole seconds only"):
        queues_conf({"gold": QueueModel("gold", retry=0.5)})
