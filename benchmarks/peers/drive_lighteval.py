"""lighteval's accelerate pipeline on local rows, with a clock around the model. Runs in its own environment.

drive_lighteval.py JOB.json: the job has model, dtype, batch_size, rows, kind, cap and out; writes out/outcome.json.
The task modules that lighteval ships are left out: importing them downloads, and costs it time.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from lighteval.logging.evaluation_tracker import EvaluationTracker
from lighteval.metrics.metrics import Metrics
from lighteval.models.model_input import GenerationParameters
from lighteval.models.transformers.transformers_model import TransformersModel, TransformersModelConfig
from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.registry import Registry
from lighteval.tasks.requests import Doc

_seconds = {"load": 0.0, "answer": 0.0}
_asked: list[Sequence[int]] = []
_answers: dict[str, Any] = {}


def _doc(row: dict[str, Any], task_name: str) -> Doc:
    choices = row.get("choices") or [row["answer"]]
    return Doc(
        query=row["prompt"],
        choices=choices,
        gold_index=row.get("index") or 0,
        task_name=task_name,
        specific={"id": row["id"]},
    )


def _timed(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            _seconds[name] += time.perf_counter() - start

    return call


def _kept(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: TransformersModel, docs: Sequence[Doc]) -> Any:
        responses = method(self, docs)
        for doc, response in zip(docs, responses, strict=True):
            _answers[doc.specific["id"]] = {
                "logprobs": list(response.logprobs or []),
                "texts": list(response.text or []),
            }
        return responses

    return call


def _watched_choices(
    self: TransformersModel, tokenized_contexts: Any, tokenized_continuations: Any, **kwargs: Any
) -> Any:
    for prompts, choices in zip(tokenized_contexts, tokenized_continuations, strict=True):
        _asked.extend([*prompt, *choice] for prompt, choice in zip(prompts, choices, strict=True))
    return _plain_choices(
        self, tokenized_contexts=tokenized_contexts, tokenized_continuations=tokenized_continuations, **kwargs
    )


def _watched_prompts(self: TransformersModel, batch: Any, **kwargs: Any) -> Any:
    _asked.extend(row[kept.bool()].tolist() for row, kept in zip(batch.input_ids, batch.input_mask, strict=True))
    return _plain_prompts(self, batch=batch, **kwargs)


_plain_choices = TransformersModel.prepare_batch_logprob
_plain_prompts = TransformersModel._generate_padded


def _watch() -> None:
    TransformersModel.prepare_batch_logprob = _watched_choices
    TransformersModel._generate_padded = _watched_prompts
    TransformersModel.__init__ = _timed("load", TransformersModel.__init__)
    TransformersModel.loglikelihood = _timed("answer", _kept(TransformersModel.loglikelihood))
    TransformersModel.greedy_until = _timed("answer", _kept(TransformersModel.greedy_until))


def _tasks(job: dict[str, Any]) -> ModuleType:
    choosing = job["kind"] == "choose"
    module = ModuleType("bench_tasks")
    module.TASKS_TABLE = [
        LightevalTaskConfig(
            name="bench",
            prompt_function=_doc,
            hf_repo=job["rows"],
            hf_subset="default",
            hf_avail_splits=["test"],
            evaluation_splits=["test"],
            metrics=[Metrics.loglikelihood_acc if choosing else Metrics.exact_match],
            generation_size=None if choosing else job["cap"],
            stop_sequence=[],
        )
    ]
    return module


def _pipeline(job: dict[str, Any]) -> Pipeline:
    Registry._load_from_files = staticmethod(lambda *args: {})
    Registry._load_from_subdirs = staticmethod(lambda *args: {})
    return Pipeline(
        tasks="bench|0",
        pipeline_parameters=PipelineParameters(
            launcher_type=ParallelismManager.ACCELERATE, custom_tasks_directory=_tasks(job)
        ),
        evaluation_tracker=EvaluationTracker(output_dir=job["out"], save_details=True),
        model_config=TransformersModelConfig(
            model_name=job["model"],
            dtype=job["dtype"],
            batch_size=job["batch_size"],
            device="cpu",
            cache_dir=f"{job['out']}/cache",
            generation_parameters=GenerationParameters(temperature=0.0),
        ),
    )


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    _watch()
    pipeline = _pipeline(found)
    pipeline.evaluate()
    pipeline.save_and_push_results()
    results = pipeline.get_results()["results"]
    print(json.dumps(results))
    prompts = [[len(ids), hashlib.sha256(json.dumps(list(ids)).encode()).hexdigest()[:16]] for ids in _asked]
    outcome = {**_seconds, "prompts": prompts, "answers": _answers, "results": results}
    (Path(found["out"]) / "outcome.json").write_text(json.dumps(outcome), "utf-8")
