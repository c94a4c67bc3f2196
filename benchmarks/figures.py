"""What chateval is measured at by itself: growth, a second run, scoring again, its share of the machine's FLOP/s."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.cells import CELLS
from benchmarks.material import Material, write_material
from benchmarks.measure import Bench, material_for
from benchmarks.process import Finished, run
from benchmarks.questions import many
from benchmarks.tools import PYTHONS, ROOT, Job, run_tool

N_SAMPLES = (100, 1_000, 10_000)
N_ADAPTERS = (1, 2, 4, 8)
SCORERS = ("exact", "normalised", "contains_answer")


def _chateval(bench: Bench, *arguments: str | Path, cache: Path) -> Finished:
    command: list[str | Path] = [PYTHONS["chateval"], "-P", "-m", "chateval", *arguments]
    extra = {"CHATEVAL_CACHE": str(cache), "HF_HOME": str(bench.room / "hf" / "chateval")}
    done = run(command, cwd=bench.room / "checkpoints", extra=extra, seconds=900)
    if done.fault:
        raise RuntimeError(f"chateval {arguments[0]}: {done.fault}")
    return done


def samples(bench: Bench) -> None:
    """Time a first run, a second one and scoring again, without a model, at growing numbers of samples."""
    found: dict[str, list[dict[str, float]]] = {}
    for n in N_SAMPLES[: 1 if bench.n_rows else None]:
        folder = bench.room / "tasks" / f"many-{n}"
        material = write_material("many", many(n), folder, cap=16, scorers=SCORERS)
        for _ in range(bench.repeats):
            if bench.is_over():
                return
            found.setdefault(str(n), []).append(_three(material, bench))
        bench.say(f"samples: {n:,}: {found[str(n)]}")
    bench.state.figures["samples"] = found


def _three(material: Material, bench: Bench) -> dict[str, float]:
    out, cache = bench.room / "work" / "many", bench.room / "caches" / "many"
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(cache, ignore_errors=True)
    task = material.folder / "chateval"
    command = ("run", "--checkpoint", "base=base", "--engine", "fake", "--task", task, "--out", out)
    times = {name: _chateval(bench, *command, cache=cache).seconds for name in ("first", "second")}
    times["score"] = _chateval(bench, "score", out, cache=cache).seconds
    return {name: round(seconds, 2) for name, seconds in times.items()}


def again(bench: Bench) -> None:
    """Run a cell twice on the real model, the second time with what the first kept; lm-eval with its `--use_cache`."""
    cell = CELLS["generate_mixed"]
    material = material_for(cell, bench)
    shutil.rmtree(bench.room / "caches", ignore_errors=True)
    (bench.room / "caches").mkdir(parents=True)
    found: dict[str, dict[str, float | int | None]] = {}
    for tool in ("chateval", "lm-eval"):
        size = None if tool == "chateval" else bench.state.best_size(f"{cell.rows} {cell.dtype}", tool) or 16
        job = Job(material, bench.room, batch_size=size, cache=f"again-{tool}")
        first, second = run_tool(tool, job), run_tool(tool, job)
        if first.fault or second.fault:
            raise RuntimeError(f"{tool}: {first.fault or second.fault}")
        found[tool] = {
            "first": round(first.seconds, 2),
            "second": round(second.seconds, 2),
            "load": second.load_seconds and round(second.load_seconds, 2),
            "n_generated": second.n_generated,
        }
        bench.say(f"again: {tool}: {found[tool]}")
    bench.state.figures["again"] = found


def adapters(bench: Bench) -> None:
    """Time base and a growing number of adapters in one run, each on 24 questions."""
    material = material_for(CELLS["choices_short"], bench, 24)
    found: dict[str, float] = {}
    for n in N_ADAPTERS[: 2 if bench.n_rows else None]:
        if bench.is_over():
            return
        checkpoints = ("base", *(f"lora{number}" for number in range(1, n + 1)))
        outcome = run_tool("chateval", Job(material, bench.room, checkpoints))
        if outcome.fault:
            raise RuntimeError(outcome.fault)
        found[str(n)] = round(outcome.seconds, 2)
        bench.say(f"adapters: {n}: {found[str(n)]} s")
    bench.state.figures["adapters"] = found


def overhead(bench: Bench) -> None:
    """Let overhead.py measure everything but the model, by stage."""
    sizes = ("100", "200") if bench.n_rows else ("1000", "10000", "100000")
    command = [PYTHONS["chateval"], "-m", "benchmarks.overhead", "--json", "--samples", *sizes]
    done = run(command, cwd=ROOT, extra={}, seconds=1800)
    if done.fault:
        raise RuntimeError(f"overhead.py: {done.fault}")
    bench.state.figures["overhead"] = json.loads(done.out)
    bench.say(f"overhead: {bench.state.figures['overhead']}")


def roofline(bench: Bench) -> None:
    """Compare the FLOP/s of long choices with those of matrix products of like shapes."""
    material = material_for(CELLS["choices_long"], bench, 16)
    command: list[str | Path] = [PYTHONS["chateval"], ROOT / "benchmarks" / "roofline.py", "--json"]
    command += ["--model", bench.room / "checkpoints" / "base", "--task", material.folder / "chateval"]
    found = {}
    for dtype in ("float32", "bfloat16"):
        done = run([*command, "--dtype", dtype], cwd=ROOT, extra={"PYTHONPATH": str(ROOT)}, seconds=900)
        if done.fault:
            raise RuntimeError(done.fault)
        found[dtype] = json.loads(done.out)
        bench.say(f"roofline: {dtype}: {found[dtype]}")
    bench.state.figures["roofline"] = found


FIGURES: Mapping[str, Callable[[Bench], None]] = {
    "samples": samples,
    "again": again,
    "adapters": adapters,
    "overhead": overhead,
    "roofline": roofline,
}
