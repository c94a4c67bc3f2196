"""Plan and answers -> manifest.json: what pins a run."""

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from chateval.pipeline.jury import rests_on
from chateval.pipeline.prepare import Plan, Subject
from chateval.pipeline.respond import Answers
from chateval.records import Drawing

LIBRARIES = ("chateval", "torch", "transformers", "tokenizers", "peft", "datasets", "jsonschema_rs", "scipy", "numpy")


def make_manifest(plan: Plan, answers: Answers) -> dict[str, Any]:
    """Return what decided the answers of a run, and nothing that changes between equal runs."""
    return {
        "format": 1,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "baseline": plan.suite.baseline,
        "limit": plan.suite.limit,
        "is_shuffled": plan.suite.is_shuffled,
        "n_demos": plan.suite.n_demos,
        "system": plan.suite.system,
        "overflow": plan.suite.overflow,
        "checkpoints": [_subject_entry(subject, answers) for subject in plan.subjects],
        "helpers": [
            {
                "checkpoint": asdict(subject.checkpoint),
                "template": asdict(subject.facts),
                "engine": answers.identities[subject.checkpoint.name],
            }
            for subject in plan.helpers
            if subject.checkpoint.name in answers.identities
        ],
        "tasks": [
            {
                "name": task.name,
                "version": task.version,
                "path": task.path,
                "reference": task.reference,
                "data": task.data,
                "digest": task.digest,
                "prompt_digest": task.prompt_digest,
                "decoding": asdict(task.decoding),
                "n_samples": len(task.samples),
                "n_available": plan.n_available[task.name],
                **({"rests_on": models} if (models := rests_on(task, baseline=plan.suite.baseline)) else {}),
            }
            for task in plan.tasks
        ],
        "gate": [asdict(rule) for rule in plan.suite.gate],
        **({"drawing": drawing} if (drawing := _said(plan.suite.drawing)) else {}),
        **({"ladder": list(plan.suite.ladder)} if plan.suite.ladder else {}),
    }


def _said(drawing: Drawing) -> dict[str, Any]:
    return {name: value for name, value in asdict(drawing).items() if value is not None}


def _subject_entry(subject: Subject, answers: Answers) -> dict[str, Any]:
    name = subject.checkpoint.name
    return {
        "checkpoint": asdict(subject.checkpoint),
        "template": asdict(subject.facts),
        "template_report": asdict(subject.report) if subject.report else None,
        "engine": answers.identities[name],
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
