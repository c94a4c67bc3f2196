"""Whether an adapter does anything."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20
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
    """Yield each tensor of a safetensors file, and whether all its bytes are 0."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            file.seek(8 + length + begin)
            chunks = (
                file.read(min(_CHUNK, end - begin - n * _CHUNK)) for n in range(math.ceil((end - begin) / _CHUNK))
            )
            yield name, all(not any(chunk) for chunk in chunks)
