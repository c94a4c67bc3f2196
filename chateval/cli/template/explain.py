"""`chateval template explain`: what a code means, why it matters, how to mend it."""

from typing import Annotated

import typer

from chateval.errors import ConfigError


def explain(
    code: Annotated[str | None, typer.Argument(help="A code such as CT204. Without it, all are listed.")] = None,
) -> None:
    """Explain a check.

    Example: chateval template explain CT204
    """
    from rich.markdown import Markdown
    from rich.table import Table

    from chateval.cli.screen import out
    from chateval.task import bundled_dir

    folder = bundled_dir("docs") / "checks"
    pages = {path.stem: path for path in sorted(folder.glob("*.md")) if path.stem[:2] in ("CT", "GR")}
    if code is None:
        table = Table(box=None, pad_edge=False, show_header=False)
        for name, path in pages.items():
            with path.open(encoding="utf-8") as page:
                table.add_row(name, page.readline().partition(":")[2].strip())
        out.print(table)
        return
    if code.upper() not in pages:
        raise ConfigError(f"no check {code!r}; `chateval template explain` lists them")
    text = pages[code.upper()].read_text("utf-8")
    if out.is_terminal:
        out.print(Markdown(text))
    else:
        out.file.write(text)
