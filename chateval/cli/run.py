"""`chateval run`: the whole line, from checkpoints and tasks to a report and a verdict."""

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from chateval.errors import ConfigError

T = TypeVar("T")


def run(
    config: Annotated[
        Path | None,
        typer.Option(
            "-c",
            "--config",
            help="A suite; options add to it.",
            show_default="./chateval.yaml if it is there and no checkpoint is given",
        ),
    ] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--checkpoint",
            help="NAME=PATH, a folder, .gguf file or hub id; NAME=ADAPTER@BASE for an adapter, where BASE is the name "
            "of another checkpoint or a path (default: what adapter_config.json says); NAME=HUB_ID@REVISION; "
            "NAME=http://HOST/v1#MODEL for a model behind an OpenAI-compatible address.",
        ),
    ] = None,
    helper: Annotated[
        list[str] | None,
        typer.Option(
            "--helper",
            help="NAME=PATH or NAME=http://HOST/v1#MODEL: a model that is not under test but judges answers or plays "
            "a user, for the tasks that name it.",
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            help="A bundled task (`chateval tasks`), a folder or a task.yaml; lighteval:NAME, or lm_eval:FILE.yaml.",
        ),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The checkpoint the others are compared with.", show_default="the first one")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take the first N samples of each task.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="TASK=PATH: a file or folder in place of the task's data set on the hub, as gsm8k=./gsm8k."),
    ] = None,
    demos: Annotated[
        int | None,
        typer.Option(min=0, max=64, help="Solved samples before each question.", show_default="what each task says"),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Draw answers at this temperature, 0 for greedy ones; like the next three in place of what each task "
            "says, and part of what is asked: such a run pairs only with runs drawn alike.",
            show_default="what each task says",
        ),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            "--top-p",
            help="Share of the probability that is drawn from, above 0 to 1.",
            show_default="what each task says",
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Answers drawn for each sample; adds pass@k and, where a scorer finds an answer, maj@k "
            "(self-consistency) to tasks without a measure of repeats.",
            show_default="what each task says",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the draws.", show_default="what each task says")
    ] = None,
    ladder: Annotated[
        str | None,
        typer.Option(
            help="NAME,NAME,...: checkpoints in the order of their training, as base,sft,dpo; each is compared with "
            "the one before as well."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the run: manifest, responses, scores, reports.")] = Path(
        "reports/runs/latest"
    ),
    template: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME|FILE: a chat template (alpaca, chatml, llama3, vicuna, zephyr, or a Jinja file) for checkpoints "
            "that have none; CHECKPOINT=NAME|FILE puts it on that one, whatever it has."
        ),
    ] = None,
    template_option: Annotated[
        list[str] | None,
        typer.Option(
            help="CHECKPOINT.NAME=VALUE: a switch of that one's chat template, as sft.enable_thinking=false; it makes "
            "a checkpoint of its own (docs/reasoning.md)."
        ),
    ] = None,
    completion: Annotated[
        bool, typer.Option("--completion", help="Show checkpoints that have no chat template plain text without roles.")
    ] = False,
    system: Annotated[
        str | None,
        typer.Option(
            help="Where a template takes no system message: error, fold_into_user or drop.", show_default="error"
        ),
    ] = None,
    overflow: Annotated[
        str | None,
        typer.Option(
            help="Where prompt and answer exceed the context: error, drop_oldest_turns or truncate_middle.",
            show_default="error",
        ),
    ] = None,
    template_gate: Annotated[
        str | None,
        typer.Option(
            help="error evaluates no checkpoint whose chat template is BROKEN (`chateval template check`), warn says "
            "so, off checks no template.",
            show_default="warn",
        ),
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option(
            help="float32, bfloat16, float16, or auto: bfloat16 where the processor computes in it. In float32 an "
            "answer does not depend on what else is in its batch.",
            show_default="float32",
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="What answers: transformers, vllm, openai (a server, with --base-url), ray (--workers of the first "
            "two, on this machine or a cluster), or fake (no model, for trying out a task).",
            show_default="transformers",
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(help="An OpenAI-compatible server that serves the checkpoints, as http://127.0.0.1:8000/v1."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Engines of ray.", show_default="one for each GPU, else 2")
    ] = None,
    engine_option: Annotated[
        list[str] | None,
        typer.Option(
            help="KEY=VALUE, passed through to vllm.LLM (tensor_parallel_size=2), ray.init (address=auto) or each "
            "request of openai."
        ),
    ] = None,
    verify_scoring: Annotated[
        int,
        typer.Option(
            min=0,
            help="Answer the first N samples of each task again the plain way, one prompt at a time through "
            "transformers, and fail if an answer differs.",
        ),
    ] = 0,
    noise: Annotated[
        int,
        typer.Option(
            min=0,
            help="Answer the baseline N times again, in other batches and with other seeds, and call no difference "
            "better or worse that is not larger than what flips by itself.",
        ),
    ] = 0,
    early_stop: Annotated[
        bool,
        typer.Option(
            "--early-stop",
            help="Begin with 50 samples of each task, double them until the gate is decided; intervals are wider, so "
            "that they hold wherever it stops.",
        ),
    ] = False,
    trust_code: Annotated[
        bool,
        typer.Option("--trust-code", help="Let tasks run scorers and tools of your own, and code that models wrote."),
    ] = False,
    full_digests: Annotated[
        bool,
        typer.Option(
            "--full-digests",
            help="Read all files of the checkpoints again, instead of trusting that one with the inode, size and times "
            "of before is the one of before.",
        ),
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for another process that writes the same folder, instead of ending.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print report.json instead of tables.")] = False,
) -> None:
    """Answer, score, compare and gate. The same command again computes only what is missing.

    Example:
    chateval run --checkpoint base=./smollm2 --checkpoint lora=./out/lora@base --task arithmetic --limit 20
    """
    from dataclasses import replace
    from functools import partial

    from chateval.cli.screen import Screen, err
    from chateval.config import (
        DTYPES,
        OVERFLOWS,
        SYSTEMS,
        TEMPLATE_GATES,
        Suite,
        fit_engine,
        parse_checkpoint,
        parse_data,
        parse_drawing,
        parse_ladder,
        read_suite,
        with_engine,
        with_helpers,
        with_options,
        with_template_options,
    )
    from chateval.integrations.bridges import BRIDGES
    from chateval.pipeline import Checks, evaluate, evaluate_early, open_engines
    from chateval.report import visible
    from chateval.store import cache_dir, check_writable, lock_run

    if config is None and not checkpoint and Path("chateval.yaml").is_file():
        config = Path("chateval.yaml")
    suite = read_suite(config) if config else Suite(checkpoints=(), tasks=(), baseline="")
    if config and task:
        suite = replace(suite, tasks=())
    if ladder is not None:
        suite = replace(suite, ladder=parse_ladder(ladder))
    suite = with_options(
        suite,
        checkpoints=[parse_checkpoint(text) for text in checkpoint or ()],
        tasks=[_from_here(reference, suite.folder) for reference in task or ()],
        baseline=baseline,
        templates=template or (),
        completion=completion,
    )
    suite = with_helpers(suite, [parse_checkpoint(text) for text in helper or ()])
    suite = with_template_options(suite, template_option or ())
    suite = replace(
        suite,
        limit=limit or suite.limit,
        data={**suite.data, **parse_data(data or ())},
        n_demos=suite.n_demos if demos is None else demos,
        drawing=parse_drawing(temperature, top_p, seed, repeats),
        system=_one_of("--system", system, SYSTEMS, suite.system),
        overflow=_one_of("--overflow", overflow, OVERFLOWS, suite.overflow),
        full_digests=full_digests,
        template_gate=_one_of("--template-gate", template_gate, TEMPLATE_GATES, suite.template_gate),
        engine=with_engine(suite.engine, name=engine, base_url=base_url, workers=workers, options=engine_option or ()),
    )
    if dtype is not None:
        chosen = _one_of("--dtype", dtype, DTYPES, DTYPES[0])
        suite = replace(suite, checkpoints=tuple(replace(spec, dtype=chosen) for spec in suite.checkpoints))
    suite = fit_engine(suite)
    check_writable(out)
    waiting = (lambda text: err.print(visible(text), soft_wrap=True)) if wait else None
    with Screen() as screen, lock_run(out, wait=waiting), open_engines(suite.engine) as open_engine:
        evaluate_suite = partial(
            evaluate,
            out=out,
            cache_dir=cache_dir(),
            open_engine=open_engine,
            watcher=screen,
            trust_code=trust_code,
            bridges=BRIDGES,
            checks=Checks(verify_scoring, noise, is_anytime=early_stop, n_most=suite.limit),
        )
        result = evaluate_early(suite, evaluate_suite) if early_stop else evaluate_suite(suite)
    from chateval.cli.show import show_effort, show_result

    show_result(result.report, as_json=json)
    show_effort(result)
    err.print(f"report: {visible(str(out / 'report.html'))}")
    raise typer.Exit(result.exit_code)


def _from_here(reference: str, folder: Path) -> str:
    """Return a task path of the command line so that it starts here, not in the folder of the suite."""
    here = Path(reference)
    return (
        str(here.resolve())
        if here.exists() and folder != Path() and ("/" in reference or here.is_file())
        else reference
    )


def _one_of(option: str, value: str | None, allowed: tuple[T, ...], default: T) -> T:
    if value is None:
        return default
    for one in allowed:
        if one == value:
            return one
    raise ConfigError(f"{option} {value!r}: say one of {', '.join(map(str, allowed))}")
