"""One `vllm.LLM` in memory at a time: the weights that a base and every adapter on it share."""

import ctypes
import difflib
import gc
import logging
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chateval.engine.vllm.environment import device_type, share_processors, vllm_version
from chateval.errors import CheckpointError, ConfigError
from chateval.template import quiet_transformers, read_json

logger = logging.getLogger(__name__)

_FIXED: Mapping[str, Any] = {
    "load_format": "safetensors",
    "trust_remote_code": False,
    "skip_tokenizer_init": True,  # it is sent ids and gives ids; each checkpoint's own tokenizer makes the text
    "generation_config": "vllm",  # no settings of the checkpoint's that we do not know of
    "logprobs_mode": "raw_logprobs",
    "seed": 0,
}
_OURS = {*_FIXED, "model", "tokenizer", "dtype", "enable_lora", "max_lora_rank", "runner"}
"""Options of `vllm.LLM` that follow from the checkpoint and the suite."""

_DEFAULTS: Mapping[str, Any] = {
    "enable_prefix_caching": True,
    "disable_log_stats": True,
    "use_tqdm_on_load": False,
}

_ON_CPU: Mapping[str, Any] = {
    "enforce_eager": True,
    "block_size": 32,  # of the cache; at vLLM's 128 most prompts with choices fill no block, and take twice as long
}

SHORTEST_CONTEXT = 2048
"""Tokens of prompt and answer that a model is loaded for at least, so that a longer task loads it no second time."""


@dataclass(slots=True)
class _Loaded:
    """A model in memory and what it was loaded for."""

    llm: Any
    weights: Path
    dtype: str
    n_tokens: int
    """Most tokens of prompt and answer together."""
    rank: int
    """Highest rank of an adapter; 0 where it takes none."""
    adapters: dict[Path, Any] = field(default_factory=dict)
    """Requests that name the adapters it has read."""


class Models:
    """Loads what is asked for, after it has freed what is not."""

    def __init__(self, options: Mapping[str, Any], adapters: Sequence[Path] = ()) -> None:
        """Keep the options of `vllm.LLM`.

        Args:
            options: Given by the user, passed through.
            adapters: Those of the run, where they are known: else a base is loaded again for its first adapter.
        """
        self.options = dict(options)
        self._rank = max((adapter_rank(adapter) for adapter in adapters), default=0)
        self._loaded: _Loaded | None = None
        self._set_num_threads: Any = None

    def open(self, weights: Path, *, dtype: str, n_tokens: int, context_tokens: int | None, rank: int = 0) -> Any:
        """Return the `vllm.LLM` of some weights.

        Args:
            weights: Folder of the model, of the base for an adapter.
            dtype: Name of a torch dtype.
            n_tokens: Most tokens of prompt and answer that will be asked.
            context_tokens: Most that the model takes; None where it does not say.
            rank: Of the adapter that will be put on it; 0 for none.

        Raises:
            ConfigError: If `vllm.LLM` has no such option, or it is not the user's to set.
            CheckpointError: If vLLM cannot load the model.
        """
        held = self._loaded
        same = held is not None and (held.weights, held.dtype) == (weights, dtype)
        if held is not None and same and n_tokens <= held.n_tokens and rank <= held.rank:
            return held.llm
        if held is not None and same:
            n_tokens, rank = max(n_tokens, held.n_tokens), max(rank, held.rank)
        rank = max(rank, self._rank)
        self.close()
        length = self.options.get("max_model_len") or round_up(n_tokens, context_tokens)
        llm = self._load(weights, {"dtype": dtype, "max_model_len": length, **_lora_options(weights, rank)})
        self._loaded = _Loaded(llm, weights, dtype, max(length, n_tokens), rank)
        return llm

    def put_on(self, adapter: Path, digest: str) -> Any:
        """Read an adapter into the open model and return the request that names it.

        Raises:
            CheckpointError: If vLLM cannot put it on, or would put on less than is in it.
        """
        from vllm.lora.request import LoRARequest

        held = self._loaded
        if held is None:
            raise RuntimeError("no model is open")
        if adapter not in held.adapters:
            check_adapter(adapter)
            request = LoRARequest(f"{adapter.name}-{digest[:16]}", len(held.adapters) + 1, str(adapter))
            try:
                held.llm.llm_engine.add_lora(request)
            except Exception as error:
                raise CheckpointError(f"{adapter}: vLLM cannot put it on {held.weights}: {_whole(error)}") from error
            held.adapters[adapter] = request
        return held.adapters[adapter]

    def close(self) -> None:
        """Free the model that is in memory, if one is."""
        if self._loaded is None:
            return
        import torch

        if self._loaded.rank:
            self._loaded.llm.collective_rpc(_forget_adapters)
        self._loaded.llm.llm_engine.engine_core.shutdown()
        self._loaded = None
        torch.set_num_threads = self._set_num_threads
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        elif hasattr(allocator := ctypes.CDLL(None), "malloc_trim"):
            allocator.malloc_trim(0)  # glibc keeps what was freed, hundreds of MB

    def _load(self, weights: Path, settings: Mapping[str, Any]) -> Any:
        import torch

        if weights.is_file():
            raise CheckpointError(
                f"{weights}: the vllm engine reads folders with safetensors; use --engine transformers"
            )
        self._set_num_threads = torch.set_num_threads  # a worker on the processor replaces it
        on_cpu = device_type(vllm_version()) == "cpu"
        defaults = {**_DEFAULTS, **(_ON_CPU if on_cpu else {})}
        options = {**defaults, **self.options}
        if on_cpu:
            parts = (options.get(f"{kind}_parallel_size", 1) for kind in ("tensor", "pipeline"))
            share_processors(math.prod(int(part) for part in parts if str(part).isdecimal()))
        if on_cpu and options["enforce_eager"]:
            torch._dynamo.config.disable = True  # or vLLM compiles how it ranks log-probabilities, with a C++ compiler
        logging.getLogger("vllm").setLevel(logging.ERROR)
        with warnings.catch_warnings(), quiet_transformers():
            warnings.simplefilter("ignore")
            from vllm import LLM

            _check_options(self.options)
            try:
                return LLM(model=str(weights), **{**options, **_FIXED, **settings})
            except Exception as error:
                raise CheckpointError(f"{weights}: vLLM cannot load it: {_whole(error)}") from error


def _forget_adapters(worker: Any) -> None:
    worker.model_runner.lora_manager = None  # it holds the model, and vLLM keeps the worker after its end


def round_up(n_tokens: int, context_tokens: int | None) -> int:
    """Return the length to load a model for: a power of two, within its context."""
    length = max(SHORTEST_CONTEXT, 1 << (n_tokens - 1).bit_length())
    return length if context_tokens is None else max(n_tokens, min(length, context_tokens))


def _check_options(options: Mapping[str, Any]) -> None:
    import dataclasses
    import inspect

    from vllm import LLM, EngineArgs

    known = {*inspect.signature(LLM).parameters, *(entry.name for entry in dataclasses.fields(EngineArgs))}
    known -= {*_OURS, "kwargs"}
    for name in options:
        if name in _OURS:
            raise ConfigError(f"--engine-option {name}: follows from the checkpoint and the suite; leave it out")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"--engine-option {name}: vllm.LLM {vllm_version()} has no such option{hint}")


def _lora_options(weights: Path, rank: int) -> dict[str, Any]:
    """Return what a model needs to take adapters; one is on at a time, for checkpoints are answered in turn."""
    if not rank:
        return {}
    from typing import get_args

    from vllm.config.lora import MaxLoRARanks

    fitting = [allowed for allowed in get_args(MaxLoRARanks) if allowed >= rank]
    if not fitting:
        raise CheckpointError(
            f"{weights}: vLLM takes adapters up to rank {max(get_args(MaxLoRARanks))}, one here has {rank}; "
            "use --engine transformers"
        )
    return {"enable_lora": True, "max_lora_rank": min(fitting), "max_loras": 1}


def adapter_rank(adapter: Path) -> int:
    """Return the highest rank that an adapter has on any layer.

    Raises:
        CheckpointError: If its adapter_config.json does not say.
    """
    config = read_json(adapter / "adapter_config.json")
    asked = [config.get("r"), *(config.get("rank_pattern") or {}).values()]
    ranks = [rank for rank in asked if isinstance(rank, int) and rank > 0]
    if len(ranks) < len(asked):
        raise CheckpointError(f"{adapter / 'adapter_config.json'}: r and rank_pattern: a rank is a number above 0")
    return max(ranks)


def check_adapter(adapter: Path) -> None:
    """Refuse an adapter with tensors that vLLM leaves out in silence; warn of one that changes nothing."""
    from safetensors import safe_open

    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as file:
        names = list(file.keys())
        others = sorted(name for name in names if "lora_" not in name)
        changes = any(bool(file.get_tensor(name).any()) for name in names if "lora_B" in name)
    if others:
        raise CheckpointError(
            f"{adapter}: vLLM would leave out {len(others)} tensors that are no low-rank ones, first {others[0]}; "
            "use --engine transformers"
        )
    if not changes:
        logger.warning("%s: the adapter has no effect: every lora_B is zero, so it answers as its base", adapter)


def _whole(error: BaseException) -> str:
    """Return what an error says in one line, shortened."""
    return " ".join(str(error).split())[:300] or type(error).__name__
