"""One dialogue: an answer comes in, and what is said to it is decided."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from chateval.dialogue.tools import Tools
from chateval.records import Dialogue, DialogueSpec, Ending, Message, Prompt, Response, Round, Sample
from chateval.score.tool.record import ToolCall
from chateval.score.tool.turn import Turn, read_turn
from chateval.template.answer import AnswerFormat, format_behind

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

    def take(self, prompt: Prompt, response: Response, *, is_outgrown: bool = False) -> Move:
        """Take in the answer of a round and say who speaks next.

        Args:
            prompt: Of the round.
            response: To it; one with an error ends the dialogue, which is then unscored.
            is_outgrown: Whether the history no longer fits, so that there is no answer. Where the task says that the
                dialogue then ends, the answer before stays the last one.
        """
        if is_outgrown and self._rounds and self._spec.limits.history == "end":
            return self._end("context")
        if response.error is not None and self._rounds:
            response = replace(response, error=f"round {len(self._rounds) + 1}: {response.error}")
        self.last = prompt, response
        turn, message = self._read(prompt, response)
        calls = turn.calls
        reasoning = str(message.get("reasoning_content", ""))
        self._rounds.append(
            Round(
                told=self._told,
                text=str(message["content"]) if turn.is_separated else response.text,
                raw_text=response.raw_text,
                finish=response.finish,
                n_prompt_tokens=response.n_prompt_tokens,
                n_output_tokens=len(response.output_ids),
                calls=tuple({"name": call.name, "arguments": dict(call.arguments)} for call in calls),
                fault=turn.fault,
                n_cut=prompt.n_cut,
                reasoning=reasoning,
            )
        )
        self._told = ()
        if response.error is not None:
            return self._end("context" if is_outgrown else "fault")
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
        """Take in what a simulated user says; None is a user who has nothing to add."""
        if text is None:
            return self._end("answered")
        self._n_turns += 1
        self._say([{"role": "user", "content": text}])
        return "model"

    def lose_user(self, why: str) -> None:
        """End without a score: a user's model that gives no turn says nothing of the answers, right or wrong."""
        assert self.last is not None  # noqa: S101 - a user is asked after an answer
        prompt, response = self.last
        reason = f"the user's model after round {len(self._rounds)}: {why}"
        self.last = prompt, replace(response, finish="error", error=reason)
        self._end("fault")

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

    def _read(self, prompt: Prompt, response: Response) -> tuple[Turn, Message]:
        """Return what an answer says and calls, and the answer as the history has it."""
        turn = read_turn(response, format_behind(self._form, prompt.text), self.sample.tools)
        if self._tools is None:
            turn = replace(turn, calls=(), fault="", is_native=False)
        is_whole = not (turn.is_separated or turn.is_native)
        content = response.text if is_whole else turn.content
        if turn.is_separated and response.finish == "stop":
            content = min((content.partition(stop)[0] for stop in prompt.decoding.stop), key=len, default=content)
        said: dict[str, Any] = {"role": "assistant", "content": content}
        if reasoning := turn.reasoning or response.reasoning:
            said["reasoning_content"] = reasoning
        if turn.is_native:
            said["tool_calls"] = [
                {
                    "id": call_id(self._n_calls + number),
                    "type": "function",
                    "function": {"name": call.name, "arguments": dict(call.arguments)},
                }
                for number, call in enumerate(turn.calls, start=1)
            ]
        return turn, said

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
