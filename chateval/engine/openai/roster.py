"""Which of a server's models answers for which checkpoint."""

from collections.abc import Callable
from pathlib import Path

from chateval.errors import CheckpointError
from chateval.records import Checkpoint
from chateval.template.models import ServedModel, find_version, list_models, listed_words, split_address


class Roster:
    """The models of one server, and the checkpoints that they were taken for."""

    def __init__(self, url: str) -> None:
        """Ask the server for its models.

        Raises:
            CheckpointError: If no server answers.
        """
        self.address, _ = split_address(url)
        self._models = list_models(self.address)
        self._taken: dict[str, Checkpoint] = {}

    def name_of(self, checkpoint: Checkpoint) -> str:
        """Return the name that requests for a checkpoint ask for.

        Of the models that are served: the one with the checkpoint's name, its path or its folder's name, else the
        only one. A server that keeps no list is asked for the path.

        Raises:
            CheckpointError: If none or several fit, or the one that fits answers for another checkpoint already.
        """
        if checkpoint.kind == "endpoint":
            return checkpoint.path.partition("#")[2]
        name = self._find(checkpoint).id if self._models else checkpoint.path
        other = self._taken.setdefault(name, checkpoint)
        if _content(other) != _content(checkpoint):
            raise CheckpointError(
                f"{checkpoint.name}: {self.address} has {name!r} only for it, which answers for {other.name} already; "
                f"it serves {listed_words(self._models)}: serve each checkpoint under its own name"
            )
        return name

    def server_of(self, name: str) -> str:
        """Return engine and version behind a model, such as `vllm 0.32.0`; `unknown` where it is not said."""
        owner = next((model.owner for model in self._models if model.id == name), "")
        version = find_version(self.address) if owner == "vllm" else ""
        return f"{owner} {version}".strip() or "unknown"

    def _find(self, checkpoint: Checkpoint) -> ServedModel:
        path = Path(checkpoint.path)
        rules: tuple[Callable[[ServedModel], bool], ...] = (
            lambda model: model.id == checkpoint.name,
            lambda model: _is_place(model.id, path) or (checkpoint.repo is not None and model.id == checkpoint.repo),
            lambda model: _is_place(model.root, path),
            lambda model: model.id == path.name,
            lambda model: len(self._models) == 1,
        )
        for fits in rules:
            found = [model for model in self._models if fits(model)]
            if len(found) == 1:
                return found[0]
        raise CheckpointError(
            f"{checkpoint.name}: {self.address} serves no model called {checkpoint.name!r}, {checkpoint.path!r} or "
            f"{path.name!r}; it serves {listed_words(self._models)}"
        )


def _content(checkpoint: Checkpoint) -> tuple[str, str | None]:
    return checkpoint.weights_digest, checkpoint.adapter_digest


def _is_place(text: str, path: Path) -> bool:
    """Return whether a server's name is the path of a checkpoint, as it was given or from here."""
    if not text.startswith((".", "/", "~")):
        return text == str(path)
    try:
        return Path(text).expanduser().resolve() == path
    except (OSError, RuntimeError, ValueError):
        return False
