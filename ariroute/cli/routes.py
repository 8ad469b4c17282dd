"""``ariroute routes``: the flows as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from ariroute.cli.options import complete_flow, config_option, flow_file
from ariroute.cli.output import show

FORMATS = ("tree", "mermaid", "dot", "svg")


@click.command()
@click.argument("flow", default="", shell_complete=complete_flow)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="tree", show_default=True, help="How it is drawn."
)
@config_option
def routes(flow: str, form: str, config: Path | None) -> None:
    """Show where calls go: each step, each condition, each way, down to the queue and its priority.

    FLOW is one of the flows; left out, all are shown. tree is for the terminal, svg for a browser, mermaid for a page
    on GitHub or GitLab, dot for Graphviz.

    \b
    Example:
      ariroute routes support --format svg > support.svg
    """
    from ariroute.cli.given import known
    from ariroute.config.load import load_rules
    from ariroute.drawing.outline import outline

    ruleset = load_rules(flow_file(config)).ruleset
    names = [known("flow", flow, ruleset.flows)] if flow else list(ruleset.flows)
    outlines = [outline(ruleset.flows[name], ruleset) for name in names]
    if form == "mermaid":
        from ariroute.drawing.mermaid import mermaid

        show(mermaid(outlines))
    elif form == "dot":
        from ariroute.drawing.dot import dot

        show(dot(outlines))
    elif form == "svg":
        from ariroute.drawing.svg import svg

        show(svg(outlines))
    else:
        from ariroute.drawing.text import text

        show("\n\n".join(map(text, outlines)))
