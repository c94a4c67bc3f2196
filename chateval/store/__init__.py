"""What is kept: responses by content, and the folder of a run."""

from chateval.store.baseline import is_baseline, read_baseline, write_baseline
from chateval.store.lock import has_lock, lock_run
from chateval.store.place import cache_dir, store_path
from chateval.store.read import is_run, read_open_run, read_run
from chateval.store.repair import check_store, repair_store
from chateval.store.responses import ResponseStore, response_key
from chateval.store.run import (
    check_writable,
    read_answers,
    read_efforts,
    read_judgements,
    read_manifest,
    read_samples,
    read_scores,
    write_answers,
    write_efforts,
    write_file,
    write_judgements,
    write_manifest,
    write_samples,
    write_scores,
)
from chateval.store.seal import JUDGEMENTS, REPORT, RESPONSES, SEALED, Seal, check_ended, check_seal
from chateval.store.upkeep import Inventory, export_store, remove_unused, take_inventory

__all__ = [
    "JUDGEMENTS",
    "REPORT",
    "RESPONSES",
    "SEALED",
    "Inventory",
    "ResponseStore",
    "Seal",
    "cache_dir",
    "check_ended",
    "check_seal",
    "check_store",
    "check_writable",
    "export_store",
    "has_lock",
    "is_baseline",
    "is_run",
    "lock_run",
    "read_answers",
    "read_baseline",
    "read_efforts",
    "read_judgements",
    "read_manifest",
    "read_open_run",
    "read_run",
    "read_samples",
    "read_scores",
    "remove_unused",
    "repair_store",
    "response_key",
    "store_path",
    "take_inventory",
    "write_answers",
    "write_baseline",
    "write_efforts",
    "write_file",
    "write_judgements",
    "write_manifest",
    "write_samples",
    "write_scores",
]
