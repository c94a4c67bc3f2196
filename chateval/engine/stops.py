"""Stop strings of a task, which end an answer and never its thinking; and how much of an answer is thinking."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from chateval.records import Prompt, Response
from chateval.template.answer import Thinking, is_open_in, split_thinking

Decode = Callable[[list[int]], str]

_SPARE = 16
"""Tokens more than a text has characters that may be needed to hold it: some show nothing."""


class StopWatch:
    """Looks at an answer token by token until a stop string stands in it, outside of thinking."""

    def __init__(self, prompt: Prompt, marks: Thinking) -> None:
        """Begin before the first token.

        Args:
            prompt: Whose text may end with the mark that opens the thinking, and whose decoding has the stop strings.
            marks: Around thinking.
        """
        self._stops = prompt.decoding.stop
        self._opens, self._closes = marks.opens.strip(), marks.closes
        self._inside = is_open_in(prompt.text, marks)
        self._may_begin = True
        """Whether nothing but white space was said since the beginning, or since thinking closed."""
        self._again = re.compile(r"\n[ \t]*+" + re.escape(self._opens))
        # A text of n characters spans at most n tokens that show.
        self._window = max(map(len, (*self._stops, self._opens, self._closes))) + _SPARE
        self._from = 0
        """Tokens that are read and done with: thinking, up to its mark."""
        self._left = ""
        """What the last of those tokens shows behind the mark."""

    def sees(self, ids: list[int], decode: Decode) -> bool:
        """Return whether a stop string stands in the answer; to be asked after each token.

        Args:
            ids: All tokens so far.
            decode: Returns the text of ids, special tokens kept.
        """
        text = self._tail(ids, decode)
        if self._inside:
            if self._closes not in text:
                return False
            text = text.rpartition(self._closes)[2]
            self._inside, self._may_begin = False, True
            self._from, self._left = len(ids), text
        head = text.lstrip()
        if self._may_begin and head:
            if head.startswith(self._opens):
                return self._enter(ids, head.partition(self._opens)[2], decode)
            if self._opens.startswith(head):
                return False  # it may become the mark
            self._may_begin = False
        again = self._again.search(text)
        said = text[: again.start()] if again else text
        if any(stop in said for stop in self._stops):
            return True
        return again is not None and self._enter(ids, text[again.end() :], decode)

    def _enter(self, ids: list[int], left: str, decode: Decode) -> bool:
        self._inside, self._may_begin = True, False
        self._from, self._left = len(ids), left
        return self._closes in left and self.sees(ids, decode)

    def _tail(self, ids: list[int], decode: Decode) -> str:
        start = len(ids) - self._window
        if start > self._from:
            return decode(ids[start:])
        return self._left + decode(ids[self._from :])

    def answer_start(self, ids: list[int], decode: Decode) -> int:
        """Return where in the text of an answer its thinking is over.

        Args:
            ids: All tokens.
            decode: Returns the text of ids as the answer has it, without special tokens.
        """
        if not self._from:
            return 0
        before = decode(ids[: self._from])
        place = before.rfind(self._closes)
        return place + len(self._closes) if place >= 0 else len(before) - len(self._left)


def cut_at_stop(text: str, stops: Sequence[str], *, start: int = 0) -> str:
    """Return the text up to the first stop string from `start` on."""
    places = [place for stop in stops if (place := text.find(stop, max(start, 0))) >= 0]
    return text[: min(places)] if places else text


def n_thinking_ids(ids: list[int], decode: Decode, marks: Thinking, prompt: str) -> int | None:
    """Return how many tokens of an answer are thinking, its marks included; None where there is none.

    Args:
        ids: Of the answer.
        decode: Returns the text of ids, special tokens kept.
        marks: Around thinking.
        prompt: Text of the prompt, which may open the thinking.
    """
    text = decode(ids)
    spans = split_thinking(text, marks, is_open=is_open_in(prompt, marks)).spans
    if not spans:
        return None

    def n_before(place: int) -> int:
        low, high = 0, len(ids)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if len(decode(ids[:middle])) >= place else (middle + 1, high)
        return low

    return sum(n_before(end) - (n_before(start) if start else 0) for start, end in spans)


def end_at_stop(response: Response, prompt: Prompt, marks: Thinking, decode: Decode) -> Response:
    """Return a response as if its engine had ended it at the first stop string outside of thinking.

    Args:
        response: Of an engine that was given no stop strings.
        prompt: Whose decoding has them.
        marks: Around thinking.
        decode: Returns the text of ids, special tokens kept.
    """
    stops, ids = prompt.decoding.stop, list(response.output_ids)
    watch = StopWatch(prompt, marks)
    for n in range(1, len(ids) + 1):
        if watch.sees(ids[:n], decode):
            raw = decode(ids[:n])
            text = cut_at_stop(response.text, stops, start=_answer_start(response.text, prompt, marks))
            return replace(response, text=text, raw_text=raw, output_ids=tuple(ids[:n]), finish="stop")
    if ids:
        return response
    text = cut_at_stop(response.text, stops, start=_answer_start(response.text, prompt, marks))
    return response if text == response.text else replace(response, text=text, raw_text=text, finish="stop")


def _answer_start(text: str, prompt: Prompt, marks: Thinking) -> int:
    """Return where in a text the thinking that it begins with is over."""
    spans = split_thinking(text, marks, is_open=is_open_in(prompt.text, marks)).spans
    at = 0
    for start, end in spans:
        if text[at:start].strip():
            break
        at = end
    return at
