"""The documentation as a whole: links lead somewhere, whole flow files load, commands exist, nothing lags behind.

What a page says in particular is tested beside what it speaks of; docs/quickstart.md is played by the acceptance tests.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner

from ariroute import __version__
from ariroute.cli.main import main
from ariroute.config.load import load_rules

ROOT: Final = Path(__file__).parents[2]
NOT_OURS: Final = {"build", "dist", "run"}


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    folders = [each for each in ROOT.iterdir() if each.is_dir() and each.name[0] != "." and each.name not in NOT_OURS]
    return sorted([*ROOT.glob("*.md"), *(page for folder in folders for page in folder.rglob("*.md"))])


def manuals() -> list[Path]:
    """The pages that tell users which commands to type."""
    return [page for page in pages() if page.name == "README.md" or page.is_relative_to(ROOT / "docs")]


def name_of(value: object) -> str | None:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else None


FENCED: Final = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INDENTED: Final = re.compile(r"(?:^\n|\A)((?: {4}[^\n]*\n)+)", re.MULTILINE)
INLINE: Final = re.compile(r"`([^`\n]+)`")


# ---- links


def broken_links(page: Path, text: str) -> list[str]:
    """The relative links of `text`, which stands in `page`, whose file or heading is not there."""
    prose = INLINE.sub("", FENCED.sub("", text))
    found = re.findall(r"\]\(<?([^)\s>]+)", prose) + re.findall(r"^\[[^\]]+\]: *(\S+)", prose, re.MULTILINE)
    return [link for link in found if "://" not in link and not link.startswith("mailto:") and not _leads(page, link)]


def _leads(page: Path, link: str) -> bool:
    name, _, heading = link.partition("#")
    target = (page.parent / name) if name else page
    if not target.exists() or not target.resolve().is_relative_to(ROOT):
        return False
    return not heading or target.suffix != ".md" or heading in anchors(target.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """The fragments by which the headings of a page are reached, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("link", ["nowhere.md", "cli.md#nowhere", "#nowhere", "../../../etc"])
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    text = f"[This]({link}), [that](cli.md), [command](cli.md#ariroute-check), [elsewhere](https://example.org/x.md)"

    assert broken_links(ROOT / "docs" / "design.md", text) == [link]


def led_to(page: Path) -> set[Path]:
    """The pages that links of `page` lead to."""
    found = re.findall(r"\]\(([^)\s>#]+\.md)", FENCED.sub("", page.read_text(encoding="utf-8")))
    return {(page.parent / link).resolve() for link in found if "://" not in link}


def test_links_lead_from_the_readme_to_every_page() -> None:
    reached: set[Path] = set()
    ahead = {ROOT / "README.md"}
    while ahead:
        reached |= ahead
        ahead = {target for page in ahead for target in led_to(page)} - reached
    assert [page for page in manuals() if page not in reached] == []


# ---- flow files


def flow_files() -> list[tuple[Path, str]]:
    """The fenced blocks that are a whole flow file."""
    blocks = ((page, block) for page in pages() for block in FENCED.findall(page.read_text(encoding="utf-8")))
    return [(page, text) for page, (_, language, text) in blocks if language == "yaml" and "version: 1\n" in text]


@pytest.mark.parametrize(("page", "text"), flow_files(), ids=name_of)
def test_every_whole_flow_file_loads(page: Path, text: str, tmp_path: Path) -> None:
    file = tmp_path / "ariroute.yaml"
    file.write_text(text, encoding="utf-8")

    assert load_rules(file).warnings == ()


def test_the_flow_file_of_the_quickstart_is_among_them() -> None:
    assert ROOT / "docs" / "quickstart.md" in [page for page, _ in flow_files()]


# ---- commands


def code(text: str) -> Iterator[str]:
    """Lines that somebody may type: of blocks that are not output or data, and in the midst of a sentence."""
    for _, language, block in FENCED.findall(text):
        if language in ("", "sh", "bash", "console", "ini"):
            yield from block.splitlines()
    prose = FENCED.sub("", text)
    for block in INDENTED.findall(prose):
        yield from block.splitlines()
    yield from INLINE.findall(prose)


def commands(line: str) -> Iterator[list[str]]:
    """The arguments of each call of ariroute in `line`."""
    if not re.search(r"\bariroute +[a-z-]", line):
        return
    lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    call: list[str] = []
    for token in [*lexer, ";"]:
        if set(token) <= set("();<>|&"):
            yield from _of_ariroute(call)
            call = []
        else:
            call.append(token)


def _of_ariroute(call: list[str]) -> Iterator[list[str]]:
    """`call` from behind the program's name, which may follow `sudo`, an assignment or `ExecStart=`."""
    for place, token in enumerate(call):
        if token.rpartition("/")[2].rpartition("=")[2] == "ariroute":
            yield call[place + 1 :]
        elif token == "sudo" or "=" in token:
            continue
        return


def mistake(arguments: list[str]) -> str | None:
    """What click finds wrong with the command's name, its options, or the number of its arguments."""
    name, *rest = arguments or ["--help"]
    if name in ("--help", "-h", "--version"):
        return None
    if name not in main.commands:
        return f"no command {name!r}"
    command = main.commands[name]
    if isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    try:
        parser = command.make_parser(click.Context(command, parent=click.Context(main, **main.context_settings)))
        _, left, _ = parser.parse_args(rest)
    except click.UsageError as error:
        return error.format_message()
    return f"too many arguments: {left}" if left else None


def calls(text: str) -> list[list[str]]:
    """The arguments of each call of ariroute in a page."""
    return [arguments for line in code(text) for arguments in commands(line)]


@pytest.mark.parametrize("page", manuals(), ids=name_of)
def test_every_command_exists_with_its_options(page: Path) -> None:
    told = [(arguments, mistake(arguments)) for arguments in calls(page.read_text(encoding="utf-8"))]

    assert [each for each in told if each[1]] == []


def test_the_commands_of_the_quickstart_are_seen() -> None:
    text = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")

    assert [arguments[0] for arguments in calls(text)] == ["version", "check", "test", "run", "reload"]


@pytest.mark.parametrize(
    "line",
    [
        "    sudo ariroute chek -c a.yaml",
        "    A=1 /opt/ariroute/bin/ariroute test --calller 1 | jq .queue",
        "    cd x && ariroute routes one two  # both",
        "    ariroute staffing moove",
        "    ariroute staffing moves --sinze 1h",
        "Say `ariroute run --config` and wait.",
        "```ini\nExecStart=/opt/ariroute/bin/ariroute run --daemon\n```",
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    (arguments,) = calls(f"Text.\n\n{line}\n")

    assert mistake(arguments)


@pytest.mark.parametrize("line", ["sudo ln -s /opt/ariroute/bin/ariroute /usr/local/bin/ariroute", "cd ariroute && ls"])
def test_a_word_that_is_no_command_is_not_taken_for_one(line: str) -> None:
    assert list(commands(line)) == []


# ---- what must not lag behind


@pytest.mark.parametrize("drawn", ["tree", "svg"])
def test_the_loyalty_flow_is_shown_as_it_is_drawn(drawn: str) -> None:
    flow = ROOT / "docs" / "examples" / "loyalty" / "ariroute.yaml"
    shown = {
        "tree": FENCED.findall((ROOT / "docs" / "how-to" / "drawing.md").read_text(encoding="utf-8"))[0][2],
        "svg": (ROOT / "docs" / "images" / "loyalty.svg").read_text(encoding="utf-8"),
    }

    ended = CliRunner().invoke(main, ["routes", "support", "-c", str(flow), "--format", drawn])

    assert ended.stdout == shown[drawn], "ariroute routes support -c docs/examples/loyalty/ariroute.yaml writes it anew"


def test_the_decisions_are_numbered_without_gaps() -> None:
    files = sorted((ROOT / "docs" / "decisions").iterdir())

    assert [file.name[:5] for file in files] == [f"{number:04}-" for number in range(1, len(files) + 1)]
    for number, file in enumerate(files, 1):
        assert file.read_text(encoding="utf-8").startswith(f"# {number}. ")


def test_the_changelog_names_this_version() -> None:
    assert re.search(
        rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
