"""Checkpoints answered by transformers, in batches; in float32 attention models answer as one prompt at a time."""

import inspect
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from chateval.engine.batch import error_response, plan_batches, respond_or_halve
from chateval.engine.decode import Row, RowLogits, RowStop, cut_at_stop
from chateval.engine.weights import Weights
from chateval.errors import CheckpointError
from chateval.records import Checkpoint, Prompt, Response, TemplateFacts
from chateval.template import Tokenizer

_READS_PROMPT = ("repetition_penalty", "no_repeat_ngram_size")
"""Settings of a generation_config that look at the prompt's ids: padding would change what they do."""

_KEPT = (*_READS_PROMPT, "bad_words_ids", "suppress_tokens", "begin_suppress_tokens", "sequence_bias")
"""Settings of a generation_config that are kept; the others are about drawing, lengths or ways of decoding."""


class TransformersEngine:
    """Answers for one checkpoint on weights that it may share with others."""

    def __init__(self, checkpoint: Checkpoint, tokenizer: Tokenizer, facts: TemplateFacts, weights: Weights) -> None:
        self._checkpoint = checkpoint
        self._tokenizer = tokenizer
        self._facts = facts
        self._weights = weights
        self._logged: set[str] = set()

    @property
    def identity(self) -> dict[str, str]:
        """Engine, device, dtype and the versions of the libraries that compute."""
        libraries = ("torch", "transformers", *(("peft",) if self._checkpoint.kind == "lora" else ()))
        return {
            "engine": "transformers",
            "device": self._weights.device.type,
            "dtype": self._checkpoint.dtype,
            **{name: version(name) for name in libraries},
        }

    def plan(self, prompts: Sequence[Prompt]) -> list[list[Prompt]]:
        """Split prompts into batches of like length."""
        return plan_batches(prompts)

    def respond(self, batch: Sequence[Prompt]) -> list[Response]:
        """Return one response per prompt, in their order."""
        adapter = Path(self._checkpoint.path) if self._checkpoint.kind == "lora" else None
        with self._weights.use(adapter, self._checkpoint.adapter_digest) as model:
            self._check_vocabulary(model, batch)
            choosing = bool(batch[0].choice_ids)

            def answer(part: Sequence[Prompt]) -> list[Response]:
                return self._choose(model, part) if choosing else self._generate(model, part)

            if not choosing and _reads_prompt(model.generation_config):
                parts = plan_batches(batch, equal_length=True)
                found = {
                    (response.sample_id, response.repeat): response
                    for part in parts
                    for response in respond_or_halve(part, answer, logged=self._logged)
                }
                return [found[prompt.sample_id, prompt.repeat] for prompt in batch]
            return respond_or_halve(batch, answer, logged=self._logged)

    def _check_vocabulary(self, model: Any, batch: Sequence[Prompt]) -> None:
        rows = model.get_input_embeddings().weight.shape[0]
        largest = max(max(ids) for prompt in batch for ids in (prompt.ids, *prompt.choice_ids))
        if largest >= rows:
            raise CheckpointError(
                f"{self._checkpoint.name}: its tokenizer writes id {largest}, the model embeds {rows:,} ids; "
                "tokens were added without resizing the embeddings, or tokenizer and weights do not belong together"
            )

    def _generate(self, model: Any, batch: Sequence[Prompt]) -> list[Response]:
        rows = [Row(prompt) for prompt in batch]
        ids, mask = self._pad_left([prompt.ids for prompt in batch])
        width = ids.shape[1]
        config, own = self._generation_config(model, batch), model.generation_config
        model.generation_config = config  # generate() fills what a given config leaves open from the model's own
        try:
            output = model.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=config,
                logits_processor=LogitsProcessorList([RowLogits(rows)]),
                stopping_criteria=StoppingCriteriaList([RowStop(rows, width, self._facts.stop_ids, self._decode_raw)]),
            )
        finally:
            model.generation_config = own
        new = output[:, width:].tolist()
        return [self._response(row, tuple(new[index][: row.n_tokens])) for index, row in enumerate(rows)]

    def _generation_config(self, model: Any, batch: Sequence[Prompt]) -> Any:
        """Return greedy settings with our stop set, the batch's limit, and what the checkpoint asks of the logits."""
        own = model.generation_config
        kept = {name: getattr(own, name) for name in _KEPT if getattr(own, name, None) is not None}
        return GenerationConfig(
            **kept,
            do_sample=False,
            max_new_tokens=max(prompt.decoding.max_new_tokens for prompt in batch),
            eos_token_id=list(self._facts.stop_ids) or [2**31 - 1],  # None would mean the model's own
            pad_token_id=self._pad_id,
            use_cache=True,
        )

    @property
    def _pad_id(self) -> int:
        """An id for masked places; which one does not matter, finished rows are cut by count and not by pad."""
        pad = self._tokenizer.pad_token_id
        return int(pad) if pad is not None else 0

    def _pad_left(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(row) for row in rows)
        ids = torch.tensor([[self._pad_id] * (width - len(row)) + list(row) for row in rows], dtype=torch.long)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], dtype=torch.long)
        return ids.to(self._weights.device), mask.to(self._weights.device)

    def _decode(self, ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        return str(
            self._tokenizer.decode(
                list(ids), skip_special_tokens=skip_special_tokens, clean_up_tokenization_spaces=False
            )
        )

    def _decode_raw(self, ids: Sequence[int]) -> str:
        return self._decode(ids, skip_special_tokens=False)

    def _response(self, row: Row, output_ids: tuple[int, ...]) -> Response:
        prompt = row.prompt
        if row.finish == "error" or row.finish is None:
            return error_response(prompt, row.error or "decoding ended without a reason")
        said = output_ids[:-1] if row.finish == "eos" else output_ids
        text = self._decode(said)
        return Response(
            sample_id=prompt.sample_id,
            text=cut_at_stop(text, prompt.decoding.stop) if row.finish == "stop" else text,
            finish=row.finish,
            raw_text=self._decode_raw(output_ids),
            output_ids=output_ids,
            n_prompt_tokens=len(prompt.ids),
            repeat=prompt.repeat,
        )

    def _choose(self, model: Any, batch: Sequence[Prompt]) -> list[Response]:
        rows = [(prompt.ids, choice) for prompt in batch for choice in prompt.choice_ids]
        logprobs = iter(self._logprobs(model, rows))
        responses = []
        for prompt in batch:
            found = tuple(next(logprobs) for _ in prompt.choice_ids)
            if any(value != value or value == -torch.inf for choice in found for value in choice):
                responses.append(error_response(prompt, "non-finite logits while scoring the choices"))
                continue
            responses.append(
                Response(
                    prompt.sample_id,
                    "",
                    "eos",
                    n_prompt_tokens=len(prompt.ids),
                    choice_logprobs=found,
                    repeat=prompt.repeat,
                )
            )
        return responses

    def _logprobs(self, model: Any, rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[tuple[float, ...]]:
        """Return the log-probability of each token of each continuation, after its prompt.

        Rows are padded on the left, so the continuations end together and the head runs on the last places only.
        """
        ids, mask = self._pad_left([[*prompt, *choice] for prompt, choice in rows])
        longest = max(len(choice) for _, choice in rows)
        positions = (mask.cumsum(dim=-1) - 1).clamp_min(0)
        options: dict[str, Any] = {"use_cache": False}
        if "logits_to_keep" in inspect.signature(model.forward).parameters:
            options["logits_to_keep"] = longest + 1
        logits = model(input_ids=ids, attention_mask=mask, position_ids=positions, **options).logits[
            :, -longest - 1 : -1
        ]
        targets = ids[:, -longest:]
        scores = logits.float().log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0].tolist()
        return [tuple(row[longest - len(choice) :]) for row, (_, choice) in zip(scores, rows, strict=True)]


def _reads_prompt(config: Any) -> bool:
    neutral = (None, 0, 1, 1.0)
    return any(getattr(config, name, None) not in neutral for name in _READS_PROMPT)
