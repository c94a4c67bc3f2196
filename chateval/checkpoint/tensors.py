"""The headers of safetensors files: names, shapes and places of tensors, without loading a number."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError

MAX_HEADER_BYTES = 100_000_000
"""The limit of the safetensors library itself."""

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies in its file."""

    shape: tuple[int, ...]
    dtype: str
    """As safetensors names it: F32, BF16, ..."""
    begin: int
    """First byte, counted from the start of the file."""
    end: int


def read_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name.

    The length of the header is held against the file before it is read, and the library parses it first: by type, so
    that no nesting fills the memory, and so that tensors neither overlap, nor leave gaps, nor end outside the file.

    Raises:
        CheckpointError: If the header does not describe this file, or names a tensor twice, or none.

    Source:
        https://github.com/huggingface/safetensors#format
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
                raise _broken(path, f"a header of {length:,} bytes in {size:,}")
            _check_by_library(path)
            entries = json.loads(file.read(length), object_pairs_hook=_unique)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise _broken(path, str(error)) from error
    start = 8 + length
    tensors = {
        name: Tensor(tuple(entry["shape"]), entry["dtype"], *(start + offset for offset in entry["data_offsets"]))
        for name, entry in entries.items()
        if name != "__metadata__"
    }
    if not tensors:
        raise _broken(path, "it holds no tensor")
    return tensors


def _check_by_library(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        said = str(error).removeprefix("Error while deserializing header: ")[:200]
        if "not fully covered" in said:
            said = "its tensors do not take the bytes that follow the header (truncated?)"
        raise _broken(path, said) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:200]!r} stands twice in the header")
    return found


def _broken(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"{path}: broken safetensors file: {why}; fetch it again, or save the checkpoint again")


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the tensors of a safetensors file: name -> shape.

    Raises:
        CheckpointError: If the header does not describe this file.
    """
    return {name: tensor.shape for name, tensor in read_header(path).items()}


def n_numbers(shapes: Shapes) -> int:
    """Return how many numbers the tensors have together; tied weights that a file holds once count once."""
    return sum(math.prod(shape) for shape in shapes.values())
