"""The shape of task.yaml: what may stand in it. Nothing is coerced, nothing unknown is passed over."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)

ROLES = ("system", "user", "assistant", "tool", "developer")


class MessageSpec(BaseModel):
    """One message template, or `field`: the name of a list of turns in the row."""

    model_config = _STRICT

    role: str | None = None
    content: str | None = None
    field: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "MessageSpec":
        given = (self.field is not None, self.role is not None, self.content is not None)
        if given not in ((True, False, False), (False, True, True)):
            raise ValueError("a message has either role and content, or field")
        if self.role is not None and self.role not in ROLES:
            raise ValueError(f"role {self.role!r} is not one of {', '.join(ROLES)}")
        return self


class DecodingSpec(BaseModel):
    """How an answer is drawn."""

    model_config = _STRICT

    max_new_tokens: int = Field(default=128, ge=1)
    stop: list[str] = Field(default_factory=list)
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = Field(default=0, ge=0)
    repeats: int = Field(default=1, ge=1)

    @field_validator("stop")
    @classmethod
    def _no_empty_stop(cls, stop: list[str]) -> list[str]:
        if "" in stop:
            raise ValueError("an empty stop string would end every answer at once")
        return stop

    @model_validator(mode="after")
    def _repeats_need_chance(self) -> "DecodingSpec":
        if self.repeats > 1 and self.temperature == 0:
            raise ValueError("repeats above 1 need a temperature above 0: greedy answers are all the same")
        return self


class DatasetSpec(BaseModel):
    """A data set of the hub or a local folder, read by `datasets.load_dataset`."""

    model_config = _STRICT

    path: str
    name: str | None = None
    split: str = "test"
    revision: str | None = None


class FieldSpec(BaseModel):
    """The name of a field of the row."""

    model_config = _STRICT

    field: str


class TaskSpec(BaseModel):
    """A task.yaml."""

    model_config = _STRICT

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    version: int = Field(ge=1)
    description: str = ""
    source: str
    licence: str = ""
    samples: str | None = None
    dataset: DatasetSpec | None = None
    output: Literal["generate", "choose"] = "generate"
    messages: list[MessageSpec] = Field(min_length=1)
    target: str = ""
    choices: FieldSpec | list[str] | None = None
    decoding: DecodingSpec = Field(default_factory=DecodingSpec)
    scorers: list[str | dict[str, dict[str, Any] | None]] = Field(min_length=1)

    @field_validator("scorers")
    @classmethod
    def _one_name_each(cls, scorers: list[str | dict[str, Any]]) -> list[str | dict[str, Any]]:
        names = [scorer if isinstance(scorer, str) else next(iter(scorer), "") for scorer in scorers]
        for scorer in scorers:
            if isinstance(scorer, dict) and len(scorer) != 1:
                raise ValueError(f"a scorer is a name or one `name: {{options}}`, found {scorer!r}")
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"scorer {twice.pop()!r} stands twice")
        return scorers

    @model_validator(mode="after")
    def _whole(self) -> "TaskSpec":
        if (self.samples is None) == (self.dataset is None):
            raise ValueError("a task has either samples or dataset")
        if self.output == "choose" and self.choices is None:
            raise ValueError("output: choose needs choices, for example choices: {field: choices}")
        return self
