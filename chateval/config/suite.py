"""What a run is asked to do, and the words it may be asked in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from chateval.records import CheckpointSpec, Drawing, EngineName, EngineSpec, Rule, Task

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What a checkpoint may be called."""

System = Literal["error", "fold_into_user", "drop"]

Overflow = Literal["error", "drop_oldest_turns", "truncate_middle"]

TemplateGate = Literal["error", "warn", "off"]

Dtype = Literal["auto", "float32", "bfloat16", "float16"]

SYSTEMS: tuple[System, ...] = get_args(System)

OVERFLOWS: tuple[Overflow, ...] = get_args(Overflow)

TEMPLATE_GATES: tuple[TemplateGate, ...] = get_args(TemplateGate)

DTYPES: tuple[Dtype, ...] = get_args(Dtype)

ENGINES: tuple[EngineName, ...] = get_args(EngineName)


@dataclass(frozen=True, slots=True)
class Suite:
    """What a run is asked to do."""

    checkpoints: tuple[CheckpointSpec, ...]
    tasks: tuple[str | Task, ...]
    """Bundled names, paths, `HARNESS:NAME`, or tasks that were built in Python."""
    baseline: str
    helpers: tuple[CheckpointSpec, ...] = ()
    """Models that are not under test: judges, and those that play users."""
    gate: tuple[Rule, ...] = ()
    limit: int | None = None
    """First samples of each task; None takes all."""
    is_shuffled: bool = False
    """Samples are taken in the order of their ids, digests of their content, and not in that of the data."""
    data: Mapping[str, Path] = field(default_factory=dict)
    """Task -> file or folder that takes the place of its data set."""
    n_demos: int | None = None
    """Solved samples before each question, for tasks that have them; None is what each task says."""
    drawing: Drawing = field(default_factory=Drawing)
    """How answers are drawn, in place of what tasks say."""
    ladder: tuple[str, ...] = ()
    """Checkpoints in the order of their training, each then compared with the one before; none unless said."""
    system: System = "error"
    overflow: Overflow = "error"
    template_gate: TemplateGate = "warn"
    """`error` evaluates no checkpoint whose template is broken, `warn` says so, `off` checks no template."""
    template_ignore: Mapping[str, str] = field(default_factory=dict)
    """Codes of template checks that are not reported, each with the reason."""
    families: tuple[Path, ...] = ()
    """TOML files with families of chat templates of the user's own."""
    engine: EngineSpec = field(default_factory=EngineSpec)
    full_digests: bool = False
    """Read every file of the checkpoints for its digest, those too that have not changed by inode, size and times."""
    folder: Path = field(default_factory=Path)
    """Where relative paths start from."""
