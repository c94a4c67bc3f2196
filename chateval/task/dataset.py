"""Rows of a data set: from the hub, or from the file or folder that stands in for it."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from chateval.errors import DataError
from chateval.task.hub import Place, load_split
from chateval.task.rows import ENDINGS, Row, plain, read_rows
from chateval.task.spec import DatasetSpec

logger = logging.getLogger(__name__)


def read_dataset(spec: DatasetSpec, split: str, *, relative_to: Path, data: Path | None = None) -> Iterator[Row]:
    """Yield the rows of a split, configuration after configuration.

    Where the data set has several, each row has a field `config`.

    Args:
        spec: What to load.
        split: Which part of it.
        relative_to: Folder that a local path starts from: the task's.
        data: File or folder that takes the place of the data set. A folder has `SPLIT.jsonl` (or another ending), or
            that in a folder for each configuration, or `CONFIG.jsonl`, or what `datasets.load_dataset` understands.

    Raises:
        DataError: If there is no such data or it cannot be read.
    """
    if data is not None and not data.exists():
        raise DataError(f"data {data}: is not there")
    if data is not None and not data.is_file() and not data.is_dir():
        raise DataError(f"data {data}: is neither a file nor a folder")
    if data is not None and data.is_file():
        if split != spec.split:
            raise DataError(f"data {data}: a file is the split {spec.split!r}; for {split!r} give a folder with both")
        yield from read_rows(data)
        return
    if data is None:
        for name in spec.names:
            yield from _of(name, spec, _load(spec, name, split, relative_to=relative_to))
        return
    files = {name: _files(data, name, split) for name in spec.names}
    absent = [name for name, found in files.items() if not found and name is not None]
    if any(files.values()):
        if absent:
            logger.warning("data %s: no %s of %s; the others are read", data, split, ", ".join(absent))
        for name, found in files.items():
            yield from _of(name, spec, (row for file in found for row in read_rows(file)))
        return
    yield from _folder(spec, split, data)


def _of(name: str | None, spec: DatasetSpec, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows that know their configuration, where there are several."""
    return ((where, {**row, "config": name}) for where, row in rows) if len(spec.names) > 1 else iter(rows)


def _folder(spec: DatasetSpec, split: str, data: Path) -> Iterator[Row]:
    """Yield the split of a folder that is not divided by configuration; its rows have the field themselves, if any."""
    files = _files(data, None, split)
    if files:
        for file in files:
            yield from read_rows(file)
        return
    there = sorted(path.relative_to(data).as_posix() for path in data.rglob("*") if path.name.endswith(ENDINGS))
    if there:
        raise DataError(
            f"data {data}: no {split}.jsonl (or {', '.join(ENDINGS[1:])}) in it; found: {', '.join(there[:5])}"
        )
    for name in spec.names:
        local = DatasetSpec(path=str(data), name=name, split=split)
        yield from _of(name, spec, _load(local, name, split, relative_to=Path()))


def _files(folder: Path, name: str | None, split: str) -> list[Path]:
    """Return the files of a split in a folder, of one configuration or of none; shards of Parquet in their order."""
    place = folder if name is None else folder / name
    stems = [(place, split)] + ([(folder, name)] if name is not None else [])
    for inner, stem in stems:
        for ending in ENDINGS:
            if (inner / f"{stem}{ending}").is_file():
                return [inner / f"{stem}{ending}"]
    for inner in (place, place / "data"):
        shards = sorted(inner.glob(f"{split}-[0-9]*.parquet"))
        if shards:
            return shards
    return []


def _load(spec: DatasetSpec, name: str | None, split: str, *, relative_to: Path) -> Iterator[Row]:
    local = relative_to / spec.path
    if local.is_file():
        raise DataError(f"dataset {spec.path}: is a file; give its folder, or name it with `samples:`")
    options = {} if spec.revision is None else {"revision": spec.revision}
    place = Place(spec.path, name, split, relative_to, options)
    rows = load_split(place, remedy="; without the hub, give its files with --data TASK=PATH")
    part = f"{name}/{split}" if name else split
    for index, row in enumerate(rows):
        yield f"{spec.path}/{part}[{index}]", {str(key): plain(value) for key, value in row.items()}
