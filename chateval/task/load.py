"""A task folder -> Task, with every fault found before a model is loaded."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chateval.codec import digest, parse_json, read_text
from chateval.errors import TaskError
from chateval.records import Decoding, Drawing, MeasureSpec, ScorerSpec, Task
from chateval.task.dataset import read_dataset
from chateval.task.demos import Demos, draw_demos
from chateval.task.dialogue import compile_dialogue, dialogue_of
from chateval.task.digests import asked_further, asked_of, scored_of
from chateval.task.drawing import with_drawing
from chateval.task.find import find_task, is_bundled
from chateval.task.hub import check_inside
from chateval.task.media import media_reader
from chateval.task.render import compile_choices, compile_messages, compile_text, compile_texts, compile_tools
from chateval.task.rows import Row, read_rows
from chateval.task.samples import Renderers, build_samples, own_cluster, own_tags
from chateval.task.spec import DatasetSpec, TaskSpec, read_entry
from chateval.yaml_file import Document, read_yaml, validate

FILE_OPTIONS = ("schema",)
"""Scorer options that may name a JSON file beside task.yaml; the scorer gets its content."""

TEXT_OPTIONS: Mapping[str, tuple[str, ...]] = {"template": (".jinja", ".txt", ".md")}
"""Scorer options that may name a text file beside task.yaml, by how its name ends; the scorer gets its content."""

Check = Callable[[ScorerSpec | MeasureSpec], None]
"""Raises TaskError if there is no such scorer or measure or it does not take such options."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the user says of tasks beside their names."""

    data: Mapping[str, Path] = field(default_factory=dict)
    """Task -> file or folder that takes the place of its data set."""
    n_demos: int | None = None
    """Demos before each question, for tasks that have them; None is what each task says."""
    drawing: Drawing = field(default_factory=Drawing)
    """How answers are drawn, in place of what tasks say."""


def load_task(
    reference: str, *, check: Check, relative_to: Path | None = None, options: LoadOptions | None = None
) -> Task:
    """Read a task by its bundled name, its folder or its YAML file.

    Args:
        reference: A name that `chateval tasks` lists, or a path.
        check: Called for each scorer and measure.
        relative_to: Folder that a path starts from; the working folder if None.
        options: Data in place of the hub's, and demos.

    Raises:
        TaskError: If there is no such task or its YAML is wrong; the message starts with path:line.
        DataError: If a row is wrong; the message starts with path:line.
    """
    document = read_yaml(find_task(reference, relative_to or Path()))
    return make_task(validate(TaskSpec, document, error=TaskError), document, check=check, options=options)


def read_spec(reference: str, relative_to: Path | None = None) -> TaskSpec:
    """Return what a task.yaml says, without its samples."""
    return validate(TaskSpec, read_yaml(find_task(reference, relative_to or Path())), error=TaskError)


def count_samples(reference: str) -> int | None:
    """Return how many samples a task has beside it; None where they are in a data set of the hub."""
    path = find_task(reference, Path())
    spec = validate(TaskSpec, read_yaml(path), error=TaskError)
    return None if spec.samples is None else sum(1 for _ in read_rows(path.parent / spec.samples))


def make_task(
    spec: TaskSpec,
    document: Document,
    *,
    check: Check,
    rows: Iterable[Row] | None = None,
    options: LoadOptions | None = None,
) -> Task:
    """Return the task that a valid spec describes.

    Args:
        spec: Of the task.
        document: Where it stands, for error messages and for the files beside it.
        check: Called for each scorer and measure.
        rows: Its data, where it does not lie in a file or on the hub.
        options: Data in place of the hub's, and demos.

    Raises:
        TaskError: If the spec is wrong; the message starts with path:line.
        DataError: If a row is wrong; the message starts with where it stands.
    """
    options = options or LoadOptions()
    spec = with_drawing(spec, options.drawing)
    data = options.data.get(spec.name)
    if data is not None and spec.dataset is None:
        raise TaskError(f"--data {spec.name}={data}: the task has samples of its own")
    scorers = _scorers(spec, document, check)
    measures = _measures(spec, document, check)
    n_demos = _n_demos(spec, options)
    render = _renderers(spec, document, may_repeat=spec.dataset is not None)
    demos = _demos(spec, document, n_demos, render, data) if n_demos else None
    found = rows if rows is not None else _rows(spec, document, data)
    source = str(data or (spec.samples and document.path.parent / spec.samples) or (spec.dataset and spec.dataset.path))
    dialogue = dialogue_of(spec.dialogue, _tools_file(spec, document))
    prompt_digest = digest(asked_of(spec, demos) + asked_further(spec, dialogue))
    return Task(
        name=spec.name,
        version=spec.version,
        description=spec.description,
        source=spec.source,
        licence=spec.licence,
        output=spec.output,
        decoding=Decoding(**{**spec.decoding.model_dump(), "stop": tuple(spec.decoding.stop)}),
        scorers=scorers,
        samples=build_samples(found, render, demos, source=source),
        path=str(document.path.resolve()),
        prompt_digest=prompt_digest,
        digest=digest(scored_of(spec, prompt_digest, scorers, measures)),
        measures=measures,
        data=str(data.resolve()) if data is not None else None,
        n_demos=n_demos,
        dialogue=dialogue,
        choices_end_turn=spec.choices_end_turn,
    )


def _tools_file(spec: TaskSpec, document: Document) -> Path | None:
    if spec.dialogue is None or spec.dialogue.tools is None:
        return None
    where = f"{document.where(('dialogue', 'tools'))}: dialogue.tools"
    return _beside(document.path.parent, spec.dialogue.tools, where=where)


def _scorers(spec: TaskSpec, document: Document, check: Check) -> tuple[ScorerSpec, ...]:
    found = []
    for index, entry in enumerate(spec.scorers):
        where = f"{document.where(('scorers', index))}: scorers[{index}]"
        label, name, options = read_entry(entry)
        extract = _steps(options.pop("extract", ()), where=where)
        for option in FILE_OPTIONS:
            if isinstance(options.get(option), str):
                options[option] = _read_json_file(document.path.parent, options[option], where=where)
        for option, ends in TEXT_OPTIONS.items():
            if isinstance(options.get(option), str) and options[option].endswith(ends):
                name_of = options[option]
                options[option] = read_text(_beside(document.path.parent, name_of, where=where))
                if not options[option].strip():
                    raise TaskError(f"{where}: {name_of!r} is empty")
        found.append(ScorerSpec(label, options, "" if label == name else name, extract))
        _checked(check, found[-1], where)
    return tuple(found)


def _measures(spec: TaskSpec, document: Document, check: Check) -> tuple[MeasureSpec, ...]:
    found = []
    for index, entry in enumerate(spec.measures):
        label, name, options = read_entry(entry)
        found.append(MeasureSpec(label, options, "" if label == name else name))
        _checked(check, found[-1], f"{document.where(('measures', index))}: measures[{index}]")
    return tuple(found)


def _checked(check: Check, spec: ScorerSpec | MeasureSpec, where: str) -> None:
    try:
        check(spec)
    except (TaskError, ValueError) as error:
        raise TaskError(f"{where}: {error}") from error


def _steps(given: Any, *, where: str) -> tuple[str, ...]:
    steps = [given] if isinstance(given, str) else given
    if not isinstance(steps, list | tuple) or not all(isinstance(step, str) for step in steps):
        raise TaskError(f"{where}: extract is the name of an extraction step or a list of such names")
    return tuple(steps)


def _read_json_file(folder: Path, name: str, *, where: str) -> Any:
    path = _beside(folder, name, where=where)
    return parse_json(read_text(path), where=str(path))


def _beside(folder: Path, name: str, *, where: str) -> Path:
    """Return the path of a file of the task's folder; a task reads nothing else."""
    if "\0" in name:
        raise TaskError(f"{where}: {name!r} has a null byte in it, so it is no path")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise TaskError(f"{where}: {name!r} lies outside the task's folder")
    try:
        is_there = path.is_file()
    except OSError as error:
        raise TaskError(f"{where}: {name!r}: cannot be read: {error.strerror}") from error
    if not is_there:
        raise TaskError(f"{where}: no file {name!r} beside task.yaml")
    return path


def _renderers(spec: TaskSpec, document: Document, *, may_repeat: bool) -> Renderers:
    def at(key: str) -> str:
        return document.where((key,))

    ours = is_bundled(document.path)
    return Renderers(
        messages=compile_messages(spec.messages, where=at("messages"), is_ours=ours),
        target=compile_text(spec.target, where=f"{at('target')}: target", is_ours=ours),
        targets=compile_texts(spec.targets, "targets", where=at("targets"), is_ours=ours),
        choices=compile_choices(
            spec.choices, where=at("choices"), may_repeat=may_repeat, may_be_one=not spec.scorers, is_ours=ours
        ),
        tools=compile_tools(spec.tools, where=f"{at('tools')}: tools"),
        dialogue=compile_dialogue(spec.dialogue, where=at("dialogue"), is_ours=ours),
        tags=own_tags if spec.tags is None else compile_texts(spec.tags, "tags", where=at("tags"), is_ours=ours),
        cluster=own_cluster
        if spec.cluster is None
        else compile_text(spec.cluster, where=f"{at('cluster')}: cluster", is_ours=ours),
        chooses=spec.output == "choose",
        may_repeat=may_repeat,
        media=media_reader(document.path.parent),
    )


def _rows(spec: TaskSpec, document: Document, data: Path | None) -> Iterable[Row]:
    if spec.samples is not None:
        return read_rows(_beside(document.path.parent, spec.samples, where=f"{document.where(('samples',))}: samples"))
    assert spec.dataset is not None  # noqa: S101 - TaskSpec has one of the two
    _check_dataset(spec.dataset, document, data)
    return read_dataset(spec.dataset, spec.dataset.split, relative_to=document.path.parent, data=data)


def _check_dataset(spec: DatasetSpec, document: Document, data: Path | None) -> None:
    """Refuse a task that would read a folder of the user's that is not its own, unless the user names the data."""
    if data is None:
        where = f"{document.where(('dataset', 'path'))}: dataset.path"
        check_inside(spec.path, document.path.parent, where=where, error=TaskError)


def _n_demos(spec: TaskSpec, options: LoadOptions) -> int:
    if spec.demos is None:
        return 0
    return spec.demos.n if options.n_demos is None else options.n_demos


def _demos(spec: TaskSpec, document: Document, n: int, render: Renderers, data: Path | None) -> Demos:
    assert spec.demos is not None  # noqa: S101 - there are demos only where the spec has them
    where = f"{document.where(('demos',))}: demos"
    if spec.demos.samples is not None:
        rows = list(read_rows(_beside(document.path.parent, spec.demos.samples, where=where)))
    else:
        assert spec.dataset is not None and spec.demos.split is not None  # noqa: S101 - by TaskSpec
        _check_dataset(spec.dataset, document, data)
        rows = list(read_dataset(spec.dataset, spec.demos.split, relative_to=document.path.parent, data=data))
    answer = spec.demos.answer
    ours = is_bundled(document.path)
    text = render.target if answer is None else compile_text(answer, where=f"{where}.answer", is_ours=ours)
    return draw_demos(spec.demos, n, rows, render.messages, text)
