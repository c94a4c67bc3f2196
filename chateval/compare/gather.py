"""Scores and answers of several runs -> what a report keeps of them, each gone through once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chateval.compare.aggregate import Address
from chateval.compare.causes import Seen, see
from chateval.compare.flips import Flipped, Key, shown_answer
from chateval.compare.match import Matched
from chateval.compare.subjects import Subject
from chateval.records import Run, Sample, Score


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was kept of the answers."""

    seen: dict[Key, dict[str, Seen]] = field(default_factory=lambda: defaultdict(dict))
    """Of the samples that flipped."""
    reasons: dict[Address, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    lengths: dict[str, dict[str, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    """Of all answers of the baseline."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Goes through the scores and answers of runs and calls checkpoints and samples by their common names."""

    runs: Sequence[Run]
    subjects: Sequence[Subject]
    matched: Matched

    def scores(self) -> Iterator[Score]:
        """Yield all scores of the subjects."""
        names = self._names()
        for place, run in enumerate(self.runs):
            for score in run.scores:
                name = names.get((place, score.checkpoint))
                sample_id = self.matched.common(place, score.task, score.sample_id)
                if name is None:
                    continue
                same = (name, sample_id) == (score.checkpoint, score.sample_id)
                yield score if same else replace(score, checkpoint=name, sample_id=sample_id)

    def gather(self, flips: Iterable[Flipped], baseline: str) -> Gathered:
        """Keep what the flips need, and how long the baseline's prompts and answers are."""
        wanted: dict[Key, set[str]] = defaultdict(set)
        for (checkpoint, task, _), sample_id, _ in flips:
            wanted[checkpoint, task].add(sample_id)
            wanted[baseline, task].add(sample_id)
        found = Gathered()
        chosen = self._keep_reasons(wanted, found)
        names = self._names()
        for place, run in enumerate(self.runs):
            for line in run.answers:
                name = names.get((place, line.checkpoint))
                if name is None:
                    continue
                sample_id = self.matched.common(place, line.task, line.prompt.sample_id)
                if name == baseline:
                    n_tokens = (line.response.n_prompt_tokens or len(line.prompt.ids), len(line.response.output_ids))
                    found.lengths[line.task].setdefault(sample_id, n_tokens)
                if sample_id in wanted.get((name, line.task), ()) and sample_id not in found.seen[name, line.task]:
                    sample = self.matched.samples.get((line.task, sample_id), Sample(id=sample_id, inputs={}))
                    shown = shown_answer(line.response, sample, chosen.get((name, line.task, sample_id)))
                    found.seen[name, line.task][sample_id] = see(shown, line.prompt, line.response)
        return found

    def _keep_reasons(self, wanted: Mapping[Key, set[str]], found: Gathered) -> dict[tuple[str, str, str], str | None]:
        """Keep what scorers said of the samples that flipped; return the choices that were taken."""
        chosen: dict[tuple[str, str, str], str | None] = {}
        for score in self.scores():
            if score.sample_id in wanted.get((score.checkpoint, score.task), ()):
                address = (score.checkpoint, score.task, score.scorer)
                found.reasons[address].setdefault(score.sample_id, score.reason)
                if score.scorer == "choice":
                    chosen.setdefault((score.checkpoint, score.task, score.sample_id), score.answer)
        return chosen

    def _names(self) -> dict[tuple[int, str], str]:
        return {(subject.place, subject.summary.name): subject.name for subject in self.subjects}
