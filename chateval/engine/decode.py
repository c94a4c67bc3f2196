"""Control of one answer while it is decoded: limits, stop strings, non-finite logits, seeded draws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from chateval.engine.stops import StopWatch
from chateval.records import Finish, Prompt
from chateval.template.answer import PLAIN, Thinking

KEPT = (
    "repetition_penalty",
    "no_repeat_ngram_size",
    "bad_words_ids",
    "suppress_tokens",
    "begin_suppress_tokens",
    "sequence_bias",
)
"""Settings of a generation_config that are kept; the others are about drawing, lengths or ways of decoding."""

_NEUTRAL = (None, 0, 1, 1.0)


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends an answer, beside the limit of its task."""

    stop_ids: frozenset[int]
    decode: Callable[[list[int]], str]
    """Text of ids, special tokens kept."""
    marks: Thinking = PLAIN
    """Around thinking, inside of which no stop string ends the answer."""


@dataclass(slots=True)
class Row:
    """How far the answer to one prompt has come."""

    prompt: Prompt
    n_shared: int = 0
    """Ids that its prompt shares with the others of its task."""
    ids: list[int] = field(default_factory=list)
    """New tokens, the end token included."""
    finish: Finish | None = None
    error: str | None = None
    generator: torch.Generator | None = None
    watch: StopWatch | None = None
    """Looks for the stop strings, from the first token on; None where there are none."""

    def __post_init__(self) -> None:
        self.generator = _generator(self.prompt)

    @property
    def n_tokens(self) -> int:
        """Tokens of prompt and answer."""
        return len(self.prompt.ids) + len(self.ids)

    def take(self, token: int, ending: Ending) -> None:
        """Take the next token and see whether it ends the answer."""
        self.ids.append(token)
        self.finish = self._finish(token, ending)

    def fail(self, reason: str) -> None:
        """End with a fault."""
        self.finish, self.error = "error", reason

    def _finish(self, last: int, ending: Ending) -> Finish | None:
        decoding = self.prompt.decoding
        if last in ending.stop_ids:
            return "eos"
        if decoding.stop:
            self.watch = self.watch or StopWatch(self.prompt, ending.marks)
            if self.watch.sees(self.ids, ending.decode):
                return "stop"
        return "length" if len(self.ids) >= decoding.max_new_tokens else None


def choose_next(rows: Sequence[Row], logits: torch.Tensor, processors: "Processors | None" = None) -> list[int | None]:
    """Return the next token of each row; None where the logits are not finite.

    A draw is the Gumbel trick with a generator per row: the highest of (logits / temperature + noise) is a sample of
    the softmax, so neither the batch nor its order changes what a row gets.

    Args:
        rows: Answers under way.
        logits: [rows, n_vocabulary], in any dtype.
        processors: What the checkpoint asks of its logits; None where transformers has done it.
    """
    scores = logits.float()
    if processors:
        scores = torch.cat([processors(row, scores[index : index + 1]) for index, row in enumerate(rows)])
    drawn = [index for index, row in enumerate(rows) if row.generator is not None]
    top, best = _highest(scores)
    if drawn:
        finite = torch.isfinite(top)
        scores = scores.clone()
        for index in drawn:
            row = rows[index]
            if row.generator is not None and bool(finite[index]):
                decoding = row.prompt.decoding
                scores[index] = _draw(scores[index], decoding.temperature, decoding.top_p, row.generator)
        best = scores.argmax(dim=-1)
    finite_rows = torch.isfinite(top).tolist()
    return [token if finite else None for token, finite in zip(best.tolist(), finite_rows, strict=True)]


def _highest(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the highest score of each row and where it is; one that is not finite stands for its whole row."""
    best = scores.argmax(dim=-1)  # NaN counts as the highest
    return scores.gather(-1, best[:, None])[:, 0], best


class Processors:
    """What a generation_config asks of the logits, applied to one row with its own ids, without padding."""

    def __init__(self, config: Any) -> None:
        found: dict[str, Any] = {name: getattr(config, name, None) for name in KEPT}
        self._settings = {name: value for name, value in found.items() if value not in _NEUTRAL}

    def __bool__(self) -> bool:
        return bool(self._settings)

    def __call__(self, row: Row, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores of a row, [1, n_vocabulary], as the checkpoint wants them."""
        import transformers

        ids = torch.tensor([[*row.prompt.ids, *row.ids]], device=scores.device)
        options = {"device": str(scores.device)}
        for name, value in self._settings.items():
            if name == "repetition_penalty":
                processor = transformers.RepetitionPenaltyLogitsProcessor(penalty=float(value))
            elif name == "no_repeat_ngram_size":
                processor = transformers.NoRepeatNGramLogitsProcessor(int(value))
            elif name == "bad_words_ids":
                processor = transformers.NoBadWordsLogitsProcessor(value)
            elif name == "suppress_tokens":
                processor = transformers.SuppressTokensLogitsProcessor(value, **options)
            elif name == "begin_suppress_tokens":
                begin = len(row.prompt.ids)
                processor = transformers.SuppressTokensAtBeginLogitsProcessor(value, begin, **options)
            else:
                processor = transformers.SequenceBiasLogitsProcessor(value)
            scores = processor(ids, scores)
        return scores


def _generator(prompt: Prompt) -> torch.Generator | None:
    if prompt.decoding.temperature == 0:
        return None
    seed = (prompt.decoding.seed * 1_000_003 + prompt.repeat) ^ int(prompt.sample_id, 16)
    return torch.Generator().manual_seed(seed % 2**63)


def _draw(scores: torch.Tensor, temperature: float, top_p: float, generator: torch.Generator) -> torch.Tensor:
    scaled = scores.float() / temperature
    if top_p < 1:
        ordered, order = scaled.sort(descending=True)
        before = ordered.softmax(dim=-1).cumsum(dim=-1) - ordered.softmax(dim=-1)
        scaled = scaled.index_fill(0, order[before >= top_p], -torch.inf)
    uniform = torch.rand(scaled.shape, generator=generator, dtype=torch.float64).clamp_min(1e-300)
    return scaled - torch.log(-torch.log(uniform)).to(scaled)
