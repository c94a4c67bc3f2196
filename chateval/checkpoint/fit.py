"""Whether an adapter belongs on its base, from the headers of both: nothing is loaded, no prompt is asked."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chateval.checkpoint.refuse import PLAIN_RANK
from chateval.checkpoint.tensors import Shapes
from chateval.errors import CheckpointError

SHOWN = 3
"""Faults that a message lists."""

_PREFIX = "base_model.model."
_LOW_RANK = re.compile(
    rf"{re.escape(_PREFIX)}(?P<module>[^\s]+?)\."
    r"(?P<part>lora_A|lora_B|lora_embedding_A|lora_embedding_B|lora_magnitude_vector)(?:\.weight|\.bias)?"
)

Parts = Mapping[str, tuple[int, ...]]
"""lora_A, lora_B, ... -> shape, of one module."""


def check_adapter_fits(adapter_path: Path, config: Mapping[str, Any], adapter: Shapes, base: Shapes) -> None:
    """Compare the tensors of a LoRA adapter with its config and with the weights that it is put on.

    Raises:
        CheckpointError: If a tensor has another shape or rank than it should, lacks its other half, belongs to no
            module of the base, or would be written into the base, which other checkpoints share. The first are listed.
    """
    modules: dict[str, dict[str, tuple[int, ...]]] = {}
    others: list[str] = []
    for name, shape in adapter.items():
        found = _LOW_RANK.fullmatch(name)
        if found is None or "lora_" in found["module"]:
            others.append(name)
        else:
            modules.setdefault(found["module"], {})[found["part"]] = shape
    _refuse(adapter_path, "adapter of another base", list(_differing(modules, base)))
    _refuse(adapter_path, "adapter of another base", list(_differing_saved(others, adapter, config, base)))
    _refuse(adapter_path, "not as its adapter_config.json says", list(_against_config(modules, config, base)))
    strange = [name for name in others if not _is_saved_module(name, config)]
    _refuse(
        adapter_path,
        "its file holds more than an adapter, which would be written into the base that other checkpoints share",
        strange,
    )


def _refuse(path: Path, what: str, faults: list[str]) -> None:
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise CheckpointError(
            f"{path}: {what}: {'; '.join(fault[:200] for fault in faults[:SHOWN])}{more}. Name the base that it was "
            "trained on (NAME=ADAPTER@BASE), save the adapter again, or merge it and test the merged folder"
        )


def _differing(modules: Mapping[str, Parts], base: Shapes) -> Iterator[str]:
    """Yield which modules are in another shape in the base, or not in it."""
    kinds = {_kind(name) for name in base}
    n_found = 0
    for module, parts in modules.items():
        expected = find_module(module, base)
        if expected is None:
            if _kind(f"{module}.weight") in kinds or _kind(f"{module.partition('.')[2]}.weight") in kinds:
                yield f"it changes {module}, which the base does not have"
            continue
        n_found += 1
        ends = _ends(parts)
        if ends and len(expected) == 2 and sorted(ends) != sorted(expected):
            yield (
                f"{module} is {ends[0]} x {ends[1]} in the adapter and {expected[0]} x {expected[1]} in the base"
                f"{_of_vocabulary(module)}"
            )
    if modules and not n_found:
        yield f"it changes {next(iter(modules))}, which the base does not have"


def _ends(parts: Parts) -> tuple[int, int] | None:
    """Return the two sides of what a pair of low-rank matrices makes together; None if a half is absent."""
    down, up = parts.get("lora_A"), parts.get("lora_B")
    if not down or not up:
        down, up = parts.get("lora_embedding_A"), parts.get("lora_embedding_B")
    return (up[0], down[-1]) if down and up else None


def _differing_saved(others: list[str], adapter: Shapes, config: Mapping[str, Any], base: Shapes) -> Iterator[str]:
    """Yield which modules that were trained whole have another shape in the base."""
    for name in others:
        expected = base.get(name.removeprefix(_PREFIX))
        if _is_saved_module(name, config) and expected is not None and expected != adapter[name]:
            mine, theirs = (" x ".join(map(str, shape)) for shape in (adapter[name], expected))
            module = name.removeprefix(_PREFIX).removesuffix(".weight")
            yield f"{module} is {mine} in the adapter and {theirs} in the base{_of_vocabulary(module)}"


def _of_vocabulary(module: str) -> str:
    is_of_vocabulary = module.endswith(("embed_tokens", "lm_head", "wte", "embed_out"))
    return " (another vocabulary)" if is_of_vocabulary else ""


def _is_saved_module(name: str, config: Mapping[str, Any]) -> bool:
    saved = config.get("modules_to_save") or ()
    inner = name.removeprefix(_PREFIX)
    if inner.endswith(".token_adapter.trainable_tokens_delta"):
        return bool(config.get("trainable_token_indices"))
    return isinstance(saved, list) and any(f".{module}." in f".{inner}" for module in saved)


def _against_config(modules: Mapping[str, Parts], config: Mapping[str, Any], base: Shapes) -> Iterator[str]:
    """Yield what the file holds otherwise than the config asks: halves, ranks, modules."""
    ranks = _ranks(config)
    for module, parts in modules.items():
        for one, other in (
            ("lora_A", "lora_B"),
            ("lora_B", "lora_A"),
            ("lora_embedding_A", "lora_embedding_B"),
            ("lora_embedding_B", "lora_embedding_A"),
        ):
            if one in parts and other not in parts:
                yield f"{module} has {one} and no {other}"
        down = parts.get("lora_A") or parts.get("lora_embedding_A")
        if down and ranks and down[0] not in ranks:
            yield f"{module} has rank {down[0]}, the config says r={config.get('r', PLAIN_RANK)}"
    wanted = config.get("target_modules")
    is_filtered = any(config.get(key) for key in ("exclude_modules", "layers_to_transform", "target_parameters"))
    if not isinstance(wanted, list) or is_filtered or not modules:
        return
    for module in modules:
        if not any(module == name or module.endswith(f".{name}") for name in wanted):
            yield f"target_modules does not name {module}, which is in the file"
    stems = {_stem(module) for module in modules}
    for name, shape in base.items():
        module = name.removesuffix(".weight")
        is_wanted = any(module == one or module.endswith(f".{one}") for one in wanted)
        if is_wanted and len(shape) == 2 and module != name and _stem(module) in stems and module not in modules:
            yield f"target_modules names {module}, which is not in the file"


def _ranks(config: Mapping[str, Any]) -> set[int]:
    pattern = config.get("rank_pattern") or {}
    found = [config.get("r", PLAIN_RANK), *(pattern.values() if isinstance(pattern, dict) else ())]
    return {rank for rank in found if isinstance(rank, int) and not isinstance(rank, bool)}


def _kind(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _stem(module: str) -> str:
    """Return a module's name up to the number of its layer: which part of a model it belongs to."""
    return re.split(r"\d", module, maxsplit=1)[0]


def find_module(module: str, base: Shapes) -> tuple[int, ...] | None:
    """Return the shape of a module's weight; files name it with or without the prefix of the model's body."""
    inner = module.partition(".")[2]
    return base.get(f"{module}.weight") or base.get(f"{inner}.weight")
