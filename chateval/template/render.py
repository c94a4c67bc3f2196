"""Messages to the exact text a checkpoint sees, through its own template and the user's own transformers."""

from collections.abc import Sequence
from dataclasses import replace

from chateval.errors import TemplateError, first_line
from chateval.messages import content_text
from chateval.records import Message
from chateval.template.sandbox import Chat, Rendered, sandbox
from chateval.template.tokenizer import Tokenizer, is_fault, options_of, own_template


def render(tokenizer: Tokenizer, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
    """Render messages with the tokenizer's chat template; not a token is added beyond it.

    Raises:
        TemplateError: If the template refuses the messages, is at fault itself, or runs over a limit.
    """
    [found] = render_all(tokenizer, [Chat(messages, add_generation_prompt=add_generation_prompt)])
    return text_of(found)


def render_all(tokenizer: Tokenizer, chats: Sequence[Chat]) -> list[Rendered]:
    """Render chats in the sandbox, as `tokenizer.apply_chat_template(..., tokenize=False)` would.

    The switches that `put_options` put on the tokenizer go under those of each chat.

    Raises:
        TemplateError: If the tokenizer has several templates and none is called `default`.
    """
    if options := options_of(tokenizer):
        chats = [replace(chat, kwargs={**options, **chat.kwargs}) for chat in chats]
    if any(chat.tools for chat in chats):
        templates = [own_template(tokenizer, has_tools=bool(chat.tools)) for chat in chats]
        return [
            sandbox().render(template, tokenizer.special_tokens_map, [chat])[0]
            for template, chat in zip(templates, chats, strict=True)
        ]
    return sandbox().render(own_template(tokenizer), tokenizer.special_tokens_map, chats)


def text_of(rendered: Rendered) -> str:
    """Return the text of a rendering.

    Raises:
        TemplateError: If there is none; says why.
    """
    if rendered.text is not None:
        return rendered.text
    error = rendered.error
    said = "" if error is None else error.message
    if error is not None and error.kind == "refused":
        raise TemplateError(f"the chat template refuses the messages: {said}")
    place = f" (line {error.line} of it)" if error is not None and error.line else ""
    raise TemplateError(f"the chat template cannot be rendered{place}: {said}")


def render_completion(messages: Sequence[Message]) -> str:
    """Return the contents of the messages as plain text, a blank line after each; roles are not written."""
    return "".join(f"{content_text(message).strip()}\n\n" for message in messages)


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], *, add_special_tokens: bool = False) -> list[list[int]]:
    """Return the token ids of each text, unpadded and untruncated.

    Args:
        tokenizer: Of the checkpoint.
        texts: Rendered texts; the special tokens written in them become special ids.
        add_special_tokens: Whether the tokenizer adds its own, as it should for text that no template wrote.

    Raises:
        TemplateError: If a text is no Unicode text, as one with a lone surrogate, or the tokenizer fails on it.
    """
    if not texts:
        return []
    try:
        for text in texts:
            text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise TemplateError(f"a lone surrogate at character {error.start} cannot be tokenised") from error
    try:
        ids: list[list[int]] = tokenizer(
            list(texts),
            add_special_tokens=add_special_tokens,
            padding=False,
            truncation=False,
            return_attention_mask=False,
            verbose=False,
        )["input_ids"]
    except BaseException as error:
        if not is_fault(error):
            raise
        raise TemplateError(f"the tokenizer fails on a text: {first_line(error)}") from error
    if add_special_tokens and tokenizer.eos_token_id is not None:
        # Some tokenizers add an end token as well, after which a model has nothing to say.
        ends = str(tokenizer.eos_token)
        ids = [
            found[:-1] if found[-1:] == [tokenizer.eos_token_id] and not text.endswith(ends) else found
            for found, text in zip(ids, texts, strict=True)
        ]
    return ids
