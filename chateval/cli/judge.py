"""`chateval judge`: a judge held against people, before it is let judge models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chateval.errors import ConfigError, TaskError

if TYPE_CHECKING:
    from chateval.pipeline.labelled import Judged
    from chateval.score.judge.ask import JudgeAsk


def judge(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSONL of answers that people labelled: question, answer and a number as label; or question, answers "
            "(two) and A, B or tie as label. target is a reference answer."
        ),
    ],
    judge: Annotated[
        list[str],
        typer.Option("--judge", help="NAME=PATH or NAME=http://HOST/v1#MODEL, as --checkpoint of `chateval run`."),
    ],
    rubric: Annotated[str, typer.Option(help="What counts, in words for the judge.")] = "",
    template: Annotated[
        Path | None, typer.Option(help="Prompt file for the judge, as option `template` of judge_rating.")
    ] = None,
    scale: Annotated[tuple[float, float], typer.Option(help="Worst and best rating.")] = (1.0, 10.0),
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Of a judgement.")] = 512,
    limit: Annotated[int | None, typer.Option(min=1, help="Take the first N rows.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="What answers as the judge, as in `chateval run`.", show_default="transformers"),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="An OpenAI-compatible server that serves the judge, with --engine openai.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Show how far judges agree with people. Answers of a judge are kept: the same command again asks nothing.

    Example: chateval judge labelled.jsonl --judge strict=http://127.0.0.1:8000/v1#qwen --scale 1 5
    """
    from chateval.cli.screen import Screen
    from chateval.config import Suite, fit_engine, parse_checkpoint, with_engine, with_helpers
    from chateval.pipeline import open_engines
    from chateval.pipeline.labelled import judge_labelled, read_labelled
    from chateval.store import cache_dir

    rows = read_labelled(file, limit=limit)
    suite = with_helpers(Suite(checkpoints=(), tasks=(), baseline=""), [parse_checkpoint(text) for text in judge])
    suite = fit_engine(_with(suite, with_engine(suite.engine, name=engine, base_url=base_url)))
    ask = _ask(
        {
            "judges": [spec.name for spec in suite.helpers],
            "rubric": rubric,
            "template": _words(template),
            "max_new_tokens": max_new_tokens,
        },
        scale,
        is_pair=len(rows[0].answers) == 2,
    )
    with Screen() as screen, open_engines(suite.engine) as open_engine:
        found = judge_labelled(rows, ask, suite, cache_dir=cache_dir(), open_engine=open_engine, watcher=screen)
    _show(found, as_json=json)


def _with(suite: Any, engine: Any) -> Any:
    from dataclasses import replace

    return replace(suite, engine=engine)


def _words(path: Path | None) -> str:
    from chateval.codec import read_text

    text = read_text(path) if path is not None else ""
    if path is not None and not text.strip():
        raise ConfigError(f"{path}: is empty")
    return text


def _ask(options: dict[str, Any], scale: tuple[float, float], *, is_pair: bool) -> "JudgeAsk":
    from chateval.score.judge.ask import pair_ask, rating_ask

    try:
        return pair_ask(against="baseline", **options) if is_pair else rating_ask(scale=scale, **options)
    except (ValueError, TaskError) as error:
        raise ConfigError(str(error)) from error


def _show(found: "Judged", *, as_json: bool) -> None:
    from dataclasses import asdict
    from json import dumps

    from chateval.cli.screen import err
    from chateval.report import visible

    if as_json:
        typer.echo(dumps(asdict(found), ensure_ascii=False, allow_nan=False))
        return
    for one in found.agreements:
        n = one.n + one.n_unread
        typer.echo(f"{visible(one.judge)} against people on {one.n} of {n} rows; {one.n_tokens:,} tokens")
        for name, (value, low, high) in one.figures.items():
            brackets = "" if low is None else f" [{low:.3f}, {high:.3f}]"
            typer.echo(f"  {name}: {'too little to say' if value is None else f'{value:.3f}'}{brackets}")
        if one.n_unread:
            reasons = "; ".join(dict.fromkeys(visible(words) for words in one.unread))
            typer.echo(f"  unread: {one.n_unread} of {n} ({one.n_unread / n:.0%}), such as: {reasons}")
    err.print(f"{found.n_generated} answers from judges, {found.n_stored} from the store")
