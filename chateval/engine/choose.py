"""Log-probabilities of choices: many questions in one pass, each prompt once, with all its choices as branches."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from chateval.engine.packing import Kept, branch, bundles
from chateval.engine.passes import Passes
from chateval.records import Prompt

Logprobs = list[tuple[tuple[float, ...], ...]]
"""For each prompt, for each choice, of each token."""


def score_choices(passes: Passes, prompts: Sequence[Prompt], before: Kept) -> Logprobs:
    """Return the log-probability of each token of each choice after its prompt.

    Args:
        passes: Of the model.
        prompts: With choices; their first `before.n_tokens` ids are those that are kept.
        before: What all prompts begin with.
    """
    if len(prompts) == 1:
        before, own = passes.shorten(before, prompts[0].ids[before.n_tokens :])
        tails = [own]
    else:
        tails = [prompt.ids[before.n_tokens :] for prompt in prompts]
    rows = [
        (index, *branch(tail, prompt.choice_ids))
        for index, (tail, prompt) in enumerate(zip(tails, prompts, strict=True))
    ]
    rows.sort(key=lambda row: -row[1].n_tokens)
    wanted: list[int] = []
    asked: list[tuple[int, int]] = []
    sources: list[list[list[tuple[int, int]]]] = [[] for _ in prompts]
    start = 0
    for index, strand, places in rows:
        at = {place: len(wanted) + n for n, place in enumerate(sorted({p for path in places for p in path}))}
        wanted += [start + place for place in at]
        sources[index] = [
            list(zip((at[place] for place in path), choice, strict=True))
            for path, choice in zip(places, prompts[index].choice_ids, strict=True)
        ]
        asked += [pair for path in sources[index] for pair in path]
        start += strand.n_tokens
    logits = passes.run(bundles([strand for _, strand, _ in rows], start=0, before=before), wanted)
    found = dict(zip(asked, _logprobs(logits, asked), strict=True))
    return [tuple(tuple(found[pair] for pair in path) for path in of_prompt) for of_prompt in sources]


def _logprobs(logits: torch.Tensor, asked: Sequence[tuple[int, int]]) -> list[float]:
    """Return the log-probability of each (row, token), in float32."""
    rows, tokens = torch.tensor(asked, device=logits.device).T
    logits = logits.float()
    found = logits[rows, tokens] - logits.logsumexp(dim=-1)[rows]
    return found.tolist()  # type: ignore[no-any-return]


def split_choices(prompt: Prompt) -> tuple[Prompt, Prompt]:
    """Return the prompt with the first and with the second half of its choices."""
    middle = len(prompt.choice_ids) // 2
    return replace(prompt, choice_ids=prompt.choice_ids[:middle]), replace(
        prompt, choice_ids=prompt.choice_ids[middle:]
    )
