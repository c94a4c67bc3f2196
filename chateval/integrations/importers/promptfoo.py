"""promptfoo: what `promptfoo eval -o` writes, JSON of versions 2 to 4 of its results or JSONL -> a draft.

Providers become checkpoints, prompts tasks, tests samples, and assertions, named scores and `pass` scorers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chateval.errors import DataError
from chateval.integrations.importers.about import Setting, Subject
from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import (
    count,
    files_below,
    first_object,
    mapping,
    object_in,
    read_json,
    read_objects,
    read_start,
    sequence,
    stem_of,
    text,
)
from chateval.integrations.importers.promptfoo_setting import decoding_of, drawn_in, providers_of
from chateval.integrations.importers.values import Value
from chateval.records import Decoding, Finish, Prompt, Response, Sample

HARNESS = "promptfoo"
MAX_NAME = 60
"""Characters of a prompt that a task is named after."""


_FINISHES: Mapping[str, Finish] = {"stop": "eos", "length": "length", "": "unknown"}


def is_output(value: Any) -> bool:
    """Return whether a JSON value is such an output."""
    rows = sequence(mapping(mapping(value).get("results")).get("results"))
    return bool(rows) and is_row(rows[0])


def is_row(value: Any) -> bool:
    """Return whether a JSON value is one result, as a line of JSONL is."""
    return {"provider", "vars"} <= mapping(value).keys() and "prompt" in value


def find(path: Path) -> list[Path]:
    """Return the outputs at or below a path; of one that is there as JSON, too, not the JSONL, which says less."""
    found = []
    for file in files_below(path, ".json", ".jsonl"):
        is_lines = read_start(file) == b"{" and is_row(first_object(file))
        if is_lines or is_output(object_in(file)):
            found.append(file)
    whole = {file.with_suffix("") for file in found if file.suffix == ".json"}
    return [file for file in found if file.suffix != ".jsonl" or file.with_suffix("") not in whole]


def read(path: Path, files: list[Path]) -> Draft:
    """Read outputs.

    Raises:
        DataError: If a result is broken.
    """
    draft = Draft(path, HARNESS, tells_errors=True)
    for file in files:
        output = _output(file)
        version = text(mapping(output.get("metadata")).get("promptfooVersion"))
        if version:
            draft.harness, draft.libraries["promptfoo"] = f"{HARNESS} {version}", version
        config = mapping(output.get("config"))
        results = mapping(output.get("results"))
        draft.settings["promptfoo"] = {"format": results.get("version"), "created": results.get("timestamp")}
        providers = providers_of(config)
        rows = sequence(results.get("results"))
        tasks = _tasks(rows, text(config.get("description"), limit=MAX_NAME) or stem_of(file))
        repeats: dict[tuple[str, str, str], int] = {}
        for place, row in enumerate(rows):
            if not isinstance(row, dict):
                raise DataError(f"{file}: results[{place}]: must be a JSON object, found {type(row).__name__}")
            _describe(draft, row, tasks[_label(row)], providers)
            _take(draft, row, tasks[_label(row)], repeats)
    _settle(draft)
    return draft


def _settle(draft: Draft) -> None:
    """Take the decoding of providers that differ as their own and not their task's: to compare them is what was asked.

    It stands in the manifest under each of them.
    """
    for task in draft.tasks:
        settings = {address: one for address, one in draft.settings_of.items() if address[1] == task}
        if len({(one.decoding, one.written) for one in settings.values()}) > 1:
            for (checkpoint, _), one in settings.items():
                draft.describe(checkpoint, task, replace(one, decoding=Decoding(), written=frozenset()))


def _output(file: Path) -> Mapping[str, Any]:
    """Return an output; of JSONL, which holds the results alone, as if it were one."""
    if is_row(first_object(file)):
        return {"results": {"results": [row for _, row in read_objects(file)]}}
    return mapping(read_json(file))


def _describe(draft: Draft, row: Mapping[str, Any], task: str, providers: Mapping[str, Mapping[str, Any]]) -> None:
    """Take in how a provider was set, with the options of the prompt, which count before its own."""
    checkpoint = _provider(row.get("provider"))
    if (checkpoint, task) in draft.settings_of:
        return
    own = mapping(mapping(row.get("prompt")).get("config"))
    options = {**(providers.get(checkpoint) or {}), **own}
    draft.subjects.setdefault(checkpoint, Subject(settings=options))
    draft.describe(checkpoint, task, Setting(decoding=decoding_of(options), written=drawn_in(options)))


def _label(row: Mapping[str, Any]) -> str:
    prompt = mapping(row.get("prompt"))
    return text(prompt.get("label") or prompt.get("display") or prompt.get("raw")) if row.get("prompt") else ""


def _tasks(rows: Any, name: str) -> Mapping[str, str]:
    """Return the label of each prompt -> its task, named after the file and, of several, the prompt."""
    labels = list(dict.fromkeys(_label(row) for row in rows if isinstance(row, dict)))
    if len(labels) <= 1:
        return dict.fromkeys(labels, name)
    found: dict[str, str] = {}
    for label in labels:
        short, number = f"{name}: {label[:MAX_NAME]}", 2
        while short in found.values():
            short, number = f"{name}: {label[:MAX_NAME]} #{number}", number + 1
        found[label] = short
    return found


def _take(draft: Draft, row: Mapping[str, Any], task: str, repeats: dict[tuple[str, str, str], int]) -> None:
    """Take in one result: one provider's answer to one test."""
    checkpoint = _provider(row.get("provider"))
    response = mapping(row.get("response"))
    tokens = mapping(response.get("tokenUsage")) or mapping(row.get("tokenUsage"))
    before = draft.subjects.get(checkpoint, Subject())
    draft.subjects[checkpoint] = replace(
        before,
        n_prompt_tokens=before.n_prompt_tokens + count(tokens.get("prompt")),
        n_output_tokens=before.n_output_tokens + count(tokens.get("completion")),
        seconds=before.seconds + (0 if response.get("cached") else count(row.get("latencyMs")) / 1000),
    )
    test = mapping(row.get("testCase"))
    asserts = [mapping(one) for one in sequence(test.get("assert"))]
    asked = mapping(row.get("vars")) or mapping(test.get("vars"))
    sample_id = draft.place(checkpoint, task, dict(asked), text(asserts))
    repeat = repeats.get((checkpoint, task, sample_id), 0)
    repeats[checkpoint, task, sample_id] = repeat + 1
    raw = text(mapping(row.get("prompt")).get("raw"))
    sample = draft.ask(
        task,
        Sample(
            id=sample_id,
            inputs=asked,
            messages=({"role": "user", "content": raw},),
            target=_target(asserts, asked),
            tags=_tags(mapping(test.get("metadata"))),
        ),
    )
    said, fault = text(response.get("output")), _failure(row, response)
    draft.answer(
        checkpoint,
        task,
        Prompt(sample_id, sample.messages, raw, (), draft.tasks[task].decoding, repeat=repeat),
        Response(
            sample_id,
            said,
            "error" if fault else _FINISHES.get(text(response.get("finishReason")).lower(), "stop"),
            said,
            n_prompt_tokens=count(tokens.get("prompt")),
            error=fault,
            repeat=repeat,
        ),
    )
    if fault:
        draft.fail(checkpoint, task, Value(sample_id, None, None, fault, repeat))
        return
    for scorer, value, reason in _values(row):
        draft.value(checkpoint, task, scorer, Value(sample_id, value, None, reason, repeat))


def _provider(provider: Any) -> str:
    if isinstance(provider, dict):
        return text(provider.get("label") or provider.get("id")) or "provider"
    return text(provider) or "provider"


def _failure(row: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    """Return why there is no answer; a failed assertion is none, though promptfoo writes it into `error`, too."""
    if response.get("error"):
        return text(response["error"], limit=500)
    if row.get("failureReason") == 2 or (row.get("error") and not row.get("gradingResult") and not response):
        return text(row.get("error"), limit=500) or "error"
    return None


def _values(row: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield (scorer, value, reason): `pass` first, then each assertion by its metric or type, then named scores."""
    grading = mapping(row.get("gradingResult"))
    if not grading and not row.get("namedScores"):
        passed = row.get("success")
        yield "pass", passed, ""
        return
    yield "pass", row.get("success"), text(grading.get("reason"), limit=1000)
    named = mapping(row.get("namedScores"))
    met: dict[str, list[tuple[Any, str]]] = {}
    for one in sequence(grading.get("componentResults")):
        part = mapping(one)
        asserted = mapping(part.get("assertion"))
        name = text(asserted.get("metric") or asserted.get("type"))
        if name and name not in named:
            met.setdefault(name, []).append((part.get("score"), text(part.get("reason"), limit=1000)))
    for name, found in met.items():
        scores = [score for score, _ in found if isinstance(score, (int, float))]
        reason = "; ".join(dict.fromkeys(reason for _, reason in found if reason))
        yield name, sum(scores) / len(scores) if len(scores) == len(found) else None, reason
    for name, value in named.items():
        yield name, value, ""


def _target(asserts: list[Mapping[str, Any]], asked: Mapping[str, Any]) -> str:
    """Return what the first assertion that holds a text expects, or the variable that says what is expected."""
    for one in asserts:
        if text(one.get("type")) in ("equals", "contains", "icontains") and isinstance(one.get("value"), str):
            return text(one["value"])
    found = (asked.get(name) for name in ("expected", "target", "answer"))
    return next((one for one in found if isinstance(one, str)), "")


def _tags(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    found = [f"{name}={one}" for name, one in metadata.items() if isinstance(one, str) and not name.startswith("_")]
    return tuple(one for one in found if len(one) <= 60)
