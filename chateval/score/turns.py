"""A dialogue and another scorer in, a mark out: each answer scored by itself, or all that was said as one text."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from chateval.records import Case, Finish, Mark, Message, Response, Round, Sample, Scorer
from chateval.template.answer import separate


def turns(inner: Scorer, case: Case, *, scorer: str, field: str = "", options: Mapping[str, Any] | None = None) -> Mark:
    """Score the answer to each turn of the user with another scorer.

    What answers a turn is the last thing the assistant says before the user speaks again, so calls of tools on the way
    are not scored.

    Args:
        inner: The scorer called `scorer`, bound to its options.
        case: A dialogue, or a single answer, which is one turn.
        scorer: Name of the scorer of one answer.
        field: Field of the row that lists a target for each answer: a text, a list of texts that are all right, or null
            where the answer is not scored. Without it every answer is held against the sample's own target.
        options: Of that scorer.

    Returns:
        The mean of the answers' values; an answer that the dialogue ended before is 0.0. None where one of them could
        not be scored. The reason names the first turn that is not wholly right, counted from 1.

    Raises:
        ValueError: If the targets are no such list, score nothing, or are more than the turns that the user has.
    """
    del scorer, options  # `inner` is made of them
    answers = answers_of(case)
    targets = _targets(case.sample, field, len(answers))
    total, n_scored, fault = 0.0, 0, ""
    for number, wanted in enumerate(targets, start=1):
        if wanted is None:
            continue
        n_scored += 1
        answer = answers[number - 1] if number <= len(answers) else _silent(case)
        found = _best(inner, answer, wanted)
        if number > len(answers):
            found = Mark(0.0, reason=_unanswered(case.response))
        elif answer.response.is_incomplete:
            found = Mark(0.0, reason="incomplete: ends inside its thinking")
        if found.value is None:
            return Mark(None, reason=f"turn {number}: {found.reason}")
        total += found.value
        if found.value < 1 and not fault:
            fault = f"turn {number}: {found.reason or 'not right'}"
    return Mark(total / n_scored, answer=f"{total:g} of {n_scored} turns", reason=fault)


def whole_dialogue(inner: Scorer, case: Case, *, scorer: str, options: Mapping[str, Any] | None = None) -> Mark:
    """Score all that the assistant said in a dialogue, as one text, with another scorer.

    For what must come up somewhere, or must never: the other scorers see the last answer alone.

    Args:
        inner: The scorer called `scorer`, bound to its options.
        case: A dialogue, or a single answer.
        scorer: Name of the scorer of the text.
        options: Of that scorer.
    """
    del scorer, options
    dialogue = case.response.dialogue
    if dialogue is None:
        return inner(case)
    text = "\n\n".join(one.text for one in dialogue.rounds)
    raw_text = "\n\n".join(one.raw_text for one in dialogue.rounds)
    return inner(replace(case, response=replace(case.response, text=text, raw_text=raw_text)))


def answers_of(case: Case) -> list[Case]:
    """Return the case of each answer to a turn of the user, in order; its messages are those up to it."""
    dialogue = case.response.dialogue
    if dialogue is None:
        return [case]
    found: list[Case] = []
    messages: tuple[Message, ...] = ()
    for number, one in enumerate(dialogue.rounds):
        messages = (*messages, *one.told)
        here = _of_round(case, one, messages)
        messages = (*messages, {"role": "assistant", "content": one.text})
        if number and not any(message["role"] == "user" for message in one.told):
            found[-1] = here
        else:
            found.append(here)
    return found


def _of_round(case: Case, one: Round, messages: tuple[Message, ...]) -> Case:
    response = Response(
        sample_id=case.response.sample_id,
        text=one.text,
        finish=cast(Finish, one.finish),
        raw_text=one.raw_text,
        n_prompt_tokens=one.n_prompt_tokens,
        repeat=case.response.repeat,
        reasoning=one.reasoning,
        is_incomplete=_ends_thinking(case, one),
    )
    return replace(case, prompt=replace(case.prompt, messages=messages), response=response)


def _ends_thinking(case: Case, one: Round) -> bool:
    """Return whether a round has thinking and nothing behind it: at the limit, or by what its marks say."""
    if not one.reasoning or one.text.strip() or one.calls:
        return False
    written = Response(case.response.sample_id, one.raw_text, cast(Finish, one.finish), raw_text=one.raw_text)
    return one.finish == "length" or separate(written, case.prompt, case.facts).is_incomplete


def _silent(case: Case) -> Case:
    return replace(case, response=replace(case.response, text="", raw_text="", output_ids=(), dialogue=None))


def _best(inner: Scorer, case: Case, wanted: tuple[str, ...]) -> Mark:
    """Return the mark by the target that suits the answer best; None where none could be scored."""
    sample = case.sample
    marks = [inner(replace(case, sample=replace(sample, target=one, alternatives=()))) for one in wanted]
    return max(marks, key=lambda found: -1.0 if found.value is None else found.value)


def _unanswered(response: Response) -> str:
    ending = response.dialogue.ending if response.dialogue else "answered"
    return f"no answer, the dialogue ended by {ending}"


def _targets(sample: Sample, field: str, n_answers: int) -> list[tuple[str, ...] | None]:
    if not field:
        return [sample.targets] * max(n_answers, len(sample.turns) + 1)
    if field not in sample.inputs:
        raise ValueError(f"field {field!r} is missing; the row has: {', '.join(sorted(sample.inputs))}")
    listed = sample.inputs[field]
    if not isinstance(listed, list):
        raise ValueError(f"{field}: found {listed!r:.80}, allowed: a list with a target for each answer")
    found = [_wanted(one, field) for one in listed]
    if not any(found):
        raise ValueError(f"{field}: no answer has a target")
    if not sample.user and len(found) > len(sample.turns) + 1:
        raise ValueError(f"{field}: {len(found)} targets for {len(sample.turns) + 1} turns of the user")
    return found


def _wanted(one: object, field: str) -> tuple[str, ...] | None:
    if one is None:
        return None
    wanted: Sequence[object] = (one,) if isinstance(one, str) else one if isinstance(one, list) else ()
    if not wanted or not all(isinstance(text, str) for text in wanted):
        raise ValueError(f"{field}: found {one!r:.80}, allowed: a text, a list of texts, or null")
    return tuple(str(text) for text in wanted)
