"""What is kept: responses by content, and the folder of a run."""

from chateval.store.baseline import is_baseline, read_baseline, write_baseline
from chateval.store.place import cache_dir
from chateval.store.read import is_run, read_run
from chateval.store.responses import ResponseStore, response_key
from chateval.store.run import (
    check_ended,
    check_writable,
    mark_begun,
    mark_ended,
    read_answers,
    read_efforts,
    read_manifest,
    read_samples,
    read_scores,
    write_answers,
    write_efforts,
    write_file,
    write_manifest,
    write_samples,
    write_scores,
)

__all__ = [
    "ResponseStore",
    "cache_dir",
    "check_ended",
    "check_writable",
    "is_baseline",
    "is_run",
    "mark_begun",
    "mark_ended",
    "read_answers",
    "read_baseline",
    "read_efforts",
    "read_manifest",
    "read_run",
    "read_samples",
    "read_scores",
    "response_key",
    "write_answers",
    "write_baseline",
    "write_efforts",
    "write_file",
    "write_manifest",
    "write_samples",
    "write_scores",
]
