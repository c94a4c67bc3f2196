"""An engine without a model, for tests and for trying out a task."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from chateval.engine.base import Answer, Batch
from chateval.engine.batch import error_response
from chateval.records import Prompt, Response


class FakeEngine:
    """Answers each prompt with `reply(prompt)`; choices get the log-probabilities of `score(prompt)`."""

    identity = {"engine": "fake"}  # noqa: RUF012 - the protocol has it as a property

    def __init__(
        self,
        reply: Callable[[Prompt], str] = lambda prompt: prompt.text,
        score: Callable[[Prompt], Sequence[float]] | None = None,
        *,
        batch_size: int = 4,
    ) -> None:
        self._reply = reply
        self._score = score or (lambda prompt: [-float(index) for index in range(len(prompt.choice_ids))])
        self._batch_size = batch_size
        self.n_calls = 0

    def plan(self, prompts: Sequence[Prompt]) -> list[Batch]:
        """Split prompts into batches of `batch_size`, in order."""
        size = self._batch_size
        return [Batch(tuple(prompts[start : start + size])) for start in range(0, len(prompts), size)]

    def respond(self, batches: Iterable[Batch]) -> Iterator[list[Answer]]:
        """Yield a batch of finished answers at a time; what `reply` raises becomes that prompt's error."""
        for batch in batches:
            yield [(prompt, self._respond(prompt)) for prompt in batch.prompts]

    def _respond(self, prompt: Prompt) -> Response:
        self.n_calls += 1
        try:
            if prompt.choice_ids:
                logprobs = tuple((float(value),) for value in self._score(prompt))
                return Response(prompt.sample_id, "", "eos", choice_logprobs=logprobs, repeat=prompt.repeat)
            text = self._reply(prompt)
        except RuntimeError as error:
            return error_response(prompt, str(error))
        return Response(
            prompt.sample_id, text, "eos", raw_text=text, n_prompt_tokens=len(prompt.ids), repeat=prompt.repeat
        )
