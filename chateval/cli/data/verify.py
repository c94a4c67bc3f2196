"""`chateval data verify`: what is wrong with training rows, counted, with the first places."""

from typing import TYPE_CHECKING, Annotated

import typer

from chateval.errors import PASS, REGRESSION, ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from chateval.data.verify import VerifyReport


def verify(
    files: Annotated[list[str], typer.Argument(help="Rows with messages; - is standard input.")],
    checkpoint: Annotated[
        str | None,
        typer.Option(
            help="Whose template, special tokens and limit count: a folder, an adapter, a .gguf file or a hub id.",
            show_default="checks of structure only",
        ),
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="A chat template, by name or as a Jinja file, in place of the checkpoint's own.")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, help="Most tokens of a row: the training's max_length.", show_default="the checkpoint's context"
        ),
    ] = None,
    kwarg: Annotated[
        list[str] | None, typer.Option(help="NAME=JSON: a switch of the template, such as enable_thinking=false.")
    ] = None,
    prompts: Annotated[
        bool, typer.Option("--prompts", help="The rows are prompts: their last turn is not the assistant's.")
    ] = False,
    ignore: Annotated[list[str] | None, typer.Option(help="A code that is not reported; several may be given.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as well.")] = False,
    examples: Annotated[int, typer.Option(min=1, help="Places shown of each finding.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Hold training rows against what chat templates and trainers ask of them.

    Exit 0: no errors. Exit 1: errors (with --strict: or warnings), as in `chateval template check`. Exit 2: a file
    cannot be read.

    Example: chateval data verify train.jsonl --checkpoint ./smollm2 --max-tokens 2048
    """
    from dataclasses import asdict
    from json import dumps

    from chateval.cli.data.checkpoint import open_checkpoint
    from chateval.cli.data.meter import Meter
    from chateval.cli.screen import out
    from chateval.cli.template.target import json_values
    from chateval.data import RowReader
    from chateval.data.verify import VerifyOptions, verify_rows

    if checkpoint is None:
        for option, value in (("--template", template), ("--max-tokens", max_tokens), ("--kwarg", kwarg)):
            if value:
                raise ConfigError(f"{option} needs --checkpoint, whose tokenizer counts the tokens")
    reader = RowReader(files)
    tokenizer, limit = (None, None) if checkpoint is None else open_checkpoint(checkpoint, template=template)
    options = VerifyOptions(
        tokenizer=tokenizer,
        max_tokens=max_tokens or limit,
        kwargs=json_values("--kwarg", kwarg or ()),
        are_prompts=prompts,
        ignore=tuple(ignore or ()),
        n_examples=examples,
    )
    with Meter("verified", reader) as meter:
        report = verify_rows(reader, options, meter)
    if json:
        out.file.write(dumps({**asdict(report), **meter.timing()}, indent=1, allow_nan=False) + "\n")
    else:
        _show(report, out)
        out.print(
            f"{meter.summary()}: {report.n_error_rows:,} with errors, {report.n_warning_rows:,} with warnings only",
            soft_wrap=True,
        )
    bad = ("error", "warning") if strict else ("error",)
    raise typer.Exit(REGRESSION if any(one.severity in bad for one in report.findings) else PASS)


def _show(report: "VerifyReport", out: "Console") -> None:
    from rich.table import Table

    from chateval.report import visible

    if report.lengths is not None:
        n = report.lengths
        limit = f"; {n.n_over:,} of {n.n:,} over the limit of {n.limit:,}" if n.limit else ""
        out.print(f"tokens of a row: median {n.median:,}, 95 % {n.p95:,}, longest {n.most:,}{limit}", soft_wrap=True)
    if not report.findings:
        return
    for one in report.findings:
        out.print(f"{one.severity} {one.code}: {one.meaning}", soft_wrap=True)
        for example in one.examples:
            field = f": {example.field}" if example.field else ""
            line = f"  {example.where} (row {example.row}){field}: {example.what}"
            out.print(visible(line), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("finding", "severity", "rows", "places", "what to do"):
        table.add_column(column, justify="right" if column in ("rows", "places") else "left")
    for one in report.findings:
        cut = f" ({one.n_tokens:,} tokens)" if one.n_tokens else ""
        table.add_row(one.code, one.severity, f"{one.n_rows:,}", f"{one.n:,}", one.fix + cut)
    out.print(table)
