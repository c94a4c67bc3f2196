"""The token budget of a prompt: what does not fit is an error, or loses its oldest turns or its middle, and says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chateval.records import Message, Picture, Prompt, Sample

OverflowPolicy = Literal["error", "drop_oldest_turns", "truncate_middle"]

GAP = "\n[...]\n"
"""Stands where the middle of a message was."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Messages as the template carries them, their text, and its ids."""

    messages: tuple[Message, ...]
    text: str
    ids: tuple[int, ...]
    images: tuple[Picture, ...] = ()


Show = Callable[[Sequence[Message]], Shown]


def fit(prompt: Prompt, sample: Sample, n_answer: int, limit: int | None, policy: OverflowPolicy, show: Show) -> Prompt:
    """Return the prompt if it fits, else as the policy has it; one that cannot be sent says why.

    Args:
        prompt: With the whole messages of its sample.
        sample: Whose messages are shortened.
        n_answer: Tokens that must be left for the answer.
        limit: Most tokens of prompt and answer together; None is no limit.
        policy: What to do where that is too little.
        show: Messages -> what the checkpoint would see of them.
    """
    room = None if limit is None else limit - n_answer
    if room is None or len(prompt.ids) <= room:
        return prompt
    cut = None
    if policy == "drop_oldest_turns":
        cut = _drop_oldest_turns(prompt, sample, room, show)
    elif policy == "truncate_middle":
        cut = _truncate_middle(prompt, sample, room, show)
    if cut is not None:
        return cut
    return replace(
        prompt,
        error=f"{len(prompt.ids):,} prompt tokens and {n_answer} for the answer exceed the checkpoint's limit of "
        f"{limit:,}",
    )


def _drop_oldest_turns(prompt: Prompt, sample: Sample, room: int, show: Show) -> Prompt | None:
    """Drop whole turns from the front, system messages kept, until the rest fits and a user speaks first."""
    system = [message for message in sample.messages if message["role"] == "system"]
    turns = [message for message in sample.messages if message["role"] != "system"]
    for first in range(1, len(turns)):
        if turns[first]["role"] != "user":
            continue
        shown = show((*system, *turns[first:]))
        if len(shown.ids) <= room:
            cut = f"the first {first} of {len(turns)} turns"
            return _cut(prompt, shown, first, cut)
    return None


def _truncate_middle(prompt: Prompt, sample: Sample, room: int, show: Show) -> Prompt | None:
    """Take out as little as possible of the middle of the longest text that is no system message."""
    lengths = {
        index: len(message["content"])
        for index, message in enumerate(sample.messages)
        if message["role"] != "system" and isinstance(message["content"], str)
    }
    if not lengths:
        return None
    place = max(lengths, key=lambda index: lengths[index])
    content = str(sample.messages[place]["content"])

    def shown_with(n_kept: int) -> Shown:
        shorter = {**sample.messages[place], "content": _without_middle(content, n_kept)}
        return show((*sample.messages[:place], shorter, *sample.messages[place + 1 :]))

    low, high, best = 0, len(content) - 1, None
    while low <= high:
        middle = (low + high) // 2
        shown = shown_with(middle)
        if len(shown.ids) <= room:
            best, low = (middle, shown), middle + 1
        else:
            high = middle - 1
    if best is None:
        return None
    n_kept, shown = best
    cut = f"{len(content) - n_kept:,} of {len(content):,} characters from the middle of messages[{place}]"
    return _cut(prompt, shown, 1, cut)


def _cut(prompt: Prompt, shown: Shown, n_cut: int, cut: str) -> Prompt:
    return replace(
        prompt, messages=shown.messages, text=shown.text, ids=shown.ids, images=shown.images, n_cut=n_cut, cut=cut
    )


def _without_middle(text: str, n_kept: int) -> str:
    """Return the first and the last characters of a text, `n_kept` together, around `GAP`."""
    n_head = (n_kept + 1) // 2
    return text[:n_head] + GAP + text[len(text) - (n_kept - n_head) :]
