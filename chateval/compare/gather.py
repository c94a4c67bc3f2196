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
    """Of the samples that flipped, the first repeat."""
    wrong: dict[Address, dict[str, Seen]] = field(default_factory=lambda: defaultdict(dict))
    """Of the samples that flipped, the first repeat that is not right."""
    reasons: dict[Address, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    lengths: dict[str, dict[str, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    """Of all answers of the baseline."""


_Case = tuple[str, str, str, int]
"""(checkpoint, task, sample id, repeat)"""


@dataclass(frozen=True, slots=True)
class _Scored:
    """What the scores say of the samples that flipped, before their answers are gone through."""

    chosen: dict[_Case, str | None] = field(default_factory=dict)
    """The choices that were taken."""
    failed: dict[_Case, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The scorers for which this is the first repeat that is not right."""


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
        kept = self._keep_reasons(wanted, found)
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
                if sample_id not in wanted.get((name, line.task), ()):
                    continue
                case = (name, line.task, sample_id, line.prompt.repeat)
                if case in kept.failed or sample_id not in found.seen[name, line.task]:
                    sample = self.matched.samples.get((line.task, sample_id), Sample(id=sample_id, inputs={}))
                    shown = shown_answer(line.response, sample, kept.chosen.get(case))
                    seen = see(shown, line.prompt, line.response)
                    found.seen[name, line.task].setdefault(sample_id, seen)
                    for scorer in kept.failed.get(case, ()):
                        found.wrong[name, line.task, scorer].setdefault(sample_id, seen)
        return found

    def _keep_reasons(self, wanted: Mapping[Key, set[str]], found: Gathered) -> _Scored:
        """Keep what scorers said of the samples that flipped, of the first repeat that is not right if there is one."""
        kept = _Scored()
        failed: set[tuple[Address, str]] = set()
        for score in self.scores():
            if score.sample_id not in wanted.get((score.checkpoint, score.task), ()):
                continue
            address = (score.checkpoint, score.task, score.scorer)
            case = (score.checkpoint, score.task, score.sample_id, score.repeat)
            if score.value is not None and score.value < 1 and (address, score.sample_id) not in failed:
                failed.add((address, score.sample_id))
                kept.failed[case].append(score.scorer)
                found.reasons[address][score.sample_id] = score.reason
            found.reasons[address].setdefault(score.sample_id, score.reason)
            if score.scorer == "choice":
                kept.chosen.setdefault(case, score.answer)
        return kept

    def _names(self) -> dict[tuple[int, str], str]:
        return {(subject.place, subject.summary.name): subject.name for subject in self.subjects}
