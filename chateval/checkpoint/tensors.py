"""The headers of weight files: names and shapes of tensors, without loading a number."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from chateval.errors import CheckpointError

MAX_HEADER_BYTES = 100_000_000
"""The limit of the safetensors library itself."""

Shapes = Mapping[str, tuple[int, ...]]


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the tensors of a safetensors file: name -> shape.

    Raises:
        CheckpointError: If the header does not describe this file: too long, not JSON, data outside the file.

    Source:
        https://github.com/huggingface/safetensors#format
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
            raise CheckpointError(f"{path}: broken safetensors file: a header of {length:,} bytes in {size:,}")
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError) as error:
            raise CheckpointError(f"{path}: broken safetensors file: the header is not JSON") from error
    data_bytes = size - 8 - length
    shapes: dict[str, tuple[int, ...]] = {}
    for name, entry in header.items() if isinstance(header, dict) else ():
        if name == "__metadata__":
            continue
        try:
            begin, end = (int(offset) for offset in entry["data_offsets"])
            shapes[name] = tuple(int(length) for length in entry["shape"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError(
                f"{path}: broken safetensors file: tensor {name!r} has no shape or offsets"
            ) from error
        if not 0 <= begin <= end <= data_bytes:
            raise CheckpointError(
                f"{path}: broken safetensors file: tensor {name!r} lies outside the file (truncated?)"
            )
    if not shapes:
        raise CheckpointError(f"{path}: broken safetensors file: it holds no tensor")
    return shapes


def n_numbers(shapes: Shapes) -> int:
    """Return how many numbers the tensors have together; tied weights that a file holds once count once."""
    return sum(math.prod(shape) for shape in shapes.values())


def weight_files(folder: Path, *, stem: str = "model") -> list[Path]:
    """Return the safetensors files that transformers and PEFT would load: a single one before shards.

    Args:
        folder: A folder of a checkpoint.
        stem: `model` or `adapter_model`.

    Raises:
        CheckpointError: If there is none, if only pickled weights are there, or if a listed shard is absent.
    """
    index = folder / f"{stem}.safetensors.index.json"
    single = folder / f"{stem}.safetensors"
    if single.is_file():
        return [single]
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{index}: not a shard index") from error
        for name in names:
            if Path(name).name != name or not (folder / name).is_file():
                raise CheckpointError(
                    f"{index}: lists {name!r}, which is not in the folder; fetch the checkpoint again"
                )
        return [folder / name for name in names]
    pickled = [path for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for path in sorted(folder.glob(pattern))]
    pickled = [path for path in pickled if path.name != "training_args.bin"]
    if pickled:
        raise CheckpointError(
            f"{pickled[0]}: pickled weights can run code and are refused; save the checkpoint again with "
            "save_pretrained(..., safe_serialization=True), which writes safetensors"
        )
    raise CheckpointError(f"{folder}: no {stem}.safetensors in it")


def check_adapter_fits(adapter_path: Path, adapter: Shapes, base: Shapes) -> None:
    """Compare the shapes of a LoRA adapter with the weights it is put on.

    Raises:
        CheckpointError: If a tensor of the adapter has no counterpart or another shape: it belongs to another base.
    """
    pairs: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in adapter.items():
        for part in ("lora_A", "lora_B"):
            if f".{part}." in name:
                module = name.split(f".{part}.")[0].removeprefix("base_model.model.")
                pairs.setdefault(module, {})[part] = shape
    for module, parts in pairs.items():
        expected = _find_module(module, base)
        down, up = parts.get("lora_A"), parts.get("lora_B")
        if expected is None or down is None or up is None or len(expected) != 2:
            continue
        if sorted((up[0], down[-1])) != sorted(expected):
            raise CheckpointError(
                f"{adapter_path}: adapter of another base: {module} is {up[0]} x {down[-1]} in the adapter "
                f"and {expected[0]} x {expected[1]} in the base"
            )
    if pairs and not any(_find_module(module, base) for module in pairs):
        raise CheckpointError(
            f"{adapter_path}: adapter of another base: it changes {next(iter(pairs))}, which the base does not have"
        )


def _find_module(module: str, base: Shapes) -> tuple[int, ...] | None:
    """Return the shape of a module's weight; files name it with or without the prefix of the model's body."""
    inner = module.partition(".")[2]
    return base.get(f"{module}.weight") or base.get(f"{inner}.weight")
