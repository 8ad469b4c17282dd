"""Flow files for tests of the daemon: three tiers, a customer service at a given address, any Asterisk."""

from __future__ import annotations

from pathlib import Path

FLOW = """
version: 1
region: SE
timezone: Europe/Stockholm
asterisk:
  pbx1:
    ari: {{url: "{ari}", user: {user}, password: "${{file:{secret}}}", app: {app}, transport: {transport}}}
lookups:
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
"""


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
) -> Path:
    """Write the file, with the secret in a file of its own that only we may read; returns ``path``."""
    secret = path.with_suffix(".secret")
    secret.touch(mode=0o600)
    secret.write_text(password)
    secret.chmod(0o600)  # the mode of touch() is subject to the umask
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
        )
    )
    return path
