"""The shape of task.yaml: what may stand in it. Nothing is coerced, nothing unknown is passed over."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from chateval.codec import canonical
from chateval.messages import ROLES, part_fault
from chateval.task.dialogue_spec import DialogueFields
from chateval.task.fields import ExpressionSpec, FieldSpec

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class MessageSpec(BaseModel):
    """One message template, or `field`: the name of a list of turns in the row."""

    model_config = _STRICT

    role: str | None = None
    content: str | list[dict[str, Any]] | None = None
    """Template, or parts: `{type: text, text: ...}`, `{type: image, image: ...}`, whose texts are templates."""
    field: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "MessageSpec":
        given = (self.field is not None, self.role is not None, self.content is not None)
        if given not in ((True, False, False), (False, True, True)):
            raise ValueError("a message has either role and content, or field")
        if self.role is not None and self.role not in ROLES:
            raise ValueError(f"role {self.role!r} is not one of {', '.join(ROLES)}")
        if isinstance(self.content, list):
            _check_plain(self.content)
            for index, part in enumerate(self.content):
                # Addresses are templates here; what they come to is looked at in each row.
                fault = part_fault({"type": part.get("type"), "text": part.get("text"), "url": "template"})
                if fault:
                    raise ValueError(f"content[{index}]: {fault}")
            if not self.content:
                raise ValueError("content has no part")
        return self


class DecodingSpec(BaseModel):
    """How an answer is drawn."""

    model_config = _STRICT

    max_new_tokens: int = Field(default=128, ge=1)
    stop: list[str] = Field(default_factory=list)
    temperature: float = Field(default=0.0, ge=0, allow_inf_nan=False)
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
    name: str | list[str] | None = None
    """Configuration; of several, each row says in its field `config` which one it is of."""
    split: str = "test"
    revision: str | None = None

    @property
    def names(self) -> tuple[str | None, ...]:
        """The configurations, one None where none is named."""
        return tuple(self.name) if isinstance(self.name, list) else (self.name,)


class DemosSpec(BaseModel):
    """Solved samples that stand before the question."""

    model_config = _STRICT

    n: int = Field(default=0, ge=0, le=64)
    split: str | None = None
    """Split of the task's data set that they are drawn from."""
    samples: str | None = None
    """Or a file beside task.yaml, in the columns of the task's data."""
    seed: int = Field(default=1234, ge=0)
    layout: Literal["turns", "one_turn"] = "turns"
    group: str | None = None
    """Field that a demo shares with the sample it stands before."""
    answer: str | None = None
    """What the assistant says in a demo; the target, if absent."""

    @model_validator(mode="after")
    def _one_source(self) -> "DemosSpec":
        if (self.split is None) == (self.samples is None):
            raise ValueError("demos come from either split or samples")
        return self


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
    tools: FieldSpec | list[dict[str, Any]] | None = None
    target: str = ""
    targets: FieldSpec | ExpressionSpec | list[str] | None = None
    choices: FieldSpec | ExpressionSpec | list[str] | None = None
    choices_end_turn: bool = False
    """Whether each choice is a whole answer, with the end of turn of the template behind it."""
    tags: list[str] | None = None
    """Templates; without them a row's field `tags` counts."""
    cluster: str | None = None
    """Template; without it a row's field `cluster` counts."""
    demos: DemosSpec | None = None
    dialogue: DialogueFields | None = None
    decoding: DecodingSpec = Field(default_factory=DecodingSpec)
    scorers: list[str | dict[str, dict[str, Any] | None]] = Field(default_factory=list)
    measures: list[str | dict[str, dict[str, Any] | None]] = Field(default_factory=list)

    @field_validator("scorers", "measures")
    @classmethod
    def _one_label_each(cls, entries: list[str | dict[str, Any]], info: ValidationInfo) -> list[str | dict[str, Any]]:
        kind = (info.field_name or "").removesuffix("s")
        for entry in entries:
            if isinstance(entry, dict) and len(entry) != 1:
                raise ValueError(f"a {kind} is a name or one `name: {{options}}`, found {entry!r}")
        labels = [read_entry(entry)[0] for entry in entries]
        for entry in entries:
            _check_plain(entry)
        twice = {label for label in labels if labels.count(label) > 1}
        if twice:
            raise ValueError(f"{kind} {twice.pop()!r} stands twice; give one of them another name with `as`")
        return entries

    @field_validator("tools")
    @classmethod
    def _plain_tools(cls, tools: Any) -> Any:
        if isinstance(tools, list):
            _check_plain(tools)
        return tools

    @model_validator(mode="after")
    def _whole(self) -> "TaskSpec":
        if not self.scorers and not self.measures:
            raise ValueError("a task has scorers, measures or both")
        if (self.samples is None) == (self.dataset is None):
            raise ValueError("a task has either samples or dataset")
        if self.output == "choose" and self.choices is None:
            raise ValueError("output: choose needs choices, for example choices: {field: choices}")
        if self.choices_end_turn and self.output != "choose":
            raise ValueError("choices_end_turn is for output: choose, whose choices are read")
        if self.output == "choose" and self.dialogue is not None:
            raise ValueError("a dialogue is of answers that are written: output: choose has none")
        if self.demos is not None and self.demos.split is not None and self.dataset is None:
            raise ValueError("demos.split names a split of dataset; with samples, give demos.samples")
        return self


def _check_plain(value: Any) -> None:
    """Refuse what JSON cannot say: a number that is not finite, or keys of several kinds."""
    try:
        canonical(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"cannot be said in JSON: {error}") from error


def read_entry(entry: str | dict[str, dict[str, Any] | None]) -> tuple[str, str, dict[str, Any]]:
    """Return (label, name, options) of a scorer or measure; the label is `as`, or the name."""
    name, given = (entry, None) if isinstance(entry, str) else next(iter(entry.items()), ("", None))
    options = dict(given or {})
    return str(options.pop("as", name)), name, options
