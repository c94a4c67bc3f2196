"""`chateval template families`: the families that are known, with their dialects."""

from pathlib import Path
from typing import Annotated

import typer


def families(
    family_file: Annotated[
        list[Path] | None, typer.Option(help="A family of your own, as TOML; may be given several times.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the families of chat templates and their dialects.

    Example: chateval template families --family-file ours.toml
    """
    from json import dumps

    from rich.table import Table

    from chateval.cli.screen import out
    from chateval.report import visible
    from chateval.template.grammar import load_families

    found = load_families(tuple(family_file or ()))
    if json:
        rows = [
            {
                "family": name,
                "title": family.title,
                "truth": family.truth,
                "dialects": [d.name for d in family.dialects],
            }
            for name, family in found.items()
        ]
        out.file.write(dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("family", "dialects", "whom to believe"):
        table.add_column(column)
    for name, family in found.items():
        dialects = ", ".join(visible(dialect.name) for dialect in family.dialects)
        table.add_row(visible(name), dialects, visible(family.truth))
    out.print(table)
