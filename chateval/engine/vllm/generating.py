"""Prompt -> one request of vLLM -> its answer, ended by our rules and told by our tokenizer."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chateval.engine.batch import error_response
from chateval.engine.stops import StopWatch, cut_at_stop, n_thinking_ids
from chateval.records import Finish, Prompt, Response
from chateval.template import Tokenizer
from chateval.template.answer import PLAIN, Thinking

Request = tuple[list[int], Any]
"""Ids and `vllm.SamplingParams`."""


NON_FINITE = "non-finite logits"
"""How the error of an answer begins whose logits were not."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the answers of a checkpoint are drawn, ended and read."""

    tokenizer: Tokenizer
    stop_ids: frozenset[int]
    settings: Mapping[str, Any]
    """What the checkpoint asks of its logits, as `vllm.SamplingParams` calls it."""
    marks: Thinking = PLAIN
    """Around thinking, inside of which no stop string ends the answer."""

    def decode_raw(self, ids: list[int]) -> str:
        """Return the text of ids, special tokens kept."""
        return self.decode(ids, skip_special_tokens=False)

    def decode(self, ids: list[int], *, skip_special_tokens: bool = True) -> str:
        """Return the text of ids."""
        return str(
            self.tokenizer.decode(ids, skip_special_tokens=skip_special_tokens, clean_up_tokenization_spaces=False)
        )


@dataclass(slots=True)
class Generating:
    """An answer under way."""

    prompt: Prompt
    manner: Manner
    ids: list[int] = field(default_factory=list)
    """New tokens, the end token included."""
    finish: Finish | None = None
    error: str = ""
    watch: StopWatch | None = None

    def requests(self) -> list[Request]:
        """Return what vLLM is asked: only our stop ids and limit end the answer, stop strings are looked for here."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        decoding = self.prompt.decoding
        params = SamplingParams(
            max_tokens=decoding.max_new_tokens,
            temperature=decoding.temperature,
            top_p=decoding.top_p,
            seed=seed_of(self.prompt) if decoding.temperature else None,
            ignore_eos=True,
            stop_token_ids=sorted(self.manner.stop_ids),
            detokenize=False,
            logprobs=0,  # of the token drawn: not a number where the logits are not finite
            flat_logprobs=True,
            output_kind=RequestOutputKind.DELTA if decoding.stop else RequestOutputKind.FINAL_ONLY,
            **self.manner.settings,
        )
        return [(list(self.prompt.ids), params)]

    def take(self, index: int, output: Any) -> bool:
        """Take what vLLM says of the request; return whether the answer has ended."""
        completion = output.outputs[0]
        found = completion.logprobs
        for place, token in enumerate(completion.token_ids):
            if math.isnan(found.logprobs[found.start_indices[place]]):
                self.finish, self.error = "error", f"{NON_FINITE} at step {len(self.ids) + 1}"
            else:
                self.ids.append(token)
                self.finish = self._finish(token)
            if self.finish is not None:
                return True
        if output.finished:
            n_tokens = len(self.ids)
            self.finish = "error"
            self.error = (
                f"vLLM ended the answer after {n_tokens} of {self.prompt.decoding.max_new_tokens} tokens "
                f"({completion.finish_reason}); is max_model_len too short?"
            )
        return bool(output.finished)

    def _finish(self, last: int) -> Finish | None:
        decoding = self.prompt.decoding
        if last in self.manner.stop_ids:
            return "eos"
        if decoding.stop:
            self.watch = self.watch or StopWatch(self.prompt, self.manner.marks)
            if self.watch.sees(self.ids, self.manner.decode_raw):
                return "stop"
        return "length" if len(self.ids) >= decoding.max_new_tokens else None

    def response(self) -> Response:
        """Return the answer."""
        prompt = self.prompt
        if self.finish is None or self.finish == "error":
            return error_response(prompt, self.error)
        said = self.ids[:-1] if self.finish == "eos" else self.ids
        text = self.manner.decode(said)
        if self.finish == "stop" and self.watch is not None:
            start = self.watch.answer_start(self.ids, self.manner.decode)
            text = cut_at_stop(text, prompt.decoding.stop, start=start)
        return Response(
            sample_id=prompt.sample_id,
            text=text,
            finish=self.finish,
            raw_text=self.manner.decode(self.ids, skip_special_tokens=False),
            output_ids=tuple(self.ids),
            n_prompt_tokens=len(prompt.ids),
            repeat=prompt.repeat,
            n_reasoning_tokens=n_thinking_ids(self.ids, self.manner.decode_raw, self.manner.marks, prompt.text),
        )


def seed_of(prompt: Prompt) -> int:
    """Return the seed of an answer's draws, a function of what was asked and of nothing else in the run."""
    return ((prompt.decoding.seed * 1_000_003 + prompt.repeat) ^ int(prompt.sample_id, 16)) % 2**63
