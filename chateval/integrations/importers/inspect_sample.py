"""One sample of an Inspect log -> what was asked, answered and said of the answer."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chateval.integrations.importers.files import mapping, sequence, text
from chateval.records import Message, Sample

LETTERS: Mapping[str, float] = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
"""What Inspect's own metrics count its letters as: correct, incorrect, partial, no answer."""
_WORDS: Mapping[str, float] = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}

SKIPPED = "[{} left out]"
"""What stands for a part of a message that is no text."""

_ATTACHMENT = ("attachment://", "tc://")
_SHOWN = 4_000


def sample_of(row: Mapping[str, Any], *, attachments: Mapping[str, Any], note: Callable[[str], None]) -> Sample:
    """Return what was asked, without an id; parts that are no text are replaced by a marker and noted."""
    asked = row.get("input")
    turns = sequence(asked) if not isinstance(asked, str) else ({"role": "user", "content": asked},)
    messages: list[Message] = []
    for turn in turns:
        content = _content(mapping(turn).get("content"), attachments, note)
        messages.append({"role": text(mapping(turn).get("role")) or "user", "content": content})
    target = row.get("target")
    targets = [text(one) for one in sequence(target)] if isinstance(target, list) else [text(target)]
    first, *others = targets or [""]
    metadata = mapping(row.get("metadata"))
    tags = [metadata.get(name) for name in ("category", "subject", "tag")]
    return Sample(
        id="",
        inputs={"id": row.get("id"), "metadata": dict(metadata)},
        messages=tuple(messages),
        target=first,
        alternatives=tuple(dict.fromkeys(others)),
        choices=tuple(text(one) for one in sequence(row.get("choices"))),
        tags=tuple(one for one in tags if isinstance(one, str) and 0 < len(one) <= 60),
    )


def content_text(content: Any) -> str:
    """Return a content as text."""
    return content if isinstance(content, str) else text(content)


def _content(content: Any, attachments: Mapping[str, Any], note: Callable[[str], None]) -> str:
    if isinstance(content, str):
        for prefix in _ATTACHMENT:
            if content.startswith(prefix):
                return text(attachments.get(content.removeprefix(prefix), content))
        return content
    parts = []
    for part in sequence(content):
        kind = text(mapping(part).get("type")) or "part"
        if kind == "text":
            parts.append(_content(mapping(part).get("text"), attachments, note))
        elif kind != "reasoning":
            note(f"messages with {kind[:20]} parts: shown as {SKIPPED.format(kind[:20])}")
            parts.append(SKIPPED.format(kind[:20]))
    return "\n".join(parts)


def answer_of(output: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    """Return what the model said."""
    completion = output.get("completion")
    if isinstance(completion, str):
        return completion
    return _content(mapping(choice.get("message")).get("content"), {}, lambda _: None)


def failure_of(row: Mapping[str, Any]) -> str | None:
    """Return why a sample has no answer; None where it has one."""
    error = row.get("error")
    if error is None:
        return None
    return (text(mapping(error).get("message") or error, limit=500)) or "error"


def values_of(row: Mapping[str, Any]) -> Iterator[tuple[str, Any, str | None, str]]:
    """Yield (scorer, value, answer, reason); a scorer with several values is named `scorer[value]`."""
    scores = row.get("scores")
    if not isinstance(scores, dict):  # logs of before July 2024 have one
        scores = {"score": row["score"]} if isinstance(row.get("score"), dict) else {}
    for name, score in scores.items():
        found = mapping(score)
        answer, reason = found.get("answer"), text(found.get("explanation") or found.get("reason"), limit=_SHOWN)
        shown = None if answer is None else text(answer, limit=_SHOWN)
        value = found.get("value")
        if isinstance(value, dict):
            for key, one in value.items():
                yield f"{name}[{key}]", number_of(one), shown, reason
        elif isinstance(value, list):
            for place, one in enumerate(value, start=1):
                yield f"{name}[{place}]", number_of(one), shown, reason
        else:
            yield name, number_of(value), shown, reason


def number_of(value: Any) -> Any:
    """Return a value as Inspect's `value_to_float` reads it; what that cannot read stays as it is.

    Source:
        inspect_ai/scorer/_metric.py, value_to_float.
    """
    if not isinstance(value, str):
        return value
    return LETTERS.get(value, _WORDS.get(value.lower(), value))
