"""What the logs of a harness say of its checkpoints and tasks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from chateval.records import Decoding, Output

DECODING = frozenset(one.name for one in fields(Decoding))


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
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How it was run: what goes under `engine` into its entry of the manifest."""
    is_whole: bool = True
    """Whether its logs ended as they should; where one did not, nothing says how many prompts got no answer."""


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
    system: str = ""
    """What was said to the model before the question; empty where nothing was."""
    written: frozenset[str] = frozenset()
    """What the harness wrote, of `n_demos`, `version`, `system` and `DECODING`; the rest are defaults, and unknown."""
    said: Mapping[str, Any] = field(default_factory=dict)
    """What else goes into its entry of the manifest."""

    def differences(self, other: "Setting") -> Iterator[str]:
        """Yield, of what both have written, what the other has otherwise, such as `n_demos 5`."""
        for name in sorted(self.written & other.written):
            found = other._value(name)
            if self._value(name) != found:
                yield f"{name} {found}" if isinstance(found, (int, float)) else f"other {name}"

    def _value(self, name: str) -> Any:
        return getattr(self.decoding if name in DECODING else self, name)


def written_in(options: Mapping[str, Any], names: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return which settings are among options.

    Args:
        options: As a harness writes them; null is not written.
        names: Setting -> the options that decide it.
    """
    return frozenset(name for name, keys in names.items() if any(options.get(key) is not None for key in keys))
