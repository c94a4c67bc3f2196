"""The answer of one case: did the model stop, keep to its turn and to its markers? Nothing here is about the prompt."""

import re
from functools import lru_cache

from chateval.records import Case, Mark
from chateval.template.answer import AnswerFormat, find_format, read_answer

_OPENERS = (
    "<|im_start|>",
    "<|start_header_id|>",
    "<|header_start|>",
    "<start_of_turn>",
    "<|START_OF_TURN_TOKEN|>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "[INST]",
    "<<SYS>>",
)
"""Strings that open a turn in some family of chat templates, wherever they stand."""

_LINE_OPENERS = re.compile(
    r"^[ \t]*(?:<\|(?:user|assistant|system)\|>|### ?(?:Instruction|Response|Human|Assistant):"
    r"|(?:USER|ASSISTANT|User|Human|Assistant):(?=\s|$))",
    re.MULTILINE,
)
"""Openers that are ordinary text elsewhere, so that only the start of a line counts."""

_SHORT = 4
"""Characters up to which a special token spelt out may be markup that was asked for, such as `<s>`."""

_WANTED = frozenset({"<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"})
"""Special tokens that belong into an answer."""

_ECHO = re.compile(
    r"(?:<\|?(?:im_start|start_header_id|header_start|start_of_turn|start)\|?>)?\s*(?:assistant|model)\s*(?:\n|:|<\|)",
    re.I,
)
"""A header of the assistant at the start of an answer, with its marker or without."""


def clean_stop(case: Case) -> Mark:
    """Claim that the answer ended by itself: with the template's end of turn, or with a stop string of the task."""
    response, end = case.response, case.facts.end_of_turn_id
    if case.prompt.choice_ids:
        return _nothing_generated()
    if response.finish == "length":
        return Mark(0.0, answer="length", reason=f"still going after {_n_tokens(case)} tokens")
    if response.finish == "stop":
        return Mark(1.0, answer="stop")
    if response.finish == "unknown":
        return _end_unknown()
    last = response.output_ids[-1] if response.output_ids else None
    if end is not None and last is not None and last != end:
        names = {number: token for token, number in case.facts.special_tokens.items()}
        return Mark(
            0.0, answer=names.get(last, str(last)), reason=f"the template ends a turn with {names.get(end, end)}"
        )
    return Mark(1.0, answer="eos")


def no_leaked_tokens(case: Case) -> Mark:
    """Claim that no special token stands in the answer, as an id or spelt out, but the one that ends it."""
    if case.prompt.choice_ids:
        return _nothing_generated()
    ids = case.response.output_ids
    inside = frozenset(ids[:-1] if case.response.finish == "eos" else ids)
    for token, number in case.facts.special_tokens.items():
        if token in _WANTED or not token.strip():
            continue
        if number in inside or (len(token) > _SHORT and token in case.response.text):
            return Mark(0.0, answer=token, reason=f"{token} stands in the answer")
    return Mark(1.0)


def no_foreign_turn(case: Case) -> Mark:
    """Claim that the answer opens no further turn, in its own template's way or in another's."""
    if case.prompt.choice_ids:
        return _nothing_generated()
    text = case.response.raw_text or case.response.text
    for opener in _OPENERS:
        if opener in text:
            return Mark(0.0, answer=opener, reason=f"{opener} opens another turn")
    found = _LINE_OPENERS.search(text)
    if found:
        return Mark(0.0, answer=found.group().strip(), reason=f"{found.group().strip()} opens another turn")
    return Mark(1.0)


def right_end(case: Case) -> Mark:
    """Claim that an answer that ended did so with the template's own end of turn, not with another end token."""
    if case.prompt.choice_ids:
        return _nothing_generated()
    if case.response.finish != "eos" or not case.response.output_ids:
        return Mark(None, reason="no end token ended it")
    last, end = case.response.output_ids[-1], case.facts.end_of_turn_id
    if end is None:
        return Mark(None, reason="the template closes an answer with no special token")
    names = {number: token for token, number in case.facts.special_tokens.items()}
    return Mark(
        float(last == end),
        answer=names.get(last, str(last)),
        reason="" if last == end else f"the template ends a turn with {names.get(end, end)}",
    )


def no_role_echo(case: Case) -> Mark:
    """Claim that the answer does not begin by writing its own header again."""
    if case.prompt.choice_ids:
        return _nothing_generated()
    text = (case.response.raw_text or case.response.text).lstrip()
    header = case.facts.generation_prompt.strip()
    if header and text.startswith(header):
        return Mark(0.0, answer=header, reason="the header of the turn is written again")
    found = _ECHO.match(text)
    if found:
        return Mark(0.0, answer=found.group().strip(), reason=f"the answer begins with {found.group().strip()!r}")
    return Mark(1.0)


def no_run_on(case: Case) -> Mark:
    """Claim that nothing follows an end of turn: the model stops where its turn does."""
    if case.prompt.choice_ids:
        return _nothing_generated()
    end = case.facts.end_of_turn_id
    names = [token for token, number in case.facts.special_tokens.items() if number == end]
    text = case.response.raw_text or case.response.text
    for name in names:
        _, closed, after = text.partition(name)
        if closed and after.strip():
            return Mark(0.0, answer=after.strip()[:40], reason=f"the answer goes on after {name}")
    return Mark(1.0)


def readable_tool_calls(case: Case) -> Mark:
    """Claim that what the answer calls can be read as a tool call in the format of its template."""
    if case.prompt.choice_ids:
        return _nothing_generated()
    if not case.facts.text:
        return Mark(None, reason="no chat template, no format of tool calls")
    found = read_answer(case.response.raw_text or case.response.text, _format(case.facts.text))
    if found.faults:
        return Mark(0.0, answer=found.faults[0][:80], reason=found.faults[0])
    if not found.tool_calls:
        return Mark(None, reason="the answer calls no tool")
    return Mark(1.0, answer=", ".join(call.name for call in found.tool_calls))


@lru_cache(maxsize=32)
def _format(template: str) -> AnswerFormat:
    return find_format(template)


def not_truncated(case: Case) -> Mark:
    """Claim that neither the prompt lost turns to the token limit nor the answer was cut at it."""
    if case.prompt.n_cut:
        return Mark(0.0, answer="prompt", reason=f"the prompt lost {case.prompt.cut or case.prompt.n_cut}")
    if case.response.finish == "length":
        return Mark(0.0, answer="answer", reason=f"cut after {_n_tokens(case)} tokens")
    return _end_unknown() if case.response.finish == "unknown" else Mark(1.0)


def _n_tokens(case: Case) -> int:
    """Return the tokens of an answer that was cut; a server that shows no ids was given the limit."""
    return len(case.response.output_ids) or case.prompt.decoding.max_new_tokens


def _end_unknown() -> Mark:
    return Mark(None, reason="nothing says how the answer ended")


def _nothing_generated() -> Mark:
    return Mark(None, reason="choices are scored, nothing is generated")
