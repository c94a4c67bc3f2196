"""What chateval costs besides the model: a made-up task of N samples through the fake engine, by stage.

    python -m benchmarks.overhead [--checkpoint FOLDER] [--samples 1000 10000 100000] [--json]

Every size is a process of its own with an empty store. Milliseconds a sample are those of the larger size over those of
the smaller one, so that what is paid once (libraries, tokenizer, template check) is not in them.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SIZES = (1_000, 10_000, 100_000)
STAGES = ("reading tasks", "building prompts", "answering", "scoring", "writing the report")
"""Those that grow with the samples; `building prompts` includes the keys, `answering` the store."""

TASK = """\
name: apples
version: 1
source: written for this benchmark, CC0-1.0
samples: samples.jsonl
messages:
  - {role: system, content: "You add numbers. Answer with the number alone."}
  - {role: user, content: "{{ question }}"}
target: "{{ answer }}"
decoding: {max_new_tokens: 32}
scorers: [number, exact, contains_answer]
"""


def make_task(folder: Path, n: int) -> None:
    """Write a task of `n` samples of about 50 prompt tokens with three cheap scorers."""
    draw = random.Random(0)
    folder.mkdir()
    (folder / "task.yaml").write_text(TASK)
    with (folder / "samples.jsonl").open("w") as file:
        for morning in range(n):
            afternoon = draw.randrange(1_000)
            question = (
                f"A shop sells {morning} apples in the morning and {afternoon} in the afternoon. How many in all?"
            )
            file.write(json.dumps({"question": question, "answer": morning + afternoon}) + "\n")


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class Clock:
    """A watcher that notes when each stage begins."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}
        """Wall and processor time by stage; the process that renders templates is in the former only."""
        self._current, self._since = "", _now()

    def stage(self, text: str) -> None:
        """End the stage before."""
        now, before = _now(), self.seconds.get(self._current, (0.0, 0.0))
        self.seconds[self._current] = (before[0] + now[0] - self._since[0], before[1] + now[1] - self._since[1])
        self._current, self._since = text, now

    def begin(self, checkpoint: str, task: str, n_total: int, n_stored: int) -> None:
        """Count what follows as answering."""
        self.stage("answering")

    def advance(self, n: int) -> None:
        """Hear of answers."""


def measure(checkpoint: Path, task: Path, room: Path) -> dict[str, Any]:
    """Run a task through the fake engine in this process; return wall and processor seconds by stage, and peak MB."""
    from chateval.config import Suite
    from chateval.pipeline import evaluate, open_engines
    from chateval.records import CheckpointSpec, EngineSpec

    spec = CheckpointSpec("base", str(checkpoint))
    suite = Suite((spec,), (str(task),), baseline="base", engine=EngineSpec("fake"))
    clock = Clock()
    with open_engines(suite.engine) as open_engine:
        evaluate(suite, room / "run", cache_dir=room / "cache", open_engine=open_engine, watcher=clock)
    clock.stage("")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    return {"stages": {name: clock.seconds.get(name, (0.0, 0.0)) for name in STAGES}, "peak_mb": peak}


def whole(*arguments: str, env: Mapping[str, str]) -> tuple[float, float]:
    """Return the wall and processor seconds of a whole `chateval` process."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "chateval", *arguments]
    subprocess.run(
        command, check=True, env=os.environ | dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_size(checkpoint: Path, n: int, room: Path) -> dict[str, Any]:
    """Measure one size: the stages in a process of its own, then a second run and scoring again as commands."""
    task = room / "task"
    make_task(task, n)
    command = [sys.executable, "-m", "benchmarks.overhead", "--inside", str(room), "--checkpoint", str(checkpoint)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = {"n": n, **json.loads(done.stdout.splitlines()[-1])}
    env = {"CHATEVAL_CACHE": str(room / "cache")}
    run = ["run", "--engine", "fake", "--checkpoint", f"base={checkpoint}", "--task", str(task), "--json"]
    found["second_run_seconds"] = whole(*run, "--out", str(room / "run"), env=env)
    found["score_seconds"] = whole("score", str(room / "run"), "--json", env=env)
    return found


def per_sample(found: list[dict[str, Any]], index: int, stage: str) -> tuple[float, float]:
    """Return the milliseconds that one more sample takes in a stage; of the first size, with what is paid once."""
    size = found[index]
    before = found[index - 1] if index else {"n": 0, "stages": dict.fromkeys(STAGES, (0.0, 0.0))}
    wall, processor = (
        1_000 * (now - then) / (size["n"] - before["n"])
        for now, then in zip(size["stages"][stage], before["stages"][stage], strict=True)
    )
    return wall, processor


def to_markdown(found: list[dict[str, Any]], help_seconds: tuple[float, float]) -> str:
    """Return the tables; every pair is wall time and, after the stroke, processor time."""
    stages = [f"{stage}, ms" for stage in STAGES]
    heads = ["samples", *stages, "sum, ms", "peak, MB", "second run, s", "score again, s"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---:|" * len(heads)]
    for index, size in enumerate(found):
        pairs = [per_sample(found, index, stage) for stage in STAGES]
        pairs.append((sum(wall for wall, _ in pairs), sum(processor for _, processor in pairs)))
        cells = [f"{size['n']:,}", *(f"{wall:.3f} / {processor:.3f}" for wall, processor in pairs)]
        cells.append(f"{size['peak_mb']:.0f}")
        cells += ["{:.1f} / {:.1f}".format(*size[key]) for key in ("second_run_seconds", "score_seconds")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "`chateval --help`: {:.2f} / {:.2f} s".format(*help_seconds)])


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint folder (default: SmolLM2-135M-Instruct)")
    parser.add_argument("--samples", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        print(json.dumps(measure(chosen.checkpoint, chosen.inside / "task", chosen.inside)))
        return
    checkpoint = chosen.checkpoint
    if checkpoint is None:
        from chateval.integrations.smollm2 import fetch_smollm2
        from chateval.store import cache_dir

        checkpoint = fetch_smollm2(cache_dir() / "demo" / "smollm2")
    found = []
    for n in sorted(chosen.samples):
        with tempfile.TemporaryDirectory() as room:
            found.append(measure_size(checkpoint, n, Path(room)))
    help_seconds = min(whole("--help", env={}) for _ in range(5))
    print(
        json.dumps({"sizes": found, "help_seconds": help_seconds}) if chosen.json else to_markdown(found, help_seconds)
    )


if __name__ == "__main__":
    main()
