"""Security advisories of Asterisk that concern who takes calls by ARI, AMI and SIP. State of 2026-06-25.

Source: the change logs of Asterisk's own releases (``ChangeLogs/ChangeLog-VERSION.md`` at the tags 18.23.1 to 23.4.1),
each of which names the advisories that it resolves; details of one at
``https://github.com/asterisk/asterisk/security/advisories/ID``. Left out are those of programs beside Asterisk
(ast_coredumper, ast_loggrabber, safe_asterisk) and of add-ons (ooh323). Not verified, and so not claimed: which
series before 18, and which certified releases, they concern; what a distribution has put into its own package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Version = tuple[int, int, int]

CHECKED: Final = "2026-06-25"


@dataclass(frozen=True, slots=True)
class Advisory:
    """One advisory: the first fixed release of each series, and the module without which it does not concern anybody.

    ``since``: the first release of each series that has the fault; a series that is not named there has it from its
    beginning, unless ``only_since`` says that it does not have it at all.
    """

    id: str
    title: str
    fixed: Sequence[Version]
    module: str = ""
    since: Sequence[Version] = ()
    only_since: bool = False


JUNE_2026: Final = ((20, 20, 1), (21, 12, 3), (22, 10, 1), (23, 4, 1))
FEBRUARY_2026: Final = ((20, 18, 2), (21, 12, 1), (22, 8, 2), (23, 2, 2))
JULY_2025: Final = ((18, 26, 3), (20, 15, 1), (21, 10, 1), (22, 5, 1))
MAY_2025: Final = ((18, 26, 2), (20, 14, 1), (21, 9, 1), (22, 4, 1))

ADVISORIES: Final = (
    Advisory(
        "GHSA-wcvv-g26m-wx5c",
        "a read-only ARI user could change things over the websocket",
        JUNE_2026,
        "res_ari",
        since=((20, 14, 0), (21, 9, 0), (22, 4, 0), (23, 0, 0)),
        only_since=True,
    ),
    Advisory("GHSA-vrfp-mg3q-3959", "ARI wrote files in spite of live_dangerously=no", JUNE_2026, "res_ari"),
    Advisory("GHSA-4pgv-j3mr-3rcp", "script in error pages of the HTTP server", JUNE_2026),
    Advisory("GHSA-3rhj-hhw7-m6fw", "AMI over HTTP: crash by a login", JUNE_2026),
    Advisory("GHSA-589g-qgf8-m6mx", "SIP NOTIFY overflows the stack", JUNE_2026, "res_pjsip_pubsub"),
    Advisory("GHSA-8jw3-ccr9-xrmf", "SIP NOTIFY reads beyond its body", JUNE_2026, "res_pjsip_pubsub"),
    Advisory("GHSA-g8q2-p36q-94f6", "SIP over TCP: use after free when a connection closes", JUNE_2026, "res_pjsip"),
    Advisory("GHSA-vfhr-r9x9-c687", "T.140 overflows the heap", JUNE_2026, "res_rtp_asterisk"),
    Advisory("GHSA-j2mm-57pq-jh94", "T.140 writes out of bounds", JUNE_2026, "res_rtp_asterisk"),
    Advisory("GHSA-ph27-3m5q-mj5m", "SQL injection by CELGenUserEvent", JUNE_2026, "cel_pgsql"),
    Advisory("GHSA-r6c2-hwc2-j4mp", "LDAP filter injection by SIP user names", JUNE_2026, "res_config_ldap"),
    Advisory("GHSA-qf8j-jp7h-c5hx", "the Codec2 decoder writes out of bounds", JUNE_2026, "codec_codec2"),
    Advisory("GHSA-8jhw-m2hg-vp3h", "OGG/Speex files overflow the heap", JUNE_2026, "format_ogg_speex"),
    Advisory("GHSA-mxgm-8c6f-5p8f", "XMPP overflows the stack", JUNE_2026, "res_xmpp"),
    Advisory("GHSA-q9fr-m7g8-6ph5", "SMS overflow their buffers", JUNE_2026, "app_sms"),
    Advisory("GHSA-3g56-cgrh-95p5", "digits of a UNISTIM phone crash Asterisk", JUNE_2026, "chan_unistim"),
    Advisory("GHSA-v6hp-wh3r-cwxh", "/httpstatus shows what a visitor sends, unchanged", FEBRUARY_2026),
    Advisory("GHSA-85x7-54wr-vh42", "XML documents could name files to be read", FEBRUARY_2026),
    Advisory(
        "GHSA-64qc-9x89-rx5j",
        "a malformed Authorization header crashes Asterisk",
        ((20, 15, 2), (21, 10, 2), (22, 5, 2)),
        "res_pjsip_authenticator_digest",
    ),
    Advisory("GHSA-mrq5-74j5-f5cr", "STIR/SHAKEN: crash, perhaps execution of code", JULY_2025, "res_stir_shaken"),
    Advisory("GHSA-2grh-7mhv-fcfw", "a malformed From header forges an identity", MAY_2025, "res_pjsip_messaging"),
    Advisory("GHSA-c7p6-7mvq-8jq2", "cli_permissions.conf did not keep anybody from shell commands", MAY_2025),
    Advisory(
        "GHSA-33x6-fj46-6rfh",
        "AMI's ListCategories read files elsewhere",
        ((18, 26, 1), (20, 11, 1), (21, 6, 1), (22, 1, 1)),
    ),
    Advisory(
        "GHSA-v428-g3cw-7hv9",
        "a malformed Contact or Record-Route crashes Asterisk",
        ((18, 24, 3), (20, 9, 3), (21, 4, 3)),
        "res_resolver_unbound",
    ),
    Advisory(
        "GHSA-c4cg-9275-6w44",
        "AMI users with write=originate could run programs",
        ((18, 24, 2), (20, 9, 2), (21, 4, 2)),
    ),
    Advisory(
        "GHSA-qqxj-v78h-hrf9",
        "unauthorised SIP requests match an endpoint",
        ((18, 23, 1), (20, 8, 1), (21, 3, 1)),
        "res_pjsip_endpoint_identifier_ip",
        since=((18, 23, 0), (20, 8, 0), (21, 3, 0)),
        only_since=True,
    ),
)

END_OF_LIFE: Final = {
    16: "2023-10-09",
    17: "2021-10-28",
    18: "2025-10-20",
    19: "2023-11-02",
    20: "2027-10-19",
    21: "2026-10-18",
}
"""The day after which a series gets no fixes, by docs.asterisk.org/About-the-Project/Asterisk-Versions.

22 and 23 were not on the copy of that page at hand."""


def concerns(advisory: Advisory, version: Version, modules: frozenset[str] | None) -> bool:
    """Whether this release has the fault, as far as the table tells; ``modules`` None when they are not known."""
    if advisory.module and modules is not None and advisory.module not in modules:
        return False
    series = version[0]
    start = next((each for each in advisory.since if each[0] == series), None)
    if start is None and advisory.only_since:
        return False
    if start is not None and version < start:
        return False
    fix = next((each for each in advisory.fixed if each[0] == series), None)
    return fix is not None and version < fix


def mended_in(found: Sequence[Advisory], series: int) -> str:
    """The first release of ``series`` that has all of these fixes, such as ``22.10.1``."""
    fixes = [fix for advisory in found for fix in advisory.fixed if fix[0] == series]
    return ".".join(map(str, max(fixes)))
