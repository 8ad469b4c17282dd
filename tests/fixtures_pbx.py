"""Real Asterisks for tests: one per release and session, each with our dialplan and the sample queues.

A test that changes the server itself (restarts it, adds queues) makes a `PrivateAsterisk` of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ariroute.lab.asterisk import PrivateAsterisk

# Where a call that a test places by ARI has its other end: it waits there, as a caller's phone would. Behind it, phones
# that a call may be sent to as Local/s@....
DIALPLAN = """
[test-phone]
exten => s,1,Wait(120)

[test-rings]
exten => s,1,Ringing()
 same => n,Wait(120)

[test-answers]
exten => s,1,Answer()
 same => n,Wait(120)

[test-busy]
exten => s,1,Hangup(17)

[test-refuses]
exten => s,1,Hangup(21)

[test-congested]
exten => s,1,Hangup(34)
"""

# Beside the sample tiers: a name with each kind of character that the name of a queue may have.
QUEUES = "[Night-shift_2](ariroute-tier)\n"


@pytest.fixture(scope="session")
def pbx22(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    """The newest Asterisk that we test with."""
    with PrivateAsterisk(
        tmp_path_factory.mktemp("pbx22"), release="22", extra_dialplan=DIALPLAN, extra_queues=QUEUES
    ) as pbx:
        yield pbx


@pytest.fixture(scope="session")
def pbx16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    """The oldest Asterisk that we support."""
    with PrivateAsterisk(
        tmp_path_factory.mktemp("pbx16"), release="16", extra_dialplan=DIALPLAN, extra_queues=QUEUES
    ) as pbx:
        yield pbx


@pytest.fixture(params=["22", "16"])
def pbx(request: pytest.FixtureRequest) -> PrivateAsterisk:
    """Each of them in turn."""
    chosen: PrivateAsterisk = request.getfixturevalue(f"pbx{request.param}")
    return chosen
