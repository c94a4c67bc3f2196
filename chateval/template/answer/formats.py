"""What a format of answers is: the marks of reasoning and calls, and the shape of arguments. Frozen; no behaviour."""

from dataclasses import dataclass
from typing import Literal

Shape = Literal["json", "named", "tagged", "pythonic", "literal"]
"""What follows the marker: JSON that has the name; a name, then JSON; a name, then one tag for each argument; `f(a=1)`;
`call:f{a:1}`."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """The marks around reasoning."""

    opens: str
    closes: str
    signature: str = ""
    """Text that a chat template with these marks holds; the closing mark where empty."""


@dataclass(frozen=True, slots=True)
class CallFormat:
    """How one family writes calls."""

    name: str
    shape: Shape
    signature: tuple[str, ...]
    """Texts that a chat template which writes such calls holds, all of them."""
    opens: str = ""
    """Text that a call starts with; empty if a call has no mark and stands at the start of an answer."""
    closes: str = ""
    """Text behind one call, or behind one list of calls."""
    around: tuple[str, ...] = ()
    """Further marks before and behind the calls, which say nothing."""
    head: str = ""
    """Regex for what stands between `opens` and the arguments; group `name`, and `id` if there is one."""
    argument: str = ""
    """Regex for the start of one argument, shape `tagged`; group `name`, and `text` if its value is a string."""
    argument_closes: str = ""
    """Text behind one argument; `{name}` in it stands for the argument's name."""
    argument_mark: str = ""
    """Text in front of each tag inside an argument, shape `tagged`, if arguments may be nested tags."""
    quote: str = ""
    """What stands for quotes, shape `literal`."""
    may_start: bool = False
    """Whether the prompt may already hold `opens`, so that an answer starts behind it."""


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The formats of one chat template's answers."""

    calls: tuple[CallFormat, ...] = ()
    """Tried in this order."""
    thinking: Thinking | None = None
    is_thinking_open: bool | None = None
    """Whether the generation prompt has opened the reasoning; None if that is unknown."""
    wrappers: tuple[str, ...] = ()
    """Marks around content that are left out."""
    ends: tuple[str, ...] = ()
    """Marks of the end of a turn, left out at the end of an answer."""
    has_channels: bool = False
    """Whether an answer is a row of messages with headers (Harmony)."""
