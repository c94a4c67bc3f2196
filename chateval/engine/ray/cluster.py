"""Options -> a Ray cluster: one of our own on the loopback, or one that is there already."""

import inspect
import logging
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from chateval.errors import ConfigError, first_line
from chateval.machine import n_threads

OBJECT_STORE_BYTES = 2**28
"""Shared memory of a cluster of our own: shards and answers are small, weights never pass through it."""

CONNECT_SECONDS = 10.0

_PRIVATE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Ray's switch for listening on the loopback only, on Linux too
    "RAY_AUTH_MODE": "token",
}
"""Environment of a cluster of our own, which Ray reads when it is imported; what the user has set stays."""


def needs_ray() -> None:
    """Raise ConfigError if Ray is not installed."""
    if find_spec("ray") is None:
        raise ConfigError("--engine ray: Ray is not installed; pip install 'chateval[ray]'")


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options that `ray.init` takes, and the others."""
    ray = _import_ray(_address(options))
    taken = set(inspect.signature(ray.init).parameters) - {"kwargs"}
    return (
        {name: value for name, value in options.items() if name in taken},
        {name: value for name, value in options.items() if name not in taken},
    )


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker gets of a cluster."""

    n_cpus: float
    """As Ray counts them; below 1 where there are more workers than processors."""
    n_gpus: int
    n_threads: int
    """Of one matrix product, at least 1."""

    def __str__(self) -> str:
        return f"{self.n_cpus:g} CPUs and {self.n_gpus} GPUs"


class Cluster:
    """A connection to Ray, made at once where there is an address, else when it is first needed."""

    def __init__(self, options: Mapping[str, Any], *, n_workers: int | None, gpus_each: int) -> None:
        """Connect to the cluster that the options or RAY_ADDRESS name, if they do.

        Args:
            options: Passed to `ray.init`; `address` names a cluster.
            n_workers: Wanted workers; None is one for each GPU (or for `gpus_each` of them), two without a GPU.
            gpus_each: GPUs of one worker where there are any.

        Raises:
            ConfigError: If Ray is not installed, an option is wrong, or no cluster answers at the address.
        """
        needs_ray()
        self._options = dict(options)
        self._address = _address(self._options)
        self._n_workers = n_workers
        self._gpus_each = gpus_each
        self._is_open = False
        self._is_ours = False
        if not self.is_local:
            self.open()

    @property
    def is_local(self) -> bool:
        """Whether all workers are on this machine, in a cluster that ends with the run."""
        return self._address == "local"

    @property
    def n_workers(self) -> int:
        """Workers of the run, at least 1. Asking for it opens the cluster where the user said no number."""
        if self._n_workers is None:
            self.open()
            self._n_workers = self._n_gpus // self._gpus_each or 2
        return self._n_workers

    def open(self) -> Any:
        """Start or join the cluster, once, and return Ray's module.

        Raises:
            ConfigError: If that fails, or if it has fewer GPUs than the workers need.
        """
        if not self.is_local and not self._is_open:
            _check_address(self._address)
        ray = _import_ray(self._address)
        if self._is_open:
            return ray
        if not ray.is_initialized():
            try:
                ray.init(**self._settings())
            except Exception as error:
                raise ConfigError(f"--engine ray: no cluster at {self._address!r}: {first_line(error)}") from error
            self._is_ours = True
            # Ray prints that a worker died to stdout, where the report goes; the pool says so on stderr.
            ray._private.worker._worker_logs_enabled = False
        self._is_open = True
        if self._n_gpus and self._n_workers and self._n_workers * self._gpus_each > self._n_gpus:
            raise ConfigError(
                f"--workers {self._n_workers}: each takes {self._gpus_each} GPU, the cluster has {self._n_gpus}"
            )
        return ray

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self.is_local:
            settings |= {
                "num_cpus": max(n_threads(), self._n_workers or 2),
                "object_store_memory": OBJECT_STORE_BYTES,
                "include_dashboard": False,
            }
        return settings | self._options | {"address": self._address}

    @property
    def _n_gpus(self) -> int:
        import ray

        return int(ray.cluster_resources().get("GPU", 0))

    def share(self) -> "Share":
        """Return what one worker gets: an equal part of the processors, and its GPUs."""
        import ray

        n_cpus = n_threads() if self.is_local else float(ray.cluster_resources().get("CPU", 1))
        part = n_cpus / self.n_workers
        threads = max(1, int(part))
        if self._n_gpus:
            return Share(1, self._gpus_each, threads)
        return Share(threads if part >= 1 or self.is_local else part, 0, threads)

    def free(self) -> str:
        """Return in words what no worker has been given."""
        import ray

        found = ray.available_resources()
        return f"{found.get('CPU', 0):g} CPUs and {found.get('GPU', 0):g} GPUs"

    def close(self) -> None:
        """End what was started, and nothing else."""
        if self._is_ours:
            import ray

            ray.shutdown()
            ray._private.worker._worker_logs_enabled = True
        self._is_open = self._is_ours = False


def _address(options: Mapping[str, Any]) -> str:
    return str(options.get("address") or os.environ.get("RAY_ADDRESS") or "local")


def _import_ray(address: str) -> Any:
    """Return the module; where it is imported here first, a cluster of our own will be closed to others."""
    if address == "local" and "ray" not in sys.modules:
        for name, value in {**_PRIVATE, "RAY_AUTH_TOKEN": secrets.token_hex(32)}.items():
            os.environ.setdefault(name, value)
    import ray

    return ray


def _check_address(address: str) -> None:
    """Raise ConfigError where nothing listens: Ray itself tries for minutes."""
    if address.startswith("ray://"):
        raise ConfigError(
            f"--engine ray: address {address!r} is of Ray's client protocol; run on a node of the cluster, address=auto"
        )
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        raise ConfigError(f"--engine ray: nothing answers at address {address!r}: {error.strerror or error}") from error
