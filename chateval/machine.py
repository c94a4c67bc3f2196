"""What this machine has, found out without a model library."""

import os
from functools import cache
from pathlib import Path

_GPU_PLACES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
_BFLOAT16_FLAGS = frozenset(("avx512_bf16", "amx_bf16", "bf16"))
"""As /proc/cpuinfo has them: x86 with dot products or tiles of bfloat16, and Arm."""
_CGROUP = Path("/sys/fs/cgroup")


@cache
def device() -> str:
    """Return `cuda` or `cpu`; torch is imported only where there may be a GPU."""
    if not any(Path(place).exists() for place in _GPU_PLACES):
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@cache
def native_dtype() -> str:
    """Return `bfloat16` where the processor that would run a model computes in it, else `float32`."""
    if device() == "cuda":
        import torch

        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    return "bfloat16" if _BFLOAT16_FLAGS & cpu_flags() else "float32"


def cpu_flags() -> frozenset[str]:
    """Return what the first processor can, in the words of /proc/cpuinfo; nothing where there is no such file."""
    lines = _read(Path("/proc/cpuinfo")).splitlines()
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return frozenset(flags.partition(":")[2].split())


def n_threads() -> int:
    """Return how many threads may run at once: $OMP_NUM_THREADS, else the processors that a container leaves us."""
    named = os.environ.get("OMP_NUM_THREADS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(_CGROUP / "cpu.max").strip().partition(" ")
    if quota.isdigit() and period.isdigit() and int(period) > 0:
        allowed = min(allowed, max(1, int(quota) // int(period)))
    return allowed


def memory_bytes() -> int:
    """Return the memory of the machine, or of the container if that has less; 8 GiB where it cannot be found out."""
    line = next((line for line in _read(Path("/proc/meminfo")).splitlines() if line.startswith("MemTotal:")), "")
    words = line.split()
    total = int(words[1]) * 1024 if len(words) > 1 and words[1].isdigit() else 8 * 2**30
    limit = _read(_CGROUP / "memory.max").strip()
    return min(total, int(limit)) if limit.isdigit() else total


def peak_bytes() -> int | None:
    """Return the most memory that this process held so far; on a GPU, that torch held there. None if unknown."""
    if device() == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated())
    line = next((line for line in _read(Path("/proc/self/status")).splitlines() if line.startswith("VmHWM:")), "")
    words = line.split()
    return int(words[1]) * 1024 if len(words) > 1 and words[1].isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
