"""Calls of functions in an answer: reading them in their spellings, and judging them."""

from chateval.score.tool.call import tool_call
from chateval.score.tool.final import final_answer
from chateval.score.tool.outcome import tool_outcome
from chateval.score.tool.read import read_calls
from chateval.score.tool.record import ToolCall
from chateval.score.tool.turn import Turn, read_turn
from chateval.score.tool.world import world_state

__all__ = ["ToolCall", "Turn", "final_answer", "read_calls", "read_turn", "tool_call", "tool_outcome", "world_state"]
