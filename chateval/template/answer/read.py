"""An answer's text to its content, its reasoning and its tool calls, by the format of its chat template."""

import re
from dataclasses import replace
from functools import lru_cache

from chateval.template.answer.blocks import Tools, read_block
from chateval.template.answer.channels import Message, split_messages
from chateval.template.answer.formats import AnswerFormat, CallFormat
from chateval.template.answer.records import Answer, Block, ToolCall, UnreadableError
from chateval.template.answer.values import CutOffError, read_value

_MOST_FAULTS = 100
"""Unreadable calls after which the rest of an answer is taken as content; keeps the time linear."""
_NOTHING = AnswerFormat()


def read_answer(text: str, form: AnswerFormat, *, tools: Tools = ()) -> Answer:
    """Take an answer apart; any text is taken, the time grows with its length linearly.

    Args:
        text: What the model wrote, special tokens included, from the end of the prompt on.
        form: What its chat template uses, from `find_format`.
        tools: Tools that the prompt declared; they tell the types of arguments that are written without quotes.
    """
    if form.has_channels and any(mark in text for mark in ("<|message|>", "<|channel|>")):
        return _read_channels(text, form, tools)
    return _Reading(_without_ends(text, form.ends), form, tools).read()


class _Reading:
    """One pass over an answer from left to right."""

    def __init__(self, text: str, form: AnswerFormat, tools: Tools) -> None:
        self._text = text
        self._form = form
        self._tools = tools
        self._at = 0
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[ToolCall] = []
        self._faults: list[str] = []
        self._is_partial = False
        self._is_marked = False

    def read(self) -> Answer:
        """Return the parts of the whole answer."""
        self._read_leading_reasoning()
        if not self._is_partial:
            self._read_leading_call()
        marks = _marks(self._form)
        while not self._is_partial and marks and (found := marks.search(self._text, self._at)):
            self._content.append(self._text[self._at : found.start()])
            self._at = found.end()
            if len(self._faults) >= _MOST_FAULTS or not self._take(found[0]):
                self._content.append(found[0])
        if not self._is_partial:
            self._content.append(self._text[self._at :])
        content = "".join(self._content)
        return Answer(
            content=content.strip() if self._is_marked else content,
            reasoning="\n".join(part for part in self._reasoning if part),
            tool_calls=tuple(self._calls),
            faults=tuple(self._faults),
            is_partial=self._is_partial,
        )

    def _take(self, mark: str) -> bool:
        """Read what a mark opens; False if it opens nothing, so that it is content."""
        if mark in self._form.wrappers:
            self._is_marked = True
            return True
        if self._form.thinking and mark == self._form.thinking.opens:
            return self._take_reasoning()
        return self._take_calls([form for form in self._form.calls if form.opens == mark])

    def _read_leading_reasoning(self) -> None:
        """Read the reasoning that an answer starts with, or starts inside of."""
        thinking = self._form.thinking
        if not thinking:
            return
        start = len(self._text) - len(self._text.lstrip())
        if self._text.startswith(thinking.opens.rstrip(), start):
            self._at = start + len(thinking.opens.rstrip())
        elif self._form.is_thinking_open is None:
            closes = self._text.find(thinking.closes)
            if closes < 0 or 0 <= self._text.find(thinking.opens) < closes:
                return
        elif not self._form.is_thinking_open:
            return
        if self._take_reasoning():
            return
        marks = _answer_marks(self._form)
        found = marks.search(self._text, self._at) if marks else None
        self._reasoning.append(self._text[self._at : found.start() if found else len(self._text)].strip())
        self._faults.append(f"reasoning is not closed: {thinking.closes} is missing")
        self._is_marked = True
        self._at = found.start() if found else len(self._text)
        self._is_partial = not found

    def _take_reasoning(self) -> bool:
        """Read up to the mark that closes the reasoning; False, and nothing read, if there is none."""
        closes = self._form.thinking.closes if self._form.thinking else ""
        end = self._text.find(closes, self._at)
        if end < 0:
            return False
        self._reasoning.append(self._text[self._at : end].strip())
        while self._text.startswith(closes, end):
            end += len(closes)
        self._at = end
        self._is_marked = True
        return True

    def _read_leading_call(self) -> None:
        """Read a call that has no mark of its own, or whose mark stands in the prompt."""
        forms = [form for form in self._form.calls if form.may_start or not form.opens]
        if forms:
            self._take_calls(forms, is_marked=False)

    def _take_calls(self, forms: list[CallFormat], *, is_marked: bool = True) -> bool:
        """Read calls at the place reached, by the first format that fits; what fits none is a fault where marked."""
        fault: UnreadableError | None = None
        for form in forms:
            try:
                block = read_block(self._text, self._at, form, self._tools)
            except UnreadableError as error:
                fault = fault or error
                continue
            self._add(block, form)
            return True
        if is_marked or isinstance(fault, CutOffError):
            what = "is cut off" if isinstance(fault, CutOffError) else _WRONG[forms[0].shape]
            self._faults.append(f"tool call {what}: {fault}")
        return False

    def _add(self, block: Block, form: CallFormat) -> None:
        self._is_marked = True
        self._calls.extend(block.calls)
        self._faults.extend([block.fault] if block.fault else [])
        self._is_partial = block.is_partial
        if self._content:
            before = self._content[-1].rstrip()
            for mark in form.around:
                before = before.removesuffix(mark).rstrip()
            self._content[-1] = before
        found = _around(form).match(self._text, block.end)
        self._at = found.end() if found else block.end


_WRONG = {
    "json": "is not JSON",
    "named": "is not a name and JSON",
    "tagged": "is not a name and arguments in tags",
    "pythonic": "is not f(name=value)",
    "literal": "is not call:f{name:value}",
}


def _read_channels(text: str, form: AnswerFormat, tools: Tools) -> Answer:
    """Read a row of messages, each by its channel and recipient."""
    content: list[str] = []
    reasoning: list[str] = []
    calls: list[ToolCall] = []
    faults: list[str] = []
    messages = split_messages(text)
    is_partial = bool(messages) and not messages[-1].is_closed and messages[-1].is_reasoning
    for message in messages:
        if message.fault:
            faults.append(message.fault)
        if message.recipient:
            answer = _read_message(message, form, tools)
            calls.extend(answer.tool_calls)
            faults.extend(answer.faults)
            content.append(answer.content)
            is_partial = is_partial or answer.is_partial
        else:
            (reasoning if message.is_reasoning else content).append(message.body.strip())
    return Answer(
        content="\n".join(part for part in content if part),
        reasoning="\n".join(part for part in reasoning if part),
        tool_calls=tuple(calls),
        faults=tuple(faults[:_MOST_FAULTS]),
        is_partial=is_partial,
    )


def _read_message(message: Message, form: AnswerFormat, tools: Tools) -> Answer:
    """Read a message to a tool: the calls in it, else its body as the arguments."""
    if form.calls:
        return read_answer(message.body, replace(_NOTHING, calls=form.calls), tools=tools)
    name = message.recipient.removeprefix("functions.")
    raw = message.body.strip()
    faults: tuple[str, ...] = ()
    arguments = None
    is_cut = False
    try:
        value, end = read_value(raw, 0)
        if end < len(raw):
            raise UnreadableError(f"text after the JSON at character {end}")
        arguments = value if isinstance(value, dict) else None
        faults = () if arguments is not None else ("tool call is not JSON: the arguments are not an object",)
    except UnreadableError as fault:
        is_cut = isinstance(fault, CutOffError) and not message.is_closed
        if name != message.recipient:  # the built-in tools `python` and `browser` take code
            faults = (f"tool call is {'cut off' if is_cut else 'not JSON'}: {fault}",)
    return Answer("", tool_calls=(ToolCall(name, arguments, raw),), faults=faults, is_partial=is_cut)


def _without_ends(text: str, ends: tuple[str, ...]) -> str:
    """Return the text without the marks of the end of a turn that it ends with, and the white space before them."""
    end = kept = len(text)
    while True:
        while end and text[end - 1].isspace():
            end -= 1
        mark = next((mark for mark in ends if text.endswith(mark, 0, end)), None)
        if mark is None:
            return text[:kept]
        end = kept = end - len(mark)


@lru_cache(maxsize=64)
def _marks(form: AnswerFormat) -> re.Pattern[str] | None:
    thinking = [form.thinking.opens] if form.thinking else []
    return _any_of(*thinking, *form.wrappers, *(call.opens for call in form.calls))


@lru_cache(maxsize=64)
def _answer_marks(form: AnswerFormat) -> re.Pattern[str] | None:
    """Return a pattern for the marks that no reasoning holds, which end it where its own mark is missing."""
    return _any_of(*form.wrappers, *(mark for call in form.calls for mark in (call.opens, *call.around)))


@lru_cache(maxsize=256)
def _around(form: CallFormat) -> re.Pattern[str]:
    return re.compile("(?:" + "|".join([r"\s", *map(re.escape, form.around)]) + ")*+")


def _any_of(*marks: str) -> re.Pattern[str] | None:
    """Return a pattern for any of the marks, the longest first; None if there is none."""
    distinct = sorted({mark for mark in marks if mark}, key=lambda mark: (-len(mark), mark))
    return re.compile("|".join(map(re.escape, distinct))) if distinct else None
