"""One line of a sample file of lm-evaluation-harness -> what was asked and answered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chateval.integrations.importers.files import mapping, sequence, text

QUESTIONS = ("question", "query", "problem", "prompt", "instruction", "input", "goal", "sentence", "ctx", "text")
"""Fields of a row in which data sets keep what is asked, the likeliest first."""
_NO_METRICS = {
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "truth"),
    *("doc_hash", "prompt_hash", "target_hash", "hallucination", "schema_version", "example_id"),
}


@dataclass(frozen=True, slots=True)
class Read:
    """A line of a sample file."""

    content: Any
    """What is asked, for its address."""
    question: str
    prompt: str
    target: str
    choices: tuple[str, ...]
    logprobs: tuple[float, ...]
    """Of each choice; of each prompt where those differ instead."""
    text: str | None
    answer: str | None
    tags: tuple[str, ...]
    decoding: Mapping[str, Any] | None
    is_choice: bool


def metrics_of(row: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics of a line: those it lists, or whatever it has beside the known fields."""
    listed = sequence(row.get("metrics"))
    if listed:
        return [name for name in listed if isinstance(name, str)]
    return [name for name in row if name not in _NO_METRICS and not name.startswith(("prompt_", "logit_"))]


def read_row(row: Mapping[str, Any]) -> Read:
    """Return what a line says, of whichever generation it is."""
    if "logit_0" in row:
        return _read_logits(row)
    requests = list(_requests(row.get("arguments")))
    responses = sequence(row.get("resps"))
    logprobs = tuple(_logprob(one) for one in responses)
    is_choice = bool(logprobs) and None not in logprobs
    prompt = text(requests[0][0]) if requests else ""
    doc = row.get("doc")
    target = text(row.get("target"))
    choices: tuple[str, ...] = ()
    found = tuple(one for one in logprobs if one is not None) if is_choice else ()
    if is_choice:
        choices, found = _choices(requests, found)
        if choices and target not in choices and target.isdecimal() and int(target[:6]) < len(choices):
            target = choices[int(target[:6])]
    said = None if is_choice else _first_text(responses)
    filtered = sequence(row.get("filtered_resps"))
    options = requests[0][1] if requests and isinstance(requests[0][1], dict) else None
    return Read(
        content=doc if isinstance(doc, dict) and doc else {"question": prompt, "target": target},
        question=_question(mapping(doc), prompt),
        prompt=prompt,
        target=target,
        choices=choices,
        logprobs=found,
        text=said,
        answer=_likeliest(choices, found) if is_choice else text(_first_text(filtered), limit=2000) or None,
        tags=_tags(mapping(doc)),
        decoding=options,
        is_choice=is_choice,
    )


def _read_logits(row: Mapping[str, Any]) -> Read:
    """Read the oldest generation: a prompt and its summed log-probability for each choice."""
    prompts: list[str] = []
    logits: list[float] = []
    while f"logit_{len(logits)}" in row:
        prompts.append(text(row.get(f"prompt_{len(logits)}")))
        logits.append(_float(row[f"logit_{len(logits)}"]) or 0.0)
    truth = text(row.get("truth"))
    target = prompts[int(truth)] if truth.isdecimal() and int(truth[:6]) < len(prompts) else truth
    choices = tuple(prompts) if len(set(prompts)) == len(prompts) and all(prompts) else ()
    return Read(
        content={"prompts": prompts, "target": target},
        question=prompts[0] if prompts else "",
        prompt=prompts[0] if prompts else "",
        target=target,
        choices=choices,
        logprobs=tuple(logits),
        text=None,
        answer=_likeliest(choices, tuple(logits)),
        tags=(),
        decoding=None,
        is_choice=True,
    )


def _requests(arguments: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (context, continuation or options) of each request; older files hold only the first."""
    if isinstance(arguments, dict):
        for one in arguments.values():
            yield mapping(one).get("arg_0"), mapping(one).get("arg_1")
        return
    listed = sequence(arguments)
    if listed and not isinstance(listed[0], (list, tuple)):
        listed = [listed]
    for one in listed:
        parts = sequence(one)
        yield (parts[0] if parts else None), (parts[1] if len(parts) > 1 else None)


def _logprob(response: Any) -> float | None:
    """Return the log-probability in `[[-1.5, false]]` or `[["-1.5", "False"]]`; None where it is a text."""
    inner = sequence(response)
    pair = sequence(inner[0]) if inner else ()
    return _float(pair[0]) if len(pair) == 2 and str(pair[1]).lower() in ("true", "false") else None


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _choices(
    requests: Sequence[tuple[Any, Any]], logprobs: tuple[float, ...]
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the texts that were chosen among, none where the file does not hold them, and their log-probabilities."""
    if len(requests) != len(logprobs):
        return (), logprobs
    contexts, texts = zip(*((text(before), text(after)) for before, after in requests), strict=True)
    half = len(texts) // 2
    if len(texts) % 2 == 0 and half and texts[:half] == texts[half:]:  # once more without the question, to normalise
        contexts, texts, logprobs = contexts[:half], texts[:half], logprobs[:half]
    shown = contexts if len(set(texts)) == 1 < len(set(contexts)) else texts
    stripped = tuple(one.strip() for one in shown)
    return (stripped if len(set(stripped)) == len(stripped) else shown), logprobs


def _likeliest(choices: tuple[str, ...], logprobs: tuple[float, ...]) -> str | None:
    if not logprobs:
        return None
    best = max(range(len(logprobs)), key=lambda place: logprobs[place])
    return choices[best] if best < len(choices) else f"choice {best + 1}"


def _first_text(value: Any) -> str | None:
    while isinstance(value, (list, tuple)):
        if not value:
            return None
        value = value[0]
    return None if value is None else text(value)


def _question(doc: Mapping[str, Any], prompt: str) -> str:
    fields = {name.lower(): value for name, value in doc.items()}
    found = (fields[name] for name in QUESTIONS if isinstance(fields.get(name), str) and fields[name])
    return next(found, prompt)


def _tags(doc: Mapping[str, Any]) -> tuple[str, ...]:
    found = [doc.get(name) for name in ("subject", "category", "type")]
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str) and 0 < len(one) <= 60))
