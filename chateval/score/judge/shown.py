"""What a judge is shown: texts of others, each between two lines that they cannot have written."""

import re
from collections.abc import Mapping, Sequence

from chateval.codec import digest
from chateval.messages import content_text
from chateval.records import Message, Response

_VERDICT = re.compile(r"\[(?=\[)")
_LONE = re.compile("[\ud800-\udfff]")
_MOST_BLANKS = 4
"""Times that blanks are put into what is still spelt; what then stands there goes."""


def defused(text: str, control: re.Pattern[str] | None) -> str:
    """Return a text that spells neither a verdict nor a control token: a blank stands behind the first character.

    Half a surrogate pair, which no server can be sent, is U+FFFD in it.

    Args:
        text: Of a model or of data.
        control: Finds the control tokens of the judge's template; None where there are none.
    """
    text = _LONE.sub("\ufffd", _VERDICT.sub("[ ", text))
    if control is None:
        return text
    for _ in range(_MOST_BLANKS):
        if control.search(text) is None:
            return text
        text = control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return control.sub(" ", text)


def said(response: Response) -> str:
    """Return all that a model said: the answer, or what was said in a dialogue from its first answer on."""
    return "\n".join(text for _, text in turns_of(response))


def turns_of(response: Response) -> list[tuple[str, str]]:
    """Return (role, text) from the first answer on."""
    if response.dialogue is None:
        return [("assistant", response.text)]
    turns: list[tuple[str, str]] = []
    for number, one in enumerate(response.dialogue.rounds):
        turns += _turns(one.told) if number else []
        turns.append(("assistant", one.text))
    return turns


def _turns(messages: Sequence[Message]) -> list[tuple[str, str]]:
    return [(str(message["role"]), content_text(message)) for message in messages]


def blocks(
    messages: Sequence[Message], answers: Mapping[str, Sequence[tuple[str, str]]], control: re.Pattern[str] | None
) -> dict[str, str]:
    """Return what a judge's template may name, each text between two lines with a mark.

    The mark is made of the texts, so that none of them can have it in it.

    Args:
        messages: What the model was asked.
        answers: Name in the template -> (role, text) of each turn.
        control: As in `defused`.
    """
    told = {"question": _turns(messages), **answers}
    clean = {name: [(role, defused(text, control)) for role, text in turns] for name, turns in told.items()}
    mark = digest([[name, [list(turn) for turn in turns]] for name, turns in clean.items()])[:12]
    return {name: _block(_TITLES.get(name, name), turns, mark) for name, turns in clean.items()} | {"mark": mark}


_TITLES = {
    "target": "a reference answer, known to be good",
    "first": "the first answer, A",
    "second": "the second answer, B",
}


def _block(title: str, turns: Sequence[tuple[str, str]], mark: str) -> str:
    is_plain = len(turns) == 1 and turns[0][0] in ("user", "assistant")
    lines = [text if is_plain else f"({mark}) {role}:\n{text}" for role, text in turns]
    body = "\n".join(lines)
    return f"----- {mark}: {title} -----\n{body}\n----- {mark}: end of {title.split(',')[0]} -----"
