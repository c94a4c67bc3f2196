"""Checks of turns and generation prompts, CT201 to CT212; those that look at contents stand in `contents`."""

from collections.abc import Iterator

from chateval.template.check import contents
from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.sentinels import (
    SHOWN,
    THINKING,
    closing,
    common,
    gaps,
    layout,
    opened,
    own_writing,
    rendered,
    sentinels,
    shape,
    text_of,
    without_thinking,
)
from chateval.template.grammar import Dialect
from chateval.template.grammar.literals import visible
from chateval.template.probes import probe
from chateval.template.specimen import Specimen

STANDARD_SHAPES = ("question", "answered", "two_turns")
LONGER = ("uaua", "uauau", "suaua")
"""Chats that go one turn further than one that most templates take."""


def renders_standard_shapes(specimen: Specimen) -> Iterator[Flaw]:
    """A question, an answered one and two turns must render, as must longer chats; a system message may be refused."""
    errors = {name: specimen.render(probe(name)).error for name in (*STANDARD_SHAPES, "system")}
    if all(error is not None and error.kind == "syntax" for error in errors.values()):
        raise NotEvaluated("the template does not compile")
    said: dict[str, list[str]] = {}
    for name, error in errors.items():
        if error is not None and (name in STANDARD_SHAPES or error.kind != "refused"):
            line = f" (line {error.line})" if error.line else ""
            said.setdefault(f"{error.message}{line}", []).append(name)
    for message, names in said.items():
        yield Flaw(f"rendering fails on {', '.join(names)}: {message}", probe=names[0], found=message)
    if not any(errors[name] for name in STANDARD_SHAPES):
        yield from _fails_later(specimen)


def _fails_later(specimen: Specimen) -> Iterator[Flaw]:
    """Look for a template that takes a chat and fails when the same chat goes on for another turn."""
    for roles in LONGER:
        error, shorter = rendered(specimen, roles).error, roles[:-2]
        if error is not None and rendered(specimen, shorter).text is not None:
            line = f" (line {error.line})" if error.line else ""
            yield Flaw(
                f"{shape(shorter)} renders and {shape(roles)} {'is refused' if error.kind == 'refused' else 'fails'}: "
                f"{error.message}{line}",
                found=error.message,
            )
            return


def prompt_has_effect(specimen: Specimen) -> Iterator[Flaw]:
    """`add_generation_prompt` must change the rendering, in families that have a generation prompt."""
    asked, bare = text_of(specimen, "u", prompt=True), text_of(specimen, "u", prompt=False)
    if gaps(asked, sentinels("u")) is None:
        raise NotEvaluated("the template renders no content that is a plain string")
    if asked != bare or (specimen.dialect is not None and not specimen.dialect.has_generation_prompt):
        return
    if _is_always_on(specimen):
        return
    prompts = specimen.dialect.generation_prompts if specimen.dialect else ()
    if prompts and asked.endswith(prompts):
        message = "the generation prompt follows every user turn, whether add_generation_prompt asks for it or not"
    else:
        message = "add_generation_prompt changes nothing: the prompt does not open the assistant's turn"
    yield Flaw(message, text=asked, offset=len(asked), expected=visible(prompts[0]) if prompts else "")


def prompt_is_asked_for(specimen: Specimen) -> Iterator[Flaw]:
    """A closed chat without a generation prompt must not open another assistant turn."""
    found = layout(specimen)
    extra = opened(found, specimen.dialect)
    if extra:
        yield Flaw(
            f"the generation prompt {visible(extra)} follows the last answer although none is asked for",
            text=found.text,
            offset=len(found.text) - len(extra),
            length=len(extra),
            found=visible(extra),
        )


def _is_always_on(specimen: Specimen) -> bool:
    try:
        return bool(opened(layout(specimen), specimen.dialect))
    except NotEvaluated:
        return False


def prompt_begins_answer(specimen: Specimen) -> Iterator[Flaw]:
    """The prompt with an answer after it must be the beginning of the same chat rendered with that answer."""
    reasons: list[NotEvaluated] = []
    flaws: dict[str | None, Flaw] = {}
    for roles in ("u", "uau", "su"):
        try:
            asked, bare = text_of(specimen, roles, prompt=True), text_of(specimen, roles, prompt=False)
            full = text_of(specimen, roles + "a", prompt=False)
        except NotEvaluated as reason:
            reasons.append(reason)
            continue
        flaw = _mismatch(specimen.dialect, roles, asked, full, has_effect=asked != bare)
        if flaw is not None:
            flaws.setdefault(flaw.severity, flaw)
    if len(reasons) == 3:
        raise reasons[0]
    yield from flaws.values()


def _mismatch(dialect: Dialect | None, roles: str, asked: str, full: str, *, has_effect: bool) -> Flaw | None:
    if full.startswith(asked):
        return _gap(dialect, roles, asked, full) if has_effect else None
    place = common(asked, full)
    is_thinking = without_thinking(full, dialect).startswith(without_thinking(asked, dialect))
    what = "a block for reasoning" if is_thinking else "more than the answer"
    return Flaw(
        f"{shape(roles)} with a generation prompt and the same chat answered differ by {what}: "
        f"{visible(asked[place:], SHOWN) or 'nothing'} against {visible(full[place:], SHOWN) or 'nothing'}",
        severity="warning" if is_thinking else "error",
        text=full,
        offset=place,
        length=min(SHOWN, len(full) - place),
        expected=visible(asked[place:], SHOWN),
        found=visible(full[place:], SHOWN),
    )


def _gap(dialect: Dialect | None, roles: str, asked: str, full: str) -> Flaw | None:
    """Return a flaw if the rendered answer begins later than where the prompt ends; the family may do so by design."""
    gap = _between(asked, full, roles)
    if not gap or (dialect is None and not gap.strip(" ")):
        return None
    own_asked, own_full = (own_writing(dialect, chat, prompt=on) for chat, on in ((roles, True), (roles + "a", False)))
    if own_asked is not None and own_full is not None and _between(own_asked, own_full, roles) == gap:
        return None
    is_thinking = not without_thinking(gap, dialect).strip()
    what = "a block for reasoning, " if is_thinking and gap.strip() else ""
    return Flaw(
        f"between the generation prompt and the answer of {shape(roles)} stands {what}{visible(gap, SHOWN)}: "
        "the model has to write it itself before it answers",
        # A line end belongs to the header: without it the prompt ends where no answer of the training began.
        severity=None if not gap.strip() and "\n" in gap else "warning",
        text=full,
        offset=len(asked),
        length=len(gap),
        found=visible(gap, SHOWN),
    )


def _between(asked: str, full: str, roles: str) -> str | None:
    if not full.startswith(asked):
        return None
    start = full.find(sentinels(roles + "a")[-1]["content"], len(asked))
    return full[len(asked) : start] if start >= 0 else None


def last_answer_is_closed(specimen: Specimen) -> Iterator[Flaw]:
    """What ends an earlier answer must end the last one, since it is what a model learns to stop by."""
    found = layout(specimen)
    tail = found.tail.removesuffix(opened(found, specimen.dialect) or "\x00")
    if tail.strip():
        return
    own = own_writing(specimen.dialect, "uaua", prompt=False)
    parts = gaps(own, sentinels("uaua")) if own is not None else None
    if parts is not None and not parts[-1].strip():
        return
    closer = parts[-1].strip() if parts is not None else closing(found).strip()
    ends_earlier = closer if closer in found.to_user else ""
    yield Flaw(
        f"nothing ends the last answer, while {visible(ends_earlier)} ends an earlier one"
        if ends_earlier
        else "nothing ends an answer, so that nothing teaches the model to stop",
        # A layout of plain words may leave the end to strings; one of control tokens has a token for it.
        severity="error" if closer or _has_control_tokens(specimen) else "warning",
        text=found.text,
        offset=len(found.text) - len(found.tail),
        expected=visible(closer),
        found=visible(found.tail, SHOWN),
    )


def _has_control_tokens(specimen: Specimen) -> bool:
    return bool(specimen.matches) and not specimen.matches[0].dialect.plain_markers


def prompt_ends_with_opener(specimen: Specimen) -> Iterator[Flaw]:
    """A generation prompt must end where the text of an answer begins in a rendered chat, with nothing after it."""
    asked, full = text_of(specimen, "u", prompt=True), text_of(specimen, "ua", prompt=False)
    after, parts = gaps(asked, sentinels("u")), gaps(full, sentinels("ua"))
    if after is None or parts is None:
        raise NotEvaluated("the contents of an answered question are not rendered in order")
    extra = after[-1].removeprefix(parts[1]) if after[-1].startswith(parts[1]) else ""
    if extra and (without_thinking(extra, specimen.dialect).strip() or not any(mark in extra for mark in THINKING)):
        yield Flaw(
            f"the generation prompt goes on with {visible(extra, SHOWN)} after the opener of the assistant's turn",
            text=asked,
            offset=len(asked) - len(extra),
            length=len(extra),
            found=visible(extra, SHOWN),
        )
    elif asked.endswith(" ") and full.startswith(asked) and specimen.tokenizer is not None:
        expected, found = specimen.ids(full), specimen.ids(asked)
        n = common(expected, found)
        if n < len(found):
            yield Flaw(
                "the generation prompt ends in a space, which belongs to the first word of a rendered answer: "
                "the token ids differ",
                text=asked,
                offset=len(asked) - 1,
                length=1,
                expected_ids=tuple(expected[max(0, n - 2) : n + 3]),
                found_ids=tuple(found[max(0, n - 2) : n + 3]),
            )


CHECKS: tuple[Check, ...] = (
    Check(
        "CT201",
        "a standard chat cannot be rendered",
        "error",
        "mend the expression that fails; a question, an answered question and two turns must render",
        renders_standard_shapes,
    ),
    Check(
        "CT202",
        "add_generation_prompt has no effect",
        "warning",
        "write the opener of the assistant's turn under `{% if add_generation_prompt %}` at the end of the template",
        prompt_has_effect,
    ),
    Check(
        "CT203",
        "the generation prompt is always written",
        "error",
        "put the generation prompt under `{% if add_generation_prompt %}`",
        prompt_is_asked_for,
    ),
    Check(
        "CT204",
        "generation prompt and answer are not what a closed chat says",
        "error",
        "write the same text before an answer in the generation prompt and in a finished turn",
        prompt_begins_answer,
    ),
    Check(
        "CT205",
        "the last answer is not closed",
        "error",
        "write the end of turn after every answer, also after the last one",
        last_answer_is_closed,
    ),
    *contents.CHECKS,
    Check(
        "CT212",
        "text follows the opener in the generation prompt",
        "warning",
        "end the generation prompt exactly where the answer's text begins in a finished turn",
        prompt_ends_with_opener,
    ),
)
