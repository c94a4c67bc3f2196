"""Which tokens of a recorded row are the assistant's: read from the ids by the family, else from the renderings."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from chateval.template.difference import common_start
from chateval.template.evidence import Evidence, Row
from chateval.template.grammar import Dialect, parse
from chateval.template.ids import decode_each
from chateval.template.proof import Proof, chat_of, without_switches
from chateval.template.specimen import Specimen
from chateval.template.tokenizer import Tokenizer

_OTHER_LAYOUT = ("GR010", "GR030", "GR060")
"""Findings that say that a row is not of the dialect, more than one in two turns; a row that was cut has others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn of the assistant in a row of token ids; all places are token indices."""

    start: int
    """The first token of the content, which may begin with the last blank of the header."""
    content_end: int | None
    """The first token after the content; None if that is not known."""
    end: int
    """The first token after the turn, its end-of-turn token included."""
    is_closed: bool = True
    """Whether an end of turn was found, or the dialect has none."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a recorded mask covers."""

    answers: tuple[Answer, ...]
    n_trained: int
    """Trained tokens."""
    outside: tuple[int, ...]
    """Trained tokens that are not the assistant's, by index."""
    open_ends: tuple[int, ...]
    """Ends of turns that are not trained though their content is, by index; the length of the row if there is none."""


def read_answers(tokenizer: Tokenizer, ids: Sequence[int], dialect: Dialect) -> list[Answer]:
    """Return the assistant's turns in a row of ids as the grammar reads them; none if it is not of the dialect."""
    pieces = decode_each(tokenizer, ids)
    starts = [0, *accumulate(map(len, pieces))]
    control = _control(tokenizer)
    literals = {tokenizer.convert_ids_to_tokens(token_id) for token_id in control}
    at = dict(zip(starts, ids, strict=False))
    reading = parse(
        "".join(pieces),
        dialect,
        is_control=lambda place, literal: literal not in literals or at.get(place) in control,
    )
    n_faults = sum(finding.code in _OTHER_LAYOUT for finding in reading.findings)
    if 2 * n_faults > len(reading.turns):
        return []
    return [
        Answer(
            bisect_right(starts, turn.start) - 1,
            bisect_left(starts, turn.end),
            bisect_left(starts, turn.closer_end),
            turn.is_closed,
        )
        for turn in reading.turns
        if turn.role == "assistant" and turn.is_message
    ]


def render_answers(specimen: Specimen, evidence: Evidence, proof: Proof) -> list[Answer]:
    """Return the assistant's turns of a row whose present ids are those of the training, found by rendering.

    A turn begins where the generation prompt of the chat before it ends, and ends where the chat with it ends.
    """
    chat, specimen = chat_of(proof.row, evidence), without_switches(specimen)
    offsets = _offsets(specimen.tokenizer, proof.text)
    answers: list[Answer] = []
    for number, message in enumerate(chat.messages):
        if message["role"] != "assistant":
            continue
        before = replace(chat, messages=chat.messages[:number], add_generation_prompt=True)
        with_it = replace(chat, messages=chat.messages[: number + 1], add_generation_prompt=False)
        opened, closed = (one.text for one in specimen.render_all([before, with_it]))
        if opened is None or closed is None:
            continue
        start = common_start(opened, proof.text)
        content = str(message.get("content") or "").strip()
        found = proof.text.find(content, start)
        content_end = found + len(content) if content and found >= 0 else None
        end = max(common_start(closed, proof.text), content_end or start)
        answers.append(
            Answer(
                bisect_right(offsets, start) - 1,
                None if content_end is None else bisect_left(offsets, content_end),
                bisect_left(offsets, end),
                bool(proof.text[content_end or end :].strip()),
            )
        )
    return answers


def weigh_mask(tokenizer: Tokenizer, row: Row, answers: Sequence[Answer]) -> Trained:
    """Compare what was trained in a row with the assistant's turns in it; the row must have a mask."""
    trained = {index for start, end in row.mask or () for index in range(start, end)}
    control = _control(tokenizer)
    allowed = set(_tail(tokenizer, row.ids, answers, control))
    open_ends = []
    for answer in answers:
        allowed.update(range(answer.start, answer.end))
        if answer.content_end is None or not trained.intersection(range(answer.start, answer.content_end)):
            continue
        closing = [index for index in range(answer.content_end, answer.end) if row.ids[index] in control]
        if closing and closing[0] not in trained:
            open_ends.append(closing[0])
        elif not answer.is_closed:
            open_ends.append(answer.end)
    return Trained(tuple(answers), len(trained), tuple(sorted(trained - allowed)), tuple(open_ends))


def _tail(tokenizer: Tokenizer, ids: Sequence[int], answers: Sequence[Answer], control: set[int]) -> range:
    """Return the tokens after the last answer if they say nothing, such as a newline or an end of text."""
    start = answers[-1].end if answers else len(ids)
    rest = ids[start:]
    texts = decode_each(tokenizer, rest)
    is_mute = all(token_id in control or not text.strip() for token_id, text in zip(rest, texts, strict=True))
    return range(start, len(ids)) if is_mute else range(0)


def _control(tokenizer: Tokenizer) -> set[int]:
    return {*tokenizer.all_special_ids, *tokenizer.get_added_vocab().values()}


def _offsets(tokenizer: Tokenizer, text: str) -> list[int]:
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    return [start for start, _ in found]
