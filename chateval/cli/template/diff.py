"""`chateval template diff`: two checkpoints' prompts, or one's and a server's, over the published probes."""

from pathlib import Path
from typing import Annotated

import typer

from chateval.errors import PASS, REGRESSION


def diff(
    a: Annotated[
        str, typer.Argument(help="A checkpoint folder, adapter, .gguf, hub id or Jinja file, or a server's http://...")
    ],
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

    A server (vLLM, SGLang, llama-server) is asked for the prompts that it builds; nothing is generated.

    Example: chateval template diff ./smollm2 ./out/sft
    """
    from chateval.cli.screen import out
    from chateval.cli.template.target import json_values, locate, without_torch
    from chateval.template.wire import looks_like_address

    paths = [None if looks_like_address(reference) else locate(reference) for reference in (a, b)]
    if not any(path is not None and path.suffix == ".gguf" for path in paths):
        without_torch()
    from chateval.template import Settings, diff_templates, open_specimen
    from chateval.template.output import diff_to_json, print_diff
    from chateval.template.runtime import open_runtime

    settings = Settings(kwargs=json_values("--kwarg", kwarg or ()), family_files=tuple(family_file or ()))
    one, other = (
        open_runtime(reference) if path is None else open_specimen(path, settings=settings)
        for reference, path in zip((a, b), paths, strict=True)
    )
    found = diff_templates(one, other)
    if json:
        out.file.write(diff_to_json(found))
    else:
        print_diff(found, out)
    raise typer.Exit(PASS if found.is_same else REGRESSION)
