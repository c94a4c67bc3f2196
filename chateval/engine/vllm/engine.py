"""Checkpoints answered by vLLM, which batches and caches by itself; answers come as they end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

from chateval.engine.base import Answer, Batch
from chateval.engine.batch import error_response
from chateval.engine.vllm.choosing import Choosing
from chateval.engine.vllm.environment import device_type, vllm_version
from chateval.engine.vllm.generating import NON_FINITE, Generating, Manner
from chateval.engine.vllm.models import Models, adapter_rank
from chateval.errors import CheckpointError, first_line
from chateval.records import Checkpoint, Prompt, TemplateFacts
from chateval.template import Tokenizer, read_json
from chateval.template.answer import marks_of

MOST_WAITING = 1024
"""Prompts that vLLM holds at a time: enough to fill its batches, few enough to forget."""

MOST_SECOND_LOOKS = 32
"""Prompts that are asked again by themselves; more than that and the model is at fault."""

_NO_ANSWER = frozenset({"gpu_memory_utilization", "kv_cache_memory_bytes", "max_model_len", "max_num_seqs"})
"""Options that say how much fits, not what is answered."""

_NEUTRAL: tuple[Any, ...] = (None, 0, 1, 1.0, [], {})
_UNKNOWN_TO_VLLM = (
    "no_repeat_ngram_size",
    "bad_words_ids",
    "suppress_tokens",
    "begin_suppress_tokens",
    "sequence_bias",
)
"""Settings of a generation_config that the transformers engine keeps and vLLM has not."""


class VllmEngine:
    """Answers for one checkpoint on a model that it may share with others."""

    def __init__(self, checkpoint: Checkpoint, tokenizer: Tokenizer, facts: TemplateFacts, models: Models) -> None:
        self._checkpoint = checkpoint
        self._tokenizer = tokenizer
        self._facts = facts
        self._models = models

    @property
    def identity(self) -> dict[str, str]:
        """Engine, device, dtype, versions of the libraries that compute, and the user's options that change answers."""
        found = vllm_version()
        options = {name: str(value) for name, value in sorted(self._models.options.items()) if name not in _NO_ANSWER}
        return {
            "engine": "vllm",
            "device": device_type(found),
            "dtype": self._checkpoint.dtype,
            "vllm": found,
            **{name: version(name) for name in ("torch", "transformers")},
            **options,
        }

    def plan(self, prompts: Sequence[Prompt]) -> list[Batch]:
        """Return one batch, in an order that brings prompts with one beginning together, for the prefix cache."""
        ordered = sorted(prompts, key=lambda prompt: (prompt.ids, prompt.sample_id, prompt.repeat))
        return [Batch(tuple(ordered))] if ordered else []

    def respond(self, batches: Iterable[Batch]) -> Iterator[list[Answer]]:
        """Yield answers as they end.

        Raises:
            ConfigError: If an option is none of `vllm.LLM`.
            CheckpointError: If vLLM cannot load the checkpoint, or cannot decode as it asks.
        """
        prompts = [prompt for batch in batches for prompt in batch.prompts]
        if not prompts:
            return
        checkpoint = self._checkpoint
        weights = Path(checkpoint.base_path or checkpoint.path)
        settings = _settings_of(weights)
        adapter = Path(checkpoint.path) if checkpoint.kind == "lora" else None
        llm = self._models.open(
            weights,
            dtype=checkpoint.dtype,
            n_tokens=max(_n_tokens(prompt) for prompt in prompts),
            context_tokens=checkpoint.context_tokens,
            rank=adapter_rank(adapter) if adapter else 0,
        )
        lora = self._models.put_on(adapter, checkpoint.adapter_digest or "") if adapter else None
        n_vocabulary = llm.llm_engine.model_config.get_vocab_size()
        self._check_vocabulary(prompts, n_vocabulary)
        stop_ids = frozenset(number for number in self._facts.stop_ids if number < n_vocabulary)
        manner = Manner(self._tokenizer, stop_ids, settings, marks_of(self._facts))
        yield from answer_clean(llm, prompts, manner, lora)

    def _check_vocabulary(self, prompts: Sequence[Prompt], n_vocabulary: int) -> None:
        largest = max(max(ids, default=0) for prompt in prompts for ids in (prompt.ids, *prompt.choice_ids))
        if largest >= n_vocabulary:
            raise CheckpointError(
                f"{self._checkpoint.name}: its tokenizer writes id {largest}, the model embeds {n_vocabulary:,} ids; "
                "tokens were added without resizing the embeddings, or tokenizer and weights do not belong together"
            )


def answer_clean(llm: Any, prompts: Sequence[Prompt], manner: Manner, lora: Any) -> Iterator[list[Answer]]:
    """Yield the answers to prompts; those with logits that are not finite after a second look, by themselves.

    vLLM uses blocks of its cache again as they are, and on a processor NaN of one prompt reaches others from there.
    """

    def ask(asked: Sequence[Prompt]) -> Iterator[list[Answer]]:
        jobs = (Choosing(p) if p.choice_ids else Generating(p, manner) for p in asked)
        return answer(llm.llm_engine, jobs, lora)

    suspect: list[Answer] = []
    for answers in ask(prompts):
        fine: list[Answer] = []
        for one in answers:
            (suspect if (one[1].error or "").startswith(NON_FINITE) else fine).append(one)
        yield fine
    for prompt, _ in suspect[:MOST_SECOND_LOOKS]:
        _wipe_cache(llm)
        yield from ask([prompt])
    if suspect:
        _wipe_cache(llm)
        yield suspect[MOST_SECOND_LOOKS:]


def _wipe_cache(llm: Any) -> None:
    llm.reset_prefix_cache()
    llm.collective_rpc(_wipe)


def _wipe(worker: Any) -> None:
    for tensor in worker.model_runner.kv_caches:
        tensor.zero_()


def answer(engine: Any, jobs: Iterator[Generating | Choosing], lora: Any) -> Iterator[list[Answer]]:
    """Keep vLLM supplied and yield what has ended after each of its steps; what is left is dropped if it is closed.

    Args:
        engine: A `vllm.LLMEngine` with nothing to do.
        jobs: Answers to be had.
        lora: The adapter that is on, a `LoRARequest`; None for the weights as they are.
    """
    numbers = count()
    open_requests: dict[str, tuple[Generating | Choosing, int]] = {}
    try:
        while True:
            refused = _supply(engine, jobs, lora, open_requests, numbers)
            if refused:
                yield refused
            if not open_requests:
                return
            finished: list[Answer] = []
            over: list[str] = []
            for output in _step(engine, open_requests):
                asked = open_requests.get(output.request_id)
                if asked is None:
                    continue  # what vLLM had computed of a request that a stop string has ended
                job, index = asked
                has_ended = job.take(index, output)
                if has_ended:
                    finished.append((job.prompt, job.response()))
                if has_ended or output.finished:
                    del open_requests[output.request_id]
                    over += [] if output.finished else [output.request_id]
            if over:
                engine.abort_request(over)
            if finished:
                yield finished
    finally:
        if open_requests:
            engine.abort_request(list(open_requests))


def _step(engine: Any, open_requests: dict[str, tuple[Generating | Choosing, int]]) -> list[Any]:
    try:
        return list(engine.step())
    except Exception as error:  # of a kernel, a worker, or memory that ran out; the engine is of no use after it
        open_requests.clear()
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise CheckpointError(f"vLLM broke off: {said}") from error


def _supply(
    engine: Any,
    jobs: Iterator[Generating | Choosing],
    lora: Any,
    open_requests: dict[str, tuple[Generating | Choosing, int]],
    numbers: Iterator[int],
) -> list[Answer]:
    """Give vLLM requests until it holds enough; return the answers of prompts that it refuses."""
    from vllm.exceptions import VLLMValidationError

    refused: list[Answer] = []
    while len(open_requests) < MOST_WAITING and (job := next(jobs, None)) is not None:
        added: list[str] = []
        try:
            for index, (ids, params) in enumerate(job.requests()):
                name = str(next(numbers))
                engine.add_request(name, {"prompt_token_ids": ids}, params, lora_request=lora)
                added.append(name)
                open_requests[name] = (job, index)
        except (ValueError, VLLMValidationError) as error:
            engine.abort_request(added)
            for name in added:
                del open_requests[name]
            refused.append((job.prompt, error_response(job.prompt, f"vLLM refuses it: {first_line(error)}")))
        else:
            if not added:
                refused.append((job.prompt, job.response()))
    return refused


def _n_tokens(prompt: Prompt) -> int:
    """Return the most tokens that prompt and answer, or prompt and choice, come to."""
    longest = max((len(ids) for ids in prompt.choice_ids), default=prompt.decoding.max_new_tokens)
    return len(prompt.ids) + max(1, longest)


def _settings_of(weights: Path) -> Mapping[str, Any]:
    """Return what a checkpoint's generation_config asks of the logits, as vLLM calls it."""
    path = weights / "generation_config.json"
    config = read_json(path)
    asked = [name for name in _UNKNOWN_TO_VLLM if config.get(name) not in _NEUTRAL]
    if asked:
        raise CheckpointError(f"{path}: {asked[0]}: vLLM has no such setting; use --engine transformers")
    penalty = config.get("repetition_penalty")
    return {} if penalty is None or penalty in _NEUTRAL else {"repetition_penalty": float(penalty)}
