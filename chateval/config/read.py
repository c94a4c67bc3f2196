"""chateval.yaml -> Suite."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chateval.config.options import is_there
from chateval.config.suite import NAME, Dtype, Overflow, Suite, System, TemplateGate
from chateval.config.switches import check_options
from chateval.errors import ConfigError
from chateval.records import CheckpointSpec, EngineName, EngineSpec, Rule
from chateval.yaml_file import Document, read_yaml, validate

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
_LIMITS = (
    "min_value",
    "max_drop",
    "template",
    "max_cost",
    "max_growth",
    "min_speed",
    "max_errors",
    "max_truncated",
    "max_unscored",
)


class _Checkpoint(BaseModel):
    model_config = _STRICT

    path: str | None = Field(default=None, min_length=1)
    adapter: str | None = Field(default=None, min_length=1)
    base: str | None = None
    revision: str | None = None
    template: str | None = None
    completion: bool = False
    dtype: Dtype | None = None
    template_options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> "_Checkpoint":
        if (self.path is None) == (self.adapter is None):
            raise ValueError("a checkpoint has either path or adapter")
        return self


class _Rule(BaseModel):
    model_config = _STRICT

    task: str = "*"
    scorer: str | None = None
    checkpoint: str = "*"
    min_value: float | None = Field(default=None, ge=0, le=1)
    max_drop: float | None = Field(default=None, ge=0, le=1)
    template: Literal["error", "warn"] | None = None
    on_inconclusive: Literal["fail", "warn"] = "fail"
    min_samples: int = Field(default=10, ge=1)
    tag: str | None = Field(default=None, min_length=1)
    max_cost: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    max_growth: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    min_speed: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    max_errors: float | None = Field(default=None, ge=0, le=1)
    max_truncated: float | None = Field(default=None, ge=0, le=1)
    max_unscored: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _one_limit(self) -> "_Rule":
        given = [name for name in _LIMITS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a rule has exactly one of {', '.join(_LIMITS)}; found {', '.join(given) or 'none'}")
        [limit] = given
        if limit in ("min_value", "max_drop"):
            if self.scorer is None:
                raise ValueError('a rule with min_value or max_drop names a scorer, a family or "*"')
        elif limit != "max_unscored":
            if self.task != "*" or self.scorer is not None:
                raise ValueError(f"{limit} speaks of a checkpoint over all tasks: leave task and scorer out")
            if self.tag is not None:
                raise ValueError(f"{limit} speaks of a checkpoint over all samples: leave tag out")
        return self


class _Engine(BaseModel):
    model_config = _STRICT

    name: EngineName
    base_url: str | None = Field(default=None, min_length=1)
    workers: int | None = Field(default=None, ge=1)
    worker_engine: Literal["transformers", "vllm"] = "transformers"
    options: dict[str, Any] = Field(default_factory=dict)


class _Suite(BaseModel):
    model_config = _STRICT

    checkpoints: dict[str, _Checkpoint] = Field(default_factory=dict)
    helpers: dict[str, _Checkpoint] = Field(default_factory=dict)
    """Models that are not under test: judges, and those that play users."""
    tasks: list[str | dict[str, str]] = Field(default_factory=list)
    """A name or path, or {harness: its name of the task}."""
    baseline: str | None = None
    gate: list[_Rule] = Field(default_factory=list)
    limit: int | None = Field(default=None, ge=1)
    data: dict[str, str] = Field(default_factory=dict)
    demos: int | None = Field(default=None, ge=0, le=64)
    ladder: list[str] = Field(default_factory=list)
    """Checkpoints in the order of their training, each compared with the one before."""
    system: System = "error"
    overflow: Overflow = "error"
    template_gate: TemplateGate = "warn"
    template_ignore: dict[str, str] = Field(default_factory=dict)
    families: list[str] = Field(default_factory=list)
    dtype: Dtype = "float32"
    engine: EngineName | _Engine = "transformers"


def read_suite(path: Path) -> Suite:
    """Read a chateval.yaml; its relative paths start from its own folder.

    Raises:
        ConfigError: If it is not a suite; the message starts with path:line.
    """
    document = read_yaml(path)
    spec = validate(_Suite, document, error=ConfigError)
    folder = path.resolve().parent
    checkpoints = _checkpoints("checkpoints", spec.checkpoints, spec, document)
    helpers = _checkpoints("helpers", spec.helpers, spec, document)
    if spec.baseline is not None and spec.baseline not in spec.checkpoints:
        known = ", ".join(spec.checkpoints) or "none"
        raise ConfigError(f"{document.where(('baseline',))}: no checkpoint {spec.baseline!r} here; there are: {known}")
    return Suite(
        checkpoints=checkpoints,
        helpers=helpers,
        tasks=tuple(_reference(entry, document) for entry in spec.tasks),
        baseline=spec.baseline or (checkpoints[0].name if checkpoints else ""),
        gate=tuple(Rule(**rule.model_dump()) for rule in spec.gate),
        limit=spec.limit,
        data={name: folder / Path(path).expanduser() for name, path in spec.data.items()},
        n_demos=spec.demos,
        ladder=tuple(spec.ladder),
        system=spec.system,
        overflow=spec.overflow,
        template_gate=spec.template_gate,
        template_ignore=spec.template_ignore,
        families=tuple(Path(_from(folder, name)) for name in spec.families),
        engine=_engine(spec.engine),
        folder=folder,
    )


def _checkpoints(
    key: str, entries: Mapping[str, _Checkpoint], spec: _Suite, document: Document
) -> tuple[CheckpointSpec, ...]:
    folder = document.path.resolve().parent
    for name in entries:
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"{document.where((key, name))}: {key}.{name}: a name has letters, digits, dot, "
                "dash or underscore, at most 64"
            )
    return tuple(
        CheckpointSpec(
            name=name,
            path=_from(folder, entry.path or entry.adapter or ""),
            base=entry.base if entry.base is None or entry.base in entries else _from(folder, entry.base),
            revision=entry.revision,
            template=_from(folder, entry.template) if entry.template else None,
            completion=entry.completion,
            dtype=entry.dtype or spec.dtype,
            template_options=check_options(
                entry.template_options,
                f"{document.where((key, name, 'template_options'))}: {key}.{name}.template_options",
            ),
        )
        for name, entry in entries.items()
    )


def as_rules(rules: Rule | Mapping[str, Any] | Sequence[Rule | Mapping[str, Any]], where: str) -> tuple[Rule, ...]:
    """Return the rules of a gate as they are given in Python: each a Rule, or a mapping as in chateval.yaml.

    Args:
        rules: One or several.
        where: What the caller calls them, for errors.

    Raises:
        ConfigError: If a mapping is no rule; the message starts with `where[index]`.
    """
    given = (rules,) if isinstance(rules, Rule | Mapping) else tuple(rules)
    return tuple(
        rule if isinstance(rule, Rule) else _as_rule(rule, f"{where}[{index}]") for index, rule in enumerate(given)
    )


def _as_rule(said: Any, where: str) -> Rule:
    keys = said if isinstance(said, Mapping) else ()
    document = Document(Path(where), said, {(): 0, **{(key,): 0 for key in keys}})
    return Rule(**validate(_Rule, document, error=ConfigError).model_dump())


def _reference(entry: str | dict[str, str], document: Document) -> str:
    """Return `{lighteval: gsm8k}` as `lighteval:gsm8k`."""
    if isinstance(entry, str):
        return entry
    if len(entry) != 1:
        raise ConfigError(
            f"{document.where(('tasks',))}: tasks: {entry!r}: say {{lighteval: NAME}} or {{lm_eval: FILE}}"
        )
    [(harness, name)] = entry.items()
    return f"{harness}:{name}"


def _engine(entry: EngineName | _Engine) -> EngineSpec:
    return EngineSpec(**entry.model_dump()) if isinstance(entry, _Engine) else EngineSpec(entry)


def _from(folder: Path, reference: str) -> str:
    """Return a path as seen from the suite's folder; what does not exist there may be a name or a hub id."""
    if not is_there(str(folder / reference)) and not is_there(reference):
        return reference
    path = folder / Path(reference).expanduser()
    return str(path) if path.exists() else reference
