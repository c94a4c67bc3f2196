"""Hub ids: fetched once into the hub's own cache, pinned to a commit."""

import re
from pathlib import Path

from chateval.errors import CheckpointError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")

FILES = ["*.json", "*.model", "*.jinja", "*.txt"]
WEIGHTS = ["*.safetensors", "*.gguf"]
"""What a checkpoint may consist of: no pickles, no Python."""


def looks_like_hub_id(reference: str) -> bool:
    """Return whether the text has the form owner/name."""
    return _HUB_ID.fullmatch(reference) is not None


def fetch(repo: str, revision: str | None, *, with_weights: bool = True) -> tuple[Path, str]:
    """Fetch a repository of the hub, or take it from the local cache.

    Args:
        repo: owner/name.
        revision: Branch, tag or commit; the default branch if None.
        with_weights: Whether weight files are wanted too.

    Returns:
        The folder and the commit (40 hex digits) that it holds.

    Raises:
        CheckpointError: If it is neither on the hub nor in the cache.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=FILES + WEIGHTS * with_weights))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(
            f"{repo}: no such folder here, and not to be had from the hub ({reason}); "
            "fetch it where there is a network, or give a local folder"
        ) from error
    return folder, folder.name
