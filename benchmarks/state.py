"""What was measured so far, in one JSON file that is replaced whole after every step."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One timed run of a tool."""

    cell: str
    tool: str
    repeat: int
    seconds: float
    """Whole processes, s."""
    model_seconds: float | None
    load_seconds: float | None
    batch_size: int | None
    busy: float
    """Load average of the last minute before it began, in running processes."""
    fault: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class State:
    """The content of results.json."""

    path: Path
    machine: dict[str, str] = field(default_factory=dict)
    runs: list[Measured] = field(default_factory=list)
    sizes: dict[str, dict[str, dict[str, float | str]]] = field(default_factory=dict)
    """Rows and dtype -> peer -> batch size -> seconds of its model, or why there are none."""
    agreement: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Cell -> peer -> fields of an Agreement."""
    figures: dict[str, Any] = field(default_factory=dict)
    """What chateval is measured at by itself, by name."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Figure, or cell and tool with a comma between -> why it was not measured."""

    @classmethod
    def open(cls, path: Path) -> "State":
        """Read a state, or begin an empty one."""
        if not path.is_file():
            return cls(path)
        found = json.loads(path.read_text("utf-8"))
        found["runs"] = [Measured(**run | {"warnings": tuple(run["warnings"])}) for run in found["runs"]]
        return cls(path, **found)

    def save(self) -> None:
        """Write the file anew, whole or not at all."""
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        temporary = self.path.with_suffix(".tmp")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")
        temporary.replace(self.path)

    def done(self, cell: str, tool: str, repeat: int) -> bool:
        """Return whether a run is there and counts."""
        return any((r.cell, r.tool, r.repeat, r.fault) == (cell, tool, repeat, "") for r in self.runs)

    def add(self, run: Measured) -> None:
        """Keep a run in the place of an earlier one."""
        self.runs = [r for r in self.runs if (r.cell, r.tool, r.repeat) != (run.cell, run.tool, run.repeat)]
        self.runs.append(run)
        self.save()

    def forget(self, name: str) -> None:
        """Drop what was measured of a cell or figure."""
        self.runs = [run for run in self.runs if run.cell != name]
        for part in (self.agreement, self.figures):
            part.pop(name, None)
        self.count_in(name)
        self.save()

    def count_in(self, name: str) -> None:
        """Drop what was said about why a cell, a figure or a tool in it was not measured."""
        self.skipped = {key: why for key, why in self.skipped.items() if key.partition(",")[0] != name}

    def best_size(self, rows: str, peer: str) -> int | None:
        """Return the batch size at which a peer was fastest; None if it was not tried or never ended."""
        times = {int(size): s for size, s in self.sizes.get(rows, {}).get(peer, {}).items() if isinstance(s, float)}
        return min(times, key=times.__getitem__) if times else None
