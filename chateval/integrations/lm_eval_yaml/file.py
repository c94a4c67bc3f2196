"""A YAML file of lm-evaluation-harness and those that it includes -> one mapping."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chateval.codec import read_text
from chateval.errors import TaskError
from chateval.yaml_file import MAX_YAML_BYTES


@dataclass(frozen=True, slots=True)
class Function:
    """A `!function`: Python that the file points to and that is not run here."""

    name: str


class _Loader(yaml.SafeLoader):
    """Plain data, and `!function` by its name."""


def _function(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Function:
    return Function(str(loader.construct_scalar(node)))


_Loader.add_constructor("!function", _function)


def read_file(path: Path) -> dict[str, Any]:
    """Return what a file says over what the files say that it includes.

    Raises:
        TaskError: If one of them is missing or no mapping, or they include one another.
        DataError: If one of them is not UTF-8.
    """
    return _read(path, ())


def _read(path: Path, around: tuple[Path, ...]) -> dict[str, Any]:
    if path in around:
        raise TaskError(f"{path}: includes itself, by way of {' and '.join(map(str, around[1:])) or 'no other file'}")
    if len(around) > MAX_INCLUDES:
        raise TaskError(f"{path}: more than {MAX_INCLUDES} files include one another")
    if not path.is_file():
        raise TaskError(f"{path}: no such file" + (f", which {around[-1]} includes" if around else ""))
    said = _parse(path)
    included = said.pop("include", None) or []
    merged: dict[str, Any] = {}
    for name in included if isinstance(included, list) else [included]:
        found = _read((path.parent / str(name)).resolve(), (*around, path))
        found.pop("task_list", None)
        merged.update(found)
    return {**merged, **said}


MAX_ALIASES = 100
MAX_INCLUDES = 20
"""Files that include one another, one inside the other."""


def _check_aliases(path: Path, text: str) -> None:
    """Refuse aliases inside of what another alias stands for, which is how few lines become millions."""
    depth = anchored = n_aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) and anchored:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise TaskError(f"{path}:{line}: an alias (*{event.anchor}) inside of an anchor is not read; write it out")
        n_aliases += isinstance(event, yaml.AliasEvent)
        if n_aliases > MAX_ALIASES:
            raise TaskError(f"{path}: more than {MAX_ALIASES} aliases")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            anchored = anchored or (depth if event.anchor else 0)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchored = 0 if anchored == depth else anchored
            depth -= 1


def _parse(path: Path) -> dict[str, Any]:
    text = read_text(path)
    if len(text) > MAX_YAML_BYTES:
        raise TaskError(f"{path}: {len(text):,} characters; at most {MAX_YAML_BYTES:,} are read")
    try:
        _check_aliases(path, text)
        said = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that knows one tag more
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TaskError(f"{path}:{mark.line + 1 if mark else 1}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TaskError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(said, Mapping):
        raise TaskError(f"{path}: a task is a mapping, found {type(said).__name__}")
    return {str(key): value for key, value in said.items()}
