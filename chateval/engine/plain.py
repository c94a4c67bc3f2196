"""The plain way: `model.generate` and a forward pass for each choice, one prompt at a time, as transformers has them.

It is what packed answers are held against, and how models answer whose attention cannot be packed: those with a state
instead of keys and values, with soft caps or sinks, or with an attention of their own.
"""

import inspect
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList
from transformers import LogitsProcessor as _LogitsProcessor
from transformers import StoppingCriteria as _StoppingCriteria

from chateval.engine.decode import KEPT, Ending, Row, choose_next
from chateval.errors import TemplateError
from chateval.records import Prompt
from chateval.template import Eyes

NOTHING_SEEN: Mapping[str, Any] = MappingProxyType({})


def look(eyes: Eyes | None, prompt: Prompt, model: Any) -> dict[str, Any]:
    """Return what a model is given of the images of a prompt beside its ids, on its device and in its dtype.

    Raises:
        DataError: If an image is not what it was when the prompt was built.
        TemplateError: If its ids are not.
    """
    if eyes is None:
        raise TemplateError("a prompt with images for a model of texts")
    found = dict(eyes.look(prompt.text, prompt.images))
    ids = found.pop("input_ids")
    found.pop("attention_mask", None)
    if tuple(map(int, ids[0])) != prompt.ids:
        raise TemplateError("the processor gives the prompt other ids than when it was built")
    return {
        name: value.to(device=model.device, dtype=model.dtype if value.is_floating_point() else None)
        for name, value in found.items()
        if isinstance(value, torch.Tensor)
    }


def generate_plainly(model: Any, prompt: Prompt, ending: Ending, seen: Mapping[str, Any] = NOTHING_SEEN) -> Row:
    """Return the answer to one prompt from `model.generate`; `seen` is what `look` makes of its images."""
    row = Row(prompt)
    ids = torch.tensor([prompt.ids], device=model.device)
    config, own = _generation_config(model, prompt, ending), model.generation_config
    model.generation_config = config  # generate() fills what a given config leaves open from the model's own
    try:
        model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            **seen,
            generation_config=config,
            logits_processor=LogitsProcessorList([_Draw(row)]),
            stopping_criteria=StoppingCriteriaList([_Stop(row, ending)]),
        )
    finally:
        model.generation_config = own
    return row


def _generation_config(model: Any, prompt: Prompt, ending: Ending) -> GenerationConfig:
    """Return greedy settings with our stop set and limit, and what the checkpoint asks of the logits."""
    own = model.generation_config
    kept = {name: getattr(own, name) for name in KEPT if getattr(own, name, None) is not None}
    return GenerationConfig(
        **kept,
        do_sample=False,
        max_new_tokens=prompt.decoding.max_new_tokens,
        eos_token_id=sorted(ending.stop_ids) or [2**31 - 1],  # None would mean the model's own
        pad_token_id=0,  # one row is never padded
        use_cache=True,
    )


class _Draw(_LogitsProcessor):  # type: ignore[misc]
    """Leaves the token that the row takes as the highest; ends a row whose logits are not finite."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.Tensor:
        """Return scores whose argmax is the next token, [1, n_vocabulary]."""
        [token] = choose_next([self._row], scores)
        if token is None:
            self._row.fail(f"non-finite logits at step {len(self._row.ids) + 1}")
        return torch.zeros_like(scores).index_fill_(-1, torch.tensor(token or 0, device=scores.device), 1.0)


class _Stop(_StoppingCriteria):  # type: ignore[misc]
    """Ends the row as `Row.take` says."""

    def __init__(self, row: Row, ending: Ending) -> None:
        self._row = row
        self._ending = ending

    def __call__(self, input_ids: torch.LongTensor, scores: object, **kwargs: object) -> torch.BoolTensor:
        """Return whether it is done, [1]."""
        if self._row.finish is None:
            self._row.take(int(input_ids[0, -1]), self._ending)
        return torch.tensor([self._row.finish is not None], device=input_ids.device)


def score_plainly(
    model: Any, ids: Sequence[int], choice: Sequence[int], seen: Mapping[str, Any] = NOTHING_SEEN
) -> tuple[float, ...]:
    """Return the log-probability of each token of one choice after its prompt, in float32, from one forward pass."""
    # What says of each token whether it is of an image (`token_type_ids`) goes on with text, which is 0.
    longer = {
        name: torch.nn.functional.pad(value, (0, len(choice)))
        for name, value in seen.items()
        if value.shape == (1, len(ids)) and not value.is_floating_point()
    }
    options: dict[str, Any] = {"use_cache": False, **seen, **longer}
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        options["logits_to_keep"] = len(choice) + 1
    logits = model(input_ids=torch.tensor([[*ids, *choice]], device=model.device), **options).logits[0]
    targets = torch.tensor(choice, device=logits.device)[:, None]
    scores = logits[-len(choice) - 1 : -1].float().log_softmax(dim=-1)
    return tuple(scores.gather(-1, targets)[:, 0].tolist())
