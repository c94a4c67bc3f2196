"""A model's answer, taken apart: content, reasoning and tool calls, by the formats that its chat template uses."""

from chateval.template.answer.check import check_calls
from chateval.template.answer.find import find_format
from chateval.template.answer.formats import AnswerFormat, CallFormat, Thinking
from chateval.template.answer.read import read_answer
from chateval.template.answer.records import Answer, ToolCall

__all__ = [
    "Answer",
    "AnswerFormat",
    "CallFormat",
    "Thinking",
    "ToolCall",
    "check_calls",
    "find_format",
    "read_answer",
]
