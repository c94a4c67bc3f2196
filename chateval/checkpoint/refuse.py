"""What a checkpoint may not ask for: code of its own, files of its own, sizes that its weights do not have."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chateval.checkpoint.tensors import Shapes
from chateval.errors import CheckpointError
from chateval.template import read_json

_MAY_NAME_CODE = (
    "config.json",
    "tokenizer_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "generation_config.json",
    "adapter_config.json",
)
_IMPORTABLE = ("transformers", "diffusers")
"""Libraries that `auto_mapping` of an adapter may name; PEFT writes the class of the base there."""
_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers", "depth")
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_FEW_LAYERS = 256
"""So many a config may ask for whatever its files hold: layers may share their weights."""
_FEW_EXPERTS = 1_024
PLAIN_STARTS = (None, True, False, "gaussian")
"""Values of `init_lora_weights` that leave the base as it was; PiSSA, OLoRA and their like take a part out of it."""
PLAIN_RANK = 8
"""The rank of an adapter whose config names none, as PEFT has it."""
_NOT_PUT_ON = (
    "megatron_config",
    "layer_replication",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
)
"""Settings of an adapter that import a module, rebuild the base or need more than being put on."""


def refuse_remote_code(folder: Path) -> None:
    """Raise CheckpointError if a folder asks for Python or a weight file of its own; no option allows it."""
    named = read_json(folder / "config.json").get("transformers_weights")
    if named:
        raise CheckpointError(
            f"{folder / 'config.json'}: transformers_weights names a weight file of its own ({str(named)[:80]!r}); "
            "remove it, so that model.safetensors is what is loaded"
        )
    for name in _MAY_NAME_CODE:
        for wanted in _entries(read_json(folder / name), "auto_map"):
            raise CheckpointError(
                f"{folder / name}: auto_map wants to run {json.dumps(wanted)[:99]}; code of a checkpoint is never run. "
                "Convert it to an architecture that transformers has"
            )
    library = read_json(folder / "adapter_config.json").get("auto_mapping") or {}
    library = library.get("parent_library") if isinstance(library, dict) else library
    if library is not None and str(library).partition(".")[0] not in _IMPORTABLE:
        raise CheckpointError(
            f"{folder / 'adapter_config.json'}: auto_mapping wants to import {str(library)[:80]!r}; code of a "
            "checkpoint is never run. Remove the entry"
        )
    for path in sorted(folder.glob("custom_generate/*.py")):
        raise CheckpointError(f"{path}: code of a checkpoint is never run; remove custom_generate")


def _entries(value: Any, key: str) -> Iterator[Any]:
    """Yield what stands under a key, however deep."""
    if isinstance(value, dict):
        if value.get(key):
            yield value[key]
        for inner in value.values():
            yield from _entries(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _entries(inner, key)


def refuse_other_adapters(path: Path, config: Mapping[str, Any]) -> None:
    """Raise CheckpointError for adapters that cannot be switched off by switching them off."""
    kind, bias, start = config.get("peft_type"), config.get("bias", "none"), config.get("init_lora_weights")
    if kind != "LORA":
        raise CheckpointError(
            f"{path}: an adapter of type {kind!r}; LORA is what can share a base. Merge it and test that"
        )
    is_plain = isinstance(start, str | bool | None) and start in PLAIN_STARTS
    if bias != "none" or not is_plain:
        what = f"bias={bias!r}" if bias != "none" else f"init_lora_weights={start!r}"
        raise CheckpointError(
            f"{path}: {what} writes into the base, which other checkpoints share; merge the adapter (merge_and_unload) "
            "and test the merged folder"
        )
    asked = next((key for key in _NOT_PUT_ON if config.get(key)), None)
    if asked is not None:
        raise CheckpointError(
            f"{path}: {asked} is more than an adapter that is put on a base and taken off again; merge the adapter "
            "(merge_and_unload) and test the merged folder"
        )
    rank = config.get("r", PLAIN_RANK)
    if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
        raise CheckpointError(f"{path / 'adapter_config.json'}: r is {rank!r}; a rank is a number above 0")


def refuse_sizes(where: Path, config: Mapping[str, Any], shapes: Shapes) -> None:
    """Raise CheckpointError if a config asks for far more layers or experts than its files hold tensors.

    They are made one by one before a weight is looked at: 100,000 layers take minutes and gigabytes.
    """
    for keys, few in ((_LAYERS, _FEW_LAYERS), (_EXPERTS, _FEW_EXPERTS)):
        for key in keys:
            most = max(few, len(shapes))
            for found in _entries(config, key):
                if isinstance(found, int | float) and not found <= most:
                    raise CheckpointError(
                        f"{where}: {key} is {found:,}, and the weights are {len(shapes):,} tensors; at most {most:,} "
                        "would fit: config and weights do not belong together"
                    )
