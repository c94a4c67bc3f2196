"""What is measured: each cell with its sizes and the bars that it is held against."""

from collections.abc import Mapping
from dataclasses import dataclass

SIZES = (16, 8, 32, 4, 64, 1)
"""Batch sizes that a peer is tried at, the likely ones first: a slower one is broken off early."""

LADDER = ("base", "sft", "lora1", "lora2", "lora3", "lora4")


@dataclass(frozen=True, slots=True)
class Cell:
    """One comparison: the same rows, model and settings through several tools."""

    title: str
    rows: str
    """Name in `questions.QUESTIONS`."""
    bars: Mapping[str, float]
    """Peer -> least ratio of its time to chateval's; a peer without a bar is shown and not judged."""
    dtype: str = "float32"
    cap: int = 0
    """Most new tokens of an answer; 0 where something is chosen."""
    n_calibration: int = 32
    """Rows that batch sizes are tried on."""
    tool: str = "chateval"
    """What is compared with the peers."""
    checkpoints: tuple[str, ...] = ("base",)
    without_load: bool = False
    """Compare the time that answers took, without loading the model, instead of the whole process."""


def _chosen(title: str, rows: str, dtype: str, bar: float, n_calibration: int) -> Cell:
    peers = {"lm-eval": bar, "lighteval": bar}
    return Cell(title, rows, peers, dtype=dtype, n_calibration=n_calibration)


def _written(title: str, rows: str, cap: int, bar: float) -> Cell:
    return Cell(title, rows, {"lm-eval": bar, "lighteval": bar}, cap=cap, n_calibration=48)


def _vllm(title: str, rows: str, cap: int, bar: float) -> Cell:
    return Cell(title, rows, {"lm-eval": bar}, cap=cap, tool="chateval-vllm", without_load=True)


CELLS: Mapping[str, Cell] = {
    "choices_short": _chosen("100 questions × 4 short choices, float32", "choices_short", "float32", 4.0, 32),
    "choices_short_bf16": _chosen("100 questions × 4 short choices, bfloat16", "choices_short", "bfloat16", 3.5, 32),
    "choices_long": _chosen("50 questions behind 430 tokens × 4 choices, float32", "choices_long", "float32", 4.0, 16),
    "choices_long_bf16": _chosen("the same in bfloat16", "choices_long", "bfloat16", 3.5, 16),
    "generate_mixed": _written("64 answers of mixed length, at most 64 tokens", "generate_mixed", 64, 2.5),
    "generate_to_cap": _written("48 answers to the limit of 96 tokens", "generate_to_cap", 96, 1.5),
    "generate_mixed_vllm": _vllm("64 answers of mixed length through vLLM", "generate_mixed", 64, 3.0),
    "generate_to_cap_vllm": _vllm("48 answers to the limit through vLLM", "generate_to_cap", 96, 2.0),
    "ladder": Cell(
        "base, SFT and 4 LoRA on 100 questions; lm-eval runs once per model",
        "choices_short",
        {"lm-eval": 6.0},
        checkpoints=LADDER,
    ),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure of chateval's own, and the most or least that it may be."""

    title: str
    unit: str
    bound: float
    is_most: bool = True
    """False where the figure must be at least the bound."""


LIMITS: Mapping[str, Limit] = {
    "second_run": Limit("second run over 10,000 samples, nothing new, whole process", "s", 5.0),
    "rescore": Limit("`chateval score` of 10,000 answers × 3 scorers, whole process", "s", 5.0),
    "overhead": Limit(
        "everything but the model, for one more sample: the slower of 1,000 to 10,000 and 10,000 to 100,000", "ms", 0.3
    ),
    "roofline": Limit("share of a matrix product's FLOP/s that long choices reach, float32", "%", 60.0, is_most=False),
}
