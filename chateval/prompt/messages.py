"""Task + sample -> Prompt where the server of an endpoint makes text and ids of the messages."""

from collections.abc import Sequence

from chateval.media import heard_in, seen_in
from chateval.prompt.tools import NOTHING, place_tools
from chateval.records import Message, Prompt, Sample, Task


def message_prompts(task: Task, samples: Sequence[Sample]) -> list[Prompt]:
    """Return the prompts of a task that generates, `decoding.repeats` of each sample, without text and ids."""
    return [
        Prompt(
            sample.id,
            sample.messages,
            text="",
            ids=(),
            decoding=task.decoding,
            repeat=repeat,
            images=seen_in(sample.messages, sample.images),
            sounds=heard_in(sample.messages, sample.sounds),
        )
        for sample in samples
        for repeat in range(task.decoding.repeats)
    ]


def _messages(task: Task, sample: Sample) -> tuple[Message, ...]:
    has_tools = task.dialogue is not None and bool(sample.tools)
    return place_tools(sample.messages, sample.tools, NOTHING) if has_tools else sample.messages
