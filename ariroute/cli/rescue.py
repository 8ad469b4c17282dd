"""``ariroute rescue``: :mod:`ariroute.rescue` as a command, as the unit files call it."""

from __future__ import annotations

import click


@click.command()
@click.argument("file", required=False)
@click.option("--always", is_flag=True, help="Also where systemd starts the daemon again.")
@click.option("--url", metavar="URL", help="Asterisk's HTTP server, such as http://127.0.0.1:8088, in place of FILE.")
@click.option("--user", default="ariroute", show_default=True, help="The ARI user.")
@click.option("--app", default="ariroute", show_default=True, help="The Stasis application.")
@click.option("--password-file", metavar="FILE", help="The file with the ARI user's password.")
def rescue(file: str | None, always: bool, url: str | None, user: str, app: str, password_file: str | None) -> int:
    """Give the calls of a dead daemon back to the dialplan.

    Each goes to the dialplan's default queue at once, and need not wait for the guard. FILE is what the daemon has
    left for this; without it, rescue.json in the folder RUNTIME_DIRECTORY.

    The unit files run it when the service has ended (ExecStopPost). There it leaves calls alone where a daemon will
    route them within two seconds: one that is started again, or has taken over. By hand it does what it says: stop
    the daemon first. It needs nothing but Python: "python3 -I -S rescue.py" does the same.

    \b
    Example:
      ariroute rescue --url http://127.0.0.1:8088 --password-file /etc/ariroute/ari.secret
    """
    from ariroute.rescue import main

    given = {"--url": url, "--user": user, "--app": app, "--password-file": password_file}
    options = [f"{name}={value}" for name, value in given.items() if value is not None]
    return main([*options, *(["--always"] if always else []), *(["--", file] if file else [])])
