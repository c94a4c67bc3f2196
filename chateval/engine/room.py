"""How many answers fit in memory at once, found from the model and the machine."""

from typing import Any

from chateval.machine import memory_bytes

_MOST_ROWS = {"cpu": 128, "cuda": 256}
"""More rows in a step gain nothing."""
_SHARE_OF_MEMORY = 0.25
"""Of all a CPU has, for keys and values."""
_SHARE_OF_FREE = 0.6
"""Of what the weights leave free on a GPU."""


def count_rows(model: Any, n_tokens: int) -> int:
    """Return how many answers to decode at once, at least 1.

    Args:
        model: In memory.
        n_tokens: Most tokens of one prompt and its answer.
    """
    kind = model.device.type
    if kind == "cuda":
        import torch

        room = _SHARE_OF_FREE * torch.cuda.mem_get_info(model.device)[0]
    else:
        room = _SHARE_OF_MEMORY * memory_bytes()
    row = n_tokens * bytes_per_token(model)
    return max(1, min(_MOST_ROWS.get(kind, 128), int(room // row)))


def bytes_per_token(model: Any) -> int:
    """Return the bytes that keys and values of one token take in all layers."""
    config = model.config.get_text_config()
    n_heads = config.num_attention_heads
    n_kv = getattr(config, "num_key_value_heads", None) or n_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // n_heads
    return int(2 * config.num_hidden_layers * n_kv * width * model.dtype.itemsize)
