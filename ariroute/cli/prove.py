"""``ariroute prove``: real calls, real faults, and Asterisk's own records for a witness."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, flow_file, json_option
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from ariroute.proof.result import Proof

FAULTS_SHARE = 20
"""Of each kind but kill, one for so many kills."""


@click.command()
@config_option
@click.option(
    "--calls", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many calls are placed."
)
@click.option(
    "--kill", type=click.IntRange(0, 10_000), default=20, show_default=True, help="How often the daemon is killed."
)
@click.option(
    "--faults",
    default="",
    metavar="KIND,...",
    show_default="each kind once for every 20 kills",
    help="What else is done, instead of a bit of everything: hang, restart, upgrade, reload, cut, deaf, slow, refuse, "
    "crm, each also with a count, as hang=3; none for kills alone.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another time line.")
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 500),
    metavar="CALLS",
    show_default="as many as the faults leave time for",
    help="Place no more calls a second than this, on average.",
)
@click.option(
    "--lookups",
    type=click.Choice(["stand-in", "real"]),
    default="stand-in",
    show_default=True,
    help="Whom the flow's lookups ask: made-up customers, or the real sources.",
)
@click.option("--no-control", is_flag=True, help="Leave out the control that must lose calls.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page with a time line."
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep logs and records in this new folder.",
)
@click.option(
    "--live",
    default="",
    metavar="PBX",
    help="Prove on this Asterisk of the flow file instead of a private one: see docs/how-to/prove.md first.",
)
@click.option(
    "--queue-log",
    type=click.Path(path_type=Path),
    default=Path("/var/log/asterisk/queue_log"),
    show_default=True,
    metavar="FILE",
    help="With --live: its queue_log.",
)
@click.option(
    "--cel",
    type=click.Path(path_type=Path),
    default=Path("/var/log/asterisk/cel-custom/Master.csv"),
    show_default=True,
    metavar="FILE",
    help="With --live: its channel event log.",
)
@click.option("--yes", is_flag=True, help="With --live: do not ask.")
@json_option
def prove(
    config: Path | None,
    calls: int,
    kill: int,
    faults: str,
    seed: int,
    rate: float | None,
    lookups: Literal["stand-in", "real"],
    no_control: bool,
    html: Path | None,
    keep: Path | None,
    live: str,
    queue_log: Path,
    cel: Path,
    yes: bool,
    as_json: bool,
) -> int:
    """Prove that your flow file loses no call.

    Places real SIP calls into a private Asterisk on this machine, with your flow file, while the daemon is killed,
    hung, cut off and upgraded; what became of each call is read from that Asterisk's queue_log and channel event log.
    Nothing of yours is touched: lookups and notices go to stand-ins, phones are made up.

    First a control without the guard shows that losses are seen. Exit code 0 when the promise held, 1 when not.

    \b
    Example:
      ariroute prove --calls 200 --kill 20
      ariroute prove -c ariroute.yaml --calls 60 --kill 5 --faults hang,cut=3 --html proof.html
    """
    from ariroute.proof.progress import progress
    from ariroute.proof.run import Order, prove

    path = flow_file(config)
    if rate is not None and isnan(rate):  # a range of click lets it pass
        raise UnusableInput("--rate nan: write how many calls a second, such as 5")
    order = Order(
        calls,
        wanted(kill, faults, has_service=lookups == "stand-in"),
        seed,
        rate,
        with_control=not no_control,
        real_lookups=lookups == "real",
    )
    page = checked_page(html)
    if live:
        confirm(live, order.calls, path, yes=yes)
    with ended_by_signals(), place(keep) as folder, progress() as watcher:
        if live:
            from ariroute.proof.live import Logs, prove_live

            proof = prove_live(path, live, order, Logs(cel, queue_log), folder, watcher)
        else:
            proof = prove(path, order, folder, watcher)
    return tell(proof, page, as_json=as_json)


def wanted(kill: int, faults: str, *, has_service: bool, has_link: bool = True) -> dict[str, int]:
    """How many of each kind. Raises UnusableInput for a kind that there is not."""
    from ariroute.cli.given import known
    from ariroute.proof.faults import offered

    kinds = offered(has_link, has_service)
    others = [kind for kind in kinds if kind != "kill"]
    found = {"kill": kill}
    if not faults:
        found |= dict.fromkeys(others, max(1, kill // FAULTS_SHARE))
    elif faults != "none":
        for text in faults.split(","):
            name, equals, count = text.strip().partition("=")
            if equals and not (count.isdecimal() and 0 < int(count) <= 10_000):
                raise UnusableInput(f"--faults {text.strip()}: write how many, such as {name}=3")
            found[known("kind of fault", name, kinds)] = int(count) if equals else max(1, kill // FAULTS_SHARE)
    return {kind: count for kind, count in found.items() if count}


def confirm(pbx: str, calls: int, path: Path, *, yes: bool) -> None:
    """Say what a proof on a real Asterisk does, and ask. Raises UnusableInput where nobody can be asked."""
    import sys

    from ariroute.cli.output import say
    from ariroute.config.load import load_rules

    queues = ", ".join(load_rules(path).ruleset.queues)
    say(
        f"{calls} calls go into the queues of {pbx} that the flow file names ({queues}) and into that server's default "
        "queue. Agents who are logged in there will be rung, queues' figures will count the calls, and mailboxes may "
        "get messages: use a flow file with test queues. Your daemon and its calls are not touched."
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise UnusableInput("--live asks before it places calls, and nobody is there to answer: add --yes")
    click.confirm("Place these calls?", abort=True, err=True)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within it SIGTERM and SIGHUP end the command as Ctrl-C does: nothing is left running, and no folder is left."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # of nohup
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def place(keep: Path | None) -> Iterator[Path]:
    """A folder for the files of a proof: a new one to be kept, or one that goes away."""
    from tempfile import TemporaryDirectory

    if keep is None:
        with TemporaryDirectory(prefix="ariroute-prove-") as folder:
            yield Path(folder)
        return
    try:
        keep.mkdir(parents=True)
    except OSError as error:
        raise UnusableInput(f"--keep {keep}: cannot be made: {error.strerror}; name a folder that is new") from None
    yield keep.resolve()


def checked_page(html: Path | None) -> Path | None:
    """Where the page goes. Raises UnusableInput now and not after minutes when it cannot be written."""
    if html is not None:
        try:
            html.open("a").close()
        except OSError as error:
            raise UnusableInput(f"--html {html}: cannot be written: {error.strerror}") from None
    return html


def tell(proof: Proof, html: Path | None, *, as_json: bool) -> ExitCode:
    """Show the proof and write its page; the exit code that says whether it holds."""
    from ariroute.cli.output import say, show_drawn, show_json
    from ariroute.proof import report

    if as_json:
        show_json(report.as_json(proof))
    else:
        show_drawn(report.text(proof))
    if html is not None:
        from ariroute.proof import page

        html.write_text(page.html(proof), encoding="utf-8")
        say(f"the page is {html}")
    return ExitCode.OK if proof.holds else ExitCode.NOT_AS_EXPECTED
