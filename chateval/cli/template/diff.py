"""`chateval template diff`: two checkpoints' prompts compared over the published probes."""

from pathlib import Path
from typing import Annotated

import typer

from chateval.errors import PASS, REGRESSION


def diff(
    a: Annotated[str, typer.Argument(help="A checkpoint folder, adapter, .gguf, hub id or Jinja file.")],
    b: Annotated[str, typer.Argument(help="The other one.")],
    kwarg: Annotated[
        list[str] | None, typer.Option(help="NAME=JSON: a switch of both templates, such as enable_thinking=false.")
    ] = None,
    family_file: Annotated[
        list[Path] | None, typer.Option(help="A family of your own, as TOML; may be given several times.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Render the published probes with both templates; show the first differing token and the kind of difference.

    Exit 0: the same on every probe. Exit 1: they differ.

    Example: chateval template diff ./smollm2 ./out/sft
    """
    from chateval.cli.screen import out
    from chateval.cli.template.target import json_values, locate, without_torch

    one, other = locate(a), locate(b)
    if ".gguf" not in (one.suffix, other.suffix):
        without_torch()
    from chateval.template import Settings, diff_templates, open_specimen
    from chateval.template.output import diff_to_json, print_diff

    settings = Settings(kwargs=json_values("--kwarg", kwarg or ()), family_files=tuple(family_file or ()))
    found = diff_templates(open_specimen(one, settings=settings), open_specimen(other, settings=settings))
    if json:
        out.file.write(diff_to_json(found))
    else:
        print_diff(found, out)
    raise typer.Exit(PASS if found.is_same else REGRESSION)
