"""A Config and its data -> Task: samples, prompts and demos as lm-evaluation-harness shows them to a chat model."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chateval.codec import digest
from chateval.errors import TaskError
from chateval.integrations.lm_eval_yaml.config import Config, read_config
from chateval.integrations.lm_eval_yaml.document import render
from chateval.records import Message, Task
from chateval.task.dataset import read_dataset
from chateval.task.hub import Place, check_inside, load_split
from chateval.task.rows import Row, plain
from chateval.task.samples import Renderers, build_samples
from chateval.task.spec import DatasetSpec

LOCAL = ("data_files", "data_dir")
"""Options that name files."""

SEED = 1234
"""lm-evaluation-harness draws its demos with it, unless told otherwise."""


def load_lm_eval_task(path: Path, *, data: Mapping[str, Path], n_demos: int | None = None) -> Task:
    """Load a task file of lm-evaluation-harness, with the prompts of its `--apply_chat_template`.

    `description` is the system message; each demo is a user turn and an assistant turn; the question is the last user
    turn. Choices are compared as they stand, without `target_delimiter`.

    Args:
        path: The YAML file.
        data: Files or folders that take the place of the data set, by the task's name here or in its file, or by
            `dataset_path`.
        n_demos: Demos before each question; None is `num_fewshot` of the file.

    Raises:
        TaskError: If the file has something that is not understood; the message names all of it.
        DataError: If its data cannot be read, or a row does not fit its templates.
    """
    config = read_config(path)
    name = f"lm_eval_{re.sub(r'[^a-z0-9_-]+', '_', config.name.lower())}"[:64]
    given = next((data[key] for key in (name, config.name, config.dataset_path) if key in data), None)
    n = config.demos.n if n_demos is None else n_demos
    rows = list(_rows(config, config.split, given))
    shown = _demos(config, n, rows, given)
    prompt_digest = digest(
        [
            config.output,
            asdict(config.decoding),
            config.description,
            asdict(config.document),
            [n, SEED, asdict(config.demos)] if n else None,
        ]
    )
    scorers, measures = config.scoring.scorers, config.scoring.measures
    return Task(
        name=name,
        version=int(float(config.version)) if re.fullmatch(r"\d+(\.\d+)?", config.version) else 0,
        description=f"{config.name}, version {config.version}, of lm-evaluation-harness",
        source=config.dataset_path + (f", {config.dataset_name}" if config.dataset_name else ""),
        licence="",
        output=config.output,
        decoding=config.decoding,
        scorers=scorers,
        samples=build_samples(rows, _renderers(config, shown), None, source=str(given or config.dataset_path)),
        path=str(config.path),
        prompt_digest=prompt_digest,
        digest=digest(
            [prompt_digest, config.version, [[asdict(one) for one in scorers], [asdict(m) for m in measures]]]
        ),
        measures=measures,
        data=str(given.resolve()) if given is not None else None,
        n_demos=n,
    )


def _renderers(config: Config, demos: Mapping[str, Sequence[Row]]) -> Renderers:
    document = config.document

    def messages(row: Mapping[str, Any], where: str) -> tuple[Message, ...]:
        turns = [turn for demo_where, demo in demos.get(where, ()) for turn in _demo_turns(config, demo, demo_where)]
        return (*_system(config, row, where), *turns, {"role": "user", "content": document.question(row, where)})

    def targets(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
        right = document.right_choices if config.output == "choose" else document.right_texts
        return tuple(right(row, where))

    def choices(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
        return tuple(document.choices(row, where) or ()) if config.output == "choose" else ()

    return Renderers(
        messages=messages,
        target=lambda row, where: targets(row, where)[0],
        targets=targets,
        choices=choices,
        tags=lambda row, where: (),
        cluster=lambda row, where: None,
        chooses=config.output == "choose",
        may_repeat=True,
    )


def _system(config: Config, row: Mapping[str, Any], where: str) -> tuple[Message, ...]:
    source = config.description
    text = row[source] if source in row else render(source, row, f"{where}: description")
    return ({"role": "system", "content": text},) if text else ()


def _demo_turns(config: Config, row: Mapping[str, Any], where: str) -> list[Message]:
    document = config.demos.document
    turns: list[Message] = [{"role": "user", "content": document.question(row, where)}]
    answer = document.answer(row, where)
    return [*turns, {"role": "assistant", "content": answer}] if answer else turns


def _demos(config: Config, n: int, rows: Sequence[Row], data: Path | None) -> dict[str, list[Row]]:
    """Return the demos of each row, by where the row stands, drawn as lm-evaluation-harness draws them.

    Source:
        lm-evaluation-harness 0.4.13, api/samplers.py: one generator for the whole task, question after question.
    """
    if n == 0:
        return {}
    pool = list(_pool(config, data))
    generator = random.Random(SEED)
    found: dict[str, list[Row]] = {}
    for where, row in rows:
        question = row if config.demos.may_hold_question else None
        others = [one for one in pool if one[1] != question] if question is not None else pool
        if len(others) < n:
            raise TaskError(f"{config.path}: {n} demos are wanted, there are {len(others)} rows for them")
        if config.demos.is_first:
            found[where] = others[:n]
            continue
        drawn = generator.sample(pool, n if question is None else min(n + 1, len(pool)))
        kept = [one for one in drawn if one[1] != question][:n]
        found[where] = kept if len(kept) == n else generator.sample(others, n)
    return found


def _pool(config: Config, data: Path | None) -> Iterator[Row]:
    demos = config.demos
    if demos.split is not None:
        yield from _rows(config, demos.split, data)
        return
    for index, row in enumerate(demos.samples or ()):
        yield f"{config.path}: fewshot_config.samples[{index}]", dict(row)


def _rows(config: Config, split: str, data: Path | None) -> Iterator[Row]:
    if data is not None:
        spec = DatasetSpec(path=config.dataset_path, name=config.dataset_name, split=config.split)
        yield from read_dataset(spec, split, relative_to=Path(), data=data)
        return
    folder = config.path.parent
    check_inside(config.dataset_path, folder, where=f"{config.path}: dataset_path")
    options = {key: _beside(folder, value) if key in LOCAL else value for key, value in config.dataset_kwargs.items()}
    place = Place(config.dataset_path, config.dataset_name, split, folder, options)
    for index, row in enumerate(
        load_split(place, remedy=f"; without the hub, give its files with --data {config.name}=PATH")
    ):
        yield f"{config.dataset_path}/{split}[{index}]", {str(key): plain(value) for key, value in row.items()}


def _beside(folder: Path, value: Any) -> Any:
    """Return the paths of files; one that lies beside the task file is taken from there, and none from elsewhere.

    Raises:
        DataError: If one lies elsewhere, or is an address.
    """
    if isinstance(value, dict):
        return {key: _beside(folder, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_beside(folder, inner) for inner in value]
    check_inside(str(value), folder, where="dataset_kwargs")
    local = folder / str(value)
    return str(local) if local.exists() else value
