"""What was otherwise with the chat template of one checkpoint than with another's."""

import json
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from chateval.records import CheckpointSummary

Difference = tuple[str, str, str]
"""(what, before, after)"""

_AROUND = 24
"""Characters shown before and after a difference."""
_SHOWN = 80
"""Longest difference that is shown whole."""
_FACTS = {
    "dialect": "dialect of the template",
    "generation_prompt": "generation prompt",
    "end_of_turn_id": "end of turn, id",
    "stop_ids": "stop ids",
    "bos_id": "BOS, id",
}
_DEFAULT_SYSTEM = "CT208"
"""The check that finds a system text that the chat does not have."""


def template_changes(
    before: CheckpointSummary, after: CheckpointSummary, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Difference]:
    """Yield what differs: the text where it first does, the default system prompt, how turns open and end.

    Args:
        before: Of the baseline.
        after: Of the candidate.
        old: What the manifest says of the baseline; may be empty.
        new: What the manifest says of the candidate; may be empty.
    """
    if before.template_options != after.template_options:
        yield "switches of the chat template", _options(before), _options(after)
    if before.template_digest != after.template_digest:
        texts = [side.get("template", {}).get("text") for side in (old, new)]
        if before.template_options == after.template_options or not texts[0] or texts[0] != texts[1]:
            yield _text_change(before, after, old.get("template", {}), new.get("template", {}))
        mine, theirs = (_default_system(summary) for summary in (before, after))
        if mine != theirs and before.template and after.template:
            yield "default system prompt", _quoted(mine), _quoted(theirs)
    facts, others = old.get("template", {}), new.get("template", {})
    if facts and others:
        for key, words in _FACTS.items():
            if _listed(facts.get(key)) != _listed(others.get(key)):
                yield words, _quoted(facts.get(key)), _quoted(others.get(key))
    if before.template and after.template and before.template.verdict != after.template.verdict:
        yield "check of the template", before.template.verdict, f"{after.template.verdict} ({after.template.reason})"


def _options(summary: CheckpointSummary) -> str:
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in summary.template_options.items()) or "none set"


def _text_change(
    before: CheckpointSummary, after: CheckpointSummary, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Difference:
    mine, theirs = old.get("text"), new.get("text")
    if not mine or not theirs:
        return "chat template", _named(before), _named(after)
    line, shown, other = first_difference(mine, theirs)
    return f"chat template, line {line}:", _quoted(shown), _quoted(other)


def first_difference(before: str, after: str) -> tuple[int, str, str]:
    """Return the line where two texts first differ, and what stands there in each, with a little around it.

    All that differs is shown if it is short, else its beginning; `...` stands for what is left out.
    """
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    return before.count("\n", 0, start) + 1, _window(before, start, end), _window(after, start, end)


def _shared(a: str, b: str) -> int:
    """Return how many characters two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _window(text: str, start: int, end: int) -> str:
    """Return what differs with some characters around it.

    Args:
        text: One of the texts.
        start: Characters that both have before it.
        end: Characters that both have after it.
    """
    stop = len(text) - end
    if stop - start > _SHOWN:
        shown, tail = text[start : start + _SHOWN], "..."
    else:
        shown, tail = text[start : stop + _AROUND], "..." if stop + _AROUND < len(text) else ""
    head = "..." if start > _AROUND else ""
    return f"{head}{text[max(0, start - _AROUND) : start]}{shown}{tail}"


def _default_system(summary: CheckpointSummary) -> str | None:
    found = summary.template
    if found is None:
        return None
    return next((f.found for f in (*found.findings, *found.notes) if f.code == _DEFAULT_SYSTEM), None)


def _named(summary: CheckpointSummary) -> str:
    return f"{summary.template_source} {summary.template_digest[:12]}".strip() or "none"


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _quoted(value: Any) -> str:
    """Return a value on one line, line breaks spelt out."""
    if value is None or value == "":
        return "none"
    if not isinstance(value, str):
        return str(_listed(value))
    return '"' + value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'
