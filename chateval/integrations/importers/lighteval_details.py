"""lighteval: details_*.parquet and results_*.json -> a draft.

Two generations of details are read: columns `doc`, `model_response` and `metric` (0.10 and later), and the flat ones
before (`full_prompt`, `predictions`, `gold`, `metrics`), whose cells may be texts that spell Python values.
"""

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chateval.integrations.importers.about import Setting, Subject, written_in
from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import count, files_below, mapping, object_in, read_json, sequence, text
from chateval.integrations.importers.lighteval_setting import OF_TASK, drawn_with, setting_of, without_defaults
from chateval.integrations.importers.table import is_parquet, parquet_columns, parquet_rows
from chateval.integrations.importers.values import Value
from chateval.records import Decoding, Prompt, Response, Sample

HARNESS = "lighteval"
MAX_SPELT = 1_000_000
"""Characters of a Python value in a cell that is still read."""

_DATE = re.compile(r"_?(?P<date>\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:\.\d+)?)")
_MODERN, _FLAT = {"doc", "model_response", "metric"}, {"full_prompt", "predictions", "metrics"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row of details says, of whichever generation it is."""

    query: str
    prompt: str
    choices: tuple[str, ...]
    golds: tuple[str, ...]
    texts: tuple[str, ...]
    logprobs: tuple[float, ...]
    decoding: Decoding | None
    """Of the task, before what was set of the model; None where it is not written."""
    metrics: Mapping[str, Any]
    written: frozenset[str] = frozenset()
    """Fields of `decoding` that the row says."""


def is_results(value: Any) -> bool:
    """Return whether a JSON value is a results file of lighteval."""
    return {"config_general", "results"} <= mapping(value).keys()


def find(path: Path) -> list[Path]:
    """Return the files of lighteval at or below a path."""
    found = []
    for file in files_below(path, ".parquet", ".json"):
        if is_parquet(file):
            columns = parquet_columns(file)
            if columns >= _MODERN or columns >= _FLAT:
                found.append(file)
        elif (file == path or file.name.startswith("results")) and is_results(object_in(file)):
            found.append(file)
    return found


def read(path: Path, files: list[Path]) -> Draft:
    """Read details; of several for one model and task the latest is taken.

    Raises:
        DataError: If a file is broken.
    """
    draft = Draft(path, HARNESS)
    results = {file: mapping(read_json(file)) for file in files if not is_parquet(file)}
    latest: dict[tuple[str, str], tuple[Path, int]] = {}
    for file in sorted((file for file in files if is_parquet(file)), key=_date):
        model, (task, n_demos) = _model(file, results), _task(file)
        if (model, task) in latest and latest[model, task][1] != n_demos:
            task = f"{task}_{n_demos}"
        if (model, task) in latest:
            draft.note(f"{task} of {model}: older details were left out")
        latest[model, task] = (file, n_demos)
    for found in results.values():
        _describe(draft, found)
    for (model, task), (file, n_demos) in latest.items():
        draft.subjects.setdefault(model, Subject())
        if (model, task) not in draft.settings_of:
            written = {"n_demos"} if _tells_demos(_name_in(file)) else set()
            draft.describe(model, task, Setting(n_demos=n_demos, written=frozenset(written)))
        for number, row in enumerate(parquet_rows(file), start=1):
            _take(draft, model, task, _asked(row), number)
    for found in results.values():
        _figures(draft, found)
    return draft


def _date(file: Path) -> str:
    found = _DATE.search(file.name)
    return found["date"] if found else ""


def _name(results: Mapping[str, Any]) -> str:
    general = mapping(results.get("config_general"))
    return text(general.get("model_name") or mapping(general.get("model_config")).get("model_name")) or "model"


def _model(file: Path, results: Mapping[Path, Mapping[str, Any]]) -> str:
    """Return the model of a details file: by its results file, else by the folders `details/MODEL/DATE`."""
    date = _date(file)
    for one, found in results.items():
        if date and _date(one) == date:
            return _name(found)
    parts = file.resolve().parent.parts
    parts = parts[:-1] if parts and _DATE.fullmatch(parts[-1]) else parts
    if "details" in parts:
        last = len(parts) - 1 - parts[::-1].index("details")
        return "/".join(parts[last + 1 :]) or "model"
    return parts[-1] if parts else "model"


def _task(file: Path) -> tuple[str, int]:
    """Return the name of the task, as chateval names lighteval's tasks, and its number of demos."""
    return _slug(_name_in(file))


def _name_in(file: Path) -> str:
    return _DATE.sub("", file.name.removesuffix(".parquet")).removeprefix("details_")


def _tells_demos(name: str) -> bool:
    return "|" in name and name.rpartition("|")[2].isdecimal()


def _slug(name: str) -> tuple[str, int]:
    parts = name.split("|")
    if len(parts) > 2 and parts[-1] in ("0", "1") and parts[-2].isdecimal():
        parts = parts[:-1]  # whether demos are dropped to fit, which older versions wrote behind their number
    n_demos = int(parts.pop()[:4]) if len(parts) > 1 and parts[-1].isdecimal() else 0
    slug = re.sub(r"[^a-z0-9_-]+", "_", parts[-1].lower()).strip("_")
    return f"lighteval_{slug}"[:64], n_demos


def _describe(draft: Draft, results: Mapping[str, Any]) -> None:
    general = mapping(results.get("config_general"))
    model = mapping(general.get("model_config"))
    kind = text(general.get("model_dtype") or model.get("dtype")).removeprefix("torch.")
    kept = ("generation_parameters", "system_prompt", "override_chat_template", "max_model_length", "batch_size")
    settings = {key: without_defaults(model[key]) for key in kept if key in model}
    draft.subjects[_name(results)] = Subject(dtype=kind, settings=settings)
    draft.settings.setdefault("models", {})[_name(results)] = {
        **{
            key: general[key] for key in ("lighteval_sha", "max_samples", "model_config", "model_sha") if key in general
        },
        **({"system_instruction": text(model["system_prompt"])} if "system_prompt" in model else {}),
    }
    names = (*mapping(results.get("results")), *mapping(results.get("versions")))
    for name in dict.fromkeys(names):
        task, n_demos = _slug(name)
        if name != "all" and not task.endswith("_average"):
            draft.describe(_name(results), task, setting_of(results, name, n_demos if _tells_demos(name) else None))


def _asked(row: Mapping[str, Any]) -> Asked:
    if row.keys() >= _MODERN:
        return _modern(mapping(row["doc"]), mapping(row["model_response"]), mapping(row["metric"]))
    choices = tuple(text(one) for one in sequence(_spelt(row.get("choices"))))
    golds = _spelt(row.get("gold"))
    golds = tuple(text(one) for one in golds) if isinstance(golds, (list, tuple)) else (text(golds),)
    metrics = mapping(_spelt(row.get("metrics")))
    predictions = sequence(_spelt(row.get("predictions")))
    are_texts = all(isinstance(one, str) for one in predictions)
    query = text(row.get("example")) or text(row.get("full_prompt"))
    return Asked(
        query=query,
        prompt=text(row.get("full_prompt")),
        choices=choices,
        golds=golds,
        texts=tuple(text(one) for one in predictions) if are_texts else (),
        logprobs=()
        if are_texts
        else _numbers(one[0] if isinstance(one, (list, tuple)) and one else one for one in predictions),
        decoding=None,
        metrics=metrics,
    )


def _modern(doc: Mapping[str, Any], response: Mapping[str, Any], metrics: Mapping[str, Any]) -> Asked:
    choices = tuple(text(one) for one in sequence(doc.get("choices")))
    places = doc.get("gold_index")
    golds = tuple(
        choices[place]
        for place in (places if isinstance(places, list) else [places])
        if isinstance(place, int) and 0 <= place < len(choices)
    )
    plain = Decoding()
    return Asked(
        query=text(doc.get("query")),
        prompt=text(response.get("input")),
        choices=choices,
        golds=golds,
        texts=tuple(text(one) for one in sequence(response.get("text"))),
        logprobs=_numbers(sequence(response.get("logprobs"))),
        decoding=replace(
            plain,
            max_new_tokens=count(doc.get("generation_size")) or plain.max_new_tokens,
            stop=tuple(text(one) for one in sequence(doc.get("stop_sequences"))),
        ),
        metrics=metrics,
        written=written_in(doc, OF_TASK),
    )


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(float(one) for one in values if isinstance(one, (int, float)))


def _spelt(value: Any) -> Any:
    """Return what a text that spells a Python value says; anything else as it is."""
    if not isinstance(value, str) or len(value) > MAX_SPELT or value[:1] not in ("[", "{", "("):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return value


def _take(draft: Draft, model: str, task: str, asked: Asked, number: int) -> None:
    """Take in one row."""
    chooses = bool(asked.logprobs) and not asked.texts
    _learn(draft, (model, task), asked, chooses=chooses)
    content = {"query": asked.query, "choices": asked.choices, "golds": asked.golds}
    sample_id = draft.place(model, task, content, number)
    first, *others = asked.golds or ("",)
    sample = draft.ask(
        task,
        Sample(
            id=sample_id,
            inputs={},
            messages=({"role": "user", "content": asked.query},),
            target=first.strip(),
            alternatives=tuple(dict.fromkeys(one.strip() for one in others)),
            choices=asked.choices if chooses else (),
        ),
    )
    prompt = Prompt(sample_id, sample.messages, asked.prompt, (), draft.tasks[task].decoding)
    said = asked.texts[0] if asked.texts else ""
    is_kept = chooses and all(map(math.isfinite, asked.logprobs))
    logprobs = tuple((one,) for one in asked.logprobs) if is_kept else ()
    draft.answer(
        model, task, prompt, Response(sample_id, said, "stop" if chooses else "unknown", said, choice_logprobs=logprobs)
    )
    likeliest = _likeliest(asked) if chooses else None
    for scorer, value in asked.metrics.items():
        draft.value(model, task, scorer, Value(sample_id, value, likeliest))


def _learn(draft: Draft, address: tuple[str, str], asked: Asked, *, chooses: bool) -> None:
    """Take in what a row says of how the task was asked."""
    setting = draft.settings_of[address]
    if chooses and setting.output != "choose":
        draft.describe(*address, replace(setting, output="choose"))
    elif not chooses and asked.decoding is not None:
        drawn = drawn_with(mapping(draft.subjects[address[0]].settings.get("generation_parameters")), asked.decoding)
        if drawn != setting.decoding or not asked.written <= setting.written:
            draft.describe(*address, replace(setting, decoding=drawn, written=setting.written | asked.written))


def _likeliest(asked: Asked) -> str | None:
    if len(asked.logprobs) != len(asked.choices) or not asked.choices:
        return None
    return asked.choices[max(range(len(asked.choices)), key=lambda place: asked.logprobs[place])]


def _figures(draft: Draft, results: Mapping[str, Any]) -> None:
    """Take in the numbers of a results file that no row of details stands behind."""
    model = _name(results)
    for name, numbers in mapping(results.get("results")).items():
        task, n_demos = _slug(name)
        if name == "all" or task.endswith("_average"):
            continue
        for metric, value in mapping(numbers).items():
            known = draft.has_values(model, task, metric)
            if known or metric.endswith("_stderr") or not isinstance(value, (int, float)):
                continue
            if not draft.has_task(model, task):
                draft.note_once(
                    f"{model}: no details of some tasks: they are not compared; run lighteval with --save-details"
                )
            draft.tasks.setdefault(task, Setting(n_demos=n_demos))
            draft.figure(model, task, metric, (value, mapping(numbers).get(f"{metric}_stderr")), 0)
