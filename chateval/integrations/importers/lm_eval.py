"""lm-evaluation-harness: results_*.json and samples_*.jsonl -> a draft.

Three generations of sample lines are read: one with `prompt_0`, `logit_0` and `truth`; one with `doc`, `arguments` as a
list and metrics beside them; and today's, where each filter has lines of its own that name their metrics.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chateval.errors import DataError
from chateval.integrations.importers.about import DECODING, Setting, Subject
from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import (
    count,
    files_below,
    first_object,
    mapping,
    object_in,
    read_objects,
    read_start,
    stem_of,
    text,
)
from chateval.integrations.importers.lm_eval_row import Read, metrics_of, read_row
from chateval.integrations.importers.lm_eval_setting import decoding_of, drawn_in, setting_of
from chateval.integrations.importers.values import Value
from chateval.records import Decoding, Finish, Prompt, Response, Sample

HARNESS = "lm-eval"
LOOSE = "samples"
"""Task of a file whose name says neither task nor date, so that two of them are compared by what they ask."""

_KEPT = ("git_hash", "date", "system_instruction", "fewshot_as_multiturn")
_DATE = r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:\.\d+)?"
_SAMPLES = re.compile(rf"samples_(?P<task>.+?)(?:_(?P<date>{_DATE}))?$")


@dataclass(frozen=True, slots=True)
class Found:
    """One sample file, with what its results file says of it."""

    path: Path
    task: str
    model: str
    date: str
    results: Mapping[str, Any] = field(default_factory=dict)


def is_results(value: Any) -> bool:
    """Return whether a JSON value is a results file of lm-eval."""
    results = mapping(mapping(value).get("results"))
    return bool(results) and ("configs" in value or "versions" in value) and "config_general" not in value


def is_row(row: Mapping[str, Any] | None) -> bool:
    """Return whether an object is a line of a sample file."""
    return row is not None and "doc_id" in row and bool({"doc", "resps", "filtered_resps", "logit_0"} & row.keys())


def find(path: Path) -> list[Path]:
    """Return the files of lm-eval at or below a path."""
    found = []
    for file in files_below(path, ".json", ".jsonl", ".jsonl.gz"):
        is_named = file == path or file.name.startswith(("samples_", "results"))
        if is_named and (_is_samples(file) or is_results(object_in(file))):
            found.append(file)
    return found


def read(path: Path, files: list[Path]) -> Draft:
    """Read what was found below a path; of several files for one model and task the latest is taken.

    Raises:
        DataError: If a line is broken.
    """
    lines = [file for file in files if _is_samples(file)]
    results = {file: mapping(object_in(file)) for file in files if file not in lines}
    draft = Draft(path, _version(results.values()))
    for file, found in results.items():
        _describe(draft, file, found)
    samples = [_place(file, results) for file in lines]
    latest: dict[tuple[str, str], Found] = {}
    for one in sorted(samples, key=lambda one: one.date):
        if (one.model, one.task) in latest:
            draft.note(f"{one.task} of {one.model}: an older file of samples was left out")
        latest[one.model, one.task] = one
    for one in latest.values():
        draft.subjects.setdefault(one.model, Subject())
        if (one.model, one.task) not in draft.settings_of:
            draft.describe(one.model, one.task, draft.tasks.get(one.task, Setting()))
        _take(draft, one)
    for file, found in results.items():
        _figures(draft, _model(found, file), found, latest)
    return draft


def _is_samples(file: Path) -> bool:
    return read_start(file) == b"{" and is_row(first_object(file))


def _version(results: Any) -> str:
    versions = [text(found.get("lm_eval_version")) for found in results if found.get("lm_eval_version")]
    return f"{HARNESS} {max(versions)}" if versions else HARNESS


def _model(results: Mapping[str, Any], file: Path) -> str:
    config = mapping(results.get("config"))
    arguments = config.get("model_args")
    if isinstance(arguments, str):
        arguments = dict(part.partition("=")[::2] for part in arguments.split(","))
    arguments = mapping(arguments)
    found = (
        arguments.get("peft")
        or results.get("model_name")
        or arguments.get("pretrained")
        or arguments.get("model")
        or config.get("model")
    )
    return text(found) or file.parent.name.replace("__", "/")


def _describe(draft: Draft, file: Path, results: Mapping[str, Any]) -> None:
    """Take in what a results file says of its model, its tasks and its software."""
    config, model = mapping(results.get("config")), _model(results, file)
    draft.subjects[model] = Subject(
        kind="chat" if results.get("chat_template") else "base",
        dtype=text(config.get("model_dtype")).removeprefix("torch."),
        template=text(results.get("chat_template")),
        n_parameters=count(config.get("model_num_parameters")) or None,
        settings=_engine(results),
    )
    for library, key in (("lm_eval", "lm_eval_version"), ("transformers", "transformers_version")):
        if results.get(key):
            draft.libraries[library] = text(results[key])
    kept = ("model", "model_args", "model_sha", "model_revision", "batch_size", "device", "limit", "gen_kwargs")
    draft.settings.setdefault("models", {})[model] = {
        **{key: config[key] for key in kept if key in config},
        **{key: results[key] for key in _KEPT if key in results},
    }
    for task in mapping(results.get("results")):
        draft.describe(model, task, setting_of(results, task))


def _engine(results: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how the model was run, as far as that can move its answers."""
    config = mapping(results.get("config"))
    found = {key: config[key] for key in ("batch_size", "model_revision", "gen_kwargs") if key in config}
    found |= {key: results[key] for key in ("max_length",) if key in results}
    if "chat_template" in results:
        found["chat_template"] = "applied" if results["chat_template"] else "not applied"
    return found


def _place(file: Path, results: Mapping[Path, Mapping[str, Any]]) -> Found:
    """Return what a sample file is of: by its name, and by the results file beside it."""
    match = _SAMPLES.fullmatch(stem_of(file))
    task, date = (match["task"], match["date"] or "") if match else (LOOSE, "")
    beside = [one for one in results if one.parent == file.parent and (not date or date in one.name)]
    beside = beside or [one for one in results if one.parent == file.parent]
    if beside:
        return Found(file, task, _model(results[beside[-1]], beside[-1]), date, results[beside[-1]])
    folder = file.resolve().parent.name
    return Found(file, task, folder.replace("__", "/") if match else stem_of(file), date)


def _take(draft: Draft, found: Found) -> None:
    """Take in the lines of a sample file."""
    setting = draft.settings_of[found.model, found.task]
    said: list[tuple[str, str, Value]] = []
    drawn: tuple[Mapping[str, Any] | None, Decoding] = (None, setting.decoding)
    for where, row in read_objects(found.path):
        if "doc_id" not in row:
            raise DataError(f"{where}: no doc_id; lines of lm-eval have one")
        one = read_row(row)
        sample_id = draft.place(found.model, found.task, one.content, text(row["doc_id"]))
        sample = draft.ask(
            found.task,
            Sample(
                id=sample_id,
                inputs=mapping(row.get("doc")),
                messages=({"role": "user", "content": one.question},),
                target=one.target,
                choices=one.choices,
                tags=one.tags,
            ),
        )
        if one.is_choice and setting.output != "choose":
            setting = replace(setting, output="choose")
            draft.describe(found.model, found.task, setting)
        if one.decoding is not None and one.decoding != drawn[0]:
            drawn = (one.decoding, decoding_of(one.decoding))
            if not setting.written & DECODING:
                setting = replace(setting, decoding=drawn[1], written=setting.written | drawn_in(one.decoding))
                draft.describe(found.model, found.task, setting)
        _answer(draft, found, sample, one, drawn[1])
        label = text(row.get("filter"))
        said += [(metric, label, Value(sample_id, row.get(metric), one.answer)) for metric in metrics_of(row)]
    is_filtered = len({label for _, label, _ in said}) > 1
    for metric, label, value in said:
        draft.value(found.model, found.task, _named(metric, label) if is_filtered else metric, value)


def _answer(draft: Draft, found: Found, sample: Sample, one: Read, decoding: Decoding) -> None:
    if one.text is None and not one.logprobs:
        return
    prompt = Prompt(sample.id, sample.messages, one.prompt, (), decoding)
    logprobs = tuple((value,) for value in one.logprobs) if all(map(math.isfinite, one.logprobs)) else ()
    draft.answer(
        found.model,
        found.task,
        prompt,
        Response(sample.id, one.text or "", _finish(one), one.text or "", choice_logprobs=logprobs),
    )


def _finish(one: Read) -> Finish:
    return "stop" if one.is_choice else "unknown"


def _named(metric: str, label: str) -> str:
    return f"{metric}[{label}]" if label not in ("", "none") else metric


def _figures(draft: Draft, model: str, results: Mapping[str, Any], latest: Mapping[tuple[str, str], Found]) -> None:
    """Take in the numbers of a results file that no line of a sample stands behind."""
    groups = {name for name, members in mapping(results.get("group_subtasks")).items() if members}
    for task, metric, label, value, error in _aggregates(results):
        if task in groups and latest:
            continue
        if (model, task) in latest and draft.has_values(model, task, metric):
            continue
        if (model, task) not in latest:
            draft.note_once(f"{model}: no samples of some tasks: they are not compared; run lm_eval with --log_samples")
        measure, n_available = _named(metric, label), draft.tasks[task].n_available
        draft.figure(model, task, measure, (value, error), n_available)


def _aggregates(results: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any, Any]]:
    """Yield (task, metric, filter, value, standard error) of the numbers in a results file."""
    for task, numbers in mapping(results.get("results")).items():
        for key, value in mapping(numbers).items():
            metric, _, label = key.partition(",")
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or metric.endswith("_stderr") or key in ("sample_len", "alias", "name"):
                continue
            error = numbers.get(f"{metric}_stderr,{label}", numbers.get(f"{metric}_stderr"))
            yield task, metric, label, value, error
