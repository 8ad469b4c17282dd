"""Texts as a hostile caller or customer system might write them: the same ones on every machine and on every day."""

from __future__ import annotations

import random

SYNTAX = (
    *("${SHELL(id)}", "$[1+1]", "${CURL(http://127.0.0.1/)}", "${ENV(PATH)}", "1&PJSIP/alice", "1,2,3", "a|b|c", "^"),
    *("\\,", "' OR 1=1 --", "'); DROP TABLE customers; --", '" OR ""="', "; SELECT 1", "/* */", "\\'", "%27"),
    *("::text", "$1", "?", "*)(uid=*", "*", "(|(a=*))", "\\2a", "\\00", "#", ",dc=x", "<script>alert(1)</script>"),
    *('"><img src=x onerror=alert(1)>', "]]>", "<!--", "&lt;", "&#0;", "javascript:alert(1)", "../../etc/passwd"),
    *("..%2f..%2fadmin", "%2e%2e/", ".", "..", "...", "//", "/", "\\..\\", "?a=b", "&c=d", "#x", "@h", ":80"),
    *("http://127.0.0.1/", "//evil.example/", "%0d%0aX: 1", "%00", "%", "%zz", "%25", "+", ";", "=", "=HYPERLINK(1)"),
    *("+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", "\t=1", "{caller.e164}", "{{", "}}", "{", "}", "{crm.id|text}"),
    *("${env:HOME}", "${file:/etc/passwd}", "%s", "{0}", "{x.__class__}", "&anchor", "*alias", "!!python/object"),
    *("---", "...", "- a", "a: b", "<<: 1", "|", ">", "? ", "`", "@", "~", "yes", "1e999", '"', "'", "\\"),
    *('","admin":true,"', '"}', "[", "]", "null", "-->", "end", "#quot;", "<br/>", "};", "]|", ":::x", "\\n", "\\l"),
    *("Action: Originate", "Response: Success", "ActionID: 1", "X-Evil: 1", "Content-Length: 0", "*2\r\n$3\r\nGET"),
    *("$-1", "+46701234567", "0701234567", "*21#", "anonymous", "sip:bo@example.com", "tel:+1", "1700000000.12"),
    *("1" * 33, "9" * 400, "2026-01-01 00:00:00.000+01:00 INFO    forged"),
    *("1700000000|forged|gold|NONE|ENTERQUEUE||1|1", "None", "undefined", "NaN"),
)
SIGNS = (
    *("\r\n", "\n", "\r", "\x00", "\t", "\x0b", "\x0c", "\x1b[2J", "\x1b]0;x\x07", "\x08", "\x7f", "\x85", "\x9b2J"),
    *("\xa0", "\xad", "\u202e", "\u202c", "\u2066", "\u200f", "\u061c", "\u200b", "\u200d", "\u2028", "\u2029"),
    *("\ufeff", "\ufffd", "\ufffe", "\ud800", "\udfff", "\ud83d", "\U000e0001", "\U0010ffff", "\U0001f600"),
    *("\U0001f468\u200d\U0001f469", "e\u0301" * 8, "\u0660\u0661", "\uff11\uff0b", "\uff1c", "\u2024\u2024"),
    *("\uff0e", "\uff0f", "\u2215", "\ufe0f", "\u0130", "\u017f", "\u212a", "\ufdfa", "\u1e9e", "\xdf"),
    *("\u05de\u05e9\u05d4", "\u4e2d\u6587", " ", "  ", "\u3000", "\u2003", "\ue000", "\u0378"),
)


def hostile_texts(count: int, seed: int = 46) -> list[str]:
    """``count`` texts, no two the same: what has meaning to somebody, alone and put together, short and long."""
    dice = random.Random(seed)
    found = dict.fromkeys(["", *SYNTAX, *SIGNS, *(a + b for a in SIGNS for b in ("", "a"))])
    while len(found) < count:
        parts = [dice.choice(dice.choice((SYNTAX, SIGNS))) for _ in range(dice.randint(1, 5))]
        if dice.random() < 0.3:
            parts.insert(dice.randrange(len(parts) + 1), "".join(chr(dice.randrange(0x20, 0x250)) for _ in range(8)))
        if dice.random() < 0.2:
            parts.append(chr(dice.randrange(0x110000)))
        text = "".join(parts)
        found[text * dice.choice((*[1] * 20, 2, 20)) if len(text) < 100 else text] = None
    return list(found)[:count]
