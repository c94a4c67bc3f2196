"""What the logs of a harness say of its checkpoints and tasks."""

from dataclasses import dataclass, field

from chateval.records import Decoding, Output


@dataclass(frozen=True, slots=True)
class Subject:
    """What a harness wrote of a checkpoint."""

    kind: str = ""
    dtype: str = ""
    template: str = ""
    """The chat template; empty where none was applied or nothing says."""
    n_parameters: int | None = None
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What a harness wrote of a task."""

    version: int = 1
    description: str = ""
    output: Output = "generate"
    decoding: Decoding = field(default_factory=Decoding)
    n_demos: int = 0
    n_available: int = 0
    less_better: frozenset[str] = frozenset()
    """Scorers of which less is better."""
