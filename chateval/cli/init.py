"""`chateval init`: a chateval.yaml to begin with."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    checkpoint: Annotated[
        list[str] | None,
        typer.Argument(help="NAME=PATH, NAME=ADAPTER@BASE or PATH.", show_default="the checkpoint folders below here"),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file that is written.")] = Path("chateval.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite it.")] = False,
) -> None:
    """Write a chateval.yaml with checkpoints, tasks and a gate, which `chateval run` takes as it is.

    The base of an adapter is found in its adapter_config.json and becomes the baseline.

    Example:
    chateval init base=./smollm2 ./out/lora
    """
    from chateval.cli.screen import err
    from chateval.errors import ConfigError
    from chateval.pipeline.draft import draft_suite
    from chateval.store import write_file

    if out.exists() and not force:
        raise ConfigError(f"{out}: is there already; say --force to overwrite it, or --out for another one")
    write_file(out, draft_suite(checkpoint or (), out))
    err.print(f"{out}: written; now: chateval run -c {out}", soft_wrap=True)
