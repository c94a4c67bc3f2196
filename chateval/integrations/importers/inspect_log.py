"""Inspect: `.eval` files (a zip of JSON, its members deflated or zstd) and `.json` logs -> a draft.

The files are read themselves, so that inspect_ai need not be installed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chateval.errors import DataError
from chateval.integrations.importers.about import Subject
from chateval.integrations.importers.archive import Archive, is_archive
from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import count, files_below, mapping, object_in, read_json, sequence, text
from chateval.integrations.importers.inspect_early import EndedEarly
from chateval.integrations.importers.inspect_sample import answer_of, content_text, failure_of, sample_of, values_of
from chateval.integrations.importers.inspect_setting import setting_of
from chateval.integrations.importers.values import Value
from chateval.records import Finish, Prompt, Response

HARNESS = "inspect_ai"

_STOPS: Mapping[str, Finish] = {
    "max_tokens": "length",
    "model_length": "length",
    "stop": "eos",
    "unknown": "unknown",
    "": "unknown",
}


def is_log(value: Any) -> bool:
    """Return whether a JSON value is a log, or the header of one."""
    found = mapping(value)
    return "status" in found and {"task", "model"} <= mapping(found.get("eval")).keys()


def find(path: Path) -> list[Path]:
    """Return the logs at or below a path."""
    found = []
    for file in files_below(path, ".eval", ".json"):
        if is_archive(file):
            with Archive(file) as archive:
                if "header.json" in archive.names or "_journal/start.json" in archive.names:
                    found.append(file)
        elif is_log(object_in(file)):
            found.append(file)
    return found


def read(path: Path, files: list[Path]) -> Draft:
    """Read logs; each is one model on one task.

    Raises:
        DataError: If a log is broken or beyond the limits.
    """
    draft = Draft(path, HARNESS, tells_errors=True)
    cut: list[tuple[EndedEarly, str, str]] = []
    for file in _latest(draft, files):
        if is_archive(file):
            with Archive(file) as archive:
                cut += _take(draft, file, _header(archive), _samples(archive))
        else:
            log = mapping(read_json(file))
            rows = ((f"{file}: samples[{place}]", row) for place, row in enumerate(sequence(log.get("samples"))))
            cut += _take(draft, file, log, rows)
    for early, model, task in cut:
        early.fail_rest(draft, model, task)
    return draft


def _latest(draft: Draft, files: list[Path]) -> list[Path]:
    """Return one log for each model and task: the latest that ended, or else the latest."""
    if len(files) == 1:
        return files
    found: dict[tuple[str, str], tuple[tuple[bool, str], Path]] = {}
    for file in files:
        if is_archive(file):
            with Archive(file) as archive:
                header = _header(archive)
        else:
            header = mapping(read_json(file))
        about = mapping(header.get("eval"))
        key = (text(about.get("model")), text(about.get("task")))
        age = (header.get("status") == "success", text(about.get("created")))
        if key in found:
            draft.note(f"{key[1]} of {key[0]}: another log of the same was left out")
        if key not in found or age > found[key][0]:
            found[key] = (age, file)
    return [file for _, file in found.values()]


def _header(archive: Archive) -> Mapping[str, Any]:
    if "header.json" in archive.names:
        return mapping(archive.read("header.json"))
    return mapping(archive.read("_journal/start.json"))


def _samples(archive: Archive) -> Iterator[tuple[str, Any]]:
    for name in sorted(archive.names):
        if name.startswith("samples/") and name.endswith(".json"):
            yield f"{archive.path}: {name}", archive.read(name)


def _take(
    draft: Draft, file: Path, header: Mapping[str, Any], samples: Iterator[tuple[str, Any]]
) -> list[tuple[EndedEarly, str, str]]:
    """Take in one log; return it with its model and task if samples are missing because it ended early."""
    about = mapping(header.get("eval"))
    model, task = text(about.get("model")) or "model", text(about.get("task")).rpartition("/")[2] or "task"
    _describe(draft, model, task, header)
    early = EndedEarly(header) if header.get("status") not in ("success", None) else None
    n_samples = 0
    for where, row in samples:
        if not isinstance(row, dict):
            raise DataError(f"{where}: a sample must be a JSON object, found {type(row).__name__}")
        n_samples += 1
        _sample(draft, (model, task), row, early)
    if n_samples == 0:
        draft.note(f"{task} of {model}: {file.name} holds no samples (log_samples was off): nothing to compare")
        _figures(draft, model, task, mapping(header.get("results")))
    if early is None or (n_samples == 0 and mapping(header.get("results")).get("scores")):
        return []
    return [(early, model, task)]


def _describe(draft: Draft, model: str, task: str, header: Mapping[str, Any]) -> None:
    about = mapping(header.get("eval"))
    usage = mapping(mapping(header.get("stats")).get("model_usage"))
    own = mapping(usage.get(model))
    before = draft.subjects.get(model, Subject())
    draft.subjects[model] = Subject(
        n_prompt_tokens=before.n_prompt_tokens + count(own.get("input_tokens")),
        n_output_tokens=before.n_output_tokens + count(own.get("output_tokens")),
        settings=before.settings,
        is_whole=before.is_whole,
    )
    draft.describe(model, task, setting_of(header))
    for library, release in mapping(about.get("packages")).items():
        draft.libraries[library] = text(release)
    if draft.libraries.get("inspect_ai"):
        draft.harness = f"{HARNESS} {draft.libraries['inspect_ai']}"
    kept = ("model", "model_base_url", "model_generate_config", "task_args", "created", "revision", "config")
    draft.settings.setdefault("evals", []).append({key: about[key] for key in kept if key in about})


def _sample(draft: Draft, address: tuple[str, str], row: Mapping[str, Any], early: EndedEarly | None) -> None:
    """Take in one sample in one epoch."""
    model, task = address
    sample = sample_of(row, attachments=mapping(row.get("attachments")), note=draft.note)
    content = {"input": [content_text(one["content"]) for one in sample.messages], "target": list(sample.targets)}
    place = draft.place(model, task, content, text(row.get("id")))
    sample = draft.ask(task, replace(sample, id=place))
    repeat = max(0, count(row.get("epoch")) - 1)
    if early is not None:
        early.take(row.get("id"), repeat, place)
    output = mapping(row.get("output"))
    choice = mapping(next(iter(sequence(output.get("choices"))), None))
    said, fault = answer_of(output, choice), failure_of(row)
    finish: Finish = "error" if fault else _STOPS.get(text(choice.get("stop_reason")), "stop")
    decoding = draft.tasks[task].decoding
    draft.answer(
        model,
        task,
        Prompt(place, sample.messages, "", (), decoding, repeat=repeat),
        Response(
            place,
            said,
            finish,
            said,
            n_prompt_tokens=count(mapping(output.get("usage")).get("input_tokens")),
            error=fault,
            repeat=repeat,
        ),
    )
    if fault:
        draft.fail(model, task, Value(place, None, None, fault, repeat))
    found = list(values_of(row))
    for scorer, value, answer, reason in found:
        draft.value(model, task, scorer, Value(place, value, answer, reason, repeat))
    if not found and not fault:
        draft.fail(model, task, Value(place, None, None, "the log has no score of this sample", repeat))


def _figures(draft: Draft, model: str, task: str, results: Mapping[str, Any]) -> None:
    """Take in the numbers of a log that has no samples."""
    for score in sequence(results.get("scores")):
        metrics = mapping(mapping(score).get("metrics"))
        error = mapping(metrics.get("stderr")).get("value")
        for name, metric in metrics.items():
            if name != "stderr":
                measure = f"{text(mapping(score).get('name'))}[{name}]"
                numbers = (mapping(metric).get("value"), error if name in ("accuracy", "mean") else None)
                draft.figure(model, task, measure, numbers, count(results.get("completed_samples")))
