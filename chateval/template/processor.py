"""The processor of a vision-language checkpoint: text with a placeholder for each image -> what the model is given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError, ConfigError, TemplateError, first_line
from chateval.media import decode_picture
from chateval.records import Picture
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen
from chateval.template.tokenizer import Tokenizer, is_fault, quiet_transformers

AS_PARTS = (
    "{%- set chateval = namespace(messages=[]) -%}"
    "{%- for message in messages -%}"
    "{%- if message.content is string -%}"
    "{%- set chateval.messages = chateval.messages + "
    "[dict(message, content=[{'type': 'text', 'text': message.content}])] -%}"
    "{%- else -%}{%- set chateval.messages = chateval.messages + [message] -%}{%- endif -%}"
    "{%- endfor -%}"
    "{%- set messages = chateval.messages -%}"
)
"""Stands before a template that renders lists of parts only, so that a text is such a list; it writes nothing."""


_QUESTION = "chateval-question"


def with_texts(specimen: Specimen) -> Specimen:
    """Return a specimen that renders texts, where its template writes only what stands in lists of parts.

    Such templates are of processors, which are always given lists. All that renders texts, checks among it, can then
    go on doing so; what reaches the model is what transformers would write.
    """
    texts = Chat([{"role": "user", "content": _QUESTION}])
    parts = Chat([{"role": "user", "content": [{"type": "text", "text": _QUESTION}]}])
    of_texts, of_parts = (found.text or "" for found in specimen.render_all([texts, parts]))
    if _QUESTION in of_texts or _QUESTION not in of_parts:
        return specimen
    sources = (replace(one, text=AS_PARTS + one.text) if one.is_read else one for one in specimen.sources)
    return replace(specimen, sources=tuple(sources))


class Eyes:
    """A processor at work on one prompt at a time."""

    def __init__(self, processor: Any) -> None:
        """Take an open processor, whose tokenizer is that of the checkpoint."""
        self._processor = processor

    @property
    def placeholder(self) -> str:
        """What stands for an image in a rendered text; empty where the processor does not say."""
        return str(getattr(self._processor, "image_token", None) or "")

    @property
    def kind(self) -> str:
        """Class of what makes numbers of an image: with torchvision installed, transformers takes another."""
        return type(self._processor.image_processor).__name__

    def look(self, text: str, pictures: Sequence[Picture]) -> Mapping[str, Any]:
        """Return the tensors of a prompt: `input_ids` [1, n_prompt_tokens], those of the pixels, and others.

        Args:
            text: As the template rendered it; no special token is added.
            pictures: As many as the text has placeholders, at least one.

        Raises:
            DataError: If an image cannot be read any more.
            TemplateError: If the processor refuses text and images.
        """
        shown = [decode_picture(picture, where=f"image {number + 1}") for number, picture in enumerate(pictures)]
        n_places = text.count(self.placeholder) if self.placeholder else len(shown)
        if n_places != len(shown):
            raise TemplateError(
                f"{n_places} placeholders {self.placeholder} in the text for {len(shown)} images: a message spells "
                "one, or the template leaves an image out"
            )
        try:
            with quiet_transformers():
                found = self._processor(text=[text], images=[shown], add_special_tokens=False, return_tensors="pt")
        except Exception as error:
            raise TemplateError(f"its processor refuses the prompt: {first_line(error)}") from error
        return dict(found)

    def ids(self, text: str, pictures: Sequence[Picture]) -> tuple[int, ...]:
        """Return the token ids of a prompt, each image as many placeholders as it has places; raises as `look`."""
        return tuple(int(number) for number in self.look(text, pictures)["input_ids"][0])


def open_eyes(folder: Path, tokenizer: Tokenizer) -> Eyes:
    """Open the processor of a checkpoint folder with a tokenizer that is open; no code of the folder is run.

    Raises:
        CheckpointError: If transformers cannot read it.
        ConfigError: If Pillow is not installed.
    """
    try:
        import PIL  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError(f"{folder}: images need Pillow: pip install 'chateval[images]'") from error
    from transformers import AutoProcessor

    try:
        with quiet_transformers():
            processor = AutoProcessor.from_pretrained(  # a folder, nothing is fetched  # nosec B615
                str(folder), trust_remote_code=False, local_files_only=True
            )
            processor.tokenizer = tokenizer
    except BaseException as error:
        if not is_fault(error):
            raise
        raise CheckpointError(f"{folder}: its processor cannot be opened: {first_line(error)}") from error
    if not hasattr(processor, "image_processor"):
        raise CheckpointError(f"{folder}: its processor ({type(processor).__name__}) takes no images")
    return Eyes(processor)
