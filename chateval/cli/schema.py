"""`--schema`: the JSON Schema of what a command prints."""

import typer


def print_schema(wanted: bool) -> None:
    """Print the schema of report.json and stop, if that was wanted; a callback of an eager option."""
    if wanted:
        from chateval.report.schema import schema_text

        typer.echo(schema_text(), nl=False)
        raise typer.Exit
