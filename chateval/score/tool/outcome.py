"""Scorer for the tools of a whole dialogue: were the right calls made, in the right order, and then answered upon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from chateval.records import Case, Mark
from chateval.score.json_format import read_json, shorten
from chateval.score.tool.call import fault_in_call
from chateval.score.tool.read import calls_in
from chateval.score.tool.record import ToolCall, spell
from chateval.score.tool.turn import LOST, MALFORMED, read_turn
from chateval.template.answer import AnswerFormat, find_format, format_behind

Groups = tuple[tuple[ToolCall, ...], ...]
"""Calls that are wanted: groups in order, the calls of one in any order."""

_LIMITS: Mapping[str, str] = {
    "rounds": "the limit of rounds was met",
    "calls": "the limit of calls was met",
    "tokens": "the limit of tokens was met",
    "context": "the history outgrew the context",
}


@dataclass(frozen=True, slots=True)
class _Said:
    """What a dialogue, or one answer, came to."""

    calls: tuple[ToolCall, ...]
    fault: str
    """Why a call was not read; the first one."""
    text: str
    """The last answer."""
    limit: str = ""
    """Which limit ended it, in words."""
    is_dialogue: bool = False


def tool_outcome(case: Case, *, extra: Literal["wrong", "allowed"] = "wrong") -> Mark:
    """Compare all calls of a dialogue with those that are wanted, and tell whether it came to an answer.

    Names and arguments are compared as `tool_call` does. Calls that a tool answered with an error count like others.

    Args:
        case: The response, of a dialogue or a single one, and the sample. Its target is the JSON text of the wanted
            calls in order, a list within the list standing for calls in any order: `[a, [b, c]]`; or of one call; or
            `null` or `[]` where none is wanted. A call is `{"name", "arguments"}`, `{"tool", "parameters"}`, or
            `{"function": {"name", "arguments"}}`. Alternatives are further targets.
        extra: Whether calls beside the wanted ones, such as a second look or one that is mended after an error, are
            wrong or allowed.

    Returns:
        1.0 if the calls are right and, in a dialogue, words follow them; else 0.0. The reason starts with one of right,
        wrong tool, wrong arguments, malformed, parser lost, should not have called, missing call, several calls,
        unanswered.

    Raises:
        ValueError: If a target is none of these: the task is at fault, not the model.
    """
    plans = [_groups(target) for target in case.sample.targets]
    said = _said(case)
    reasons = [_verdict(said, plan, allows_extra=extra == "allowed") for plan in plans]
    reason = "right" if "right" in reasons else reasons[0]
    return Mark(float(reason == "right"), answer=spell(said.calls), reason=shorten(reason))


def _groups(target: str) -> Groups:
    try:
        value = read_json(target)
        entries = value if isinstance(value, list) else [value]
        groups = tuple(calls_in(entry) for entry in entries)
    except ValueError as fault:
        raise ValueError(f"target {shorten(target)}: no calls: {fault}") from fault
    return tuple(group for group in groups if group)


def _said(case: Case) -> _Said:
    response, dialogue = case.response, case.response.dialogue
    if dialogue is None:
        turn = read_turn(response, format_behind(_format(case.facts.text), case.prompt.text), case.sample.tools)
        return _Said(turn.calls, turn.fault, turn.content)
    calls = tuple(ToolCall(call["name"], call["arguments"]) for one in dialogue.rounds for call in one.calls)
    faults = (one.fault for one in dialogue.rounds if one.fault)
    last = dialogue.rounds[-1]
    text = "" if last.calls else last.text
    return _Said(calls, next(faults, ""), text, _LIMITS.get(dialogue.ending, ""), is_dialogue=True)


def _verdict(said: _Said, wanted: Groups, *, allows_extra: bool) -> str:
    fault = said.fault if said.fault.startswith((LOST, MALFORMED)) else said.fault and f"{MALFORMED}: {said.fault}"
    if not wanted:
        if said.calls or fault:
            return f"should not have called: {said.calls[0].name if said.calls else fault}"
        return "right" if said.text.strip() else "unanswered: no text"
    mismatch = _mismatch(said.calls, wanted, allows_extra=allows_extra)
    if mismatch.startswith("missing call") and (fault or said.limit):
        return fault or f"unanswered: {said.limit}"
    if mismatch or fault:
        return mismatch or fault
    if said.limit:
        return f"unanswered: {said.limit}"
    return "unanswered: no text after the results" if said.is_dialogue and not said.text.strip() else "right"


def _mismatch(calls: Sequence[ToolCall], wanted: Groups, *, allows_extra: bool) -> str:
    """Return what keeps calls from being the wanted ones; empty if nothing does."""
    left = list(calls)
    passed = ""
    for group in wanted:
        open_ones = list(group)
        while open_ones:
            if not left:
                return passed or f"missing call: {open_ones[0].name}"
            faults = [fault_in_call(left[0], one) for one in open_ones]
            if "" in faults:
                del open_ones[faults.index("")]
            else:
                nearest = min(faults, key=lambda fault: fault.startswith("wrong tool"))
                if not allows_extra:
                    return nearest
                passed = passed or nearest
            del left[0]
    if left and not allows_extra:
        return f"several calls: {len(calls)}, not {sum(map(len, wanted))}"
    return ""


@lru_cache(maxsize=32)
def _format(template: str) -> AnswerFormat | None:
    return find_format(template) if template else None
