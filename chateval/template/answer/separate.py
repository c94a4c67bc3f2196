"""A response as scorers see it: the answer only, its thinking apart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from chateval.records import Prompt, Response, TemplateFacts
from chateval.template.answer.find import find_format
from chateval.template.answer.formats import AnswerFormat, Thinking
from chateval.template.answer.read import read_answer
from chateval.template.answer.thought import PLAIN, is_open_in, split_thinking

_NOTHING = AnswerFormat()
_CHANNELS = Thinking("<|channel|>analysis<|message|>", "<|channel|>final<|message|>")
"""Harmony's: all that comes before the message to the user."""


def marks_of(facts: TemplateFacts) -> Thinking:
    """Return the marks around the thinking of a checkpoint's answers: its template's, else `<think>`, `</think>`."""
    form = format_of(facts.text)
    return _CHANNELS if form.has_channels else form.thinking or PLAIN


@lru_cache(maxsize=64)
def format_of(template: str) -> AnswerFormat:
    """Return the formats of answers of a template; where it has no marks of thinking, the plain ones."""
    form = find_format(template) if template else _NOTHING
    return form if form.has_channels or form.thinking else replace(form, thinking=PLAIN)


def format_behind(form: AnswerFormat | None, prompt: str) -> AnswerFormat:
    """Return the formats of an answer to a prompt, which may have opened its thinking.

    Args:
        form: Of the template; None where that is not known.
        prompt: Its text; empty where that is not known.
    """
    form = form or _NOTHING
    if form.has_channels:
        return form
    marks = form.thinking or PLAIN
    return replace(form, thinking=marks, is_thinking_open=is_open_in(prompt, marks) or None)


def separate(response: Response, prompt: Prompt, facts: TemplateFacts) -> Response:
    """Return a response with its thinking in `reasoning` and without it in `text`; `raw_text` stays as it is.

    One that has no thinking is returned as it is. One that ends inside its thinking has no answer: `is_incomplete`.

    Args:
        response: As its engine gave it; the server of an endpoint may have separated it already.
        prompt: That it answers; it may end with the mark that opens the thinking.
        facts: Of the checkpoint's template.
    """
    return separated(response, prompt.text, format_of(facts.text), facts.special_tokens, prompt.decoding.stop)


def separated(
    response: Response,
    prompt: str,
    form: AnswerFormat,
    special_tokens: Mapping[str, int],
    stops: Sequence[str] = (),
) -> Response:
    """Return a response with its thinking apart, as `separate` does.

    Args:
        response: As its engine gave it.
        prompt: Text of the prompt; empty where that is not known.
        form: Formats of the answers, from `format_of`.
        special_tokens: Left out of the answer where the marks are such tokens.
        stops: Stop strings of the task.
    """
    if response.error is not None or response.choice_logprobs or response.reasoning:
        return response
    if form.has_channels:
        return _of_channels(response, form)
    marks = form.thinking or PLAIN
    is_open = is_open_in(prompt, marks)
    is_raw = _is_in_raw(response, marks)
    thought = split_thinking(response.raw_text if is_raw else response.text, marks, is_open=is_open)
    if not thought.spans:
        return response
    if thought.is_open:
        return _unclosed(response, replace(form, is_thinking_open=is_open), thought.reasoning)
    answer = thought.answer
    if is_raw:
        answer = _shown(answer, special_tokens, stops if response.finish == "stop" else ())
    return replace(response, text=answer, reasoning=thought.reasoning)


def _is_in_raw(response: Response, marks: Thinking) -> bool:
    """Return whether the marks are special tokens, which `text` is without."""
    names = (marks.opens.strip(), marks.closes)
    return any(name in response.raw_text for name in names) and not any(name in response.text for name in names)


def _shown(answer: str, special_tokens: Mapping[str, int], stops: Sequence[str]) -> str:
    """Return what of a raw answer a text shows: no special token, and nothing from the stop string on that ended it."""
    places = [place for stop in stops if (place := answer.find(stop)) >= 0]
    answer = answer[: min(places, default=len(answer))]
    for token in special_tokens:
        answer = answer.replace(token, "")
    return answer.strip()


def _unclosed(response: Response, form: AnswerFormat, reasoning: str) -> Response:
    """Return a response without an answer; a call that can be read ends thinking that nothing closes."""
    if form.calls and form.thinking:
        answer = read_answer(response.raw_text or response.text, form)
        if answer.tool_calls and answer.reasoning:
            said = response.text.rpartition(answer.reasoning)[2].strip()
            return replace(response, text=said, reasoning=answer.reasoning)
    return replace(response, text="", reasoning=reasoning, is_incomplete=True)


def _of_channels(response: Response, form: AnswerFormat) -> Response:
    answer = read_answer(response.raw_text or response.text, form)
    if not answer.reasoning:
        return response
    has_answer = bool(answer.content.strip() or answer.tool_calls)
    return replace(response, text=answer.content, reasoning=answer.reasoning, is_incomplete=not has_answer)
