"""``docs/cli.md`` out of the commands' own help, so that the two cannot differ."""

from __future__ import annotations

import click

from ariroute.cli.main import main

WIDTH = 100

HEAD = """\
# The command line

<!-- Made by scripts/docs from the commands' help. Change the help, then run scripts/docs. -->

Data goes to standard output, words to standard error, so `ariroute test ... --json | jq .queue` sees only JSON.
Colour and wrapping are for terminals; a pipe gets plain lines, and `NO_COLOR` switches colour off.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | the expectation of a test is not met; `doctor` finds a warning or a fault |
| 2 | the input cannot be used: a mistake in the flow file, an unknown name, an option that does not exist |
| 3 | the daemon, Asterisk or a source cannot be reached, or refuses |
| 4 | `run`: another daemon has taken the calls over |
| 70 | a fault in ariroute itself, with a traceback to report |
| 74 | the output cannot be written: the disk is full, or standard output is closed |
| 130, 141 | ended by Ctrl-C; the reader of a pipe went away |

"""

COMPLETION = """\
## Completion in the shell

Commands, options and the names of your flows complete with the Tab key once the shell has read ariroute's script:

| shell | once, in |
|---|---|
| bash | `~/.bashrc`: `eval "$(_ARIROUTE_COMPLETE=bash_source ariroute)"` |
| zsh | `~/.zshrc`: `eval "$(_ARIROUTE_COMPLETE=zsh_source ariroute)"` |
| fish | `~/.config/fish/completions/ariroute.fish`: `_ARIROUTE_COMPLETE=fish_source ariroute \\| source` |
"""


def manual() -> str:
    """The whole page, in Markdown."""
    root = main.context_class(main, info_name="ariroute", terminal_width=WIDTH, **main.context_settings)
    pages = [_page(root)]
    for name, command in main.commands.items():
        page = click.Context(command, root, info_name=name, terminal_width=WIDTH)
        pages.append(_page(page))
        if isinstance(command, click.Group):
            for word, each in command.commands.items():
                pages.append(_page(click.Context(each, page, info_name=word, terminal_width=WIDTH)))
    return HEAD + "\n".join(pages) + "\n" + COMPLETION


def _page(context: click.Context) -> str:
    return f"## `{context.command_path}`\n\n```text\n{context.get_help()}\n```\n"
