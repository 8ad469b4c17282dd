"""``ariroute schema``."""

from __future__ import annotations

import click

from ariroute.cli.options import json_option
from ariroute.cli.output import show_json


@click.command()
@click.option("--part", is_flag=True, help="For files that are included or lie in conf.d: nothing is required.")
@click.option("--tests", is_flag=True, help="For test files.")
@json_option
def schema(part: bool, tests: bool, as_json: bool) -> None:
    """Print the JSON Schema of the flow file, for editors.

    Save it beside the flow file and name it in the file's first line:
    "# yaml-language-server: $schema=./ariroute.schema.json".

    \b
    Example:
      ariroute schema > ariroute.schema.json
      ariroute schema --tests > ariroute-tests.schema.json
    """
    from ariroute.cases.schema import file_schema, with_cases
    from ariroute.config.schema import json_schema, part_schema

    if part and tests:
        raise click.UsageError("--part and --tests are for different files: leave one out")
    # JSON with and without --json: it is what a schema is
    show_json(file_schema() if tests else with_cases(part_schema() if part else json_schema()))
