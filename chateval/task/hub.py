"""`datasets.load_dataset` without what a stranger's task file may not do: run code, or read what is not its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chateval.errors import ChatevalError, DataError, first_line

BUILDERS = ("csv", "json", "parquet", "text", "arrow")
"""Names of `datasets` for kinds of files; others of that sort, such as `pandas`, which once unpickled, are refused."""
OPTIONS = ("data_files", "data_dir", "revision", "field", "sep", "delimiter")
"""Of `load_dataset`, that a task file may give."""


@dataclass(frozen=True, slots=True)
class Place:
    """A split of a data set, as a task file names it."""

    path: str
    """Hub id, folder, or one of `BUILDERS`."""
    name: str | None
    split: str
    folder: Path
    """Of the task file: local data lie in it."""
    options: Mapping[str, Any] = field(default_factory=dict)


def check_inside(path: str, folder: Path, *, where: str, error: type[ChatevalError] = DataError) -> None:
    """Refuse a local path outside a task's folder, and an address of the net.

    Args:
        path: Of a data set or one of its files; a hub id passes.
        folder: Of the task.
        where: What names it, for the message.
        error: Class of the error.

    Raises:
        ChatevalError: If it lies elsewhere; the message says how the user may give it.
    """
    remedy = "the user may give it: --data TASK=PATH"
    if "://" in path or "::" in path:
        raise error(f"{where}: {path!r} is an address, which no task file may read; fetch it yourself, and {remedy}")
    local = folder / path
    if "\0" in path:
        raise error(f"{where}: {path!r} is no path")
    is_local = Path(path).is_absolute() or ".." in Path(path).parts or path.startswith("~") or local.exists()
    if is_local and not local.resolve().is_relative_to(folder.resolve()):
        raise error(f"{where}: {path!r} lies outside the task's folder, where a task file reads nothing; {remedy}")


def load_split(place: Place, *, remedy: str) -> Iterable[Any]:
    """Return the rows of a split; no code of the data set is run.

    Raises:
        DataError: If there is no such data, it cannot be read, or it names files outside its own folder.
    """
    import datasets
    import pyarrow
    from datasets.exceptions import DatasetsError

    where = f"dataset {place.path}"
    local = place.folder / place.path
    if place.path not in BUILDERS and not local.exists() and _is_builder(place.path):
        raise DataError(f"{where}: is no data set; kinds of files that are read: {', '.join(BUILDERS)}")
    strange = [key for key in place.options if key not in OPTIONS]
    if strange:
        raise DataError(f"{where}: option {strange[0]!r} is not read; those that are: {', '.join(OPTIONS)}")
    path = str(local) if local.is_dir() else place.path
    try:
        if local.is_dir():
            _check_files(datasets.load_dataset_builder(path, place.name, **place.options), local)
        rows: Iterable[Any] = datasets.load_dataset(path, place.name, split=place.split, **place.options)  # nosec B615
    except (OSError, ValueError, TypeError, LookupError, ImportError, RuntimeError, UnicodeError) as error:
        raise _refusal(where, error, "" if local.is_dir() else remedy) from error
    except (DatasetsError, pyarrow.ArrowException) as error:
        raise _refusal(where, error, "" if local.is_dir() else remedy) from error
    return _undecoded(rows)


def _undecoded(rows: Any) -> Iterable[Any]:
    """Return rows whose images are bytes as they were stored, not what a library makes of them."""
    import datasets

    for name, feature in (getattr(rows, "features", None) or {}).items():
        if isinstance(feature, datasets.Image):
            rows = rows.cast_column(name, datasets.Image(decode=False))
    found: Iterable[Any] = rows
    return found


def _is_builder(name: str) -> bool:
    """Return whether `datasets` takes a name for a kind of file and not for a data set."""
    return name.isidentifier() and find_spec(f"datasets.packaged_modules.{name}") is not None


def _refusal(where: str, error: BaseException, remedy: str) -> DataError:
    said = str(error.__cause__ or error)
    why = first_line(error.__cause__ or error) if said.strip() else type(error).__name__
    return DataError(f"{where}: cannot be loaded: {why}{remedy}")


def _check_files(builder: Any, folder: Path) -> None:
    """Refuse a folder whose card names files outside it, or on the net."""
    for files in (builder.config.data_files or {}).values():
        for file in files:
            name = str(file)
            if "://" in name or not Path(name).resolve().is_relative_to(folder.resolve()):
                raise DataError(f"dataset {folder}: its README names {name!r}, which lies outside it; nothing is read")
