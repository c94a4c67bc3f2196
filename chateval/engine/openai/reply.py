"""What a server replied, held against what it was asked: a field that is missing or odd is an error that names it."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chateval.engine.openai.exchange import RequestFailed, said_in
from chateval.template.wire import words

_FINISHES = ("stop", "length")
_UNLIKELY = -9999.0
"""What vLLM writes for minus infinity, which is no number of JSON."""


class OddReply(RequestFailed):
    """The server did not do what it was asked; the text names the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, status=200)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reply is held against."""

    model: str
    max_tokens: int
    stop: tuple[str, ...] = ()
    prompt_ids: tuple[int, ...] | None = None
    """None where messages were sent: their tokens are the server's."""
    n_added: int = 0
    """Tokens that the server puts before every text, known beforehand."""
    wants_ids: bool = False
    """The server was asked for the ids of prompt and answer."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer as the server gives it."""

    text: str
    finish: Literal["stop", "length"]
    ended_by: int | str | None
    """Id of the end token or the stop string that ended it, where the server says so."""
    output_ids: tuple[int, ...] | None
    """None where the server returns none."""
    n_prompt_tokens: int
    reasoning: str = ""
    """The thinking, where the server takes it out of the text."""
    n_reasoning_tokens: int | None = None
    """Of the answer's tokens, those of the thinking, where the server says so."""


def read_completion(reply: Any, asked: Asked) -> Completion:
    """Read a reply of `/completions` or `/chat/completions`.

    Raises:
        OddReply: If it is not what was asked for.
    """
    choice = _only_choice(reply, asked.model)
    finish = choice.get("finish_reason")
    if finish not in _FINISHES:
        raise OddReply(f"finish_reason is {_shown(finish)}, not one of {', '.join(_FINISHES)}")
    n_prompt, n_output = (_count(reply, name) for name in ("prompt_tokens", "completion_tokens"))
    if n_output > asked.max_tokens:
        raise OddReply(f"usage.completion_tokens is {n_output:,}, and max_tokens was {asked.max_tokens:,}")
    if asked.prompt_ids is not None and n_prompt != len(asked.prompt_ids) + asked.n_added:
        raise OddReply(f"usage.prompt_tokens is {n_prompt:,}, the prompt has {len(asked.prompt_ids) + asked.n_added:,}")
    ended_by = choice.get("stop_reason", choice.get("matched_stop"))
    output_ids = _output_ids(choice, asked, n_output) if asked.wants_ids else None
    return Completion(
        text=_cut(_text(choice), asked.stop),
        finish=finish,
        ended_by=ended_by if type(ended_by) in (int, str) else None,
        output_ids=output_ids,
        n_prompt_tokens=n_prompt,
        reasoning=_reasoning(choice),
        n_reasoning_tokens=_n_reasoning(reply, n_output),
    )


def read_prompt_logprobs(reply: Any, model: str, ids: Sequence[int], spell: Callable[[int], str]) -> tuple[float, ...]:
    """Return the log-probability of each token of a prompt but the first, shape [n_ids - 1].

    Reads `prompt_logprobs`, a mapping from id for each token, else the `logprobs` of an echo, whose tokens are ids
    (`token_id:5`) or texts.

    Args:
        reply: Of `/completions`.
        model: That was asked.
        ids: That were sent.
        spell: Returns the text of one id.

    Raises:
        OddReply: If a token has none, or is another one than was sent.
    """
    choice = _only_choice(reply, model)
    if choice.get("prompt_logprobs") is not None:
        return _mapped(choice["prompt_logprobs"], ids)
    if choice.get("logprobs") is not None:
        return _echoed(choice["logprobs"], ids, spell)
    raise OddReply("neither choices[0].prompt_logprobs nor choices[0].logprobs is in the reply")


def read_named_logprobs(reply: Any, model: str, ids: Sequence[int], named: Sequence[int]) -> tuple[float, ...]:
    """Return the log-probability of each of the named tokens as the next one after a prompt.

    Raises:
        OddReply: If one is missing, or the prompt is another than was sent.
    """
    read_completion(reply, Asked(model, 1, prompt_ids=tuple(ids), wants_ids=True))
    logprobs = _only_choice(reply, model).get("logprobs")
    found = logprobs.get("top_logprobs") if isinstance(logprobs, dict) else None
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
        raise OddReply(f"choices[0].logprobs.top_logprobs is {_shown(found)}, not one mapping")
    names = [f"token_id:{number}" for number in named]
    return tuple(_logprob(found[0].get(name), f"logprobs.top_logprobs[0].{name}") for name in names)


def _only_choice(reply: Any, model: str) -> Mapping[str, Any]:
    if not isinstance(reply, dict):
        raise OddReply(f"the reply is {_shown(reply)}, not an object")
    if reply.get("error") is not None:
        raise OddReply(f"an error with status 200: {words(said_in(reply)) or _shown(reply['error'])}")
    echoed = reply.get("model")
    if not isinstance(echoed, str) or not _is_model(echoed, model):
        raise OddReply(f"model is {_shown(echoed)}, and {_shown(model)} was asked")
    choices = reply.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        found = f"{len(choices)} choices" if isinstance(choices, list) else f"choices is {_shown(choices)}"
        raise OddReply(f"{found}, and n=1 was asked")
    return choices[0]


def _is_model(echoed: str, asked: str) -> bool:
    """Return whether a name is the one that was asked, or that with a revision or a date behind it."""
    return echoed == asked or re.fullmatch(re.escape(asked) + r"(?:@[\w./-]+|-\d{4}-?\d{2}-?\d{2})", echoed) is not None


def _count(reply: Mapping[str, Any], name: str) -> int:
    usage = reply.get("usage")
    if not isinstance(usage, dict):
        raise OddReply(f"usage is {_shown(usage)}")
    found = usage.get(name)
    if type(found) is not int or found < 0:
        raise OddReply(f"usage.{name} is {_shown(found)}")
    return found


def _text(choice: Mapping[str, Any]) -> str:
    message = choice.get("message")
    name, found = ("message.content", message.get("content")) if isinstance(message, dict) else ("text", None)
    if name == "text":
        found = choice.get("text")
    elif found is None and _reasoning(choice) and not (isinstance(message, dict) and message.get("tool_calls")):
        found = ""  # it thought until the end
    if not isinstance(found, str):
        raise OddReply(f"choices[0].{name} is {_shown(found)}, not a text")
    return _whole(found)


def _reasoning(choice: Mapping[str, Any]) -> str:
    """Return the thinking that a server took out of the text: `reasoning`, which vLLM says, or `reasoning_content`."""
    message = choice.get("message")
    said = message if isinstance(message, dict) else {}
    found = next((said[name] for name in ("reasoning", "reasoning_content") if said.get(name) is not None), "")
    if not isinstance(found, str):
        raise OddReply(f"choices[0].message.reasoning is {_shown(found)}, not a text")
    return _whole(found)


def _n_reasoning(reply: Mapping[str, Any], n_output: int) -> int | None:
    details = reply["usage"].get("completion_tokens_details")
    found = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return found if type(found) is int and 0 < found <= n_output else None


def _whole(text: str) -> str:
    """Return a text of Unicode; JSON may hold half a character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _cut(text: str, stops: Sequence[str]) -> str:
    """Return the text without the stop string that some servers leave at its end."""
    for stop in stops:
        place = text.find(stop)
        if place >= 0 and place + len(stop) == len(text):
            text = text[:place]
        elif place >= 0:
            raise OddReply(f"stop: the text goes on after {stop!r}")
    return text


def _output_ids(choice: Mapping[str, Any], asked: Asked, n_output: int) -> tuple[int, ...]:
    for name, expected in (("prompt_token_ids", asked.prompt_ids), ("token_ids", None)):
        found = choice.get(name)
        if not isinstance(found, list) or not all(type(one) is int and one >= 0 for one in found):
            raise OddReply(f"choices[0].{name} is {_shown(found)}, not a list of ids")
        if expected is not None and tuple(found) != tuple(expected):
            raise OddReply(f"choices[0].{name}: {len(found):,} ids, other ones than the {len(expected):,} sent")
    ids = tuple(choice["token_ids"])
    if len(ids) != n_output:
        raise OddReply(f"choices[0].token_ids has {len(ids):,} ids, usage.completion_tokens is {n_output:,}")
    return ids


def _mapped(found: Any, ids: Sequence[int]) -> tuple[float, ...]:
    if not isinstance(found, list) or len(found) != len(ids):
        count = f"{len(found):,} entries" if isinstance(found, list) else _shown(found)
        raise OddReply(f"choices[0].prompt_logprobs has {count} for {len(ids):,} ids")
    values = []
    for place, (entry, number) in enumerate(zip(found[1:], ids[1:], strict=True), start=1):
        of_token = entry.get(str(number)) if isinstance(entry, dict) else None
        if not isinstance(of_token, dict):
            raise OddReply(f"choices[0].prompt_logprobs[{place}] has nothing for id {number}")
        values.append(_logprob(of_token.get("logprob"), f"prompt_logprobs[{place}].{number}.logprob"))
    return tuple(values)


def _echoed(found: Any, ids: Sequence[int], spell: Callable[[int], str]) -> tuple[float, ...]:
    tokens, values = (found.get(name) if isinstance(found, dict) else None for name in ("tokens", "token_logprobs"))
    if not isinstance(tokens, list) or not isinstance(values, list) or not len(tokens) == len(values) >= len(ids):
        raise OddReply(f"choices[0].logprobs has no token and log-probability for each of {len(ids):,} ids")
    for place, number in enumerate(ids):
        if tokens[place] not in (f"token_id:{number}", spell(number)):
            raise OddReply(f"choices[0].logprobs.tokens[{place}] is {_shown(tokens[place])}, not {spell(number)!r}")
    return tuple(
        _logprob(value, f"logprobs.token_logprobs[{place}]")
        for place, value in enumerate(values[1 : len(ids)], start=1)
    )


def _logprob(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OddReply(f"choices[0].{name} is {_shown(value)}, not a number")
    if not math.isfinite(value) or value > 1e-3 or value <= _UNLIKELY:
        raise OddReply(f"choices[0].{name} is {value:g}, no log-probability")
    return min(0.0, float(value))


def _shown(value: Any) -> str:
    return "missing" if value is None else words(repr(value)[:120])
