"""Digests of a model in memory: over names, shapes and bytes of its tensors, as over the files of a saved one."""

import hashlib
import json
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.checkpoint.digest import DigestCache
from chateval.checkpoint.files import tokenizer_files
from chateval.codec import digest
from chateval.machine import n_threads

_PASSING = frozenset(
    ("_name_or_path", "transformers_version", "use_cache", "_attn_implementation", "dtype", "torch_dtype")
)
"""Entries of a config that decide no answer, or are in the tensors."""

_OF_ADAPTERS = (".lora_", ".modules_to_save.")
"""In the names of tensors that PEFT put into a model."""


@dataclass(frozen=True, slots=True)
class MemoryDigests:
    """What a model in memory is, by content."""

    weights: str
    """sha256 over the digests of the tensors and the configs, adapters left out."""
    adapter: str | None
    """sha256 over the digests of the active adapter's tensors and its config; None without one."""
    n_base: int
    """Numbers in the tensors without adapters; tied ones count once."""
    n_adapter: int
    """Numbers in those of the active adapter."""


class MemoryDigester:
    """Digests models; a tensor that is not trained is read again only if something wrote to it."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], str] = {}

    def model(self, model: Any) -> MemoryDigests:
        """Return the digests of a model, or of a model of PEFT with its adapter."""
        has_adapter = hasattr(model, "peft_config")
        inner = model.get_base_model() if has_adapter else model
        state = inner.state_dict(keep_vars=True)
        base = {_plain_name(name): found for name, found in state.items() if not _is_of_adapter(name)}
        configs = [_entries(inner.config), _entries(getattr(inner, "generation_config", None))]
        own: dict[str, Any] = {}
        adapter = None
        if has_adapter:
            active = str(model.active_adapter)
            own = {name: one for name, one in state.items() if _is_of_adapter(name) and f".{active}." in f"{name}."}
            adapter = digest([self._tensors(own), _adapter_entries(model.peft_config[active])])
        return MemoryDigests(digest([self._tensors(base), *configs]), adapter, _count(base), _count(own))

    def _tensors(self, tensors: Mapping[str, Any]) -> list[list[Any]]:
        with ThreadPoolExecutor(n_threads()) as pool:
            found = pool.map(self._tensor, sorted(tensors), [tensors[name] for name in sorted(tensors)])
            return [
                [name, str(tensors[name].dtype), list(tensors[name].shape), one]
                for name, one in zip(sorted(tensors), found, strict=True)
            ]

    def _tensor(self, name: str, tensor: Any) -> str:
        """Return the sha256 of the numbers of a tensor. `_version` counts what was written to it in place."""
        key = (name, tensor.data_ptr(), tensor._version, tuple(tensor.shape), tensor.dtype)
        if tensor.requires_grad or key not in self._known:
            found = digest_tensor(tensor)
            if tensor.requires_grad:
                return found
            self._known[key] = found
        return self._known[key]


def digest_tensor(tensor: Any) -> str:
    """Return the sha256 of the bytes of a tensor, 64 hex digits."""
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(flat.numpy()).hexdigest()


def digest_tokenizer(folder: Path) -> str:
    """Return the digest of a tokenizer that was saved to a folder: that of a checkpoint saved with it."""
    digests = DigestCache(folder / "digests.json")
    return digests.files(tokenizer_files(folder))


def _is_of_adapter(name: str) -> bool:
    return any(mark in f".{name}" for mark in _OF_ADAPTERS)


def _plain_name(name: str) -> str:
    """Return the name that a tensor of the base has without an adapter around it."""
    return name.replace(".base_layer.", ".").replace(".original_module.", ".")


def _entries(config: Any) -> Any:
    """Return a config as JSON, without what decides no answer."""
    if config is None:
        return None
    return {name: entry for name, entry in json.loads(config.to_json_string()).items() if name not in _PASSING}


def _adapter_entries(config: Any) -> Any:
    entries = {name: entry for name, entry in config.to_dict().items() if name != "base_model_name_or_path"}
    return json.loads(json.dumps(entries, default=_plain))


def _plain(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)


def _count(tensors: Mapping[str, Any]) -> int:
    return sum({tensor.data_ptr(): math.prod(tensor.shape) for tensor in tensors.values()}.values())
