"""Where responses are kept between runs."""

import os
from pathlib import Path

from chateval.errors import StoreError


def cache_dir() -> Path:
    """Return the folder for stored responses and the demo: $CHATEVAL_CACHE, or chateval in the user's cache folder.

    Raises:
        StoreError: If the user has no home folder, and no variable names another.
    """
    named = os.environ.get("CHATEVAL_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "chateval"
    except RuntimeError as error:
        raise StoreError("no home folder for stored answers: set CHATEVAL_CACHE to a folder") from error


def store_path(cache: Path | None = None) -> Path:
    """Return the file of the response store in a cache folder, or in the usual one."""
    return (cache or cache_dir()) / "responses.sqlite"
