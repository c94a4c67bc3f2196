"""`chateval template check-text`: a rendered prompt, from a log, a dataset or a course, read back into messages."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chateval.errors import INCONCLUSIVE, PASS, REGRESSION, DataError

if TYPE_CHECKING:
    from chateval.template.grammar import Match

MAX_BYTES = 16 * 1024 * 1024


def check_text(
    file: Annotated[Path, typer.Argument(help="A file with one rendered prompt; - reads standard input.")],
    family: Annotated[
        str | None, typer.Option(help="Family or dialect that it should be.", show_default="found out")
    ] = None,
    family_file: Annotated[
        list[Path] | None, typer.Option(help="A family of your own, as TOML; may be given several times.")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Read it as this checkpoint's token ids: what is no special token is content."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print family, messages and findings as JSON.")] = False,
) -> None:
    r"""Read a rendered prompt back into messages and show where it leaves its family's layout.

    Exit 0: nothing wrong. Exit 1: errors. Exit 3: it reads like no family that is known.

    Example:
    printf '<|im_start|>user\nHi<|im_start|>assistant' | chateval template check-text - --family chatml
    """
    import sys
    from dataclasses import asdict
    from json import dumps

    from chateval.cli.screen import err, out
    from chateval.cli.template.target import locate, without_torch
    from chateval.template.grammar import detect, find_dialect, load_families, parse, parse_ids
    from chateval.template.output import print_findings

    raw = sys.stdin.buffer.read(MAX_BYTES + 1) if str(file) == "-" else _read(file)
    if len(raw) > MAX_BYTES:
        raise DataError(f"{file}: more than {MAX_BYTES:,} bytes; check one prompt at a time")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 at byte {error.start}") from error
    for hint in _hints(text):
        err.print(f"{file}: {hint}")
    families = load_families(tuple(family_file or ()))
    if family is None:
        matches = [match for match in detect(text, families) if _is_told(match)]
        if not matches:
            err.print(f"{file}: it reads like no family that is known; name one with --family")
            raise typer.Exit(INCONCLUSIVE)
        dialect = matches[0].dialect
    else:
        dialect = find_dialect(family, families)
    if tokenizer is None:
        reading = parse(text, dialect)
    else:
        target = locate(tokenizer)
        if target.suffix != ".gguf":
            without_torch()
        from chateval.template import open_tokenizer, tokenize

        opened = open_tokenizer(target)
        [ids] = tokenize(opened, [text])
        reading = parse_ids(ids, opened, dialect)
    if json:
        found = {
            "family": dialect.name,
            "score": reading.score,
            "messages": [dict(message) for message in reading.messages],
            "awaits_answer": reading.awaits_answer,
            "findings": [asdict(finding) for finding in reading.findings],
        }
        out.file.write(dumps(found, indent=1, ensure_ascii=True, allow_nan=False) + "\n")
    else:
        roles = ", ".join(m["role"] for m in reading.messages)
        out.print(f"read as {dialect.name}: {roles or 'no message'}", soft_wrap=True)
        print_findings(reading.findings, out)
    raise typer.Exit(REGRESSION if any(f.severity == "error" for f in reading.findings) else PASS)


def _read(file: Path) -> bytes:
    if file.exists() and not file.is_file():
        raise DataError(f"{file}: cannot be read: not a regular file")
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from error


def _hints(text: str) -> Iterator[str]:
    """Yield what is likely wrong with the file, and not with the prompt in it."""
    if text.startswith("\ufeff"):
        yield "it begins with a byte order mark, which is a token; save it without"
    if "\r\n" in text:
        yield "its lines end in CRLF, which are other tokens than LF; convert it if the prompt had LF"
    if "\n" not in text and "\\n" in text:
        yield "it has \\n spelt out and no line end: it looks JSON-escaped; decode it first"
    if text.lstrip().startswith(("[{", '{"messages"')):
        yield "it looks like a list of messages, not like a rendered prompt, which is text as the model sees it"


def _is_told(match: "Match") -> bool:
    """Return whether a family that writes plain words shows more than one of them: prose has `USER:` in it, too."""
    roles = {turn.role for turn in match.reading.turns}
    return not match.dialect.plain_markers or match.reading.awaits_answer or {"user", "assistant"} <= roles
