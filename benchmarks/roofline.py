"""roofline.py --model FOLDER --task FOLDER: what share of a matrix product's FLOP/s chateval reaches on choices.

What it computes is counted by torch in one pass (`FlopCounterMode`: products, attention and the head where it runs),
so a token that is not computed counts for nothing. The product it is held against has the shape of the model's largest
layer, the same dtype, as many tokens as a pass, and runs in the same process in turn with it.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from chateval.config import Suite, parse_checkpoint
from chateval.engine import Batch, Engine
from chateval.pipeline import local_engines
from chateval.pipeline.prepare import Plan, prepare

N_TOKENS = 2_048
"""Rows of the product: about the tokens of one pass."""


class _Silent:
    """A watcher that says nothing."""

    def stage(self, text: str) -> None: ...

    def begin(self, checkpoint: str, task: str, n_total: int, n_stored: int) -> None: ...

    def advance(self, n: int) -> None: ...


def measure(model: Path, task: Path, *, dtype: str, repeats: int = 5) -> dict[str, float]:
    """Return the rates of chateval and of the product, and their ratio.

    Args:
        model: Folder of a checkpoint.
        task: Folder of a task that chooses.
        dtype: float32 or bfloat16.
        repeats: Timed runs of each, in turn.
    """
    spec = replace(parse_checkpoint(f"model={model}"), dtype=dtype)
    suite = Suite(checkpoints=(spec,), tasks=(str(task.resolve()),), baseline="model")
    with tempfile.TemporaryDirectory() as cache, local_engines() as open_engine:
        plan = prepare(suite, cache_dir=Path(cache), watcher=_Silent())
        engine = open_engine(plan.subjects[0])
        batches = engine.plan(_prompts(plan))
        _answer(engine, batches)  # loads the model
        with FlopCounterMode(display=False) as counter:
            _answer(engine, batches)
        product, product_flops = _product(model, dtype)
        shares, rates, roofs = [], [], []
        for _ in range(repeats):
            roof = product_flops / _seconds(product)
            rate = counter.get_total_flops() / _seconds(lambda: _answer(engine, batches))
            shares.append(100 * rate / roof)
            rates.append(rate / 1e9)
            roofs.append(roof / 1e9)
    return {
        "counted_gflop": counter.get_total_flops() / 1e9,
        "chateval_gflops": median(rates),
        "product_gflops": median(roofs),
        "share": median(shares),
        "least": min(shares),
        "most": max(shares),
    }


def _prompts(plan: Plan) -> list[Any]:
    [prompts] = plan.prompts.values()
    return list(prompts)


def _answer(engine: Engine, batches: Sequence[Batch]) -> None:
    for _ in engine.respond(batches):
        pass


def _product(model: Path, dtype: str) -> tuple[Callable[[], None], float]:
    """Return a run of products of the shape of the model's largest layer, and its FLOP."""
    config = json.loads((model / "config.json").read_text("utf-8"))
    wide, narrow, layers = config["intermediate_size"], config["hidden_size"], config["num_hidden_layers"]
    kind = getattr(torch, dtype)
    tokens = torch.randn(N_TOKENS, narrow, dtype=kind)
    weights = [torch.randn(wide, narrow, dtype=kind) for _ in range(layers)]

    def run() -> None:
        with torch.inference_mode():
            for _ in range(4):
                for weight in weights:
                    torch.nn.functional.linear(tokens, weight)

    run()
    return run, 4.0 * layers * 2 * N_TOKENS * wide * narrow


def _seconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Print the figures, as a sentence or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.model, arguments.task, dtype=arguments.dtype, repeats=arguments.repeats)
    if arguments.json:
        print(json.dumps({name: round(value, 2) for name, value in found.items()}))
    else:
        print(
            f"{arguments.dtype}: {found['chateval_gflops']:.0f} GFLOP/s, "
            f"a matrix product {found['product_gflops']:.0f}: {found['share']:.0f} % "
            f"[{found['least']:.0f}, {found['most']:.0f}]"
        )


if __name__ == "__main__":
    main()
