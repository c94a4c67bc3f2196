"""A task folder -> Task, with every fault found before a model is loaded."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from chateval.codec import Document, canonical, digest, parse_json, read_text, read_yaml, validate
from chateval.errors import DataError, TaskError
from chateval.records import Decoding, Sample, ScorerSpec, Task
from chateval.task.render import compile_choices, compile_messages, compile_text
from chateval.task.rows import Row, read_dataset, read_rows
from chateval.task.spec import FieldSpec, TaskSpec

FILE_OPTIONS = ("schema",)
"""Scorer options that may name a JSON file beside task.yaml; the scorer gets its content."""

ScorerCheck = Callable[[str, Mapping[str, Any]], None]
"""Raises TaskError if there is no such scorer or it does not take such options."""


def bundled_dir(name: str) -> Path:
    """Return the folder of data that ships with the package: `tasks` or `examples`.

    In a wheel it lies inside the package, in a checkout beside it.
    """
    package = Path(__file__).resolve().parent.parent
    inside = package / "bundled" / name
    return inside if inside.is_dir() else package.parent / name


def bundled_tasks() -> dict[str, Path]:
    """Return the bundled tasks: name -> folder, sorted by name."""
    return {path.parent.name: path.parent for path in sorted(bundled_dir("tasks").glob("*/task.yaml"))}


def load_task(reference: str, *, check_scorer: ScorerCheck, relative_to: Path | None = None) -> Task:
    """Read a task by its bundled name, its folder or its YAML file.

    Args:
        reference: A name that `chateval tasks` lists, or a path.
        check_scorer: Called for each scorer with its options.
        relative_to: Folder that a path starts from; the working folder if None.

    Raises:
        TaskError: If there is no such task or its YAML is wrong; the message starts with path:line.
        DataError: If a row is wrong; the message starts with path:line.
    """
    path = _find(reference, relative_to or Path())
    document = read_yaml(path)
    spec = validate(TaskSpec, document, error=TaskError)
    scorers = _scorers(spec, document, check_scorer)
    samples = _samples(spec, document, path)
    decoding = Decoding(**{**spec.decoding.model_dump(), "stop": tuple(spec.decoding.stop)})
    choices = spec.choices.model_dump() if isinstance(spec.choices, FieldSpec) else spec.choices
    prompt_digest = digest(
        [
            spec.output,
            [message.model_dump() for message in spec.messages],
            spec.decoding.model_dump(),
            choices if spec.output == "choose" else None,
        ]
    )
    return Task(
        name=spec.name,
        version=spec.version,
        description=spec.description,
        source=spec.source,
        licence=spec.licence,
        output=spec.output,
        decoding=decoding,
        scorers=scorers,
        samples=samples,
        path=str(path.resolve()),
        prompt_digest=prompt_digest,
        digest=digest(
            [prompt_digest, spec.version, spec.target, choices, [[scorer.name, scorer.options] for scorer in scorers]]
        ),
    )


def _find(reference: str, relative_to: Path) -> Path:
    bundled = bundled_tasks()
    if reference in bundled:
        return bundled[reference] / "task.yaml"
    path = relative_to / reference
    if path.is_dir():
        path = path / "task.yaml"
    if not path.is_file():
        known = ", ".join(bundled)
        raise TaskError(
            f"no task {reference!r}: neither a folder with a task.yaml nor one of the bundled ones: {known}"
        )
    return path


def _scorers(spec: TaskSpec, document: Document, check_scorer: ScorerCheck) -> tuple[ScorerSpec, ...]:
    found = []
    for index, entry in enumerate(spec.scorers):
        name, given = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
        where = f"{document.where(('scorers', index))}: scorers[{index}]"
        options = dict(given or {})
        for option in FILE_OPTIONS:
            if isinstance(options.get(option), str):
                options[option] = _read_json_file(document.path.parent, options[option], where=where)
        try:
            check_scorer(name, options)
        except (TaskError, ValueError) as error:
            raise TaskError(f"{where}: {error}") from error
        found.append(ScorerSpec(name, options))
    return tuple(found)


def _read_json_file(folder: Path, name: str, *, where: str) -> Any:
    path = _beside(folder, name, where=where)
    return parse_json(read_text(path), where=str(path))


def _beside(folder: Path, name: str, *, where: str) -> Path:
    """Return the path of a file of the task's folder; a task reads nothing else."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise TaskError(f"{where}: {name!r} lies outside the task's folder")
    if not path.is_file():
        raise TaskError(f"{where}: no file {name!r} beside task.yaml")
    return path


def _samples(spec: TaskSpec, document: Document, path: Path) -> tuple[Sample, ...]:
    if spec.samples is not None:
        data_path = _beside(path.parent, spec.samples, where=f"{document.where(('samples',))}: samples")
        rows: Iterable[Row] = read_rows(data_path)
        source = str(data_path)
    else:
        assert spec.dataset is not None  # noqa: S101 - TaskSpec has one of the two
        rows = read_dataset(spec.dataset, relative_to=path.parent)
        source = spec.dataset.path
    return _build_samples(spec, document, rows, source)


def _build_samples(spec: TaskSpec, document: Document, rows: Iterable[Row], source: str) -> tuple[Sample, ...]:
    messages = compile_messages(spec.messages, where=document.where(("messages",)))
    target = compile_text(spec.target, where=f"{document.where(('target',))}: target")
    choices = compile_choices(spec.choices, where=document.where(("choices",)))
    samples: list[Sample] = []
    seen: dict[str, str] = {}
    for where, row in rows:
        try:
            spelt = canonical(row)
            spelt.decode()
            sample_id = hashlib.sha256(spelt).hexdigest()[:16]
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where}: half a surrogate pair stands alone, which is no text that can be sent"
            ) from error
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: not plain data: {error}") from error
        if sample_id in seen:
            raise DataError(f"{where}: the same row stands at {seen[sample_id]}; every sample must differ")
        seen[sample_id] = where
        sample = Sample(
            id=sample_id,
            inputs=row,
            messages=messages(row, where),
            target=target(row, where),
            choices=choices(row, where),
            cluster=_cluster(row, where),
            tags=_tags(row, where),
        )
        if spec.output == "choose" and sample.target not in sample.choices:
            raise DataError(f"{where}: target {sample.target!r} is none of the choices {list(sample.choices)!r}")
        samples.append(sample)
    if not samples:
        raise DataError(f"{source}: no samples; a task needs at least one")
    return tuple(samples)


def _cluster(row: Mapping[str, Any], where: str) -> str | None:
    cluster = row.get("cluster")
    if cluster is not None and not isinstance(cluster, str):
        raise DataError(f"{where}: cluster must be text, found {canonical(cluster).decode()}")
    return cluster


def _tags(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
    tags = row.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise DataError(f"{where}: tags must be a list of texts, found {canonical(tags).decode()[:80]}")
    return tuple(tags)
