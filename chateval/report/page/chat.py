"""What was said in a dialogue, thought and judged -> JSON for the page; no text of it is longer than it shows."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chateval.codec import canonical, decode
from chateval.errors import DataError
from chateval.records import Judgement, Message, Prompt, Response, Round, Sample, TemplateFacts
from chateval.template.answer import format_of, marks_of, separate

MOST_CHARACTERS = 19_000
"""Of one text of a dialogue or of a judge that a page has, which then shows it whole; responses.jsonl has all."""
MOST_ROUNDS = 200
"""Rounds of one dialogue that a page has."""
_END = 200
"""Characters at the end of a prompt, among which a template opens the thinking."""
_MOST_MESSAGES = 100
"""Messages before one round, such as the results of many calls."""

NO_FACTS = TemplateFacts("unknown", "", "", None, "", None, (), {})
"""Of a checkpoint whose template nothing says: its thinking stands between the usual marks."""


def facts_in(manifest: Mapping[str, Any], checkpoint: str) -> TemplateFacts:
    """Return what a manifest says of the template of a checkpoint; manifests of other harnesses say nothing."""
    entries = manifest.get("checkpoints")
    for entry in entries if isinstance(entries, list | tuple) else ():
        one = entry.get("checkpoint") if isinstance(entry, Mapping) else None
        if isinstance(one, Mapping) and one.get("name") == checkpoint and "template" in entry:
            with suppress(DataError, TypeError, ValueError):
                return decode(TemplateFacts, json.dumps(entry["template"]), where="manifest.json")
    return NO_FACTS


def may_think(response: Response, prompt: Prompt, facts: TemplateFacts) -> bool:
    """Return whether an answer may have thinking in it, which is cheaper to tell than to separate it."""
    if response.dialogue is not None or format_of(facts.text).has_channels:
        return True
    marks = marks_of(facts)
    opens, closes = marks.opens.strip(), marks.closes
    texts = (response.text, response.raw_text)
    return opens in prompt.text[-_END:] or any(opens in text or closes in text for text in texts)


def dialogue_data(response: Response, sample: Sample, prompt: Prompt, facts: TemplateFacts) -> dict[str, Any]:
    """Return a dialogue as the page reads it; what the sample itself says before the first round is left out.

    Args:
        response: With its dialogue.
        sample: What it is about.
        prompt: Of the last round; all end in the same way, which tells where thinking begins.
        facts: Of the checkpoint's template.
    """
    found = response.dialogue
    assert found is not None  # noqa: S101 - the caller has seen it
    plain = replace(response, error=None, choice_logprobs=())
    rounds = []
    for one in found.rounds[:MOST_ROUNDS]:
        kept = replace(plain, text=one.text, raw_text=one.raw_text, reasoning=one.reasoning)
        said = separate(kept, prompt, facts)
        rounds.append(_round(one, said, sample))
    return {
        "rounds": rounds,
        "n_rounds": len(found.rounds),
        "ending": found.ending,
        "n_failed": found.calls_failed,
        "state": None if found.state is None else _cut(canonical(found.state).decode("utf-8", "replace")),
        "before": None if sample.state is None else _cut(canonical(sample.state).decode("utf-8", "replace")),
    }


def thought_data(found: Response) -> dict[str, Any]:
    """Return the thinking before an answer as the page reads it."""
    return {
        "text": _cut(found.reasoning),
        "n_tokens": found.n_reasoning_tokens,
        "is_incomplete": found.is_incomplete,
    }


def judgement_data(found: Judgement) -> dict[str, Any]:
    """Return what a judge said as the page reads it."""
    return {
        "judge": found.judge,
        "scorer": found.scorer,
        "position": found.position,
        "against": found.against,
        "finish": found.finish,
        "text": _cut(found.text),
        "error": None if found.error is None else _cut(found.error),
    }


def _round(found: Round, said: Response, sample: Sample) -> dict[str, Any]:
    is_own = list(map(dict, found.told)) == list(map(dict, sample.messages))
    return {
        "told": None if is_own else [_message(one) for one in found.told[:_MOST_MESSAGES]],
        "n_told": len(found.told),
        "text": _cut(said.text),
        "thought": _cut(said.reasoning),
        "raw": None if found.raw_text in ("", said.text) else _cut(found.raw_text),
        "calls": [_cut(canonical(dict(one)).decode("utf-8", "replace")) for one in found.calls[:_MOST_MESSAGES]],
        "finish": found.finish,
        "n_in": found.n_prompt_tokens,
        "n_out": found.n_output_tokens,
        "fault": _cut(found.fault),
        "n_cut": found.n_cut,
    }


def _message(found: Message) -> Mapping[str, Any]:
    content = found.get("content")
    if isinstance(content, str):
        return {**found, "content": _cut(content)}
    spelt = canonical(content).decode("utf-8", "replace")
    return found if len(spelt) <= MOST_CHARACTERS else {**found, "content": _cut(spelt)}


def _cut(text: str) -> str:
    rest = len(text) - MOST_CHARACTERS
    return text if rest <= 0 else f"{text[:MOST_CHARACTERS]} [... {rest:,} more characters, in responses.jsonl]"
