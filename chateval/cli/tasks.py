"""`chateval tasks`: what there is to ask."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer


def tasks(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Tasks to check: names, folders or YAML files. Without any: the bundled ones are listed."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="TASK=PATH: a file or folder in place of the task's data set on the hub, as gsm8k=./gsm8k."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the messages of the first sample of each task.")] = False,
    trust_code: Annotated[
        bool, typer.Option("--trust-code", help="Let tasks run scorers of your own, and code that models wrote.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the bundled tasks, or check tasks of your own without a model.

    Example: chateval tasks ./my_task --show
    """
    from json import dumps

    from rich.table import Table

    from chateval.cli.screen import out
    from chateval.report import visible

    rows = _checked(names, data or (), trust_code=trust_code) if names else _bundled()
    if json:
        out.file.write(dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("task", "samples", "scorers", "what is asked"):
        table.add_column(column)
    for row in rows:
        samples = row["dataset"] if row["n_samples"] is None else f"{row['n_samples']:,}"
        scorers = ", ".join([*row["scorers"], *row["measures"]])
        table.add_row(*(visible(text) for text in (row["name"], samples, scorers, row["description"])))
    out.print(table)
    if show:
        for row in rows:
            out.print(f"\n{visible(row['name'])}:", markup=False, soft_wrap=True)
            for message in row.get("messages", ()):
                out.print(f"[{message['role']}] {visible(str(message['content']))}", markup=False, soft_wrap=True)
            if "target" in row:
                out.print(f"[target] {visible(row['target'])}", markup=False, soft_wrap=True)


def _bundled() -> list[dict[str, Any]]:
    """Return what the bundled tasks say of themselves; the data sets of the hub are not opened."""
    from chateval.task import bundled_tasks, count_samples, read_spec
    from chateval.task.spec import read_entry

    found = []
    for name in bundled_tasks():
        spec = read_spec(name)
        found.append(
            {
                "name": spec.name,
                "version": spec.version,
                "output": spec.output,
                "n_samples": count_samples(name),
                "dataset": spec.dataset.path if spec.dataset else None,
                "scorers": [read_entry(entry)[0] for entry in spec.scorers],
                "measures": [read_entry(entry)[0] for entry in spec.measures],
                "description": spec.description,
            }
        )
    return found


def _checked(names: list[str], data: Sequence[str], *, trust_code: bool) -> list[dict[str, Any]]:
    """Load tasks whole, with every scorer tried, and return what they are."""
    from chateval.config import Suite, parse_data
    from chateval.integrations.bridges import BRIDGES
    from chateval.pipeline import load_tasks

    suite = Suite(checkpoints=(), tasks=tuple(names), baseline="", folder=Path(), data=parse_data(data))
    found, _ = load_tasks(suite, trust_code=trust_code, bridges=BRIDGES)
    return [
        {
            "name": task.name,
            "version": task.version,
            "output": task.output,
            "n_samples": len(task.samples),
            "dataset": task.data,
            "scorers": [scorer.name for scorer in task.scorers],
            "measures": [measure.name for measure in task.measures],
            "description": task.description,
            "digest": task.digest,
            "messages": [dict(message) for message in task.samples[0].messages],
            "target": task.samples[0].target,
        }
        for task in found
    ]
