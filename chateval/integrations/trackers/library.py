"""The libraries of trackers, kept quiet and off the network unless the user asked for it."""

import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec

from chateval.errors import ConfigError
from chateval.report import visible


def need(module: str) -> None:
    """Raise ConfigError if a tracker's library is not installed."""
    if find_spec(module) is None:
        raise ConfigError(f"--to {module}: {module} is not installed; say `pip install 'chateval[track]'`")


@contextmanager
def quiet(environment: Mapping[str, str | None]) -> Iterator[None]:
    """Change the environment for a while, None to take a variable out.

    What the library prints or logs below a warning is held back, and shown on stderr only if it fails.
    """
    before = {name: os.environ.get(name) for name in environment}
    level = logging.root.manager.disable
    held = io.StringIO()
    _set(environment)
    logging.disable(max(level, logging.INFO))
    try:
        with redirect_stdout(held):
            yield
    except BaseException:
        sys.stderr.write(visible(held.getvalue()))
        raise
    finally:
        logging.disable(level)
        _set(before)


def _set(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
