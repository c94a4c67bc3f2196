"""The baseline against itself: answered again in other batches and with other seeds, to see what flips by itself."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from chateval.compare import Column, SampleMean
from chateval.pipeline.mark import mark_all
from chateval.pipeline.prepare import Key, Plan, Subject
from chateval.pipeline.respond import Answers
from chateval.records import Noise, Prompt
from chateval.score import reads_reference

Rerun = Callable[[Plan, int], Answers]
"""(what is asked, number of the rerun from 1) -> answers that are kept apart from those of other reruns."""

Means = Mapping[tuple[str, str, str], Mapping[str, SampleMean]]
"""By (checkpoint, task, scorer)."""


def measure_noise(plan: Plan, means: Means, rerun: Rerun, n_reruns: int, *, trust_code: bool = False) -> list[Noise]:
    """Answer the baseline's prompts again and return what differs, for each task and scorer.

    Scorers that compare with the baseline have no noise: it always is what it is compared with.

    Each rerun asks the prompts of a task in two random parts, so that other prompts share a batch, and draws sampled
    answers with another seed.

    Args:
        plan: Of the run.
        means: Of the run's first answers.
        rerun: Gets the answers.
        n_reruns: At least 1.
        trust_code: Lets tasks run scorers of the user's own.
    """
    [baseline] = [subject for subject in plan.subjects if subject.checkpoint.name == plan.suite.baseline]
    name = baseline.checkpoint.name
    mirrors = {(task.name, spec.name) for task in plan.tasks for spec in task.scorers if reads_reference(spec)}
    firsts = {place[1:]: found for place, found in means.items() if place[0] == name and place[1:] not in mirrors}
    found: dict[tuple[str, str], list[tuple[int, int, float]]] = defaultdict(list)
    for number in range(1, n_reruns + 1):
        columns: dict[tuple[str, str], Column] = defaultdict(lambda: Column({}))
        for part in _parts(plan, baseline, number):
            answers = rerun(part, number)
            facts = {name: baseline.facts}
            found_here = mark_all(
                part.tasks,
                answers.prompts,
                answers.responses,
                facts,
                baseline=name,
                judgements=answers.judgements,
                trust_code=trust_code,
            )
            for marked in found_here:
                for scorer in marked.own:
                    mark = marked.marks[scorer]
                    columns[marked.task, scorer].add(marked.case.sample.id, mark.value, mark.weight)
        for place, first in firsts.items():
            found[place].append(_differences(first, columns[place]))
    return [_noise(*place, reruns) for place, reruns in found.items()]


def _parts(plan: Plan, baseline: Subject, number: int) -> Iterator[Plan]:
    """Yield the prompts of the baseline in two random parts, with the seeds of a rerun."""
    generator = random.Random(number)
    halves: tuple[dict[Key, Sequence[Prompt]], dict[Key, Sequence[Prompt]]] = ({}, {})
    for task in plan.tasks:
        key = (baseline.checkpoint.name, task.name)
        again = [_reseeded(prompt, number) for prompt in plan.prompts[key]]
        generator.shuffle(again)
        for half, prompts in zip(halves, (again[::2], again[1::2]), strict=True):
            half[key] = prompts
    for half in halves:
        tasks = tuple(task for task in plan.tasks if half[baseline.checkpoint.name, task.name])
        if tasks:
            others = tuple(subject for subject in plan.subjects if subject is not baseline)
            yield replace(plan, tasks=tasks, subjects=(baseline,), helpers=(*plan.helpers, *others), prompts=half)


def _reseeded(prompt: Prompt, number: int) -> Prompt:
    """Return the prompt with the seed of a rerun; greedy answers have none."""
    if prompt.decoding.temperature == 0:
        return prompt
    return replace(prompt, decoding=replace(prompt.decoding, seed=prompt.decoding.seed + number))


def _differences(first: Mapping[str, SampleMean], again: Mapping[str, SampleMean]) -> tuple[int, int, float]:
    """Return (samples with a value on both sides, those whose value differs, difference of the means)."""
    pairs = [(a, b) for key, a in first.items() if a is not None and (b := again.get(key)) is not None]
    n_flips = sum(a[0] != b[0] for a, b in pairs)
    return len(pairs), n_flips, _mean([b for _, b in pairs]) - _mean([a for a, _ in pairs])


def _mean(values: Sequence[tuple[float, float]]) -> float:
    total = sum(weight for _, weight in values)
    return sum(value * weight for value, weight in values) / total if total else 0.0


def _noise(task: str, scorer: str, reruns: Sequence[tuple[int, int, float]]) -> Noise:
    return Noise(
        task=task,
        scorer=scorer,
        n_reruns=len(reruns),
        n_samples=min(n for n, _, _ in reruns),
        n_flips=sum(flips for _, flips, _ in reruns) / len(reruns),
        delta=max(abs(delta) for _, _, delta in reruns),
    )
