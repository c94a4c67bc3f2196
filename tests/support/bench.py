"""A small checkpoint at work: prompts asked of the engine of transformers, and of transformers itself."""

from dataclasses import replace
from pathlib import Path

import torch

from chateval.engine.transformers import TransformersEngine
from chateval.engine.weights import Weights
from chateval.records import Checkpoint, Decoding, Prompt
from chateval.template import find_facts, open_tokenizer

TEXTS = ["one", "the quick brown fox jumps over the lazy dog", "What is the capital of France? Paris", "yes no ten"]


class Asked(TransformersEngine):
    """The engine, asked for one list of prompts at a time."""

    def answer(self, prompts):
        found = {id(p): r for answers in self.respond(self.plan(prompts)) for p, r in answers}
        assert len(found) == len(prompts)
        return [found[id(prompt)] for prompt in prompts]


class Bench:
    """A checkpoint with its tokenizer, facts and engine, for a test."""

    def __init__(self, folder: Path, adapter: Path | None = None, weights: Weights | None = None) -> None:
        self.tokenizer = open_tokenizer(folder)
        self.facts = find_facts(self.tokenizer, source="tokenizer", eos_ids=[2])
        self.weights = weights or Weights(folder, dtype="float32")
        self.checkpoint = Checkpoint(
            name="tiny",
            kind="lora" if adapter else "chat",
            path=str(adapter or folder),
            base_path=str(folder) if adapter else None,
            adapter_digest=f"{adapter.name if adapter else ''}",
        )

    def engine(self, stop_ids=None) -> Asked:
        facts = self.facts if stop_ids is None else replace(self.facts, stop_ids=tuple(stop_ids))
        return Asked(self.checkpoint, self.tokenizer, facts, self.weights)

    def prompts(self, decoding: Decoding, texts=TEXTS) -> list[Prompt]:
        return [
            Prompt(f"{index:016x}", (), text, tuple(self.tokenizer(text)["input_ids"]), decoding)
            for index, text in enumerate(texts)
        ]

    def alone(self, prompt: Prompt, n: int) -> list[int]:
        """Return what transformers itself generates for one prompt."""
        with self.weights.use(None, None) as model:
            ids = torch.tensor([prompt.ids])
            output = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_new_tokens=n,
                eos_token_id=[2**31 - 1],
            )
        return output[0, ids.shape[1] :].tolist()
