"""Our dialplan keeps the rules, and each rule notices when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.config import dialplan_rules as rules
from ariroute.config.dialplan import Dialplan, ours, parse, source

DIALPLAN = Path(__file__).resolve().parents[3] / "dialplan"
OURS = (DIALPLAN / "extensions-ariroute.conf").read_text(encoding="utf-8")

GUARD = " same => n,Set(TIMEOUT(absolute)=4)\n"
NAMES = ("DECIDED", "QUEUE", "HANGUP", "DIAL", "VOICEMAIL", "RECORD", "HEADERS", "BACK")
VOID = (
    "exten => s,1,ExecIf(${LEN("
    + "".join(f"${{ARIROUTE_{name}}}" for name in NAMES if name != "QUEUE")
    + ")}?MSet("
    + ",".join(f"ARIROUTE_{name}=" for name in NAMES)
    + "))\n"
)
VOID_AGAIN = " same => n,MSet(" + ",".join(f"ARIROUTE_{name}=" for name in NAMES[:-1]) + ")\n"
TIMEOUT = "exten => T,1,Goto(ariroute-deliver,s,1)\n"
RING = " same => n(ready),GotoIf(${LEN(${ARIROUTE_DIAL})}?ariroute-ring,s,1)\n"
DIAL = "Dial(${ARIROUTE_ENDPOINT},${ARIROUTE_SECONDS},i"
ENDPOINT = "exten => s,1,Set(ARIROUTE_ENDPOINT=${FILTER(-+_*#./:@0-9A-Za-z,${ARIROUTE_DIAL})})\n"
SECONDS = " same => n,ExecIf($[0${ARIROUTE_SECONDS} = 0]?Set(ARIROUTE_SECONDS=20))\n"
RECORDING = "${FILTER(-_.0-9A-Za-z,${UNIQUEID})}.wav,b)\n"
MAILBOX = "VoiceMail(${FILTER(-_.@0-9A-Za-z,${ARIROUTE_VOICEMAIL})},"
HEADERS = "${IF(${LEN(${ARIROUTE_HEADERS})}?b(ariroute-agent^s^1))}"
DISARM = "exten => s,1,Set(TIMEOUT(absolute)=0)\n"
STASIS = (
    " same => n,Stasis(${IF(${LEN(${ARIROUTE_APP})}?${ARIROUTE_APP}:ariroute)},"
    "${FILTER(-+_*#0-9A-Za-z,${ARIROUTE_TO})}${ARIROUTE_BACK})\n"
)
DELIVER = " same => n,Goto(ariroute-deliver,s,1)\n"
DECIDED = ' same => n,GotoIf($["${FILTER(01,${ARIROUTE_DECIDED})}" = "1"]?decided)\n'
REFUSE = " same => n,Hangup(${FILTER(0-9,${ARIROUTE_HANGUP})})\n"
QUEUE = f" same => n,Queue(${{FILTER(-_0-9A-Za-z,${{ARIROUTE_QUEUE}})}},{HEADERS}${{ARIROUTE_QUEUE_OPTIONS}})\n"
EMPTIED = " same => n,ExecIf(${LEN(${QUEUESTATUS})}?Set(QUEUESTATUS=))\n"
FALLBACK = f" same => n,Queue(${{ARIROUTE_FALLBACK}},{HEADERS}${{ARIROUTE_QUEUE_OPTIONS}})\n"
DNID = " same => n,ExecIf($[${LEN(${ARIROUTE_TO})} = 0]?Set(ARIROUTE_TO=${FILTER(-+_*#0-9A-Za-z,${CALLERID(dnid)})}))\n"
WORD = '${IF($["${FILTER(01,${ARIROUTE_DECIDED})}" = "1"]'
ROUTED = (
    " same => n,QueueLog(${FILTER(-_0-9A-Za-z,${ARIROUTE_QUEUE})},${FILTER(-_.0-9A-Za-z,${UNIQUEID})},NONE,ARIROUTE,"
    "ROUTED|${FILTER(-_0-9A-Za-z,${ARIROUTE_FLOW})}|${FILTER(-0-9,${QUEUE_PRIO})})\n"
)

BROKEN: list[tuple[rules.Rule, str, str]] = [
    (rules.guard_before_stasis, GUARD, " same => n,NoOp()\n"),
    (rules.guard_before_stasis, GUARD, " same => n,Set(TIMEOUT(absolute)=0)\n"),
    (rules.guard_before_stasis, GUARD, " same => n,Set(TIMEOUT(absolute)=${GUARD})\n"),
    (rules.guard_before_stasis, GUARD + STASIS, STASIS + GUARD),
    (rules.timeouts_are_constants, GUARD, " same => n,Set(TIMEOUT(absolute)=${ARIROUTE_GUARD})\n"),
    (rules.timeouts_are_constants, GUARD, " same => n,Set(TIMEOUT(absolute)=-5)\n"),
    (rules.timeout_extension_everywhere, TIMEOUT + "\n[ariroute-deliver]", "[ariroute-deliver]"),
    (rules.timeout_extension_everywhere, TIMEOUT + "\n[ariroute-agent]", "[ariroute-agent]"),
    (rules.timeout_extension_everywhere, "exten => T,1,Goto(s,1)\n", ""),
    (rules.timeout_extension_everywhere, "exten => T,1,Goto(s,1)\n", "exten => T,1,Hangup()\n"),
    (rules.timeout_extension_everywhere, "exten => T,1,Goto(s,1)\n", "exten => T,1,Goto(s,2)\n"),
    (rules.timeout_extension_everywhere, "exten => T,1,Goto(s,1)\n", "exten => T,1,Goto(ariroute,s,1)\n"),
    (rules.delivery_disarms_first, DISARM, "exten => s,1,NoOp()\n"),
    (rules.delivery_disarms_first, DISARM, "exten => s,1,NoOp()\n same => n,Set(TIMEOUT(absolute)=0)\n"),
    (rules.delivery_disarms_first, QUEUE, " same => n,Set(TIMEOUT(absolute)=60)\n" + QUEUE),
    (rules.stasis_goes_on_to_delivery, DELIVER, " same => n,Hangup()\n"),
    (rules.stasis_goes_on_to_delivery, DELIVER, ' same => n,GotoIf($["${X}" = "1"]?done)\n' + DELIVER),
    (rules.decision_is_void_at_the_entrance, VOID, "exten => s,1,NoOp()\n"),
    (rules.decision_is_void_at_the_entrance, VOID, VOID.replace("ARIROUTE_DECIDED=,", "")),
    (rules.decision_is_void_at_the_entrance, VOID, VOID.replace("ARIROUTE_QUEUE=,", "")),
    (rules.decision_is_void_at_the_entrance, VOID, VOID.replace(",ARIROUTE_HANGUP=", "")),
    (rules.decision_is_void_at_the_entrance, VOID, VOID.replace(",ARIROUTE_DIAL=", "")),
    (rules.decision_is_void_at_the_entrance, VOID, VOID.replace(",ARIROUTE_BACK=", "")),
    (rules.decided_before_used, DECIDED, ""),
    (rules.decided_before_used, DISARM, DISARM + RING),
    (rules.returns_as_at_the_entrance, VOID_AGAIN, ""),
    (rules.returns_as_at_the_entrance, VOID_AGAIN, VOID_AGAIN.replace(",ARIROUTE_RECORD=", "")),
    (rules.returns_as_at_the_entrance, "=> n(again),", "=> n,"),
    (rules.rings_with_a_bound, DIAL, "Dial(${ARIROUTE_DIAL},${ARIROUTE_SECONDS},i"),
    (rules.rings_with_a_bound, DIAL, "Dial(${ARIROUTE_ENDPOINT},${ARIROUTE_RING},i"),
    (rules.rings_with_a_bound, DIAL, "Dial(${ARIROUTE_ENDPOINT},,i"),
    (rules.rings_with_a_bound, ENDPOINT, ENDPOINT.replace("./", "&./")),
    (rules.rings_with_a_bound, SECONDS, ""),
    (rules.rings_with_a_bound, "${LEN(${ARIROUTE_ENDPOINT})} != ", "0 != "),
    (rules.loaded_before_used, "${IFMODULE(app_voicemail.so)}", ""),
    (rules.loaded_before_used, 'IFMODULE(app_mixmonitor.so)})}" = "1"]?record)', 'X})}" = "1"]?record)'),
    (rules.loaded_before_used, QUEUE, " same => n,UserEvent(ariroute,What: x)\n" + QUEUE),
    (rules.loaded_before_used, REFUSE, " same => n,CELGenUserEvent(ARIROUTE,x)\n" + REFUSE),
    (rules.loaded_before_used, REFUSE, ' same => n,ExecIf($["1" = "1"]?CELGenUserEvent(ARIROUTE,x))\n' + REFUSE),
    (rules.records_hold_names_alone, f"{WORD}?ELSEWHERE:UNDECIDED)}})", "${ARIROUTE_REASON})"),
    (
        rules.records_hold_names_alone,
        ROUTED,
        ROUTED.replace("${FILTER(-_0-9A-Za-z,${ARIROUTE_FLOW})}", "${ARIROUTE_FLOW}"),
    ),
    (rules.records_hold_names_alone, ROUTED, ROUTED.replace("${FILTER(-_.0-9A-Za-z,${UNIQUEID})}", "${UNIQUEID}")),
    (rules.records_hold_names_alone, QUEUE, QUEUE + " same => n,QueueLog(gold,x,NONE,ARIROUTE,${CALLERID(name)})\n"),
    (rules.decided_before_used, DISARM, DISARM + QUEUE),
    (rules.queue_names_are_filtered, QUEUE, " same => n,Queue(${ARIROUTE_QUEUE},${ARIROUTE_QUEUE_OPTIONS})\n"),
    (rules.queue_names_are_filtered, REFUSE, " same => n,Hangup(${ARIROUTE_HANGUP})\n"),
    (rules.queue_names_are_filtered, QUEUE, " same => n,Queue(${ARIROUTE_QUEUE}${X})\n"),
    (rules.queue_names_are_filtered, MAILBOX, "VoiceMail(${ARIROUTE_VOICEMAIL},"),
    (rules.queuestatus_is_emptied, EMPTIED, ""),
    (rules.queuestatus_is_emptied, " same => n,Set(QUEUESTATUS=)\n" + FALLBACK, FALLBACK),
    (rules.stasisstatus_is_not_read, DELIVER, DELIVER + ' same => n,GotoIf($["${STASISSTATUS}" = "FAILED"]?x)\n'),
    (rules.no_patterns, "exten => T,1,Goto(s,1)\n", "exten => T,1,Goto(s,1)\nexten => _X.,1,Goto(s,1)\n"),
    (rules.untrusted_text_is_filtered, STASIS, " same => n,Stasis(ariroute,${ARIROUTE_TO})\n"),
    (rules.untrusted_text_is_filtered, DNID, " same => n,Set(ARIROUTE_TO=${CALLERID(dnid)})\n"),
    (rules.untrusted_text_is_filtered, DECIDED, ' same => n,GotoIf($["${CALLERID(num)}" = "112"]?decided)\n'),
    (rules.untrusted_text_is_filtered, QUEUE, " same => n,UserEvent(Joined,Number: ${EXTEN})\n" + QUEUE),
    (rules.no_second_evaluation, QUEUE, " same => n,Set(X=${EVAL(${ARIROUTE_REASON})})\n" + QUEUE),
    (rules.no_second_evaluation, QUEUE, " same => n,System(echo)\n" + QUEUE),
    (rules.no_second_evaluation, RECORDING, RECORDING.replace(",b)", ",b,${ARIROUTE_REASON})")),
    (rules.no_second_evaluation, RECORDING, "${UNIQUEID}.wav,b)\n"),
    (rules.untrusted_text_is_filtered, QUEUE, " same => n,Log(NOTICE,${ARIROUTE_NAME})\n" + QUEUE),
    (rules.dash_is_first_in_filter, QUEUE, QUEUE.replace("-_0-9A-Za-z", "0-9A-Za-z_-")),
    (rules.one_globals_section, "[ariroute]\n", "[globals]\n[globals]\n[ariroute]\n"),
]


def parsed(text: str) -> Dialplan:
    dialplan = parse(source(text))
    assert dialplan.unread == ()
    return dialplan


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_our_dialplan_keeps_the_rule(rule: rules.Rule) -> None:
    assert list(rule(parsed(OURS))) == []


@pytest.mark.parametrize(("rule", "old", "new"), BROKEN, ids=[f"{b[0].__name__}-{i}" for i, b in enumerate(BROKEN)])
def test_when_the_dialplan_breaks_a_rule_then_the_rule_says_so(rule: rules.Rule, old: str, new: str) -> None:
    assert OURS.count(old) == 1

    assert list(rule(parsed(OURS.replace(old, new)))) != []


def test_a_file_to_be_included_has_no_section_that_would_take_the_place_of_another() -> None:
    assert not {"globals", "general"} & {name for _, name in parsed(OURS).sections}


def test_every_rule_has_been_seen_to_fail() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(rules.RULES)


@pytest.mark.parametrize("name", ["extensions-demo.conf", "extensions_custom-freepbx.conf"])
def test_the_contexts_before_the_entrance_filter_what_was_dialled(name: str) -> None:
    dialplan = parsed((DIALPLAN / name).read_text(encoding="utf-8"))

    for rule in (rules.untrusted_text_is_filtered, rules.dash_is_first_in_filter, rules.no_second_evaluation):
        assert list(rule(dialplan)) == []
    assert [step.arguments for step in dialplan.steps() if step.application == "Goto"] == ["ariroute,s,1"]


def test_the_readme_shows_the_lines_of_the_freepbx_file() -> None:
    shown = (DIALPLAN / "README.md").read_text(encoding="utf-8")
    lines = (DIALPLAN / "extensions_custom-freepbx.conf").read_text(encoding="utf-8").splitlines()[-3:]

    assert "\n".join(f"    {line}" for line in lines) in shown


def test_all_of_our_dialplan_is_judged_and_nothing_else_of_a_file() -> None:
    whole = parsed(OURS + "[elsewhere]\nexten => _X.,1,Queue(${EXTEN})\n same => n,Stasis(other)\n")

    assert rules.judge(whole) == ([], [])
    assert {each.context for each in ours(whole).extensions} == {each.context for each in parsed(OURS).extensions}


def test_what_leads_to_the_entrance_is_judged_by_its_own_rules() -> None:
    lines = (
        "[trunk]\nexten => _X.,1,Queue(hello)\n same => n,Set(ARIROUTE_TO=${EXTEN})\n same => n,Goto(ariroute,s,1)\n"
    )

    losing, risky = rules.judge(parsed(OURS + lines))

    assert losing == []
    assert [fault.text for fault in risky] == ["${EXTEN} without FILTER"]
