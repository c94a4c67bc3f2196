"""Long runs and many runs: memory, descriptors, threads and processes do not grow with them."""

import gc
import threading
from pathlib import Path

import pytest
from faults import Scene

import chateval
from chateval.config import Suite
from chateval.records import CheckpointSpec, EngineSpec


def held() -> dict[str, int]:
    """Return what this process holds: descriptors, threads, children, and memory in KiB."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    tasks = Path("/proc/self/task").iterdir()
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "children": sum(len((task / "children").read_text().split()) for task in tasks),
        "kib": int(status.partition("VmRSS:")[2].split()[0]),
    }


def test_ten_runs_in_one_process_leave_nothing_open_behind_them(models, tmp_path):
    specs = tuple(CheckpointSpec(name, str(path), completion=True) for name, path in models.items())
    suite = Suite(specs, ("arithmetic",), baseline="base", limit=4)

    def run(number):
        chateval.evaluate({}, [], out=tmp_path / f"run{number}", engine=EngineSpec("fake"), suite=suite)

    for number in range(2):
        run(number)
    before = held()
    for number in range(2, 12):
        run(number)
    after = held()

    assert {name: after[name] for name in ("descriptors", "threads", "children")} == {
        name: before[name] for name in ("descriptors", "threads", "children")
    }
    assert after["kib"] < before["kib"] + 15_000


@pytest.mark.slow
def test_memory_grows_by_a_few_kilobytes_a_sample(fault_server, models, tmp_path):
    peaks = {}
    for n_samples in (1_000, 10_000):
        scene = Scene(fault_server, tmp_path / str(n_samples), {"base": models["base"]}, n_samples=n_samples)
        ended = scene.run(batch_size=256)
        assert ended.code == 0, ended.err
        peaks[n_samples] = ended.peak_kib

    assert (peaks[10_000] - peaks[1_000]) / 9_000 < 12
