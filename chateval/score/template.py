"""Template correctness of one case: was the prompt what the template says, did the answer keep to its turn?

The prompt's side (`single_bos`, `prompt_closed`, `system_kept`) says nothing about the model, the answer's side
(`clean_stop`, `no_leaked_tokens`, `no_foreign_turn`, `not_truncated`) nothing about the harness.
"""

import re
from itertools import takewhile

from chateval.records import Case, Mark

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


def single_bos(case: Case) -> Mark:
    """Claim that the prompt starts with exactly one BOS id, or with none where none is written."""
    bos = case.facts.bos_id
    if bos is None:
        return Mark(1.0, reason="neither tokenizer nor template writes a BOS")
    found = sum(1 for _ in takewhile(lambda number: number == bos, case.prompt.ids))
    return Mark(float(found == 1), answer=str(found), reason=f"{found} BOS ids at the start")


def prompt_closed(case: Case) -> Mark:
    """Claim that the prompt ends with the template's generation prompt."""
    expected = case.facts.generation_prompt
    if not expected:
        return Mark(None, reason="the prompt is made without a generation prompt")
    is_closed = case.prompt.text.endswith(expected)
    return Mark(
        float(is_closed), answer=case.prompt.text[-len(expected) :], reason="" if is_closed else f"not {expected!r}"
    )


def system_kept(case: Case) -> Mark:
    """Claim that every system message of the sample stands in the prompt."""
    wanted = [message["content"].strip() for message in case.sample.messages if message["role"] == "system"]
    if not wanted:
        return Mark(None, reason="the sample has no system message")
    lost = [text for text in wanted if text not in case.prompt.text]
    return Mark(float(not lost), reason=f"not in the prompt: {lost[0][:80]!r}" if lost else "")


def clean_stop(case: Case) -> Mark:
    """Claim that the answer ended by itself: with the template's end of turn, or with a stop string of the task."""
    response, end = case.response, case.facts.end_of_turn_id
    if case.prompt.choice_ids:
        return _nothing_generated()
    if response.finish == "length":
        return Mark(0.0, answer="length", reason=f"still going after {len(response.output_ids)} tokens")
    if response.finish == "stop":
        return Mark(1.0, answer="stop")
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


def not_truncated(case: Case) -> Mark:
    """Claim that neither the prompt lost turns to the token limit nor the answer was cut at it."""
    if case.prompt.n_cut:
        return Mark(0.0, answer="prompt", reason=f"the prompt lost {case.prompt.n_cut} turns")
    if case.response.finish == "length":
        return Mark(0.0, answer="answer", reason=f"cut after {len(case.response.output_ids)} tokens")
    return Mark(1.0)


def _nothing_generated() -> Mark:
    return Mark(None, reason="choices are scored, nothing is generated")
