"""python -m benchmarks: measures what is not measured yet, and writes RESULTS.md. `make bench` calls it."""

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cells import CELLS, SIZES
from benchmarks.figures import FIGURES
from benchmarks.measure import Bench, measure
from benchmarks.plot import to_svg
from benchmarks.process import CORES
from benchmarks.ratio import ratios
from benchmarks.state import State
from benchmarks.table import to_markdown
from benchmarks.tools import PYTHONS, ROOT, is_there

FOLDER = Path(__file__).resolve().parent
ROOM = ROOT / ".bench"
NAMES = (*CELLS, *FIGURES)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="CELL", help=f"one or more of {', '.join(NAMES)}")
    parser.add_argument("--again", nargs="+", choices=NAMES, default=[], metavar="CELL", help="measure these anew")
    parser.add_argument("--repeats", type=int, default=3, help="turns of each cell (default: 3)")
    parser.add_argument("--minutes", type=float, default=160, help="start no process after so many (default: 160)")
    parser.add_argument(
        "--sizes", nargs="+", type=int, default=SIZES, help=f"batch sizes to try the peers at (default: {SIZES})"
    )
    parser.add_argument("--peers", nargs="+", metavar="PEER", help="only these of the peers (default: all)")
    parser.add_argument("--quick", action="store_true", help="8 rows and one turn, to see whether it runs; kept apart")
    parser.add_argument("--table", action="store_true", help="measure nothing, write RESULTS.md again")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write, and return 0, or 1 if something could not be measured."""
    arguments = _arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the process under the clock is ended too
    state = State.open(ROOM / "quick.json" if arguments.quick else FOLDER / "results.json")
    page = ROOM / "QUICK.md" if arguments.quick else FOLDER / "RESULTS.md"
    bench = Bench(
        room=ROOM,
        state=state,
        repeats=1 if arguments.quick else arguments.repeats,
        n_rows=8 if arguments.quick else None,
        sizes=(32,) if arguments.quick else tuple(arguments.sizes),
        peers=tuple(arguments.peers or ()),
        deadline=time.monotonic() + 60 * arguments.minutes,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    if not arguments.table:
        state.machine = machine()
        for name in arguments.again:
            state.forget(name)
        _measure_all(bench, arguments.only or arguments.again or NAMES)
    write(state, page, is_quick=arguments.quick)
    print(page)
    return 1 if state.skipped or any(run.fault for run in state.runs) else 0


def _measure_all(bench: Bench, names: Sequence[str]) -> None:
    subprocess.run(
        [PYTHONS["chateval"], FOLDER / "make_checkpoints.py", bench.room / "checkpoints"],
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )
    for name in names:
        if bench.is_over():
            bench.say(f"the time is spent before {name}; the same command goes on from there")
            return
        if name in CELLS:
            measure(name, CELLS[name], bench)
        elif name not in bench.state.figures:
            _figure(name, bench)
        bench.state.save()


def _figure(name: str, bench: Bench) -> None:
    bench.state.count_in(name)
    try:
        FIGURES[name](bench)
    except RuntimeError as error:
        bench.state.skipped[name] = str(error)
        bench.say(f"{name}: {error}")


def write(state: State, page: Path, *, is_quick: bool) -> None:
    """Write the page and its picture."""
    plot = page.with_name(f"{page.stem.lower()}.svg")
    found = ratios(CELLS, state.runs)
    if found:
        plot.write_text(to_svg(found), "utf-8")
    page.write_text(to_markdown(state, plot.name, is_quick=is_quick), "utf-8")


def machine() -> dict[str, str]:
    """Return what the times depend on: processor, cores, and the versions of what is compared."""
    found = {"processor": _processor(), "cores": str(CORES), "Python": platform.python_version()}
    for tool, package in (("chateval", "torch"), ("lm-eval", "lm_eval"), ("lighteval", "lighteval")):
        for name in (package, "transformers"):
            found[f"{name} ({tool})"] = _version(tool, name)
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(tool: str, package: str) -> str:
    if not is_there(tool):
        return "not installed"
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([PYTHONS[tool], "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "not installed"


if __name__ == "__main__":
    sys.exit(main())
