"""Asterisk refuses the daemon's user for a while: nobody is lost, and the daemon is let in as soon as it may."""

from __future__ import annotations

from running_daemon import until

from ariroute.lab.accounts import by_caller

from ..conftest import NewDaemon, Site, edit, number
from .load import Note, callers, judge


def test_of_two_pbxs_one_that_refuses_its_user_is_served_once_it_no_longer_does(
    site: Site, new_daemon: NewDaemon, note: Note
) -> None:
    """The other is served meanwhile; ``/ready`` says no, the status why, and a reload asks again at once."""
    user = f"later-{site.app}"
    daemon = new_daemon(site)
    text = daemon.file.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "ari: {" in line)
    second = line.replace("user: ariroute", f"user: {user}").replace(f"app: {site.app}", f"app: {site.app}-2")
    edit(daemon, line, f"{line}\n  pbx2:\n{second}")
    daemon.launch()
    site.place(callers(1))
    until(lambda: any("asked again every" in text for text in daemon.complaints()), daemon.text)
    until(lambda: daemon.metric("ariroute_pbx_up", pbx="pbx1"), daemon.text)
    assert not daemon.is_ready
    site.place(callers(1, start=1))
    assert by_caller(site.accounts.settled(2))[number("gold", 1)].queue == "gold"

    settings = site.pbx.directory / "etc" / "ari.conf"
    before = settings.read_text(encoding="utf-8")
    try:
        settings.write_text(f"{before}\n[{user}]\ntype = user\nread_only = no\npassword = {site.pbx.ari_password}\n")
        site.pbx.cli("module reload res_ari.so")
        assert daemon.reload().returncode == 0
        until(lambda: daemon.is_ready, daemon.text)
    finally:
        settings.write_text(before)
        site.pbx.cli("module reload res_ari.so")
    judge(site, note)
