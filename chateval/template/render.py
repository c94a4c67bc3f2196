"""Messages to the exact text a checkpoint sees, through its own template and the user's own transformers."""

from collections.abc import Sequence
from typing import Any

from chateval.errors import TemplateError, first_line
from chateval.records import Message
from chateval.template.tokenizer import Tokenizer


def render(tokenizer: Tokenizer, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
    """Render messages with the tokenizer's chat template; not a token is added beyond it.

    Raises:
        TemplateError: If the template refuses the messages or is at fault itself.
    """
    try:
        text: Any = tokenizer.apply_chat_template(
            [dict(message) for message in messages], tokenize=False, add_generation_prompt=add_generation_prompt
        )
    except Exception as error:
        raise TemplateError(f"the chat template refuses the messages: {first_line(error)}") from error
    return str(text)


def render_completion(messages: Sequence[Message]) -> str:
    """Return the contents of the messages as plain text, a blank line after each; roles are not written."""
    return "".join(f"{message['content'].strip()}\n\n" for message in messages)


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], *, add_special_tokens: bool = False) -> list[list[int]]:
    """Return the token ids of each text, unpadded and untruncated.

    Args:
        tokenizer: Of the checkpoint.
        texts: Rendered texts; the special tokens written in them become special ids.
        add_special_tokens: Whether the tokenizer adds its own, as it should for text that no template wrote.
    """
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(
        list(texts),
        add_special_tokens=add_special_tokens,
        padding=False,
        truncation=False,
        return_attention_mask=False,
        verbose=False,
    )["input_ids"]
    if add_special_tokens and tokenizer.eos_token_id is not None:
        # Some tokenizers add an end token as well, after which a model has nothing to say.
        ends = str(tokenizer.eos_token)
        ids = [
            found[:-1] if found[-1:] == [tokenizer.eos_token_id] and not text.endswith(ends) else found
            for found, text in zip(ids, texts, strict=True)
        ]
    return ids
