"""``ariroute schema``."""

from __future__ import annotations

import click

from ariroute.cli.options import json_option
from ariroute.cli.output import show_json


@click.command()
@json_option
def schema(as_json: bool) -> None:
    """Print the JSON Schema of the flow file, for editors.

    Save it beside the flow file and name it in the file's first line:
    "# yaml-language-server: $schema=./ariroute.schema.json".

    \b
    Example:
      ariroute schema > ariroute.schema.json
    """
    from ariroute.config.load import json_schema

    show_json(json_schema())  # JSON with and without --json: it is what a schema is
