"""Files of extensions as Asterisk reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.config.dialplan import entrances, leading_in, ours, parse, source
from ariroute.config.dialplan_files import read
from ariroute.errors import UnusableInput

TEXT = """\
[general]
static = yes
;-- a block
exten => no,1,NoOp()
--;
[globals]
A = 1
;--- three dashes: one line only
[trunk](!)
include => other
switch => Realtime
[trunk](+)
exten => _+46XX.,1,Answer
 same => n(go),Set(A=a\\;b) ; a comment
exten => s,hint,PJSIP/x
exten => s,3,NoOp(three)
exten => s,1(one),NoOp(one)
 same => n+3,NoOp(four)
 same => s,NoOp(a second one of the same priority counts for nothing)
exten = _+46XX.,n,Hangup()
"""


def test_a_file_is_read_as_asterisk_reads_it() -> None:
    dialplan = parse(source(TEXT, "a.conf"))

    assert dialplan.unread == ()
    assert [(each.context, each.pattern) for each in dialplan.extensions] == [("trunk", "_+46XX."), ("trunk", "s")]
    first, second = dialplan.extensions
    assert [(step.place, step.label, step.text) for step in first.steps] == [
        ("a.conf:13", "", "Answer()"),
        ("a.conf:14", "go", "Set(A=a\\;b)"),
        ("a.conf:20", "", "Hangup()"),
    ]
    assert [step.arguments for step in second.steps] == ["one", "three", "four"]


@pytest.mark.parametrize(
    "line", ["same => n,NoOp()", "exten => s,x,NoOp()", "exten => s,n,NoOp()", "nonsense", "exten => s,1,No Op"]
)
def test_a_line_that_makes_no_sense_is_told(line: str) -> None:
    assert parse(source(f"[a]\n{line}\n")).unread == (f"line 2: {line}",)


PARTS = """\
[in]
exten => _X.,1,Goto(entry,s,1)
exten => 100,1,Dial(PJSIP/${EXTEN})
[entry]
exten => s,1,Stasis(mine)
 same => n,Goto(take,s,1)
exten => T,1,Goto(take,s,1)
[take]
exten => s,1,GotoIf($[1]?ring,s,1)
 same => n,Goto(home,s,1)
[ring]
exten => s,1,Dial(${ARIROUTE_DIAL})
[home]
exten => s,1,Dial(PJSIP/home)
[elsewhere]
exten => s,1,Stasis(other)
"""


def test_ours_is_what_calls_of_the_application_pass() -> None:
    dialplan = parse(source(PARTS))

    assert entrances(dialplan, "mine") == {"entry"}
    assert {each.context for each in ours(dialplan, "mine").extensions} == {"entry", "take", "ring"}
    assert [each.pattern for each in leading_in(dialplan, "mine").extensions] == ["_X."]
    assert ours(dialplan, "nobody").extensions == ()


def test_includes_are_followed(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.conf").write_text("[a]\nexten => s,1,NoOp()\n#include extensions.conf\n")
    file = tmp_path / "extensions.conf"
    file.write_text(
        '#include "more/*.conf"\n#include <more/a.conf>\n#include nowhere.conf\n#tryinclude nowhere.conf\n#exec "x"\n'
    )

    dialplan = read([file])

    assert [each.place for each in dialplan.extensions] == [f"{tmp_path}/more/a.conf:2"]
    assert [each.removeprefix(str(tmp_path)) for each in dialplan.unread] == [
        f"/more/a.conf:3: {file} includes itself",
        f"/more/a.conf:3: {file} includes itself",
        f"/extensions.conf:3: {tmp_path}/nowhere.conf: No such file or directory: check the path",
    ]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"x\.conf: No such file or directory: check the path"):
        read([tmp_path / "x.conf"])
