"""A loaded model at work: choices in packed passes, answers in one stream, and the plain way for what cannot pack."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from chateval.engine.base import Answer, Batch, Enough
from chateval.engine.batch import error_response, is_out_of_memory, respond_or_halve
from chateval.engine.choose import score_choices, split_choices
from chateval.engine.decode import Ending, Processors, Row
from chateval.engine.generate import Room, Stream
from chateval.engine.packing import NOTHING, Kept
from chateval.engine.passes import Passes
from chateval.engine.plain import generate_plainly, look, score_plainly
from chateval.engine.probe import can_pack
from chateval.engine.room import count_rows
from chateval.engine.stops import cut_at_stop, n_thinking_ids
from chateval.errors import ChatevalError, CheckpointError
from chateval.records import Prompt, Response, TemplateFacts
from chateval.template import Eyes, Tokenizer
from chateval.template.answer import marks_of

logger = logging.getLogger(__name__)


class Session:
    """Answers with a model that is ready: in memory, its adapter on or off."""

    def __init__(
        self, model: Any, tokenizer: Tokenizer, facts: TemplateFacts, *, name: str, eyes: Eyes | None = None
    ) -> None:
        self._model = model
        self._eyes = eyes
        self._tokenizer = tokenizer
        self._name = name
        self._ending = Ending(frozenset(facts.stop_ids), self._decode_raw, marks_of(facts))
        self._is_halved = False

    def respond(self, batches: Sequence[Batch], *, n_tokens: int) -> Iterator[list[Answer]]:
        """Yield choices batch by batch, then generated answers as they finish.

        Args:
            batches: Of any tasks; each batch all of choices or without any.
            n_tokens: Most tokens of a pass.

        Raises:
            CheckpointError: If a prompt has ids that the model does not embed.
        """
        self._check_vocabulary([prompt for batch in batches for prompt in batch.prompts])
        if self._eyes is not None or not can_pack(self._model):
            why = "images are not packed" if self._eyes is not None else "its attention is not packed"
            logger.warning("%s (%s): %s; one prompt at a time", self._name, type(self._model).__name__, why)
            for batch in batches:
                for prompt in batch.prompts:
                    yield [(prompt, self.respond_plainly(prompt))]
            return
        with Passes(self._model) as passes:
            yield from self._choose_all(passes, [batch for batch in batches if batch.prompts[0].choice_ids])
            generating = [batch for batch in batches if not batch.prompts[0].choice_ids]
            if generating:
                longest = max(len(p.ids) + p.decoding.max_new_tokens for b in generating for p in b.prompts)
                room = Room(count_rows(self._model, longest), n_tokens)
                stream = Stream(passes, self._ending, Processors(self._model.generation_config), room)
                for rows in stream.run(generating):
                    try:
                        yield [(row.prompt, self._response(row)) for row in rows]
                    except Enough:
                        stream.admit_no_more()

    def respond_plainly(self, prompt: Prompt) -> Response:
        """Return what transformers itself answers to one prompt; one that does not fit in memory is an error."""

        def answer(prompts: Sequence[Prompt]) -> list[Response]:
            [one] = prompts
            try:
                seen = look(self._eyes, one, self._model) if one.images else {}
            except ChatevalError as error:
                return [error_response(one, str(error))]
            if not one.choice_ids:
                return [self._response(generate_plainly(self._model, one, self._ending, seen))]
            found = tuple(score_plainly(self._model, one.ids, choice, seen) for choice in one.choice_ids)
            return [_chosen(one, found)]

        return respond_or_halve([prompt], answer, self._warn_halved)[0]

    def _check_vocabulary(self, prompts: Sequence[Prompt]) -> None:
        rows = self._model.get_input_embeddings().weight.shape[0]
        largest = max(max(ids) for prompt in prompts for ids in (prompt.ids, *prompt.choice_ids))
        if largest >= rows:
            raise CheckpointError(
                f"{self._name}: its tokenizer writes id {largest}, the model embeds {rows:,} ids; "
                "tokens were added without resizing the embeddings, or tokenizer and weights do not belong together"
            )

    def _choose_all(self, passes: Passes, batches: Sequence[Batch]) -> Iterator[list[Answer]]:
        head: tuple[int, ...] = ()
        before = NOTHING
        for batch in batches:
            shared = batch.prompts[0].ids[: batch.n_shared]
            if shared != head:
                head, before = shared, self._share(passes, shared)

            def choose(part: Sequence[Prompt], kept: Kept = before) -> list[Response]:
                return self._choose(passes, part, kept)

            responses = respond_or_halve(batch.prompts, choose, self._warn_halved)
            yield list(zip(batch.prompts, responses, strict=True))

    def _share(self, passes: Passes, ids: Sequence[int]) -> Kept:
        """Return what prompts begin with; nothing where that does not fit, so that each brings it by itself."""
        try:
            return passes.extend(NOTHING, ids)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        logger.warning("out of memory on the %d tokens that prompts share: they are not shared", len(ids))
        return NOTHING

    def _choose(self, passes: Passes, prompts: Sequence[Prompt], before: Kept) -> list[Response]:
        try:
            scored = score_choices(passes, prompts, before)
        except (MemoryError, RuntimeError) as error:
            if len(prompts) > 1 or len(prompts[0].choice_ids) < 2 or not is_out_of_memory(error):
                raise
            halves = [self._choose(passes, [half], before)[0] for half in split_choices(prompts[0])]
            scored = [halves[0].choice_logprobs + halves[1].choice_logprobs]
        return [_chosen(prompt, found) for prompt, found in zip(prompts, scored, strict=True)]

    def _warn_halved(self, n_prompts: int) -> None:
        if not self._is_halved:
            self._is_halved = True
            logger.warning("out of memory at %d prompts: the batch is halved", n_prompts)

    def _decode(self, ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        return str(
            self._tokenizer.decode(
                list(ids), skip_special_tokens=skip_special_tokens, clean_up_tokenization_spaces=False
            )
        )

    def _decode_raw(self, ids: Sequence[int]) -> str:
        return self._decode(ids, skip_special_tokens=False)

    def _response(self, row: Row) -> Response:
        prompt = row.prompt
        if row.finish == "error" or row.finish is None:
            return error_response(prompt, row.error or "decoding ended without a reason")
        text = self._decode(row.ids[:-1] if row.finish == "eos" else row.ids)
        if row.finish == "stop" and row.watch is not None:
            text = cut_at_stop(text, prompt.decoding.stop, start=row.watch.answer_start(row.ids, self._decode))
        return Response(
            sample_id=prompt.sample_id,
            text=text,
            finish=row.finish,
            raw_text=self._decode_raw(row.ids),
            output_ids=tuple(row.ids),
            n_prompt_tokens=len(prompt.ids),
            repeat=prompt.repeat,
            n_reasoning_tokens=n_thinking_ids(row.ids, self._decode_raw, self._ending.marks, prompt.text),
        )


def _chosen(prompt: Prompt, found: tuple[tuple[float, ...], ...]) -> Response:
    if any(value != value or value == float("-inf") for choice in found for value in choice):
        return error_response(prompt, "non-finite logits while scoring the choices")
    n_tokens = len(prompt.ids)
    return Response(prompt.sample_id, "", "eos", n_prompt_tokens=n_tokens, choice_logprobs=found, repeat=prompt.repeat)
