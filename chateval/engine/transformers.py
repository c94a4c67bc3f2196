"""Checkpoints answered by transformers. This module loads no model library; what it opens when asked does."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from chateval.engine.base import Answer, Batch
from chateval.engine.batch import plan_batches
from chateval.records import Checkpoint, Prompt, Response, TemplateFacts
from chateval.template import Eyes, Tokenizer

WAY = "packed-2"
"""How answers are computed; it changes whenever an answer could."""

_PASS_TOKENS = {"cpu": 2_048, "cuda": 8_192}
"""Tokens of one pass, beyond which a larger one gains nothing."""


class Weights(Protocol):
    """A model that several checkpoints may share: one loaded from files, or one in memory."""

    @property
    def device(self) -> str:
        """Kind of the device it is on: cpu, cuda, ..."""
        ...

    def use(self, adapter: Path | None, adapter_digest: str | None) -> AbstractContextManager[Any]:
        """Yield the model ready to answer, with its adapter on, or with all of them off."""
        ...


class TransformersEngine:
    """Answers for one checkpoint on weights that it may share with others."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        tokenizer: Tokenizer,
        facts: TemplateFacts,
        weights: Weights,
        *,
        eyes: Eyes | None = None,
    ) -> None:
        self._checkpoint = checkpoint
        self._tokenizer = tokenizer
        self._facts = facts
        self._weights = weights
        self._eyes = eyes

    @property
    def identity(self) -> dict[str, str]:
        """Engine, device, dtype and the versions of the libraries that compute."""
        libraries = ("torch", "transformers", *(("peft",) if self._checkpoint.kind == "lora" else ()))
        return {
            "engine": "transformers",
            "way": WAY,
            "device": self._weights.device,
            "dtype": self._checkpoint.dtype,
            **({} if self._eyes is None else {"eyes": self._eyes.kind, "pillow": version("pillow")}),
            **{name: version(name) for name in libraries},
        }

    @property
    def _n_tokens(self) -> int:
        return _PASS_TOKENS.get(self._weights.device, _PASS_TOKENS["cpu"])

    def plan(self, prompts: Sequence[Prompt]) -> list[Batch]:
        """Plan all that generate as one batch, and choices under a budget of tokens."""
        return plan_batches(prompts, n_tokens=self._n_tokens)

    def respond(self, batches: Iterable[Batch]) -> Iterator[list[Answer]]:
        """Yield choices batch by batch, then generated answers as they finish."""
        from chateval.engine.session import Session

        adapter = Path(self._checkpoint.path) if self._checkpoint.kind == "lora" else None
        with self._weights.use(adapter, self._checkpoint.adapter_digest) as model:
            session = Session(model, self._tokenizer, self._facts, name=self._checkpoint.name, eyes=self._eyes)
            yield from session.respond(list(batches), n_tokens=self._n_tokens)

    def respond_plainly(self, prompts: Sequence[Prompt]) -> list[Response]:
        """Return what transformers itself answers, one prompt and one choice at a time; slow, to check by."""
        from chateval.engine.session import Session

        adapter = Path(self._checkpoint.path) if self._checkpoint.kind == "lora" else None
        with self._weights.use(adapter, self._checkpoint.adapter_digest) as model:
            session = Session(model, self._tokenizer, self._facts, name=self._checkpoint.name, eyes=self._eyes)
            return [session.respond_plainly(prompt) for prompt in prompts]
