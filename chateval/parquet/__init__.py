"""Parquet files of strangers -> batches of rows, read by a process of their own: Arrow ends it on some broken files."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from chateval.errors import DataError
from chateval.reading import opened
from chateval.secret import without_secrets

MAX_BYTES = 2 * 2**30
"""Of all that is read of a file that is held whole, unpacked."""
BATCH_ROWS = 10_000


def read_batches(path: Path, *, max_rows: int = BATCH_ROWS, max_bytes: int | None = MAX_BYTES) -> Iterator[Any]:
    """Yield the rows of a file as `pyarrow.RecordBatch`es.

    Args:
        path: The file.
        max_rows: Of one batch.
        max_bytes: Of all batches, unpacked; None where they are not held together.

    Raises:
        DataError: If it is no Parquet, has a column twice, or unpacks to far too much.
    """
    import pyarrow

    with opened(path):  # a pipe or a device is refused here
        pass
    script = Path(__file__).with_name("worker.py")
    process = subprocess.Popen(
        [sys.executable, "-P", str(script), str(path), str(max_rows), str(max_bytes or 0)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=without_secrets(),
    )
    try:
        # A process that ends early leaves a stream that ends early: why, it says by its last words.
        with suppress(pyarrow.ArrowException, OSError), pyarrow.ipc.open_stream(process.stdout) as batches:
            yield from batches
        words = process.communicate()[1].decode("utf-8", "replace").strip()
        if process.returncode:
            raise DataError(words if process.returncode == DataError.exit_code else _broken(path, process.returncode))
    finally:
        process.kill()
        process.communicate()


def _broken(path: Path, code: int) -> str:
    how = f"signal {-code}" if code < 0 else f"code {code}"
    return f"{path}: not a readable Parquet file: the process that read it ended with {how}"


def count_rows(path: Path) -> int:
    """Return how many rows a file says it has; 0 where it cannot be read."""
    import pyarrow
    from pyarrow import parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (pyarrow.ArrowException, OSError, ValueError):
        return 0
