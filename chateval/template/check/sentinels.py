"""Chats whose contents stand nowhere else, so that everything around them in a rendering is the template's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chateval.errors import TemplateError
from chateval.records import Message
from chateval.template.check.check import NotEvaluated
from chateval.template.grammar import Dialect, write
from chateval.template.sandbox import Chat, Rendered
from chateval.template.specimen import Specimen

_ROLES = {"s": "system", "u": "user", "a": "assistant"}
_SHOWN = {"s": "system", "u": "user", "a": "answer"}
_WORDS = {"s": "Korvinta rules", "u": "Talvequi asks", "a": "Melziano says"}
_MARKUP = re.compile(
    r"<{1,2}[^<>\s]{0,80}>{0,2}|\[/?[A-Z_]{1,40}\]|\b(?:system|developer|user|human)\b:?", re.IGNORECASE
)
_OPEN_MARKER = re.compile(r"<[^<>\s]{1,80}\Z")
_LAST_MARKER = re.compile(r"<[^<>\s]{1,80}>?\Z")
THINKING = ("<think>", "</think>")
SHOWN = 60
"""Characters of a difference that evidence repeats."""


def sentinels(roles: str) -> tuple[Message, ...]:
    """Return a chat by the letters of its roles, such as `suaua`; each content is different from all others."""
    return tuple(
        {"role": _ROLES[letter], "content": f"{_WORDS[letter]} {roles[: n + 1].count(letter)} here"}
        for n, letter in enumerate(roles)
    )


def shape(roles: str) -> str:
    """Return a chat's roles in words."""
    return " → ".join(_SHOWN[letter] for letter in roles)


def rendered(specimen: Specimen, roles: str, *, prompt: bool | None = None) -> Rendered:
    """Render a chat of sentinels; by default with a generation prompt unless an answer is last."""
    add = not roles.endswith("a") if prompt is None else prompt
    return specimen.render(Chat(sentinels(roles), add_generation_prompt=add))


def text_of(specimen: Specimen, roles: str, *, prompt: bool | None = None) -> str:
    """Return the rendering of a chat of sentinels.

    Raises:
        NotEvaluated: If the template fails on it; says why.
    """
    return need(rendered(specimen, roles, prompt=prompt), f"a chat of {shape(roles)}")


def need(found: Rendered, what: str) -> str:
    """Return the text of a rendering.

    Raises:
        NotEvaluated: If there is none; says why.
    """
    if found.text is None:
        said = found.error.message if found.error else "no reason given"
        raise NotEvaluated(f"the template fails on {what}: {said}")
    return found.text


def gaps(text: str, messages: Sequence[Message]) -> tuple[str, ...] | None:
    """Return what stands before, between and after the contents; None unless all are there, in order."""
    found, end = [], 0
    for message in messages:
        start = text.find(message["content"], end)
        if start < 0:
            return None
        found.append(text[end:start])
        end = start + len(message["content"])
    return (*found, text[end:])


@dataclass(frozen=True, slots=True)
class Layout:
    """What a template writes around the contents of user, answer, user, answer, without a generation prompt."""

    head: str
    to_answer: str
    """Between a user's text and its answer: end of turn and opener."""
    to_user: str
    """Between an answer and the next user's text."""
    tail: str
    """After the last answer."""
    text: str


def layout(specimen: Specimen) -> Layout:
    """Return the layout of two answered questions.

    Raises:
        NotEvaluated: If the template fails on them, or does not write the contents in order.
    """
    text = text_of(specimen, "uaua")
    found = gaps(text, sentinels("uaua"))
    if found is None:
        raise NotEvaluated("the contents of two answered questions are not rendered in order")
    return Layout(head=found[0], to_answer=found[1], to_user=found[2], tail=found[4], text=text)


def own_writing(dialect: Dialect | None, roles: str, *, prompt: bool) -> str | None:
    """Return how the dialect itself writes a chat of sentinels; None if it is not known or has no such chat."""
    if dialect is None:
        return None
    try:
        return write(sentinels(roles), dialect, add_generation_prompt=prompt)
    except TemplateError:
        return None


def common(first: Sequence[object], second: Sequence[object]) -> int:
    """Return the number of characters or ids at the beginning that are the same."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(first), len(second)))


def without_thinking(text: str, dialect: Dialect | None) -> str:
    """Return a text without the markers of reasoning and the blanks after them."""
    markers = {*THINKING}
    if dialect is not None:
        markers |= {marker for marker in (dialect.thinking.open, dialect.thinking.close) if marker.strip()}
    return re.sub("(?:" + "|".join(re.escape(marker.strip()) for marker in sorted(markers)) + r")\s*", "", text)


def words(text: str) -> str:
    """Return what is left of a template's own text without markers and names of roles; empty if nothing is said."""
    left = _MARKUP.sub(" ", text).strip(" \t\r\n#:-")
    return left if any(character.isalnum() for character in left) else ""


def closing(found: Layout) -> str:
    """Return what ends an answer: what stands between it and the next user that does not open that turn."""
    end = len(found.to_user) - common(found.head[::-1], found.to_user[::-1])
    cut = _OPEN_MARKER.search(found.to_user[:end])
    return found.to_user[: found.to_user.find(">", end) + 1] if cut else found.to_user[:end]


def opened(found: Layout, dialect: Dialect | None) -> str:
    """Return the opener of an assistant turn that follows the last answer unasked; empty if there is none."""
    for prompt in dialect.generation_prompts if dialect else ():
        if prompt.strip() and found.tail.endswith(prompt) and not found.to_user.endswith(prompt):
            return prompt
    place = common(found.tail, found.to_user)
    rest = found.tail[place:]
    if not any(character.isalpha() for character in rest) or not found.to_answer.rstrip().endswith(rest.rstrip()):
        return ""
    marker = _LAST_MARKER.search(found.tail[max(0, place - 80) : place])
    return (marker.group() if marker and place > len(marker.group()) else "") + rest
