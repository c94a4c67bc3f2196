"""Marks -> Report: taken in one case at a time, so that what is kept of a sample is small."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from chateval.compare import (
    SHOWN_FAULTS,
    Column,
    Dialogues,
    Reasons,
    Seen,
    ThinkingSums,
    see,
    shown_answer,
)
from chateval.pipeline.mark import Marked
from chateval.pipeline.measure import Measuring
from chateval.pipeline.prepare import Key
from chateval.records import (
    Figure,
    Prompt,
    Response,
    Score,
)
from chateval.score import AUDIT, Measure

Columns = dict[tuple[str, str, str], Column]
"""By (checkpoint, task, scorer)."""


@dataclass(slots=True)
class Counts:
    """Sums over the cases of a checkpoint."""

    n_responses: int = 0
    n_errors: int = 0
    n_length: int = 0
    n_cut: int = 0
    n_empty: int = 0
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    n_incomplete: int = 0
    n_incomplete_at_limit: int = 0
    thinking: ThinkingSums = field(default_factory=ThinkingSums)

    def add(self, prompt: Prompt, response: Response) -> None:
        """Count one case; of a dialogue, all of its rounds."""
        self.n_responses += 1
        self.n_errors += response.error is not None
        self.n_length += response.finish == "length"
        rounds = response.dialogue.rounds if response.dialogue else ()
        self.n_cut += prompt.n_cut > 0 or any(one.n_cut for one in rounds)
        is_empty = response.error is None and not response.choice_logprobs and not response.text.strip()
        self.n_empty += is_empty and not response.is_incomplete
        self.n_incomplete += response.is_incomplete
        self.n_incomplete_at_limit += response.is_incomplete and response.finish == "length"
        self.n_prompt_tokens += sum(one.n_prompt_tokens for one in rounds) or response.n_prompt_tokens
        self.n_output_tokens += sum(one.n_output_tokens for one in rounds) or len(response.output_ids)
        self.thinking.take(response)


@dataclass(slots=True)
class Tally:
    """What a report says of the cases so far."""

    has_candidates: bool
    """Whether checkpoints are compared; only then are answers and reasons kept, for the samples that flip."""
    measures: Mapping[str, Mapping[str, Measure]] = field(default_factory=dict)
    """Task -> its measures, by label."""
    means: Columns = field(default_factory=dict)
    """Of the tasks' own scorers."""
    audits: Columns = field(default_factory=dict)
    """Of the template scorers."""
    counts: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    faulty: list[Score] = field(default_factory=list)
    cases: dict[tuple[str, str, str, int], tuple[Prompt, Response]] = field(default_factory=dict)
    """The examples of what template scorers found at fault, as `find_faults` takes them."""
    seen: dict[Key, dict[str, Seen]] = field(default_factory=lambda: defaultdict(dict))
    reasons: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """As `find_flips` takes them."""
    wrong: dict[tuple[str, str, str], dict[str, Seen]] = field(default_factory=lambda: defaultdict(dict))
    """As `find_flips` takes them."""
    verdicts: Reasons = field(default_factory=Reasons)
    dialogues: Dialogues = field(default_factory=Dialogues)
    judges: dict[tuple[str, str], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """(task, scorer) -> the models whose judgements it read, in the order of their first."""
    _places: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _here: Key | None = None
    _columns: dict[str, list[Column]] = field(default_factory=dict)
    """Where the marks of the present checkpoint and task go, by scorer."""
    _measuring: Measuring | None = None
    figures: list[Figure] = field(default_factory=list)
    """What the measures of the tasks came to, so far."""
    _n_faults: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def take(self, marked: Marked) -> None:
        """Take in one case; the cases of one (checkpoint, task) follow each other."""
        case = marked.case
        self.counts[marked.checkpoint].add(case.prompt, case.response)
        if self._here != (marked.checkpoint, marked.task):
            self._turn_to(marked)
        for name, found in marked.marks.items():
            for column in self._columns[name]:
                column.add(case.prompt.sample_id, found.value, found.weight)
            if name in marked.own:
                self.verdicts.take((marked.checkpoint, marked.task, name), found.value, found.reason)
            if found.value != 1 and found.value is not None and name in AUDIT:
                self._keep_fault(marked, name)
        if case.response.dialogue is not None:
            self.dialogues.take(marked.checkpoint, marked.task, case.response.dialogue)
        for one in case.judgements:
            self.judges[marked.task, one.scorer].setdefault(one.judge)
        if self.has_candidates:
            self._keep_answer(marked)
        if self._measuring is not None:
            self._measuring.take(marked)

    def close(self) -> None:
        """Finish the measures of the last task."""
        if self._measuring is not None:
            self.figures += self._measuring.figures()
            self._measuring = None

    def _turn_to(self, marked: Marked) -> None:
        """Begin with the cases of another checkpoint or task."""
        self.close()
        self._here = (marked.checkpoint, marked.task)
        self._columns = {name: self._open(marked, name) for name in marked.marks}
        measures = self.measures.get(marked.task)
        if measures:
            self._measuring = Measuring(marked.checkpoint, marked.task, measures)

    def _open(self, marked: Marked, name: str) -> list[Column]:
        """Return new columns for the marks of a scorer: of the task's own, of the audit, or one for each."""
        address, places = (marked.checkpoint, marked.task, name), self._places[marked.task]
        found = []
        if name in marked.own:
            found.append(self.means.setdefault(address, Column(places)))
        if name in AUDIT:
            found.append(self.audits.setdefault(address, Column(places, skips_unscored=True)))
        return found

    def _keep_fault(self, marked: Marked, name: str) -> None:
        kind = (marked.checkpoint, name)
        if self._n_faults[kind] < SHOWN_FAULTS:
            self._n_faults[kind] += 1
            prompt = marked.case.prompt
            self.faulty.append(marked.score(name))
            address = (marked.checkpoint, marked.task, prompt.sample_id, prompt.repeat)
            self.cases[address] = (prompt, marked.case.response)

    def _keep_answer(self, marked: Marked) -> None:
        sample = marked.case.sample
        seen = self.seen[marked.checkpoint, marked.task]
        wrong = {name: self.wrong[marked.checkpoint, marked.task, name] for name in marked.own}
        marks = {name: marked.marks[name] for name in marked.own}
        failed = [name for name, one in marks.items() if one.value is not None and one.value < 1]
        failed = [name for name in failed if sample.id not in wrong[name]]
        is_new = sample.id not in seen
        if not is_new and not failed:
            return
        shown = shown_answer(marked.case.response, sample, marks["choice"].answer if "choice" in marks else None)
        kept = see(shown, marked.case.prompt, marked.case.response)
        seen.setdefault(sample.id, kept)
        for name in failed:
            wrong[name][sample.id] = kept
        for name in marks if is_new else failed:
            self.reasons[marked.checkpoint, marked.task, name][sample.id] = marks[name].reason
