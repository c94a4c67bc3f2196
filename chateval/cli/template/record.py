"""`chateval template record`: the evidence of a training, for trainers that record none themselves."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chateval.errors import DataError, TemplateError

if TYPE_CHECKING:
    from chateval.template import Tokenizer


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

    found: list[tuple[str, dict[str, Any]]] = []
    for where, row in read_json_lines(rows):
        if not isinstance(row.get("messages"), list):
            raise DataError(f"{where}: no list of `messages` in this row")
        found.append((where, row))
    if not found:
        raise DataError(f"{rows}: no row to record")
    switches = json_values("--kwarg", kwarg or ())
    tokenizer = open_tokenizer(target)
    chosen = [found[index * len(found) // n] for index in range(n)] if len(found) > n else found
    shown = [_with_ids(tokenizer, row, switches, where=where) for where, row in chosen]
    write_record(tokenizer, shown, out, template_kwargs=switches)
    err.print(f"{len(shown)} of {len(found)} rows recorded in {out}")


def _with_ids(tokenizer: "Tokenizer", row: dict[str, Any], switches: dict[str, Any], *, where: str) -> dict[str, Any]:
    """Return a row with the ids of its chat: rendered where a hostile template can do no harm, then tokenised."""
    import json

    from chateval.template import Chat, render_all, text_of, tokenize

    if not row["messages"] or not all(isinstance(message, dict) for message in row["messages"]):
        raise DataError(f"{where}: `messages` must be a list of objects, at least one")
    try:
        tools = json.loads(row["tools"]) if isinstance(row.get("tools"), str) and row["tools"] else row.get("tools")
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: `tools` is a text that is no JSON") from error
    own = row.get("chat_template_kwargs") or {}
    if not isinstance(own, dict) or not isinstance(tools or [], list):
        raise DataError(f"{where}: `chat_template_kwargs` must be an object, `tools` a list")
    # As they stand in the row: a training renders them so, and another spelling may give other ids.
    chat = Chat(row["messages"], tools=tools or None, add_generation_prompt=False, kwargs={**switches, **own})
    try:
        [rendered] = render_all(tokenizer, [chat])
        [ids] = tokenize(tokenizer, [text_of(rendered)])
    except TemplateError as error:
        raise TemplateError(f"{where}: {error}") from error
    return {**row, "input_ids": ids}
