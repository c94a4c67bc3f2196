"""Whether an adapter does anything."""

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chateval.checkpoint.tensors import read_header

_CHUNK = 1 << 20
_WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Bytes of a number."""
_SIDES = (("lora_A", "lora_B"), ("lora_embedding_A", "lora_embedding_B"))


def inert_because(config: Mapping[str, Any], files: Iterable[Path]) -> str:
    """Return why a LoRA adds nothing to its base; empty if it adds something, or may.

    The first number that is not 0 ends the reading, so that a trained adapter costs a few bytes of each tensor.

    Args:
        config: Its adapter_config.json.
        files: Its safetensors files, whose headers have been read before.
    """
    if config.get("lora_alpha") == 0 and not config.get("alpha_pattern"):
        return "lora_alpha is 0"
    zeros = {name: is_zero for path in files for name, is_zero in _zeros(path)}
    sides = [side for pair in _SIDES for side in pair]
    if not zeros or not all(any(f".{side}" in name for side in sides) for name in zeros):
        return ""
    for place, letter in enumerate("AB"):
        of_side = [is_zero for name, is_zero in zeros.items() if any(f".{pair[place]}" in name for pair in _SIDES)]
        if of_side and all(of_side):
            return f"every lora_{letter} is 0"
    return ""


def _zeros(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each tensor of a safetensors file, and whether all its numbers are 0."""
    tensors = read_header(path)
    with path.open("rb") as file:
        for name, tensor in tensors.items():
            n_bytes = tensor.end - tensor.begin
            file.seek(tensor.begin)
            chunks = (file.read(min(_CHUNK, n_bytes - n * _CHUNK)) for n in range(math.ceil(n_bytes / _CHUNK)))
            yield name, all(_is_zero(chunk, _WIDTHS.get(tensor.dtype, 1)) for chunk in chunks)


def _is_zero(chunk: bytes, width: int) -> bool:
    """Return whether all numbers of some bytes are 0 or -0, which is a sign bit in the last byte of a number."""
    signs = chunk[width - 1 :: width].strip(b"\x00\x80")
    return not signs and not any(any(chunk[place::width]) for place in range(width - 1))
