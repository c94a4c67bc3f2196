"""Runs -> ratios, and whether a bar is met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.cells import Cell
from benchmarks.state import Measured


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the ends of some figures."""

    middle: float
    least: float
    most: float
    n: int


def spread(values: Sequence[float]) -> Spread | None:
    """Return median, least and most; None of none."""
    return Spread(median(values), min(values), max(values), len(values)) if values else None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A peer's time divided by that of chateval, in turns of one run each."""

    cell: str
    peer: str
    batch_size: int | None
    own: Spread
    """Of chateval: the whole process, or the answers alone where the cell compares those, s."""
    peers: Spread
    ratio: Spread
    of_model: Spread | None
    """The same ratio of the time that the model took, loading included; None where a tool does not tell."""
    bar: float

    @property
    def is_met(self) -> bool:
        """Return whether the median reaches the bar."""
        return self.ratio.middle >= self.bar


def ratios(cells: Mapping[str, Cell], runs: Sequence[Measured]) -> list[Ratio]:
    """Return the ratios of every cell and peer that were run in the same turn at least once."""
    found = []
    for name, cell in cells.items():
        for peer, bar in cell.bars.items():
            pairs = _turns(name, cell.tool, peer, runs)
            times = [(_time(cell, own), _time(cell, other)) for own, other in pairs]
            known = [(own, other) for own, other in times if own and other]
            models = [(own.model_seconds, other.model_seconds) for own, other in pairs]
            own, others = spread([own for own, _ in known]), spread([other for _, other in known])
            whole = spread([other / own for own, other in known])
            if own and others and whole:
                of_model = spread([b / a for a, b in models if a and b])
                found.append(Ratio(name, peer, pairs[-1][1].batch_size, own, others, whole, of_model, bar))
    return found


def _turns(cell: str, tool: str, peer: str, runs: Sequence[Measured]) -> list[tuple[Measured, Measured]]:
    by_turn = {(run.tool, run.repeat): run for run in runs if run.cell == cell and not run.fault}
    turns = sorted(repeat for found, repeat in by_turn if found == tool)
    return [(by_turn[tool, turn], by_turn[peer, turn]) for turn in turns if (peer, turn) in by_turn]


def _time(cell: Cell, run: Measured) -> float | None:
    if not cell.without_load:
        return run.seconds
    if run.model_seconds is None or run.load_seconds is None:
        return None
    return run.model_seconds - run.load_seconds
