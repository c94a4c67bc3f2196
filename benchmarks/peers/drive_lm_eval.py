"""lm-evaluation-harness as its own command line runs it, with a clock around the model. Runs in its own environment.

drive_lm_eval.py TIMES.json run --model hf ...: writes the seconds of loading and of answering, and the ids asked.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lm_eval.__main__ import cli_evaluate
from lm_eval.models.huggingface import HFLM

_seconds = {"load": 0.0, "answer": 0.0}
_asked: list[Sequence[int]] = []


def _timed(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            _seconds[name] += time.perf_counter() - start

    return call


def _watched_choices(self: HFLM, requests: Any, *args: Any, **kwargs: Any) -> Any:
    _asked.extend([*prompt, *choice] for _, prompt, choice in requests)
    return _plain_choices(self, requests, *args, **kwargs)


def _watched_prompts(self: HFLM, strings: Any, *args: Any, **kwargs: Any) -> Any:
    ids, mask = _plain_prompts(self, strings, *args, **kwargs)
    _asked.extend(row[kept.bool()].tolist() for row, kept in zip(ids, mask, strict=True))
    return ids, mask


_plain_choices = HFLM._loglikelihood_tokens
_plain_prompts = HFLM.tok_batch_encode

if __name__ == "__main__":
    times_path = Path(sys.argv.pop(1))
    HFLM._loglikelihood_tokens = _watched_choices
    HFLM.tok_batch_encode = _watched_prompts
    HFLM.__init__ = _timed("load", HFLM.__init__)
    HFLM.loglikelihood = _timed("answer", HFLM.loglikelihood)
    HFLM.generate_until = _timed("answer", HFLM.generate_until)
    cli_evaluate()
    prompts = [[len(ids), hashlib.sha256(json.dumps(list(ids)).encode()).hexdigest()[:16]] for ids in _asked]
    times_path.write_text(json.dumps({**_seconds, "prompts": prompts}), "utf-8")
