"""A cell -> its runs: batch sizes tried once, then the tools in turn, then whether they agree."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import agree
from benchmarks.cells import Cell
from benchmarks.material import Material, write_material
from benchmarks.questions import QUESTIONS
from benchmarks.state import Measured, State
from benchmarks.tools import Job, Outcome, is_there, run_tool, sizes_that_differ


@dataclass(slots=True)
class Bench:
    """What every measurement needs."""

    room: Path
    state: State
    repeats: int
    n_rows: int | None
    """Rows of each cell; None is all."""
    sizes: tuple[int, ...]
    peers: tuple[str, ...]
    """Which peers are measured; empty is all."""
    deadline: float
    """`time.monotonic()` after which no process is started."""
    say: Callable[[str], None]

    def is_over(self) -> bool:
        """Return whether the time is spent."""
        return time.monotonic() > self.deadline

    def leave_out(self, name: str, tool: str, reason: str) -> None:
        """Note why a tool is not measured in a cell."""
        self.state.skipped[f"{name}, {tool}"] = reason
        self.say(f"{name}: without {tool}: {reason}")


def measure(name: str, cell: Cell, bench: Bench) -> None:
    """Measure a cell; what is in the state already is not measured again."""
    bench.state.count_in(name)
    named = [peer for peer in cell.bars if not bench.peers or peer in bench.peers]
    for tool in (cell.tool, *named):
        if not is_there(tool):
            bench.leave_out(name, tool, "no environment of it")
    if not is_there(cell.tool):
        return
    peers = [peer for peer in named if is_there(peer)]
    material = material_for(cell, bench)
    for peer in peers:
        calibrate(cell, peer, bench)
    if bench.is_over():
        return
    for peer in [peer for peer in peers if bench.state.best_size(_settings(cell), peer) is None]:
        bench.leave_out(name, peer, "it ended at no batch size")
        peers.remove(peer)
    for repeat in range(bench.repeats):
        if not all(bench.state.done(name, tool, repeat) for tool in (cell.tool, *peers)):
            _repeat(name, cell, material, repeat, peers, bench)


def material_for(cell: Cell, bench: Bench, n_rows: int | None = None) -> Material:
    """Write the rows of a cell, or the first `n_rows` of them."""
    rows = QUESTIONS[cell.rows]()
    rows = rows[: min(n_rows or len(rows), bench.n_rows or len(rows))]
    folder = bench.room / "tasks" / f"{cell.rows}-{len(rows)}"
    scorers = ["choice"] if cell.cap == 0 else ["exact"]
    return write_material(cell.rows, rows, folder, cap=cell.cap, scorers=scorers)


def _settings(cell: Cell) -> str:
    return f"{cell.rows} {cell.dtype}"


def calibrate(cell: Cell, peer: str, bench: Bench) -> None:
    """Try a peer at each batch size once, on some of the rows; one much slower than the best is broken off."""
    tried = bench.state.sizes.setdefault(_settings(cell), {}).setdefault(peer, {})
    material = material_for(cell, bench, cell.n_calibration)
    best_whole, best_model = 1200.0, 0.0
    for size in sizes_that_differ(peer, bench.sizes, 4 if cell.cap == 0 else 0):
        if str(size) in tried or bench.is_over():
            continue
        limit = best_whole + best_model / 2 + 5
        outcome = run_tool(peer, Job(material, bench.room, dtype=cell.dtype, batch_size=size, seconds=limit))
        seconds = outcome.model_seconds
        if outcome.fault or seconds is None:
            tried[str(size)] = outcome.fault or "no times"
        else:
            tried[str(size)] = round(seconds, 2)
            if best_model == 0 or seconds < best_model:
                best_whole, best_model = outcome.seconds, seconds
        bench.state.save()
        bench.say(f"{_settings(cell)}: {peer} at batch size {size}: {tried[str(size)]}")


def _repeat(name: str, cell: Cell, material: Material, repeat: int, peers: list[str], bench: Bench) -> None:
    """Run chateval and its peers once each, one after the other, so that what slows the machine slows them all."""
    own: Outcome | None = None
    for tool in (cell.tool, *peers):
        if bench.is_over():
            return
        size = None if tool == cell.tool else bench.state.best_size(_settings(cell), tool)
        job = Job(material, bench.room, cell.checkpoints, cell.dtype, size)
        busy = os.getloadavg()[0]
        outcome = run_tool(tool, job)
        bench.state.add(
            Measured(
                name,
                tool,
                repeat,
                round(outcome.seconds, 2),
                outcome.model_seconds and round(outcome.model_seconds, 2),
                outcome.load_seconds and round(outcome.load_seconds, 2),
                size,
                round(busy, 2),
                outcome.fault,
                outcome.warnings,
            )
        )
        bench.say(f"{name}: {repeat + 1}/{bench.repeats}: {tool}: {outcome.seconds:.1f} s {outcome.fault}")
        if tool == cell.tool:
            own = outcome
        elif own is not None and not own.fault and not outcome.fault:
            bench.state.agreement.setdefault(name, {})[tool] = asdict(agree.compare(own, outcome))
            bench.state.save()
