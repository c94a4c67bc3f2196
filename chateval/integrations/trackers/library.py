"""The libraries of trackers, kept quiet and off the network unless the user asked for it."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec

from chateval.errors import ConfigError


def need(module: str) -> None:
    """Raise ConfigError if a tracker's library is not installed."""
    if find_spec(module) is None:
        raise ConfigError(f"--to {module}: {module} is not installed; say `pip install 'chateval[track]'`")


@contextmanager
def quiet(environment: Mapping[str, str | None]) -> Iterator[None]:
    """Change the environment for a while, None to take a variable out; what the library prints goes to stderr."""
    before = {name: os.environ.get(name) for name in environment}
    _set(environment)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _set(before)


def _set(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
