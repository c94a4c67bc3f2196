"""Task + sample -> Prompt where the server of an endpoint makes text and ids of the messages."""

from collections.abc import Sequence

from chateval.records import Prompt, Sample, Task


def message_prompts(task: Task, samples: Sequence[Sample]) -> list[Prompt]:
    """Return the prompts of a task that generates, `decoding.repeats` of each sample, without text and ids."""
    return [
        Prompt(sample.id, sample.messages, text="", ids=(), decoding=task.decoding, repeat=repeat)
        for sample in samples
        for repeat in range(task.decoding.repeats)
    ]
