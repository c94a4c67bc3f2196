"""All that was found in another harness' files -> Run."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from chateval.integrations.importers.apart import set_apart
from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import without_secrets
from chateval.integrations.importers.scoring import score_all
from chateval.records import CheckpointSummary, Effort, Run, TaskSummary

FAMILY = "imported"
"""Of every scorer, for other harnesses do not say what theirs ask."""


def finish(draft: Draft, name: str) -> Run:
    """Return the run.

    Args:
        draft: Whole; it is used up.
        name: What the run is called.
    """
    set_apart(draft)
    shown = _shown_names(draft)
    scores = tuple(score_all(draft, shown))
    scorers: dict[str, dict[str, None]] = defaultdict(dict)
    for score in scores:
        scorers[score.task].setdefault(score.scorer)
    return Run(
        name=name,
        path=str(draft.path),
        harness=draft.harness,
        baseline=shown.get(next(iter(draft.subjects), ""), ""),
        checkpoints=tuple(_checkpoint(draft, one, shown[one]) for one in draft.subjects),
        tasks=tuple(_task(draft, task, scorers[task]) for task in draft.tasks),
        samples={task: draft.samples[task] for task in draft.tasks},
        scores=scores,
        answers=tuple(replace(one, checkpoint=shown[one.checkpoint]) for one in draft.answers),
        manifest=_manifest(draft, shown),
        figures=tuple(replace(one, checkpoint=shown[one.checkpoint]) for one in draft.figures),
        efforts=tuple(_efforts(draft, shown)),
    )


def _shown_names(draft: Draft) -> dict[str, str]:
    """Return whole name -> the last part of its path, or the whole where two would be called the same."""
    last = {name: name.replace("\\", "/").rstrip("/").rpartition("/")[2] or name for name in draft.subjects}
    times = Counter(last.values())
    return {name: short if times[short] == 1 else name.strip("/") for name, short in last.items()}


def _checkpoint(draft: Draft, whole: str, name: str) -> CheckpointSummary:
    subject = draft.subjects[whole]
    responses = [one.response for one in draft.answers if one.checkpoint == whole]
    finishes = Counter(one.finish for one in responses)
    template = subject.template.encode("utf-8", "replace")
    return CheckpointSummary(
        name=name,
        kind=subject.kind or FAMILY,
        dtype=subject.dtype,
        template_source="",
        template_digest=hashlib.sha256(template).hexdigest() if template else "",
        weights_digest="",
        adapter_digest=None,
        n_responses=len(responses),
        n_errors=finishes["error"] if draft.tells_errors and subject.is_whole else None,
        n_length=None if finishes["unknown"] else finishes["length"],
        n_cut=0,
        n_prompt_tokens=subject.n_prompt_tokens,
        n_output_tokens=subject.n_output_tokens,
        n_parameters=subject.n_parameters,
    )


def _task(draft: Draft, name: str, scorers: Iterable[str]) -> TaskSummary:
    setting, scorers = draft.tasks[name], tuple(scorers)
    return TaskSummary(
        name=name,
        version=setting.version,
        description=setting.description,
        n_samples=len(draft.samples[name]),
        n_available=max(setting.n_available, len(draft.samples[name])),
        output=setting.output,
        decoding=setting.decoding,
        scorers=scorers,
        digest="",
        families=(FAMILY,) * len(scorers),
        n_demos=setting.n_demos,
    )


def _manifest(draft: Draft, shown: Mapping[str, str]) -> dict[str, Any]:
    checkpoints = [
        {
            "checkpoint": {"name": shown[whole], "path": whole},
            "template": {"text": subject.template},
            "engine": without_secrets(dict(subject.settings)),
        }
        for whole, subject in draft.subjects.items()
    ]
    return {
        "harness": draft.harness,
        "libraries": draft.libraries,
        "checkpoints": checkpoints,
        "tasks": [_entry(draft, task) for task in draft.tasks],
        "notes": [f"{words} ({n:,} times)" if n > 1 else words for words, n in draft.notes.items()],
        **without_secrets(draft.settings),
    }


def _entry(draft: Draft, task: str) -> dict[str, Any]:
    """Return what the manifest says of a task: what of its summary the harness wrote, the rest being defaults."""
    setting = draft.tasks[task]
    system = {"system_instruction": setting.system} if "system" in setting.written else {}
    said = without_secrets(dict(setting.said))
    return {"name": task, "written": sorted(setting.written - {"system"}), **system, **said}


def _efforts(draft: Draft, shown: Mapping[str, str]) -> Iterator[Effort]:
    for whole, subject in draft.subjects.items():
        if subject.seconds > 0:
            n_responses = sum(one.checkpoint == whole for one in draft.answers)
            yield Effort(shown[whole], subject.seconds, n_responses, subject.n_prompt_tokens, subject.n_output_tokens)
