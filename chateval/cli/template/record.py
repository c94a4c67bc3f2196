"""`chateval template record`: the evidence of a training, for trainers that record none themselves."""

from pathlib import Path
from typing import Annotated

import typer

from chateval.errors import DataError


def record(
    checkpoint: Annotated[str, typer.Argument(help="The checkpoint whose tokenizer and template the training uses.")],
    rows: Annotated[Path, typer.Argument(help="The training data: JSON lines with `messages` (and `tools`).")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("chateval_training.json"),
    n: Annotated[int, typer.Option(min=1, help="Rows to record, spread evenly over the data.")] = 32,
    kwarg: Annotated[
        list[str] | None, typer.Option(help="NAME=JSON: a switch that the training gives the template.")
    ] = None,
) -> None:
    """Record template, token ids and loss mask of training rows, to be proven later by `template check`.

    Without a trainer there is no loss mask, so that this proves ids and never the whole training: a recorder inside the
    trainer sees what is really trained (docs/training-evidence.md).

    Example: chateval template record ./smollm2 train.jsonl --out out/sft/chateval_training.json
    """
    from chateval.cli.screen import err
    from chateval.cli.template.target import json_values, locate, without_torch

    target = locate(checkpoint)
    if target.suffix != ".gguf":
        without_torch()
    from chateval.codec import read_json_lines
    from chateval.template import open_tokenizer
    from chateval.template.record import record as write_record

    found = []
    for where, row in read_json_lines(rows):
        if not isinstance(row.get("messages"), list):
            raise DataError(f"{where}: no list of `messages` in this row")
        found.append(row)
    if not found:
        raise DataError(f"{rows}: no row to record")
    write_record(open_tokenizer(target), found, out, template_kwargs=json_values("--kwarg", kwarg or ()), n=n)
    err.print(f"{min(n, len(found))} of {len(found)} rows recorded in {out}")
