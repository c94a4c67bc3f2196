"""The Jinja of task files, which are untrusted: what may run away is rendered in a process with limits."""

from chateval.task.jinja.compile import Fault, compile_source

__all__ = ["Fault", "compile_source"]
"""`compile_source` returns a function of a row; both raise `Fault`."""
