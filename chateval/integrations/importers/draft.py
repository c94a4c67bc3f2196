"""What is found in another harness' files, address by address."""

import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from chateval.integrations.importers.about import Setting, Subject
from chateval.integrations.importers.values import Z_95, Value, number
from chateval.records import Answered, Figure, Prompt, Response, Sample


class Draft:
    """A run in the making. Checkpoints go by the whole name that the harness gives them until it is finished."""

    def __init__(self, path: Path, harness: str, *, tells_errors: bool = False) -> None:
        """Start with nothing.

        Args:
            path: Where it is read from.
            harness: What made it.
            tells_errors: Whether that harness writes down which prompts got no answer.
        """
        self.path = path
        self.harness = harness
        self.tells_errors = tells_errors
        self.libraries: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        """What goes into the manifest beside the libraries."""
        self.subjects: dict[str, Subject] = {}
        self.tasks: dict[str, Setting] = {}
        """As the one who described it last has it."""
        self.settings_of: dict[tuple[str, str], Setting] = {}
        """(checkpoint, task) -> what was written of how that checkpoint was asked."""
        self.samples: dict[str, dict[str, Sample]] = defaultdict(dict)
        self.answers: list[Answered] = []
        self.figures: list[Figure] = []
        self.notes: Counter[str] = Counter()
        self.values: dict[tuple[str, str, str], list[Value]] = defaultdict(list)
        """(checkpoint, task, scorer) -> what that scorer said."""
        self.failed: list[tuple[str, str, Value]] = []
        """(checkpoint, task, what is said where no scorer said anything)."""
        self._rows: dict[tuple[str, str, str], dict[object, str]] = defaultdict(dict)
        self._answered: set[tuple[str, str, str, int]] = set()

    def note(self, words: str) -> None:
        """Count something that was left out, to be said to the user."""
        self.notes[words] += 1

    def note_once(self, words: str) -> None:
        """Keep something that is to be said to the user without a number."""
        self.notes[words] = 1

    def describe(self, checkpoint: str, task: str, setting: Setting) -> None:
        """Keep how a checkpoint was asked; of the same checkpoint and task the last counts."""
        self.tasks[task] = self.settings_of[checkpoint, task] = setting

    def place(self, checkpoint: str, task: str, content: Any, row: object) -> str:
        """Return the sample id of a row: a digest of what is asked, as the samples of chateval's own tasks have it.

        Args:
            checkpoint: Whole name.
            task: Name.
            content: What is asked: a row of a data set, or question and target.
            row: What tells rows of equal content apart; the same row always has the same id.
        """
        spelt = _spelt(content)
        base = hashlib.sha256(spelt).hexdigest()[:16]
        rows = self._rows[checkpoint, task, base]
        if row not in rows:
            n_before = len(rows)
            rows[row] = hashlib.sha256(spelt + f"#{n_before}".encode()).hexdigest()[:16] if n_before else base
        return rows[row]

    def rows_of(self, task: str) -> dict[object, str]:
        """Return row -> sample id, of all that was placed of a task."""
        return {row: name for (_, one, _), rows in self._rows.items() if one == task for row, name in rows.items()}

    def ask(self, task: str, sample: Sample) -> Sample:
        """Keep a sample unless one with its id is there; return the one that is kept."""
        return self.samples[task].setdefault(sample.id, sample)

    def answer(self, checkpoint: str, task: str, prompt: Prompt, response: Response) -> None:
        """Keep an answer; the second of the same address is not kept."""
        address = (checkpoint, task, prompt.sample_id, prompt.repeat)
        if address not in self._answered:
            self._answered.add(address)
            self.answers.append(Answered(checkpoint, task, prompt, response))

    def value(self, checkpoint: str, task: str, scorer: str, value: Value) -> None:
        """Keep what a scorer said."""
        self.values[checkpoint, task, scorer].append(value)

    def fail(self, checkpoint: str, task: str, value: Value) -> None:
        """Keep that a sample failed: what no scorer says of it is then unscored, with the reason of `value`."""
        self.failed.append((checkpoint, task, value))

    def figure(self, checkpoint: str, task: str, measure: str, numbers: tuple[Any, Any], n: int) -> None:
        """Keep a number that the harness computed itself, where it is one.

        Args:
            checkpoint: Whole name.
            task: Name.
            measure: What it appears under.
            numbers: Value and standard error, None where there is none.
            n: Samples that it is of; 0 where nothing says.
        """
        value, error = number(numbers[0]), number(numbers[1])
        if value is None:
            return
        self.figures.append(
            Figure(
                checkpoint=checkpoint,
                task=task,
                measure=measure,
                value=value,
                low=value - Z_95 * error if error is not None else None,
                high=value + Z_95 * error if error is not None else None,
                unit="",
                is_less_better=measure.partition("[")[0] in self.tasks[task].less_better,
                n=n,
                n_unmeasured=0,
            )
        )

    def has_task(self, checkpoint: str, task: str) -> bool:
        """Return whether anything was said of a checkpoint's answers to a task."""
        return any(key[:2] == (checkpoint, task) for key in self.values)

    def has_values(self, checkpoint: str, task: str, scorer: str) -> bool:
        """Return whether anything was said of a scorer, under any filter."""
        return any(key[:2] == (checkpoint, task) and key[2].partition("[")[0] == scorer for key in self.values)


def _spelt(content: Any) -> bytes:
    spelt = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return spelt.encode("utf-8", "surrogatepass")
