"""The configuration of a private Asterisk: which file says what. Pure text; `asterisk.py` writes and runs it.

Everything that users are given too (`dialplan/`) is taken from there as it is, with ports and secrets filled in, so
that a mistake in a sample shows in every test.
"""

from __future__ import annotations

import fnmatch
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError


def _samples() -> Path:
    """Where `dialplan/` lies: beside the package in a checkout, under `share/` where a wheel or a package put it."""
    home = Path(__file__).resolve().parents[2]
    shared = "share/ariroute/dialplan"
    places = (home / "dialplan", home / shared, Path(sysconfig.get_path("data")) / shared)
    return next((place for place in places if (place / "extensions-ariroute.conf").is_file()), places[0])


SAMPLES: Final = _samples()

# Named one by one (a pattern may stand for a family), because loading all of Asterisk's modules takes seconds and
# asks for configuration files that nobody needs here. A pattern without a match in this release is left out.
MODULES: Final = (
    *("res_sorcery_astdb", "res_sorcery_config", "res_sorcery_memory", "res_timing_timerfd", "res_pjproject"),
    *("res_pjsip", "res_pjsip_*", "res_rtp_asterisk", "res_srtp", "chan_pjsip", "bridge_*", "pbx_config"),
    *("res_http_websocket", "res_websocket_client", "res_stasis*", "res_ari", "res_ari_*", "res_curl", "res_agi"),
    *("res_musiconhold", "res_clioriginate", "res_cdrel_custom", "res_crypto", "res_format_attr_*", "res_speech"),
    *("app_queue", "app_stasis", "app_dial", "app_playback", "app_verbose", "app_userevent", "app_exec", "app_stack"),
    *(
        "app_read",
        "app_senddtmf",
        "app_originate",
        "app_softhangup",
        "app_celgenuserevent",
        "app_echo",
        "app_waituntil",
    ),
    *("app_while", "app_playtones", "app_milliwatt", "app_voicemail", "app_mixmonitor", "cdr_csv", "cel_custom"),
    *(
        "func_callerid",
        "func_cdr",
        "func_channel",
        "func_config",
        "func_curl",
        "func_cut",
        "func_db",
        "func_devstate",
        "func_dialplan",
    ),
    *("func_env", "func_global", "func_groupcount", "func_hangupcause", "func_json", "func_logic", "func_math"),
    "func_module",
    *(
        "func_pjsip_*",
        "func_rand",
        "func_sprintf",
        "func_strings",
        "func_talkdetect",
        "func_timeout",
        "func_uri",
        "func_version",
    ),
    *("codec_ulaw", "codec_alaw", "codec_a_mu", "codec_gsm", "codec_resample", "codec_g722"),
    *("format_gsm", "format_pcm", "format_sln", "format_wav"),
)
_NOT_MODULES: Final = (
    "res_pjsip_stir_shaken",
    "res_pjsip_geolocation",
    "res_pjsip_phoneprov_provider",
    "res_pjsip_config_wizard",
    "res_pjsip_transport_websocket",
    "res_stasis_test",
    "res_pjsip_history",
    "res_pjsip_notify",
)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one private Asterisk, all on 127.0.0.1."""

    sip: int
    http: int
    ami: int


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passwords of the two users `ariroute`, and of `ariroute-reader`."""

    ari: str
    ami: str
    reader: str


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the private Asterisk reads and writes.

    `run` is apart, since the path of a socket may have 107 characters at most.
    """

    base: Path
    run: Path
    modules: Path
    data: Path

    @property
    def etc(self) -> Path:
        """Configuration files."""
        return self.base / "etc"

    @property
    def log(self) -> Path:
        """Logs, queue_log and CEL among them."""
        return self.base / "log"

    @property
    def own_data(self) -> Path:
        """What Asterisk takes for its data: links to `data`, and a folder for sounds of one's own."""
        return self.base / "data"

    @property
    def written(self) -> tuple[Path, ...]:
        """Folders that must exist before the start; rows of CEL and CDR vanish without theirs."""
        names = ("etc", "lib", "db", "keys/keys", "spool", "agi-bin", "log/cel-custom", "log/cdr-csv", "log/cdr-custom")
        return (*(self.base / name for name in names), self.run)


@dataclass(frozen=True, slots=True)
class Extras:
    """What a test or the demo adds: agents (name -> SIP port on 127.0.0.1), dialplan, globals, queues, whole files.

    `queues` replaces the sample queues; `extra_queues` comes after them. `files` (name -> text) replaces files of
    `etc/`.
    """

    agents: Mapping[str, int] = field(default_factory=dict)
    dialplan: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    queues: str | None = None
    extra_queues: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


def fill_in(sample: str, values: Mapping[str, str], where: str = "sample") -> str:
    """Replace each key of `values`, which must stand in `sample` exactly once. Raises LabError otherwise."""
    for old, new in values.items():
        if sample.count(old) != 1:
            raise LabError(f"{where}: expected exactly one {old!r}, found {sample.count(old)}")
        sample = sample.replace(old, new)
    return sample


def modules_to_load(available: Iterable[str]) -> list[str]:
    """Return the names of modules to load, of those `available` ("app_queue.so", ...), in a stable order."""
    names = sorted(available)
    chosen = (name for pattern in MODULES for name in names if fnmatch.fnmatchcase(name, f"{pattern}.so"))
    unwanted = {f"{name}.so" for name in _NOT_MODULES}
    return list(dict.fromkeys(name for name in chosen if name not in unwanted))


def configuration(
    folders: Folders, ports: Ports, secrets: Secrets, extras: Extras, modules: Iterable[str], samples: Path = SAMPLES
) -> dict[str, str]:
    """Return every file of `etc/`: name -> text.

    Raises LabError when a sample is not there, or lacks a place that must be filled in.
    """

    def sample(name: str, values: Mapping[str, str] | None = None) -> str:
        try:
            text = (samples / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise LabError(
                f"{samples / name} is not there: a private Asterisk is made of the files in dialplan/, "
                "which come with a checkout of ariroute, its wheel and its Debian package: install it again"
            ) from None
        return fill_in(text, values or {}, name)

    files = {
        "asterisk.conf": _asterisk_conf(folders),
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}\n" for name in modules),
        "logger.conf": _LOGGER,
        "indications.conf": _INDICATIONS,
        "rtp.conf": _RTP,
        "cdr.conf": "[general]\nenable = yes\nunanswered = yes\n[csv]\nusegmtime = yes\nloguniqueid = yes\n",
        "cel.conf": sample("cel.conf"),
        "cel_custom.conf": sample("cel_custom.conf"),
        "voicemail.conf": _VOICEMAIL,
        "musiconhold.conf": f"[default]\nmode = files\ndirectory = {folders.data / 'moh'}\n",
        "http.conf": sample("http.conf", {"bindport = 8088": f"bindport = {ports.http}"}),
        "ari.conf": sample("ari.conf", {"CHANGE-ME-ARI": secrets.ari, "CHANGE-ME-READER": secrets.reader}),
        "manager.conf": sample("manager.conf", {"port = 5038": f"port = {ports.ami}", "CHANGE-ME-AMI": secrets.ami}),
        "pjsip.conf": sample("pjsip-demo.conf", {"127.0.0.1:5060": f"127.0.0.1:{ports.sip}"}) + _agents(extras.agents),
        "queues.conf": _queues(extras, samples),
        "extensions.conf": _extensions(extras, samples),
    }
    # Read by modules that would otherwise complain about their absence; they say nothing here.
    files |= dict.fromkeys(
        (
            "acl.conf",
            "features.conf",
            "udptl.conf",
            "ccss.conf",
            "queuerules.conf",
            "cli.conf",
            "cli_permissions.conf",
            "pjproject.conf",
            "sorcery.conf",
            "websocket_client.conf",
            "res_curl.conf",
            "curl.conf",
        ),
        "",
    )
    return {**files, **extras.files}


def _asterisk_conf(folders: Folders) -> str:
    base = folders.base
    places = {
        "astetcdir": folders.etc,
        "astmoddir": folders.modules,
        "astvarlibdir": base / "lib",
        "astdbdir": base / "db",
        "astkeydir": base / "keys",
        "astdatadir": folders.own_data,
        "astagidir": base / "agi-bin",
        "astspooldir": base / "spool",
        "astrundir": folders.run,
        "astlogdir": folders.log,
    }
    lines = "".join(f"{name} => {place}\n" for name, place in places.items())
    return f"[directories]\n{lines}\n[options]\nverbose = 0\nlive_dangerously = no\nhideconnect = yes\n"


_LOGGER: Final = """\
[general]
dateformat = %F %T.%3q
queue_log = yes
queue_log_to_file = yes
[logfiles]
messages => notice,warning,error
"""

_INDICATIONS: Final = """\
[general]
country = us
[us]
description = United States
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
"""

# One mailbox, 100@default; nobody is mailed.
_VOICEMAIL: Final = """\
[general]
format = wav
[default]
100 => 1234,Reception
"""

# Shared by all private Asterisks: each tries ports of the range until one is free. Room for 5000 calls.
_RTP: Final = """\
[general]
rtpstart = 10000
rtpend = 19999
"""


def _agents(agents: Mapping[str, int]) -> str:
    return "".join(
        f"\n[{name}](demo-agent)\naors = {name}\n[{name}](demo-aor)\ncontact = sip:{name}@127.0.0.1:{port}\n"
        for name, port in agents.items()
    )


def _queues(extras: Extras, samples: Path) -> str:
    tiers = extras.queues if extras.queues is not None else f'#include "{samples / "queues-ariroute.conf"}"\n'
    general = "[general]\npersistentmembers = yes\nshared_lastcall = yes\nlog_membername_as_agent = yes\n"
    return f"{general}\n{tiers}\n{extras.extra_queues}\n"


def _extensions(extras: Extras, samples: Path) -> str:
    variables = "".join(f"{name} = {value}\n" for name, value in extras.variables.items())
    includes = "".join(
        f'#include "{samples / name}"\n' for name in ("extensions-ariroute.conf", "extensions-demo.conf")
    )
    return f"[general]\nstatic = yes\nwriteprotect = yes\n[globals]\n{variables}\n{includes}\n{extras.dialplan}\n"
