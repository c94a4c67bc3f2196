"""Evaluate fine-tuned chat models against their base.

The records are here, for scorers of your own; the whole line is `chateval.pipeline.evaluate`. Importing this loads no
torch.
"""

from chateval.errors import ChatevalError
from chateval.records import Case, Checkpoint, CheckpointSpec, Mark, Prompt, Report, Response, Sample, Scorer, Task

__all__ = [
    "Case",
    "ChatevalError",
    "Checkpoint",
    "CheckpointSpec",
    "Mark",
    "Prompt",
    "Report",
    "Response",
    "Sample",
    "Scorer",
    "Task",
]
