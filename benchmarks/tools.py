"""A job through each tool: its command line, and its results brought into one form."""

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.material import Material
from benchmarks.process import Finished, run

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
PYTHONS: Mapping[str, Path] = {
    "chateval": ROOT / ".venv" / "bin" / "python",
    "chateval-vllm": ROOT / ".venv-vllm" / "bin" / "python",
    "lm-eval": ROOT / ".venv-bench-lmeval" / "bin" / "python",
    "lighteval": ROOT / ".venv-bench-lighteval" / "bin" / "python",
}

_EFFORT = re.compile(r"(\d+) responses? from the model(?: in ([\d.]+) s)?, (\d+) from the store")


@dataclass(frozen=True, slots=True)
class Job:
    """What a tool is asked to do."""

    material: Material
    room: Path
    """Holds `checkpoints`, and what the tools write."""
    checkpoints: tuple[str, ...] = ("base",)
    dtype: str = "float32"
    batch_size: int | None = None
    """Of a peer; chateval finds its own."""
    cache: str | None = None
    """Name of a cache that is kept from run to run; None is a new one each time."""
    seconds: float = 1200.0
    """Longest that a process may take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool made of one row."""

    logprobs: tuple[float, ...] = ()
    """Sum over the tokens of each choice, natural log."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of a tool came to."""

    seconds: float
    """Whole processes, s."""
    model_seconds: float | None = None
    """Loading the model and answering, s, as far as the tool's clock shows it."""
    load_seconds: float | None = None
    n_generated: int | None = None
    """Responses that the model gave; None where the tool does not say."""
    accuracy: float | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By the id of the row."""
    prompts: tuple[tuple[int, str], ...] = ()
    """Count and digest of the ids of each sequence that the model saw, prompt and choice together."""
    warnings: tuple[str, ...] = ()
    """What chateval warned of, such as that it took a slower way."""
    fault: str = ""


def is_there(tool: str) -> bool:
    """Return whether the environment of a tool is installed."""
    return PYTHONS[tool].exists()


def run_tool(tool: str, job: Job) -> Outcome:
    """Run a job through a tool, in a fresh folder."""
    out = job.room / "work" / tool
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return TOOLS[tool](job, out)


def _run(tool: str, job: Job, arguments: Sequence[str | Path], extra: Mapping[str, str]) -> Finished:
    environment = {"HF_HOME": str(job.room / "hf" / tool), **extra}
    command = [PYTHONS[tool], "-P", *arguments]
    return run(command, cwd=job.room / "checkpoints", extra=environment, seconds=job.seconds)


def _chateval(
    job: Job, out: Path, *, tool: str = "chateval", engine: str = "transformers", limit: int | None = None
) -> Outcome:
    cache = job.room / "caches" / job.cache if job.cache else out / f"cache{limit or ''}"
    arguments: list[str | Path] = ["-m", "chateval", "run"]
    for name in job.checkpoints:
        arguments += ["--checkpoint", f"{name}={name}@base" if name.startswith("lora") else f"{name}={name}"]
    arguments += ["--task", job.material.folder / "chateval", "--out", out / "run"]
    arguments += ["--dtype", job.dtype, "--engine", engine]
    arguments += ["--limit", str(limit)] if limit else []
    done = _run(tool, job, arguments, {"CHATEVAL_CACHE": str(cache)})
    if done.fault:
        return Outcome(done.seconds, fault=done.fault)
    effort = _EFFORT.search(done.err)
    return replace(
        Outcome(0.0) if limit else read_run(out / "run", job),
        seconds=done.seconds,
        model_seconds=float(effort[2] or 0) if effort else None,
        n_generated=int(effort[1]) if effort else None,
        warnings=tuple(" ".join(line.split()) for line in done.err.splitlines() if line.startswith("WARNING")),
    )


def read_run(folder: Path, job: Job) -> Outcome:
    """Return what a run folder of chateval says of the first checkpoint; its times are not in it."""
    first = job.checkpoints[0]
    report = json.loads((folder / "report.json").read_text("utf-8"))
    means = [e["mean"] for e in report["estimates"] if e["checkpoint"] == first and e["scorer"] in ("choice", "exact")]
    answers, prompts = {}, []
    with (folder / "responses.jsonl").open(encoding="utf-8") as lines:
        records = [record for record in map(json.loads, lines) if record["checkpoint"] == first]
    for row, record in zip(job.material.rows, records, strict=True):
        ids, response = record["prompt"]["ids"], record["response"]
        logprobs = tuple(sum(tokens) for tokens in response.get("choice_logprobs") or ())
        answers[row["id"]] = Answer(logprobs, response["text"])
        prompts += [_digest([*ids, *choice]) for choice in record["prompt"].get("choice_ids") or [[]]]
    return Outcome(0.0, accuracy=means[0] if means else None, answers=answers, prompts=tuple(prompts))


def _digest(ids: Sequence[int]) -> tuple[int, str]:
    return len(ids), sha256(json.dumps(list(ids)).encode()).hexdigest()[:16]


def _chateval_vllm(job: Job, out: Path) -> Outcome:
    """Run twice: on the first row, which takes the model about as long as loading does, and on all rows."""
    first = _chateval(job, out, tool="chateval-vllm", engine="vllm", limit=1)
    if first.fault:
        return first
    whole = _chateval(job, out, tool="chateval-vllm", engine="vllm")
    return replace(whole, load_seconds=first.model_seconds)


def _lm_eval(job: Job, out: Path) -> Outcome:
    """Run once per checkpoint; the times add up, the answers are those of the first."""
    found = [_lm_eval_one(job, out / name, name) for name in job.checkpoints]
    faults = [outcome.fault for outcome in found if outcome.fault]
    return replace(
        found[0],
        seconds=sum(outcome.seconds for outcome in found),
        model_seconds=sum(outcome.model_seconds or 0.0 for outcome in found),
        load_seconds=sum(outcome.load_seconds or 0.0 for outcome in found),
        fault=faults[0] if faults else "",
    )


def _lm_eval_one(job: Job, out: Path, checkpoint: str) -> Outcome:
    out.mkdir()
    model = f"pretrained=base,peft={checkpoint}" if checkpoint.startswith("lora") else f"pretrained={checkpoint}"
    arguments: list[str | Path] = [PEERS / "drive_lm_eval.py", out / "times.json", "run", "--model", "hf"]
    arguments += ["--model_args", f"{model},dtype={job.dtype},trust_remote_code=False", "--device", "cpu"]
    arguments += ["--include_path", job.material.folder / "lm_eval", "--tasks", job.material.name]
    arguments += ["--batch_size", str(job.batch_size or 1), "--apply_chat_template"]
    arguments += ["--output_path", out / "results", "--log_samples"]
    if job.cache:
        arguments += ["--use_cache", job.room / "caches" / job.cache]
    done = _run("lm-eval", job, arguments, {})
    if done.fault:
        return Outcome(done.seconds, fault=done.fault)
    times = json.loads((out / "times.json").read_text("utf-8"))
    [results_path] = (out / "results").rglob("results_*.json")
    [samples_path] = (out / "results").rglob("samples_*.jsonl")
    scores: dict[str, Any] = json.loads(results_path.read_text("utf-8"))["results"][job.material.name]
    with samples_path.open(encoding="utf-8") as lines:
        samples = [json.loads(line) for line in lines]
    choosing = job.material.kind == "choose"
    return Outcome(
        done.seconds,
        model_seconds=times["load"] + times["answer"],
        load_seconds=times["load"],
        accuracy=scores["acc,none" if choosing else "exact_match,none"],
        answers={sample["doc"]["id"]: _lm_eval_answer(sample, choosing) for sample in samples},
        prompts=tuple((n, digest) for n, digest in times["prompts"]),
    )


def _lm_eval_answer(sample: Mapping[str, Any], choosing: bool) -> Answer:
    if choosing:
        return Answer(logprobs=tuple(float(one[0][0]) for one in sample["resps"]))
    return Answer(text=str(sample["resps"][0][0]))


def _lighteval(job: Job, out: Path) -> Outcome:
    path = out / "job.json"
    settings = {
        "model": job.checkpoints[0],
        "dtype": job.dtype,
        "batch_size": job.batch_size or 1,
        "rows": str(job.material.folder / "rows"),
        "kind": job.material.kind,
        "cap": job.material.cap,
        "out": str(out),
    }
    path.write_text(json.dumps(settings), "utf-8")
    done = _run("lighteval", job, [PEERS / "drive_lighteval.py", path], {})
    if done.fault:
        return Outcome(done.seconds, fault=done.fault)
    found = json.loads((out / "outcome.json").read_text("utf-8"))
    scores = found["results"]["all"]
    answers = {
        row_id: Answer(tuple(answer["logprobs"]), (answer["texts"] or [""])[0])
        for row_id, answer in found["answers"].items()
    }
    return Outcome(
        done.seconds,
        model_seconds=found["load"] + found["answer"],
        load_seconds=found["load"],
        accuracy=scores["acc" if job.material.kind == "choose" else "em"],
        answers=answers,
        prompts=tuple((n, digest) for n, digest in found["prompts"]),
    )


TOOLS: Mapping[str, Callable[[Job, Path], Outcome]] = {
    "chateval": _chateval,
    "chateval-vllm": _chateval_vllm,
    "lm-eval": _lm_eval,
    "lighteval": _lighteval,
}


def sizes_that_differ(tool: str, sizes: Sequence[int], n_choices: int) -> list[int]:
    """Return the batch sizes that do different things: lighteval rounds the rows of choices to 8 prompts, or to one."""
    if tool != "lighteval" or n_choices == 0:
        return list(sizes)
    kept: dict[int, int] = {}
    for size in sizes:
        kept.setdefault(max(1, round(size // n_choices / 8) * 8), size)
    return list(kept.values())
