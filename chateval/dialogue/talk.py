"""One dialogue: an answer comes in, and what is said to it is decided."""

from collections.abc import Sequence
from typing import Any, Literal

from chateval.dialogue.tools import Tools
from chateval.messages import content_text
from chateval.records import Dialogue, DialogueSpec, Ending, Message, Prompt, Response, Round, Sample
from chateval.score.tool.read import read_calls
from chateval.score.tool.record import ToolCall
from chateval.template.answer import AnswerFormat, read_answer

Move = Literal["model", "user", "end"]
"""Who speaks next; `user` is a simulated one, whose turn another model has to write."""


class Talk:
    """A dialogue with one sample, answer by answer. What it decides is a function of the answers alone."""

    def __init__(self, sample: Sample, spec: DialogueSpec, form: AnswerFormat | None, tools: Tools | None) -> None:
        """Begin before the first answer.

        Args:
            sample: What it is about.
            spec: Its limits.
            form: How the checkpoint's template spells calls and reasoning; None where that is not known.
            tools: Answer calls; None for a task in which nobody does.
        """
        self.sample = sample
        self.messages: tuple[Message, ...] = sample.messages
        self.last: tuple[Prompt, Response] | None = None
        """The prompt and response of the last round."""
        self._spec = spec
        self._form = form
        self._tools = tools
        self._told: tuple[Message, ...] = sample.messages
        self._rounds: list[Round] = []
        self._state = sample.state
        self._n_turns = 0
        self._n_calls = 0
        self._n_failed = 0
        self._ending: Ending = "answered"

    def take(self, prompt: Prompt, response: Response) -> Move:
        """Take in the answer of a round and say who speaks next."""
        if response.error is not None and self._rounds and prompt.error is not None:
            return self._end("context")
        self.last = prompt, response
        calls, fault, message = self._read(response)
        self._rounds.append(
            Round(
                told=self._told,
                text=response.text,
                raw_text=response.raw_text,
                finish=response.finish,
                n_prompt_tokens=response.n_prompt_tokens,
                n_output_tokens=len(response.output_ids),
                calls=tuple({"name": call.name, "arguments": dict(call.arguments)} for call in calls),
                fault=fault,
                n_cut=prompt.n_cut,
            )
        )
        self._told = ()
        if response.error is not None:
            return self._end("fault")
        self.messages = (*self.messages, message)
        if calls and self._tools is not None:
            if self._n_calls + len(calls) > self._spec.limits.max_calls:
                return self._end("calls")
            self._say(self._call(calls, message))
            return self._next()
        if self._n_turns < len(self.sample.turns):
            self._say([{"role": "user", "content": self.sample.turns[self._n_turns]}])
            self._n_turns += 1
            return self._next()
        if self._spec.user is not None and self._n_turns < self._spec.user.max_turns:
            return "user" if self._next() == "model" else "end"
        return self._end("answered")

    def hear(self, text: str | None) -> Move:
        """Take in what a simulated user says; None ends the dialogue."""
        if text is None:
            return self._end("answered")
        self._n_turns += 1
        self._say([{"role": "user", "content": text}])
        return "model"

    def response(self) -> tuple[Prompt, Response, Dialogue]:
        """Return the last round and the whole; only after `take`."""
        assert self.last is not None  # noqa: S101 - the first round is always taken
        return *self.last, Dialogue(tuple(self._rounds), self._ending, self._state, self._n_failed)

    def _say(self, messages: Sequence[Message]) -> None:
        self._told = (*self._told, *messages)
        self.messages = (*self.messages, *messages)

    def _next(self) -> Move:
        limits = self._spec.limits
        if len(self._rounds) >= limits.max_rounds:
            return self._end("rounds")
        if sum(one.n_output_tokens for one in self._rounds) >= limits.max_tokens:
            return self._end("tokens")
        return "model"

    def _end(self, ending: Ending) -> Move:
        self._ending = ending
        return "end"

    def _read(self, response: Response) -> tuple[tuple[ToolCall, ...], str, Message]:
        """Return the calls of an answer, why one could not be read, and the answer as the history has it."""
        said: dict[str, Any] = {"role": "assistant", "content": response.text}
        calls: tuple[ToolCall, ...] = ()
        if self._form is not None:
            answer = read_answer(response.raw_text or response.text, self._form, tools=self.sample.tools)
            said["content"] = answer.content
            if answer.reasoning:
                said["reasoning_content"] = answer.reasoning
            if answer.tool_calls and not answer.faults:
                calls = tuple(ToolCall(call.name, call.arguments or {}) for call in answer.tool_calls)
                said["tool_calls"] = [
                    {
                        "id": call_id(self._n_calls + number),
                        "type": "function",
                        "function": {"name": call.name, "arguments": dict(call.arguments)},
                    }
                    for number, call in enumerate(calls, start=1)
                ]
                return calls, "", said
        if self._tools is None:
            return (), "", said
        try:
            calls = read_calls(content_text(said)) if content_text(said).strip() else ()
        except ValueError as fault:
            return (), str(fault), said
        return calls, "", said

    def _call(self, calls: Sequence[ToolCall], message: Message) -> list[Message]:
        """Return the results of calls as messages."""
        assert self._tools is not None  # noqa: S101 - there are calls to answer only with tools
        results: list[Message] = []
        for call in calls:
            self._n_calls += 1
            found = self._tools.call(call, self._state)
            self._state = found.state
            self._n_failed += found.is_error
            result = {"role": "tool", "name": call.name, "content": found.text}
            if "tool_calls" in message:
                result["tool_call_id"] = call_id(self._n_calls)
            results.append(result)
        return results


def call_id(number: int) -> str:
    """Return the id of a call: nine letters and digits, as Mistral's templates ask for."""
    return f"call{number:05d}"
