"""Where tasks are: bundled ones by their names, the user's by their paths."""

from pathlib import Path

from chateval.errors import TaskError


def bundled_dir(name: str) -> Path:
    """Return the folder of data that ships with the package: `tasks` or `examples`.

    In a wheel it lies inside the package, in a checkout beside it.
    """
    package = Path(__file__).resolve().parent.parent
    inside = package / "bundled" / name
    return inside if inside.is_dir() else package.parent / name


def is_bundled(path: Path) -> bool:
    """Return whether a file ships with the package as part of a task."""
    return path.resolve().is_relative_to(bundled_dir("tasks").resolve())


def bundled_tasks() -> dict[str, Path]:
    """Return the bundled tasks: name -> folder, sorted by name."""
    return {path.parent.name: path.parent for path in sorted(bundled_dir("tasks").glob("*/task.yaml"))}


def find_task(reference: str, relative_to: Path) -> Path:
    """Return the YAML file of a task.

    Raises:
        TaskError: If there is no such task.
    """
    bundled = bundled_tasks()
    if reference in bundled:
        return bundled[reference] / "task.yaml"
    path = relative_to / reference
    try:
        path = path / "task.yaml" if path.is_dir() else path
        is_there = path.is_file()
    except (OSError, ValueError) as error:
        raise TaskError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not is_there:
        known = ", ".join(bundled)
        raise TaskError(
            f"no task {reference!r}: neither a folder with a task.yaml nor one of the bundled ones: {known}"
        )
    return path
