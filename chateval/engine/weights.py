"""One base model in memory, and the adapters that sit on it."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError
from chateval.machine import device, n_threads
from chateval.template import quiet_transformers

logger = logging.getLogger(__name__)

MAX_ADAPTERS = 8
"""Adapters in memory beside a base; the one that was used longest ago makes room."""


class Weights:
    """A base loaded at its first use; every adapter on it shares its tensors."""

    def __init__(self, path: Path, *, dtype: str, sees_images: bool = False) -> None:
        self._path = path
        self._dtype = dtype
        self._sees_images = sees_images
        self._model: Any = None
        self._with_adapters: Any = None
        self._adapters: list[str] = []
        """Those in memory, the last used last."""

    @property
    def device(self) -> str:
        """Kind of the device that it is, or will be, on."""
        return device()

    @contextmanager
    def use(self, adapter: Path | None, adapter_digest: str | None) -> Iterator[Any]:
        """Yield the model with one adapter on, or with all of them off.

        Args:
            adapter: The adapter's folder; None for the base as it is.
            adapter_digest: Its digest, which is its name among the adapters.

        Raises:
            CheckpointError: If base or adapter cannot be loaded.
        """
        import torch

        model = self._base()
        if adapter is not None:
            self._put_on(adapter, f"adapter_{str(adapter_digest)[:16]}")
            with torch.inference_mode():
                yield model
        else:
            off = self._with_adapters.disable_adapter() if self._with_adapters is not None else nullcontext()
            with off, torch.inference_mode():
                yield model

    def _base(self) -> Any:
        if self._model is None:
            import torch

            torch.set_num_threads(n_threads())
            with quiet_transformers():
                loaded = _load(self._path, getattr(torch, self._dtype), sees_images=self._sees_images)
                self._model = loaded.to(device()).eval()
        return self._model

    def _put_on(self, adapter: Path, name: str) -> None:
        if name not in self._adapters:
            from peft import PeftModel, get_peft_model_state_dict

            options = {"adapter_name": name, "is_trainable": False, "use_safetensors": True}
            try:
                with quiet_transformers():
                    if self._with_adapters is None:
                        self._with_adapters = PeftModel.from_pretrained(self._model, str(adapter), **options)
                    else:
                        self._with_adapters.load_adapter(str(adapter), **options)
            except Exception as error:
                raise CheckpointError(f"{adapter}: cannot be put on {self._path}: {_whole(error)}") from error
            _check_complete(adapter, get_peft_model_state_dict(self._with_adapters, adapter_name=name))
            self._adapters.append(name)
            self._with_adapters.eval()
        self._adapters.append(self._adapters.pop(self._adapters.index(name)))
        self._with_adapters.set_adapter(name)
        while len(self._adapters) > MAX_ADAPTERS:
            self._with_adapters.delete_adapter(self._adapters.pop(0))


def _check_complete(adapter: Path, found: Mapping[str, Any]) -> None:
    """Refuse an adapter whose file and config ask for other tensors; warn of one that changes nothing."""
    from safetensors import safe_open

    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as file:
        in_file = set(file.keys())
    lacking = sorted(name for name in found if "lora_" in name and name not in in_file)
    if lacking:
        raise CheckpointError(
            f"{adapter}: incomplete: {len(lacking)} tensors that its config asks for are not in it, "
            f"first {', '.join(lacking[:3])}"
        )
    unused = sorted(name for name in in_file if "lora_" in name and name not in found)
    if unused:
        raise CheckpointError(
            f"{adapter}: {len(unused)} of its tensors went nowhere, first {', '.join(unused[:3])}: it is of another "
            "base, or not as its adapter_config.json says"
        )
    ups = [tensor for name, tensor in found.items() if "lora_B" in name]
    if ups and not any(bool(tensor.any()) for tensor in ups):
        logger.warning("%s: the adapter has no effect: every lora_B is zero, so it answers as its base", adapter)


def _load(path: Path, dtype: Any, *, sees_images: bool) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    auto = AutoModelForImageTextToText if sees_images else AutoModelForCausalLM
    folder, options = (path.parent, {"gguf_file": path.name}) if path.is_file() else (path, {"use_safetensors": True})
    try:
        model, report = auto.from_pretrained(  # a folder, nothing is fetched  # nosec B615
            str(folder),
            dtype=dtype,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            **options,
        )
    except Exception as error:
        raise CheckpointError(f"{path}: the model cannot be loaded: {_whole(error)}") from error
    missing = sorted({str(name) for name in (*report["missing_keys"], *report["mismatched_keys"])})
    if missing:
        raise CheckpointError(
            f"{path}: {len(missing)} weights of {type(model).__name__} are not in the files and would be random, "
            f"first {', '.join(missing[:3])}; is it a causal language model, saved whole?"
        )
    return model


def _whole(error: BaseException) -> str:
    """Return what an error says in one line, shortened: the useful part is often not on the first."""
    return " ".join(str(error).split())[:300] or type(error).__name__
