"""Flow files for tests of the daemon: three tiers, a customer service at a given address, any Asterisk."""

from __future__ import annotations

from pathlib import Path

from ariroute.lab.asterisk import PrivateAsterisk

FLOW = """
version: 1
region: SE
timezone: Europe/Stockholm
asterisk:
  pbx1:
    ari: {{url: "{ari}", user: {user}, password: "${{file:{secret}}}", app: {app}, transport: {transport}}}
{ami}lookups:
  crm:
    http: {{url: "{crm}/customers/{{caller.e164}}", timeout: {timeout}}}
    fields: {{loyalty: string, orders: number}}
queues:
  platinum: {{priority: 30}}
  gold: {{priority: 20}}
  standard: {{priority: 0}}
flows:
  support:
    trigger: {{call: {{to: ["+46850000000", support]}}}}
    default: standard
    steps:
      - lookup: crm
      - branch:
          - match: {{crm.loyalty: platinum}}
            queue: platinum
          - match: {{crm.loyalty: gold}}
            queue: gold
      - set: {{segment: ordinary}}
      - queue: {ordinary}
daemon: {{admin: "127.0.0.1:{admin}", guard: {guard}, drain: 1s, mask_numbers: false, {daemon}}}
{journal}"""


def write_flow(
    path: Path,
    *,
    ari: str,
    password: str,
    crm: str = "http://127.0.0.1:9",
    user: str = "ariroute",
    app: str = "ariroute",
    transport: str = "auto",
    timeout: str = "800ms",
    ordinary: str = "standard",
    admin: int = 1,
    guard: str = "4s",
    daemon: str = "max_in_flight: 200",
    ami: PrivateAsterisk | None = None,
    journal: str = "",
) -> Path:
    """Write the file, with the secret in a file of its own that only we may read; returns ``path``.

    ``ami`` is the Asterisk whose AMI is asked, ``journal`` the address of the record.
    """
    secret = _private(path.with_suffix(".secret"), password)
    path.write_text(
        FLOW.format(
            ari=ari,
            user=user,
            app=app,
            transport=transport,
            secret=secret,
            crm=crm,
            timeout=timeout,
            ordinary=ordinary,
            admin=admin,
            guard=guard,
            daemon=daemon,
            ami=_ami(ami, path) if ami else "",
            journal=f"journal: {{url: '{journal}'}}\n" if journal else "",
        )
    )
    return path


def _ami(pbx: PrivateAsterisk, path: Path) -> str:
    secret = _private(path.with_suffix(".ami"), pbx.ami_password)
    address = f"127.0.0.1:{pbx.ami_port}"
    return f'    ami: {{address: "{address}", user: {pbx.ami_user}, password: "${{file:{secret}}}"}}\n'


def _private(path: Path, text: str) -> Path:
    """A file that only we may read: the mode of touch() is subject to the umask."""
    path.touch(mode=0o600)
    path.write_text(text)
    path.chmod(0o600)
    return path
