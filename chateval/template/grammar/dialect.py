"""A family of chat templates as data: its dialects, their turns, and what each writes around them. No behaviour."""

from dataclasses import dataclass
from typing import Literal

BosRule = Literal["never", "tokenizer", "text", "pair"]
"""never: the model has none; tokenizer: added when tokenising; text: the template writes it; pair: before each user."""

SystemRule = Literal["turn", "first_user", "last_user", "wrapped", "raw", "refused"]
"""Where the system message goes: a turn of its own, glued to a user turn, wrapped inside it, bare text, nowhere."""

History = Literal["kept", "dropped_before_last_user", "dropped"]
"""Which reasoning of earlier answers a template keeps."""


@dataclass(frozen=True, slots=True)
class Field:
    """An optional part of a header, such as Harmony's channel."""

    name: str
    prefix: str
    """Literal before the value; both are absent where the field is."""
    values: tuple[str, ...] = ()
    """Allowed values; empty for any run without whitespace and `<`."""


@dataclass(frozen=True, slots=True)
class TurnRule:
    """How a dialect writes the turns of one role."""

    role: str
    opener: tuple[str, ...]
    """Literals that open a turn, the written one first; `{word}` and `{fields}` are filled in."""
    closer: tuple[str, ...]
    """Literals that close it, the written one first; blank where the next opener closes it."""
    words: tuple[str, ...] = ()
    """What stands for the role in the header, the written one first; a final `*` matches any name."""
    after: tuple[str, ...] = ()
    """Roles after which the turn begins without an opener of its own; only for an opener that is blank."""
    inside: tuple[str, ...] = ()
    """Control literals that may stand in the content."""
    is_message: bool = True
    """False for a block that is no message, such as a list of tools."""


@dataclass(frozen=True, slots=True)
class ToolLayout:
    """How calls and results are written; empty where a dialect has none."""

    open: str = ""
    """Literal before the first call."""
    call: str = ""
    """One call, with `{name}`, `{arguments}`, `{id}`, `{call}` (a JSON object), `{calls}` (all in one JSON list) or
    `{parameters}`."""
    between: str = ""
    """Literal between two calls."""
    close: str = ""
    """Literal after the last call."""
    parameter: str = ""
    """One parameter, with `{key}` and `{value}`, where `call` has `{parameters}`."""
    name_key: str = "name"
    arguments_key: str = "arguments"
    id_key: str = "id"
    separator: str = ""
    """Literal between the answer's own text and the first call."""
    result: str = ""
    """The content of a result, with `{content}`, `{id}` or `{result}` (a JSON object); empty where that is all."""
    result_role: str = "tool"
    """Role whose turn carries results."""
    is_turn: bool = False
    """A call is a whole turn, markers included, as in Harmony."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How reasoning is written; empty where a dialect has none."""

    open: str = ""
    close: str = ""
    history: History = "kept"
    is_turn: bool = False
    """Reasoning is a whole turn: `open` and `close` are its markers."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One exact layout: every byte around the contents of a chat."""

    name: str
    family: str
    turns: tuple[TurnRule, ...]
    aliases: tuple[str, ...] = ()
    bos: str | None = None
    bos_rule: BosRule = "never"
    bos_others: tuple[str, ...] = ()
    """BOS literals of other vocabularies that the layout is used with."""
    fields: tuple[Field, ...] = ()
    generation_prompts: tuple[str, ...] = ()
    """What the prompt may end with so that the model answers, the written one first; empty where there is none."""
    system: SystemRule = "turn"
    system_open: str = ""
    """For a wrapped system message: what stands before it."""
    system_close: str = "\n\n"
    """For a wrapped or glued system message: what stands between it and the user's text."""
    default_system: tuple[str, ...] = ()
    """System texts that templates of the dialect are known to write by themselves."""
    injects_default: bool = False
    """The first default is written where the chat has no system message."""
    rename: tuple[tuple[str, str], ...] = ()
    """Roles that are written as another role."""
    trim: tuple[str, ...] = ()
    """Roles whose contents are stripped of whitespace at both ends."""
    alternates: bool = False
    """User and assistant take turns; anything else is refused."""
    system_first: bool = False
    """A system turn later in the chat is refused."""
    final: str = ""
    """Literal after a chat that asks for no answer."""
    stop: tuple[str, ...] = ()
    """Literals on which decoding stops."""
    plain_markers: bool = False
    """Some markers are ordinary text, not tokens."""
    tools: ToolLayout = ToolLayout()
    thinking: Thinking = Thinking()
    encoder: str | None = None
    """The vendor's encoder, where it and not a template is right."""
    control: tuple[str, ...] = ()
    """All literals that the dialect writes besides contents, longest first."""

    @property
    def has_generation_prompt(self) -> bool:
        """Whether a generation prompt exists at all; Mistral and Llama 2 have none."""
        return bool(self.generation_prompts)

    def turn(self, role: str) -> TurnRule | None:
        """Return the rule of a role, None if the dialect has no such turn."""
        return next((rule for rule in self.turns if rule.role == role), None)


@dataclass(frozen=True, slots=True)
class Family:
    """Dialects of one origin, and who is right about them."""

    name: str
    title: str
    truth: str
    """Whom to believe first: the vendor's encoder, the checkpoint's Jinja file, or other code."""
    dialects: tuple[Dialect, ...]
    """The first is meant where only the family is named."""
    sources: tuple[str, ...] = ()
    """Where the layout is documented."""
