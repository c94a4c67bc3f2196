"""Per-row control of decoding inside one batch: limits, stop strings, non-finite logits, seeded draws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import LogitsProcessor, StoppingCriteria

from chateval.records import Finish, Prompt


@dataclass(slots=True)
class Row:
    """How far one row of a batch has come."""

    prompt: Prompt
    finish: Finish | None = None
    n_tokens: int = 0
    """New tokens when it finished, the end token included."""
    error: str | None = None


class RowStop(StoppingCriteria):  # type: ignore[misc]
    """Ends each row for its own reason and remembers which: end token, stop string, limit or fault."""

    def __init__(
        self, rows: Sequence[Row], prompt_width: int, stop_ids: Sequence[int], decode: Callable[[list[int]], str]
    ):
        self._rows = rows
        self._width = prompt_width
        self._stop_ids = frozenset(stop_ids)
        self._decode = decode

    def __call__(self, input_ids: torch.LongTensor, scores: object, **kwargs: object) -> torch.BoolTensor:
        """Return which rows are done, shape [rows]."""
        n_new = input_ids.shape[1] - self._width
        last = input_ids[:, -1].tolist()
        for index, row in enumerate(self._rows):
            if row.finish is None:
                row.finish = self._finish(row, last[index], n_new, input_ids[index])
                row.n_tokens = n_new
        done = [row.finish is not None for row in self._rows]
        return torch.tensor(done, dtype=torch.bool, device=input_ids.device)

    def _finish(self, row: Row, last: int, n_new: int, ids: torch.Tensor) -> Finish | None:
        decoding = row.prompt.decoding
        if row.error is not None:
            return "error"
        if last in self._stop_ids:
            return "eos"
        if decoding.stop:
            # A stop string of n characters spans at most n tokens that show; a few more may show nothing.
            longest = max(len(stop) for stop in decoding.stop)
            tail = self._decode(ids[self._width :][-(longest + 16) :].tolist())
            if any(stop in tail for stop in decoding.stop):
                return "stop"
        return "length" if n_new >= decoding.max_new_tokens else None


class RowLogits(LogitsProcessor):  # type: ignore[misc]
    """Marks rows whose logits are not finite, and draws for rows with a temperature.

    Drawing is the Gumbel trick with a generator per row: the highest of (logits / temperature + noise) is a sample
    of the softmax, so greedy search draws it, and neither the batch nor its order changes what a row gets.
    """

    def __init__(self, rows: Sequence[Row]):
        self._rows = rows
        self._step = 0
        self._generators = [_generator(row.prompt) for row in rows]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.Tensor:
        """Return scores whose argmax is the next token, shape [rows, vocabulary]."""
        self._step += 1
        broken = (torch.isnan(scores) | (scores == torch.inf)).any(dim=-1) | (scores == -torch.inf).all(dim=-1)
        if bool(broken.any()):
            scores = torch.where(broken[:, None], torch.zeros_like(scores), scores)
            for index in broken.nonzero().flatten().tolist():
                if self._rows[index].finish is None:
                    self._rows[index].error = f"non-finite logits at step {self._step}"
        for index, generator in enumerate(self._generators):
            if generator is not None and self._rows[index].finish is None:
                decoding = self._rows[index].prompt.decoding
                scores[index] = _draw(scores[index], decoding.temperature, decoding.top_p, generator)
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


def cut_at_stop(text: str, stops: Sequence[str]) -> str:
    """Return the text up to the first stop string."""
    places = [text.find(stop) for stop in stops if stop in text]
    return text[: min(places)] if places else text
