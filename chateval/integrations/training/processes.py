"""Training in several processes: the main one evaluates, the others wait for what it found."""

import os
from typing import Any, TypeVar

from chateval.engine.live import SHARDED
from chateval.errors import ConfigError

T = TypeVar("T")


def refuse_sharding(args: Any) -> None:
    """Raise ConfigError if the trainer is set to shard the model, before it does.

    Args:
        args: Of the trainer.
    """
    named = {
        "fsdp": bool(getattr(args, "fsdp", None)) or os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true",
        "deepspeed": _zero_stage(getattr(args, "hf_deepspeed_config", None)) >= 3,
    }
    for name, is_on in named.items():
        if is_on:
            raise ConfigError(
                f"EvaluateCallback with {name}: {SHARDED}; use DDP or one process, or evaluate the saved checkpoints "
                "with `chateval run`"
            )


def _zero_stage(config: Any) -> int:
    """Return the stage of ZeRO that transformers' DeepSpeed config asks for; 0 without one, 3 for `auto`."""
    if config is None:
        return 0
    stage = config.get_value("zero_optimization.stage", 0)
    return stage if isinstance(stage, int) else 3


def share(value: T) -> T:
    """Return what the main process has; the others wait until it is there. Without other processes, the value itself.

    Args:
        value: Of the main process; those of the others are not looked at.
    """
    import torch.distributed

    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return value
    held = [value]
    torch.distributed.broadcast_object_list(held, src=0)
    return held[0]
