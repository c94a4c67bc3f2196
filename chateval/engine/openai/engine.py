"""Checkpoints answered by an OpenAI-compatible server, by token ids where it takes them; every reply is verified."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from chateval.codec import canonical
from chateval.engine.base import Answer, Batch
from chateval.engine.batch import error_response
from chateval.engine.openai.choices import Scoring, find_scoring
from chateval.engine.openai.client import Client
from chateval.engine.openai.door import CHAT, COMPLETIONS, Door, find_door
from chateval.engine.openai.exchange import RequestFailed
from chateval.engine.openai.reply import Asked, Completion, OddReply, read_completion
from chateval.engine.stops import end_at_stop, n_thinking_ids
from chateval.errors import CheckpointError, DataError
from chateval.media import wire_messages
from chateval.records import Checkpoint, Decoding, Finish, Prompt, Response, TemplateFacts
from chateval.template import Tokenizer, read_json, render, tokenize
from chateval.template.answer import find_format, is_open_in, marks_of, split_thinking

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """A model on a server."""

    client: Client
    model: str
    """The name that requests ask for."""
    server: str = "unknown"
    """Engine and version, as the server says."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """What the user puts into each request."""


class OpenAIEngine:
    """Answers for one checkpoint. What the server does not say or does otherwise is an error of the sample."""

    def __init__(self, checkpoint: Checkpoint, tokenizer: Tokenizer, facts: TemplateFacts, served: Served) -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            checkpoint: A folder that is served, or an endpoint.
            tokenizer: Of the folder; None for an endpoint.
            facts: Of its template.
            served: Where it is.
        """
        self._checkpoint = checkpoint
        self._tokenizer = tokenizer
        self._facts = facts
        self._served = served
        self._marks = marks_of(facts)
        form = find_format(facts.text)
        self._thinks = form.thinking is not None or form.has_channels or bool(checkpoint.template_options)
        """Whether an answer may begin with thinking, so that no stop string is left to the server."""

    @property
    def identity(self) -> dict[str, str]:
        """Server, how prompts are sent, and what the user puts into the requests; dtype and device it does not say.

        The address and the name of the model stand for what it does not say: of two servers that are said to serve a
        folder, one may serve it quantised. Those of an endpoint are in its digest already.
        """
        options = self._checkpoint.template_options
        place = {"address": self._served.client.address, "model": self._served.model}
        return {
            "engine": "openai",
            "server": self._served.server,
            **(place if self._checkpoint.kind != "endpoint" else {}),
            "door": self._door.kind,
            **({"template_options": _said(options)} if self._door.kind == "chat" and options else {}),
            **({"added_tokens": str(self._door.n_added)} if self._door.n_added else {}),
            **({"options": _said(self._served.body)} if self._served.body else {}),
        }

    def plan(self, prompts: Sequence[Prompt]) -> list[Batch]:
        """Put all prompts into one batch: the server makes its own."""
        return [Batch(tuple(prompts))] if prompts else []

    def respond(self, batches: Iterable[Batch]) -> Iterator[list[Answer]]:
        """Yield answers as the server gives them.

        Raises:
            CheckpointError: If the server is gone, refuses every request, or cannot score choices.
        """
        prompts = [prompt for batch in batches for prompt in batch.prompts]
        _ = self._door  # found out here: the thread of the client cannot wait for itself
        if any(prompt.choice_ids for prompt in prompts):
            _ = self._scoring
        yield from self._served.client.each(self._answer, prompts)

    async def _answer(self, prompt: Prompt) -> Answer:
        try:
            return prompt, await (self._choose(prompt) if prompt.choice_ids else self._generate(prompt))
        except DataError as fault:  # an image that is not what it was
            return prompt, error_response(prompt, str(fault))
        except RequestFailed as fault:
            return prompt, error_response(prompt, self._served.client.redact(str(fault)))

    @cached_property
    def _sample(self) -> tuple[str, list[int]]:
        """A short prompt and its ids, to try the server with."""
        completion = self._checkpoint.completion
        text = "Hello" if completion else render(self._tokenizer, [{"role": "user", "content": "Hello"}])
        [ids] = tokenize(self._tokenizer, [text], add_special_tokens=completion)
        return text, ids

    @cached_property
    def _door(self) -> Door:
        client, name = self._served.client, self._checkpoint.name
        if self._checkpoint.kind == "endpoint":
            return Door("chat")
        door = find_door(client, self._served.model, *self._sample)
        if door.kind == "chat" and self._checkpoint.completion:
            raise CheckpointError(f"{name}: {client.address} takes messages only, and plain text (completion) has none")
        if door.kind == "chat":
            _log.warning(
                "%s: %s takes messages only and builds the prompts itself: what is checked of them here is not what "
                "the model sees",
                name,
                client.address,
            )
        if door.n_added:
            _log.warning(
                "%s: %s takes text only and puts a token before each prompt, most likely a BOS: the model does not see "
                "the prompts as they are shown here",
                name,
                client.address,
            )
        return door

    @cached_property
    def _scoring(self) -> Scoring:
        client, model = self._served.client, self._served.model
        if self._door.kind != "ids":
            raise CheckpointError(
                f"{self._checkpoint.name}: {client.address} takes no token ids, without which the choices of a task "
                "cannot be scored; use --engine transformers or vllm"
            )
        return find_scoring(client, model, tuple(self._sample[1]), spell=self._spell, body=self._served.body)

    async def _generate(self, prompt: Prompt) -> Response:
        decoding, door = prompt.decoding, self._door
        extras = self._extras if door.kind == "ids" else {}
        if self._thinks and prompt.decoding.stop:
            decoding = replace(decoding, stop=())
        asked = {"model": self._served.model, **self._prompt(prompt), **_sampling(prompt, decoding), **extras}
        path = CHAT if door.kind == "chat" else COMPLETIONS
        reply = await self._served.client.ask(path, {**asked, **self._served.body})
        found = read_completion(
            reply,
            Asked(
                self._served.model,
                decoding.max_new_tokens,
                stop=decoding.stop,
                prompt_ids=None if door.kind == "chat" else prompt.ids,
                n_added=door.n_added,
                wants_ids="return_token_ids" in extras,
            ),
        )
        response = self._response(replace(prompt, decoding=decoding), found)
        if decoding.stop and response.finish == "stop" and self._is_thinking(prompt, response):
            self._thinks = True  # its stop strings end thinking, too: they are looked for here from now on
            return await self._generate(prompt)
        if decoding.stop or not prompt.decoding.stop:
            return response
        return end_at_stop(response, prompt, self._marks, self._decode_ids)

    def _is_thinking(self, prompt: Prompt, response: Response) -> bool:
        """Return whether an answer ends inside its thinking."""
        if response.reasoning:
            return response.is_incomplete
        text = response.raw_text or response.text
        return split_thinking(text, self._marks, is_open=is_open_in(prompt.text, self._marks)).is_open

    def _prompt(self, prompt: Prompt) -> dict[str, Any]:
        match self._door.kind:
            case "ids":
                return {"prompt": list(prompt.ids)}
            case "text":
                return {"prompt": prompt.text}
            case "chat":
                messages = wire_messages(prompt.messages, prompt.images, prompt.sounds)
                return {"messages": [_with_reasoning(message) for message in messages], **self._template_options}

    @property
    def _template_options(self) -> dict[str, Any]:
        """The switches of the template, where the server renders it: vLLM, SGLang and llama-server take them so."""
        options = dict(self._checkpoint.template_options)
        return {"chat_template_kwargs": options} if options else {}

    def _response(self, prompt: Prompt, found: Completion) -> Response:
        finish = self._finish(prompt.decoding, found)
        text = raw_text = found.text
        if found.output_ids is not None:
            raw_text = self._decode(found.output_ids, skip_special_tokens=False)
            text = self._decode(found.output_ids[:-1] if finish == "eos" else found.output_ids)
            text = _until(text, prompt.decoding.stop) if finish == "stop" else text
        return Response(
            sample_id=prompt.sample_id,
            text=text,
            finish=finish,
            raw_text=raw_text,
            output_ids=found.output_ids or (),
            n_prompt_tokens=found.n_prompt_tokens,
            repeat=prompt.repeat,
            reasoning=found.reasoning,
            is_incomplete=bool(found.reasoning) and not text.strip(),
            n_reasoning_tokens=self._count_thinking(prompt, found),
        )

    def _count_thinking(self, prompt: Prompt, found: Completion) -> int | None:
        if found.output_ids is None:
            return found.n_reasoning_tokens
        return n_thinking_ids(list(found.output_ids), self._decode_ids, self._marks, prompt.text)

    def _finish(self, decoding: Decoding, found: Completion) -> Finish:
        """Return why an answer ended; `stop` where stop strings were given and the server does not say what it was."""
        if found.finish == "length":
            return "length"
        if isinstance(found.ended_by, str):
            if found.ended_by not in decoding.stop:
                raise OddReply(f"choices[0].stop_reason is {found.ended_by[:40]!r}, which was no stop string")
            return "stop"
        if found.output_ids is None:
            return "stop" if decoding.stop and found.ended_by is None else "eos"
        last = found.output_ids[-1] if found.output_ids else None
        if last not in self._facts.stop_ids:
            raise OddReply(f"choices[0].token_ids ends with {last}, which is no end token of the checkpoint")
        return "eos"

    async def _choose(self, prompt: Prompt) -> Response:
        found = await self._scoring.score(prompt.ids, prompt.choice_ids)
        n_prompt = len(prompt.ids)
        return Response(
            prompt.sample_id, "", "eos", n_prompt_tokens=n_prompt, choice_logprobs=found, repeat=prompt.repeat
        )

    @cached_property
    def _extras(self) -> dict[str, Any]:
        """What engines take besides the fields of OpenAI, so that only our end tokens end an answer."""
        stops = list(self._facts.stop_ids)
        if self._served.server.startswith("vllm"):
            base = Path(self._checkpoint.base_path or self._checkpoint.path)
            own = read_json(base / "generation_config.json") if base.is_dir() else {}
            penalty = own.get("repetition_penalty")
            return {
                "stop_token_ids": stops,
                "ignore_eos": True,
                "return_token_ids": True,
                "skip_special_tokens": False,
                "spaces_between_special_tokens": False,
                "top_k": -1,  # what is not said is taken from the server's generation_config
                "min_p": 0.0,
                "repetition_penalty": penalty if isinstance(penalty, (int, float)) and penalty > 0 else 1.0,
            }
        if self._served.server.startswith("sglang"):
            return {"stop_token_ids": stops, "skip_special_tokens": False}  # its ignore_eos would ignore these too
        return {}

    def _decode(self, ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        return str(
            self._tokenizer.decode(
                list(ids), skip_special_tokens=skip_special_tokens, clean_up_tokenization_spaces=False
            )
        )

    def _decode_ids(self, ids: list[int]) -> str:
        return self._decode(ids, skip_special_tokens=False)

    def _spell(self, number: int) -> str:
        return self._decode([number], skip_special_tokens=False)


def _sampling(prompt: Prompt, decoding: Decoding) -> dict[str, Any]:
    """Return how an answer is drawn, in the fields of OpenAI; each repeat is a request with its own seed."""
    found: dict[str, Any] = {"max_tokens": decoding.max_new_tokens, "temperature": decoding.temperature, "n": 1}
    if decoding.temperature > 0:
        seed = (decoding.seed * 1_000_003 + prompt.repeat) ^ int(prompt.sample_id, 16)
        found |= {"top_p": decoding.top_p, "seed": seed % 2**31}
    return found | ({"stop": list(decoding.stop)} if decoding.stop else {})


def _until(text: str, stops: Sequence[str]) -> str:
    """Return the text up to the first stop string."""
    return min((text.partition(stop)[0] for stop in stops), key=len)


def _with_reasoning(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message of the history with its thinking under both names: vLLM reads `reasoning`, others the other."""
    return {**message, "reasoning": message["reasoning_content"]} if "reasoning_content" in message else message


def _said(value: Mapping[str, Any]) -> str:
    return canonical(dict(value)).decode("utf-8", "replace")
