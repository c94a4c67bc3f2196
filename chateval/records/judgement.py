"""What a judge said of an answer."""

from dataclasses import dataclass
from typing import Literal

JUDGED = "judge"
"""Family of the scorers that read what judges say; `*` in a gate rule does not mean them."""

Position = Literal["", "first", "second"]
"""Where the judged answer stood in the judge's prompt; empty where it was judged alone."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One text of a judge with the address of the answer that it is about: one line of judgements.jsonl."""

    checkpoint: str
    """Whose answer is judged."""
    task: str
    scorer: str
    """For which scorer of the task."""
    sample_id: str
    judge: str
    """Name of the checkpoint or helper that judged."""
    text: str
    """What it said; read by the scorer, so that a run is scored again without a judge."""
    finish: str
    repeat: int = 0
    position: Position = ""
    against: str = ""
    """Of a pair: whose answer the other one was, a checkpoint of the run or `target`."""
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    error: str | None = None
    """Why there is no text."""
    asked: str = ""
    """Digest of what the judge was asked to judge by; a text about another question is not read."""
