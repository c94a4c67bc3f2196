"""Rows of the published template corpus, where it lies beside the checkout."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CORPUS_DIR = Path(__file__).parents[3] / "shared" / "template-corpus"


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of one file; skip the test or the module that asks where the corpus is absent."""
    if not CORPUS_DIR.is_dir():
        pytest.skip(f"no template corpus in {CORPUS_DIR.name}/ beside the checkout", allow_module_level=True)
    return _read(name)


@cache
def _read(name: str) -> list[dict[str, Any]]:
    with gzip.open(CORPUS_DIR / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
