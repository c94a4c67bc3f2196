"""`chateval tasks`: what there is to ask."""

from pathlib import Path
from typing import Annotated

import typer


def tasks(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Tasks to check: names, folders or YAML files. Without any: the bundled ones."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the bundled tasks, or check tasks of your own without a model.

    Example: chateval tasks ./my_task
    """
    from json import dumps

    from rich.table import Table

    from chateval.cli.screen import out
    from chateval.config import Suite
    from chateval.pipeline import load_tasks
    from chateval.report import visible
    from chateval.task import bundled_tasks

    wanted = tuple(names) if names else tuple(bundled_tasks())
    found, _ = load_tasks(Suite(checkpoints=(), tasks=wanted, baseline="", folder=Path()))
    if json:
        rows = [
            {
                "name": task.name,
                "version": task.version,
                "output": task.output,
                "n_samples": len(task.samples),
                "scorers": [scorer.name for scorer in task.scorers],
                "description": task.description,
                "digest": task.digest,
            }
            for task in found
        ]
        out.file.write(dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("task", "samples", "scorers", "what is asked"):
        table.add_column(column)
    for task in found:
        scorers = ", ".join(scorer.name for scorer in task.scorers)
        table.add_row(visible(task.name), str(len(task.samples)), scorers, visible(task.description))
    out.print(table)
