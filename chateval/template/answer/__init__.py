"""A model's answer, taken apart: content, reasoning and tool calls, by the formats that its chat template uses."""

from chateval.template.answer.check import check_calls
from chateval.template.answer.find import find_format
from chateval.template.answer.formats import AnswerFormat, CallFormat, Thinking
from chateval.template.answer.read import read_answer
from chateval.template.answer.records import Answer, ToolCall
from chateval.template.answer.separate import format_behind, format_of, marks_of, separate, separated
from chateval.template.answer.thought import PLAIN, Thought, is_open_in, split_thinking

__all__ = [
    "PLAIN",
    "Answer",
    "AnswerFormat",
    "CallFormat",
    "Thinking",
    "Thought",
    "ToolCall",
    "check_calls",
    "find_format",
    "format_behind",
    "format_of",
    "is_open_in",
    "marks_of",
    "read_answer",
    "separate",
    "separated",
    "split_thinking",
]
