"""One process with a clock: its environment, its time limit, and what it said."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended."""

    seconds: float
    """From its start to its end, s."""
    code: int | None
    """Exit code; None if it was broken off at its time limit."""
    out: str
    err: str

    @property
    def fault(self) -> str:
        """Return why it cannot be counted, with its last line; empty if it can."""
        if self.code == 0:
            return ""
        last = (self.err.strip().splitlines() or self.out.strip().splitlines() or ["no output"])[-1][:300]
        return f"over {self.seconds:.0f} s" if self.code is None else f"exit code {self.code}: {last}"


def run(command: Sequence[str | Path], *, cwd: Path, extra: Mapping[str, str], seconds: float) -> Finished:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        cwd: Working folder.
        extra: Environment variables besides those that every tool gets.
        seconds: Longest it may take; then it is ended with the processes it started.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=_environment() | dict(extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        return Finished(time.perf_counter() - start, None, out, err)
    return Finished(time.perf_counter() - start, process.returncode, out, err)


def _environment() -> dict[str, str]:
    """Return the same for every tool: all cores, nothing from a hub, no settings of the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "OMP_NUM_THREADS": str(CORES),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "COLUMNS": "200",
    }
