"""Checks of the loss mask that `{% generation %}` tags make, CT402 to CT405."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.jinja import parse_template, walk
from chateval.template.check.sentinels import (
    SHOWN,
    closing,
    gaps,
    layout,
    need,
    rendered,
    sentinels,
    shape,
    text_of,
    without_thinking,
)
from chateval.template.grammar.literals import visible
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen

_MARKER = re.compile(r"<[^<>\s]{1,80}>")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one content stands in a rendering."""

    role: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """A rendering with what `{% generation %}` marks in it."""

    text: str
    spans: tuple[tuple[int, int], ...]
    places: tuple[Place, ...]

    @property
    def answers(self) -> list[Place]:
        """The contents of the assistant."""
        return [place for place in self.places if place.role == "assistant"]

    def span_over(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the first span that shares a character with [start, end)."""
        return next((span for span in self.spans if span[0] < end and start < span[1]), None)


def has_tags(specimen: Specimen) -> bool:
    """Tell whether the template has a `{% generation %}` block."""
    return any(isinstance(node, nodes.Scope) for node in walk(parse_template(specimen.template())))


def masked(specimen: Specimen) -> Masked:
    """Return two answered questions with their mask, after a system message where the template takes one.

    Raises:
        NotEvaluated: If the template has no tags, or does not render the contents in order.
    """
    if not has_tags(specimen):
        raise NotEvaluated("the template has no {% generation %} tags")
    roles = "suaua" if rendered(specimen, "suaua").text is not None else "uaua"
    found = specimen.render(Chat(sentinels(roles), add_generation_prompt=False, spans=True))
    text = need(found, f"a chat of {shape(roles)}")
    messages = sentinels(roles)
    if gaps(text, messages) is None:
        messages = sentinels("uaua")  # a system message may stand anywhere, or nowhere
    if gaps(text, messages) is None:
        raise NotEvaluated("the contents of two answered questions are not rendered in order")
    places, end = [], 0
    for message in messages:
        start = text.index(message["content"], end)
        end = start + len(message["content"])
        places.append(Place(message["role"], start, end))
    return Masked(text, found.spans, tuple(places))


def tags_are_there(specimen: Specimen) -> Iterator[Flaw]:
    """Without tags a trainer cannot find the answers in the ids, and trains on everything or fails."""
    if not has_tags(specimen):
        yield Flaw(
            "no {% generation %} tags: assistant_only_loss and return_assistant_tokens_mask find no answer",
            severity="error" if specimen.settings.assistant_only_loss else None,
        )


def mask_covers_end_of_turn(specimen: Specimen) -> Iterator[Flaw]:
    """The mask must go on over the end of turn, or the model is never trained to stop."""
    found = masked(specimen)
    covered = [place for place in found.answers if found.span_over(place.start, place.end)]
    closers = {place: _closer(specimen, found, place) for place in covered}
    known = {place: closer for place, closer in closers.items() if closer}
    if not known:
        raise NotEvaluated("the mask covers no answer, or no answer has an end of turn")
    missed = [place for place, (_, end) in known.items() if not _reaches(found, place, end)]
    if missed:
        start, end = known[missed[0]]
        yield Flaw(
            f"the mask leaves {visible(found.text[start:end])} out after {len(missed)} of {len(known)} answers",
            text=found.text,
            offset=start,
            length=end - start,
            expected=visible(found.text[missed[0].start : end], SHOWN),
            found=_shown(found, missed[0]),
        )


def _closer(specimen: Specimen, found: Masked, place: Place) -> tuple[int, int] | None:
    """Return where the first control literal after an answer stands."""
    after = [other.start for other in found.places if other.start >= place.end]
    rest = found.text[place.end : after[0] if after else None]
    start = place.end + len(rest) - len(rest.lstrip())
    literals = {*specimen.tokens.values(), *(specimen.dialect.control if specimen.dialect else ())}
    for literal in sorted((literal.strip() for literal in literals), key=len, reverse=True):
        if literal and rest.lstrip().startswith(literal):
            return start, start + len(literal)
    marker = _MARKER.match(rest.lstrip())
    return (start, start + marker.end()) if marker else None


def _reaches(found: Masked, place: Place, end: int) -> bool:
    span = found.span_over(end - 1, end)
    return span is not None and found.span_over(place.end - 1, place.end) is not None


def _shown(found: Masked, place: Place) -> str:
    span = found.span_over(place.start, place.end)
    return visible(found.text[span[0] : span[1]], SHOWN) if span else ""


def mask_covers_answers_alone(specimen: Specimen) -> Iterator[Flaw]:
    """The mask must not reach over questions, system messages or the opener of any turn."""
    found = masked(specimen)
    for place in found.places:
        span = found.span_over(place.start, place.end)
        if place.role != "assistant" and span is not None:
            yield Flaw(
                f"the mask covers a {place.role} message: the model is trained to write it",
                text=found.text,
                offset=span[0],
                length=span[1] - span[0],
                found=visible(found.text[span[0] : span[1]], SHOWN),
            )
            return
    after = gaps(text_of(specimen, "u", prompt=True), sentinels("u"))
    for before, place in zip(found.places, found.places[1:], strict=False):
        span = found.span_over(place.start, place.end)
        if place.role != "assistant" or span is None or span[0] >= place.start:
            continue
        seam = found.text[before.end : place.start]
        begins = before.end + len(after[-1]) if after and seam.startswith(after[-1]) else place.start
        header = found.text[span[0] : place.start]
        if span[0] < begins and without_thinking(header, specimen.dialect).strip():
            yield Flaw(
                f"the mask covers the opener of the assistant's turn: {visible(header, SHOWN)}",
                text=found.text,
                offset=span[0],
                length=len(header),
                found=visible(header, SHOWN),
            )
            return
    yield from _overruns(specimen, found)


def _overruns(specimen: Specimen, found: Masked) -> Iterator[Flaw]:
    """Look for a span that goes on between the end of an answer's turn and the next question."""
    try:
        end_of_turn = closing(layout(specimen))
    except NotEvaluated:
        end_of_turn = ""
    for place, after in zip(found.places, found.places[1:], strict=False):
        closer = _closer(specimen, found, place)
        if place.role != "assistant" or (closer is None and not end_of_turn):
            continue
        ends = closer[1] if closer else place.end
        if found.text.startswith(end_of_turn, place.end):
            ends = max(ends, place.end + len(end_of_turn))
        span = found.span_over(_behind_ends(specimen, found.text, ends), after.start)
        if span is None:
            continue
        start = max(span[0], _behind_ends(specimen, found.text, ends))
        opener = found.text[start : min(span[1], after.start)]
        yield Flaw(
            f"the mask goes on behind the end of turn, over {visible(opener, SHOWN)}, which opens the next turn",
            text=found.text,
            offset=start,
            length=len(opener),
            found=visible(opener, SHOWN),
        )
        return


def _behind_ends(specimen: Specimen, text: str, start: int) -> int:
    """Return where the blanks and further end tokens from a place on are over."""
    dialect = specimen.dialect
    ends = {specimen.tokens.get("eos_token", ""), *((dialect.final, *dialect.stop) if dialect else ())}
    known = "|".join(re.escape(end) for end in sorted(filter(str.strip, ends), key=len, reverse=True))
    found = re.compile(rf"(?:\s|{known})*" if known else r"\s*").match(text, start)
    return found.end() if found else start


def mask_is_not_empty(specimen: Specimen) -> Iterator[Flaw]:
    """Where there are tags, every answer of a chat must be trained."""
    found = masked(specimen)
    n = len(found.answers)
    missed = [
        (k, place) for k, place in enumerate(found.answers, start=1) if not found.span_over(place.start, place.end)
    ]
    if len(missed) == n:
        yield Flaw(f"the mask covers none of {n} answers, although the template has tags", text=found.text)
        return
    for k, place in missed:
        yield Flaw(
            f"answer {k} of {n} is not covered by the mask, although others are",
            text=found.text,
            offset=place.start,
            length=place.end - place.start,
            expected=visible(found.text[place.start : place.end], SHOWN),
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "CT402",
        "the template has no {% generation %} tags",
        "info",
        "put `{% generation %}` … `{% endgeneration %}` around what the assistant writes, end of turn included",
        tags_are_there,
        is_note=True,
    ),
    Check(
        "CT403",
        "the loss mask misses the end of turn",
        "error",
        "move `{% endgeneration %}` behind the end of turn",
        mask_covers_end_of_turn,
    ),
    Check(
        "CT404",
        "the loss mask covers more than the answer",
        "error",
        "put the tags inside the assistant's branch, behind the opener of its turn",
        mask_covers_answers_alone,
    ),
    Check(
        "CT405",
        "the loss mask leaves answers out",
        "error",
        "put the tags around the printing of every content of the assistant, the last and the earlier ones",
        mask_is_not_empty,
    ),
)
