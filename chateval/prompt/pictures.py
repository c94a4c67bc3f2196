"""Images of a prompt: which it shows, and the ids that the processor of a checkpoint gives them."""

from collections.abc import Sequence
from dataclasses import replace

from chateval.errors import DataError, TemplateError
from chateval.media import seen_in
from chateval.messages import content_text, media_of, texts_of
from chateval.records import Message, Prompt, Sample
from chateval.template import Eyes


def as_text(messages: Sequence[Message], *, is_seeing: bool) -> tuple[Message, ...]:
    """Return the messages with contents of text parts as one text, which every template can write.

    Args:
        messages: Of a sample.
        is_seeing: Whether parts that are no text stay, for a template that has a place for them.
    """
    return tuple(
        {**message, "content": content_text(message)}
        if isinstance(message["content"], list) and not (is_seeing and media_of(message))
        else message
        for message in messages
    )


def with_pictures(prompt: Prompt, sample: Sample, eyes: Eyes | None) -> Prompt:
    """Return a prompt with the images of its messages, in ids that have room for them; what cannot be seen says why."""
    fault = _media_fault(sample.messages, eyes)
    if fault is not None:
        return replace(prompt, error=fault)
    images = seen_in(prompt.messages, sample.images)
    if eyes is None or not images:
        return prompt
    try:
        return replace(prompt, ids=eyes.ids(prompt.text, images), images=images)
    except (DataError, TemplateError) as error:
        return replace(prompt, images=images, error=str(error))


def _media_fault(messages: Sequence[Message], eyes: Eyes | None) -> str | None:
    """Return which part of the messages a checkpoint cannot be shown."""
    for index, message in enumerate(messages):
        for number, kind in media_of(message):
            if eyes is None or kind != "image":
                shown = "text" if eyes is None else "text and images"
                return f"messages[{index}].content[{number}] is of type {kind!r}; checkpoints are shown {shown} only"
        spelt = eyes.placeholder if eyes is not None else ""
        if spelt and any(spelt in text for text in texts_of(message)):
            return f"messages[{index}] spells {spelt}, which stands for an image"
    return None
