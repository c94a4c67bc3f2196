"""The shape of `dialogue:` in a task.yaml."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chateval.records import HistoryPolicy
from chateval.task.fields import ExpressionSpec, FieldSpec

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class UserSpec(BaseModel):
    """A user whose turns another model writes."""

    model_config = _STRICT

    model: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    """Jinja over the row: whom the model plays, and what that user wants."""
    max_turns: int = Field(default=4, ge=1, le=100)
    stop: str = Field(default="[DONE]", min_length=1)
    max_new_tokens: int = Field(default=128, ge=1)


class DialogueFields(BaseModel):
    """How a task goes on after the first answer."""

    model_config = _STRICT

    tools: str | None = None
    """Python file beside task.yaml with a function for each tool."""
    results: FieldSpec | None = None
    """Or recorded results: a list of `{name, arguments, result}`."""
    state: FieldSpec | None = None
    turns: FieldSpec | ExpressionSpec | None = None
    """What the user says after each answer, in order."""
    user: UserSpec | None = None
    max_rounds: int = Field(default=8, ge=1, le=1000)
    max_calls: int = Field(default=16, ge=0, le=10_000)
    max_tokens: int = Field(default=4096, ge=1)
    history: HistoryPolicy = "as_prompt"

    @model_validator(mode="after")
    def _whole(self) -> "DialogueFields":
        if self.tools is not None and self.results is not None:
            raise ValueError("calls are answered by either tools or results")
        if self.turns is not None and self.user is not None:
            raise ValueError("a user has either turns that are written down, or a model that plays them")
        if self.state is not None and self.tools is None:
            raise ValueError("a state is what tools act on: name their file, tools: tools.py")
        if (self.tools, self.results, self.turns, self.user) == (None, None, None, None):
            raise ValueError("a dialogue needs what goes on after an answer: tools, results, turns or user")
        return self
