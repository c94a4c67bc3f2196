"""A model that is being trained: answered by between two steps, and left as it was found."""

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError
from chateval.template import quiet_transformers

SHARDED = "its weights are sharded (FSDP, DeepSpeed ZeRO-3 or tensor parallel), so no process has the whole model"


class LiveWeights:
    """A model in memory, with a LoRA adapter or without; nothing is loaded, and nothing stays changed.

    Answers are computed in the dtype of the parameters, outside of autocast: as `chateval run` would compute them from
    the saved checkpoint.
    """

    def __init__(self, model: Any) -> None:
        """Take the model that a trainer trains, unwrapped or wrapped for several processes.

        Raises:
            CheckpointError: If it cannot be asked: its weights are sharded, or its adapter is no part of its layers.
        """
        self.model = unwrap(model)
        self.has_adapter = hasattr(self.model, "peft_config")
        """Whether it is a model of PEFT."""
        self.inner = self.model.get_base_model() if self.has_adapter else self.model
        """The language model itself; the layers of an adapter are in it."""
        _check_whole(self.model)
        if self.has_adapter and self.model.active_peft_config.is_prompt_learning:
            kind = str(self.model.active_peft_config.peft_type)
            raise CheckpointError(f"an adapter of type {kind} cannot be evaluated while training; LoRA can")

    @property
    def device(self) -> str:
        """Kind of the device it is on: cpu, cuda, ..."""
        return str(self.inner.device.type)

    @property
    def dtype(self) -> str:
        """Dtype of the parameters of the language model, such as `bfloat16`."""
        return str(self.inner.dtype).removeprefix("torch.")

    @contextmanager
    def use(self, adapter: Path | None, adapter_digest: str | None) -> Iterator[Any]:
        """Yield the model ready to answer, with its adapter on, or off if `adapter` is None."""
        import torch

        is_off = self.has_adapter and adapter is None
        off = self.model.disable_adapter() if is_off else nullcontext()
        with undisturbed(self.model), quiet_transformers(), torch.no_grad(), off:
            self.model.eval()
            yield self.inner


def unwrap(model: Any) -> Any:
    """Return the model inside the wrappers of `torch.compile`, DistributedDataParallel and DataParallel."""
    from torch.nn import DataParallel
    from torch.nn.parallel import DistributedDataParallel

    while True:
        if isinstance(model, DistributedDataParallel | DataParallel):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod
        else:
            return model


def _check_whole(model: Any) -> None:
    """Raise CheckpointError if this process does not hold all weights."""
    from torch.distributed.tensor import DTensor

    for parameter in model.parameters():
        if isinstance(parameter, DTensor) or hasattr(parameter, "ds_id") or parameter.is_meta:
            raise CheckpointError(f"the model cannot be evaluated while training: {SHARDED}; use DDP, or one process")
    if any(type(module).__name__ == "FullyShardedDataParallel" for module in model.modules()):
        raise CheckpointError(f"the model cannot be evaluated while training: {SHARDED}; use DDP, or one process")


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Put back, at the end, what the training depends on.

    Training mode of each module, which parameters are trained, attention and cache settings, the forward that
    accelerate wraps in autocast, the random numbers of torch, numpy and Python.
    """
    modes = [(module, module.training) for module in model.modules()]
    trained = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    settings = [(config, _settings(config)) for config in _configs(model)]
    with ExitStack() as restored:
        restored.enter_context(same_random_numbers(model))
        restored.enter_context(_without_autocast(model))
        try:
            yield
        finally:
            for module, is_training in modes:
                module.training = is_training
            for parameter, is_trained in trained:
                parameter.requires_grad_(is_trained)
            for config, values in settings:
                vars(config).update(values)


def _configs(model: Any) -> list[Any]:
    """Return the configs of a model and of the models in it, each once."""
    found: dict[int, Any] = {}
    waiting = [module.config for module in model.modules() if hasattr(module, "config")]
    while waiting:
        config = waiting.pop()
        if id(config) not in found and hasattr(config, "sub_configs"):
            found[id(config)] = config
            waiting += [one for name in config.sub_configs if (one := getattr(config, name, None)) is not None]
    return list(found.values())


def _settings(config: Any) -> Mapping[str, Any]:
    return {name: vars(config)[name] for name in ("_attn_implementation_internal", "use_cache") if name in vars(config)}


@contextmanager
def same_random_numbers(model: Any) -> Iterator[None]:
    """Put back the random numbers of torch, on the CPU and where the model is, of numpy and of Python."""
    import numpy as np
    import torch

    device = next(model.parameters()).device
    own, numpys = random.getstate(), np.random.get_state()
    devices = [] if device.type == "cpu" else [device]
    try:
        with torch.random.fork_rng(devices, device_type=device.type if devices else None):
            yield
    finally:
        random.setstate(own)
        np.random.set_state(numpys)


@contextmanager
def _without_autocast(model: Any) -> Iterator[None]:
    """Use the forward from before accelerate wrapped it for mixed precision."""
    own = vars(model)
    wrapped = own.get("forward") if "_original_forward" in own else None
    if wrapped is None:
        yield
        return
    own["forward"] = own["_original_forward"]
    try:
        yield
    finally:
        own["forward"] = wrapped
