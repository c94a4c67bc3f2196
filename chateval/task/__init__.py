"""Tasks: what is asked, of which samples, and how answers are scored."""

from chateval.task.load import bundled_dir, bundled_tasks, load_task

__all__ = ["bundled_dir", "bundled_tasks", "load_task"]
