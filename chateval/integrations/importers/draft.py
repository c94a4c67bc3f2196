"""What is found in another harness' files, address by address -> Run. The one place where its values become scores."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chateval.integrations.importers.about import Setting, Subject
from chateval.integrations.importers.files import text, without_secrets
from chateval.integrations.importers.values import Z_95, Value, interval, is_numeric, number, share, why
from chateval.records import (
    Answered,
    CheckpointSummary,
    Effort,
    Figure,
    Prompt,
    Response,
    Run,
    Sample,
    Score,
    TaskSummary,
)

OTHER_SCALE = 0.05
"""A scorer with a larger share of values outside [0, 1] has another scale: it is a figure and not a score."""
FAMILY = "imported"
"""Of every scorer, for other harnesses do not say what theirs ask."""


class Draft:
    """A run in the making. Checkpoints go by the whole name that the harness gives them until it is finished."""

    def __init__(self, path: Path, harness: str) -> None:
        """Take where it is read from and what made it."""
        self.path = path
        self.harness = harness
        self.libraries: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        """What goes into the manifest beside the libraries."""
        self.subjects: dict[str, Subject] = {}
        self.tasks: dict[str, Setting] = {}
        self.samples: dict[str, dict[str, Sample]] = defaultdict(dict)
        self.answers: list[Answered] = []
        self.figures: list[Figure] = []
        self._notes: Counter[str] = Counter()
        self._values: dict[tuple[str, str, str], list[Value]] = defaultdict(list)
        self._failed: list[tuple[str, str, Value]] = []
        self._rows: dict[tuple[str, str, str], dict[object, str]] = defaultdict(dict)
        self._answered: set[tuple[str, str, str, int]] = set()

    def note(self, words: str) -> None:
        """Count something that was left out, to be said to the user."""
        self._notes[words] += 1

    def note_once(self, words: str) -> None:
        """Keep something that is to be said to the user without a number."""
        self._notes[words] = 1

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
        self._values[checkpoint, task, scorer].append(value)

    def fail(self, checkpoint: str, task: str, value: Value) -> None:
        """Keep that a sample failed: what no scorer says of it is then unscored, with the reason of `value`."""
        self._failed.append((checkpoint, task, value))

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
        return any(key[:2] == (checkpoint, task) for key in self._values)

    def has_values(self, checkpoint: str, task: str, scorer: str) -> bool:
        """Return whether anything was said of a scorer, under any filter."""
        return any(key[:2] == (checkpoint, task) and key[2].partition("[")[0] == scorer for key in self._values)

    def finish(self, name: str) -> Run:
        """Return the run.

        Args:
            name: What the run is called.
        """
        self._fill_failed()
        shown = self._shown_names()
        scores = tuple(self._scored(shown))
        scorers: dict[str, dict[str, None]] = defaultdict(dict)
        for score in scores:
            scorers[score.task].setdefault(score.scorer)
        baseline = next(iter(self.subjects), "")
        return Run(
            name=name,
            path=str(self.path),
            harness=self.harness,
            baseline=shown.get(baseline, ""),
            checkpoints=tuple(self._checkpoint(one, shown[one]) for one in self.subjects),
            tasks=tuple(self._task(task, scorers[task]) for task in self.tasks),
            samples={task: self.samples[task] for task in self.tasks},
            scores=scores,
            answers=tuple(replace(one, checkpoint=shown[one.checkpoint]) for one in self.answers),
            manifest=self._manifest(shown),
            figures=tuple(replace(one, checkpoint=shown[one.checkpoint]) for one in self.figures),
            efforts=tuple(self._efforts(shown)),
        )

    def _fill_failed(self) -> None:
        scorers: dict[str, list[str]] = defaultdict(list)
        for _, task, scorer in self._values:
            scorers[task].append(scorer)
        said = {
            key: {(one.sample_id, one.repeat) for one in values} for key, values in self._values.items() if self._failed
        }
        for checkpoint, task, value in self._failed:
            for scorer in dict.fromkeys(scorers[task]):
                if (value.sample_id, value.repeat) not in said.get((checkpoint, task, scorer), ()):
                    self.value(checkpoint, task, scorer, value)

    def _scored(self, shown: Mapping[str, str]) -> Iterator[Score]:
        """Yield scores; what is on another scale becomes figures instead."""
        left_out = self._left_out()
        for (checkpoint, task, scorer), values in self._values.items():
            if (task, scorer) in left_out:
                if left_out[task, scorer]:
                    self.figures.append(self._figure(checkpoint, task, scorer, values))
                continue
            for one in self._repeats_apart(task, scorer, values):
                value, fault = share(one.value)
                yield Score(
                    checkpoint=shown[checkpoint],
                    task=task,
                    scorer=scorer,
                    sample_id=one.sample_id,
                    value=value,
                    answer=one.answer,
                    reason=why(one, fault),
                    repeat=one.repeat,
                )

    def _repeats_apart(self, task: str, scorer: str, values: list[Value]) -> Iterator[Value]:
        """Yield values; one whose sample and repeat were there before is a further repeat."""
        seen: dict[tuple[str, int], int] = {}
        for one in values:
            address = (one.sample_id, one.repeat)
            if address not in seen:
                seen[address] = one.repeat
                yield one
                continue
            self.note(f"{task}: {scorer}: a second value for one sample of one checkpoint: taken as a repeat")
            while (one.sample_id, seen[address]) in seen:
                seen[address] += 1
            seen[one.sample_id, seen[address]] = seen[address]
            yield replace(one, repeat=seen[address])

    def _left_out(self) -> dict[tuple[str, str], bool]:
        """Return (task, scorer) of what are no scores -> whether they are numbers, and so figures."""
        columns: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for (_, task, scorer), values in self._values.items():
            columns[task, scorer] += [one.value for one in values]
        found = {}
        for (task, scorer), written in columns.items():
            numbers = [one for value in written if (one := number(value)) is not None]
            n_outside = sum(not 0 <= one <= 1 for one in numbers)
            if n_outside > OTHER_SCALE * len(numbers):
                found[task, scorer] = True
                self.note(
                    f"{task}: {scorer} lies in [{min(numbers):g}, {max(numbers):g}] and not in [0, 1]: "
                    "shown as a figure, not compared"
                )
            elif not any(value is None or is_numeric(value) for value in written):
                found[task, scorer] = False
                self.note(f"{task}: {scorer} left out: its values are no numbers, such as {text(written[0], limit=40)}")
        return found

    def _figure(self, checkpoint: str, task: str, scorer: str, values: list[Value]) -> Figure:
        by_sample: dict[str, list[float]] = defaultdict(list)
        for one in values:
            found = number(one.value)
            if found is not None:
                by_sample[one.sample_id].append(found)
        means = np.array([sum(some) / len(some) for some in by_sample.values()], dtype=np.float64)
        around = interval(means)
        return Figure(
            checkpoint=checkpoint,
            task=task,
            measure=scorer,
            value=float(means.mean()) if len(means) else None,
            low=around[0] if around else None,
            high=around[1] if around else None,
            unit="",
            is_less_better=scorer in self.tasks[task].less_better,
            n=len(means),
            n_unmeasured=len({one.sample_id for one in values}) - len(means),
        )

    def _shown_names(self) -> dict[str, str]:
        """Return whole name -> the last part of its path, or the whole where two would be called the same."""
        last = {name: name.replace("\\", "/").rstrip("/").rpartition("/")[2] or name for name in self.subjects}
        times = Counter(last.values())
        return {name: short if times[short] == 1 else name.strip("/") for name, short in last.items()}

    def _checkpoint(self, whole: str, name: str) -> CheckpointSummary:
        subject = self.subjects[whole]
        responses = [one.response for one in self.answers if one.checkpoint == whole]
        return CheckpointSummary(
            name=name,
            kind=subject.kind or FAMILY,
            dtype=subject.dtype,
            template_source="",
            template_digest=hashlib.sha256(subject.template.encode("utf-8", "replace")).hexdigest()
            if subject.template
            else "",
            weights_digest="",
            adapter_digest=None,
            n_responses=len(responses),
            n_errors=sum(one.error is not None for one in responses),
            n_length=sum(one.finish == "length" for one in responses),
            n_cut=0,
            n_prompt_tokens=subject.n_prompt_tokens,
            n_output_tokens=subject.n_output_tokens,
            n_parameters=subject.n_parameters,
        )

    def _task(self, name: str, scorers: Iterable[str]) -> TaskSummary:
        setting, scorers = self.tasks[name], tuple(scorers)
        return TaskSummary(
            name=name,
            version=setting.version,
            description=setting.description,
            n_samples=len(self.samples[name]),
            n_available=max(setting.n_available, len(self.samples[name])),
            output=setting.output,
            decoding=setting.decoding,
            scorers=scorers,
            digest="",
            families=(FAMILY,) * len(scorers),
            n_demos=setting.n_demos,
        )

    def _manifest(self, shown: Mapping[str, str]) -> dict[str, Any]:
        notes = [f"{words} ({n:,} times)" if n > 1 else words for words, n in self._notes.items()]
        checkpoints = [
            {"checkpoint": {"name": shown[whole], "path": whole}, "template": {"text": subject.template}}
            for whole, subject in self.subjects.items()
        ]
        return {
            "harness": self.harness,
            "libraries": self.libraries,
            "checkpoints": checkpoints,
            "notes": notes,
            **without_secrets(self.settings),
        }

    def _efforts(self, shown: Mapping[str, str]) -> Iterator[Effort]:
        for whole, subject in self.subjects.items():
            if subject.seconds > 0:
                n_responses = sum(one.checkpoint == whole for one in self.answers)
                yield Effort(
                    shown[whole], subject.seconds, n_responses, subject.n_prompt_tokens, subject.n_output_tokens
                )


def _spelt(content: Any) -> bytes:
    spelt = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return spelt.encode("utf-8", "surrogatepass")
