"""Tasks: what is asked, of which samples, and how answers are scored."""

from chateval.task.drawing import redrawn
from chateval.task.find import bundled_dir, bundled_tasks, is_bundled
from chateval.task.load import LoadOptions, count_samples, load_task, make_task, read_spec

__all__ = [
    "LoadOptions",
    "bundled_dir",
    "bundled_tasks",
    "count_samples",
    "is_bundled",
    "load_task",
    "make_task",
    "read_spec",
    "redrawn",
]
