"""What checkpoints cost, and which of them are dominated: another costs no more and scores no less."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import attrgetter

from chateval.compare.subjects import Subject
from chateval.records import Run
from chateval.records.leaderboard import By, Cost, CostName, Priced, Standing, Tradeoff

COSTS: Mapping[CostName, tuple[str, bool]] = {
    "parameters": ("n_parameters", True),
    "tokens per second": ("tokens_per_second", False),
    "peak memory": ("peak_bytes", True),
    "output tokens per answer": ("output_tokens", True),
}
"""Name -> (field of `Cost`, whether less is better)."""


def costs_of(subjects: Sequence[Subject], tasks: Collection[str]) -> dict[str, Cost]:
    """Return what each checkpoint took for the same work, by name; None where its run did other work, too.

    Args:
        subjects: All that are on the board.
        tasks: Those that are ranked. Output tokens are those of their answers: counted where a run has other tasks
            and keeps its answers. Speed and memory are of whole runs: they count where all runs have the same tasks.
    """
    of_runs = {subject.place: frozenset(task.name for task in subject.run.tasks) for subject in subjects}
    is_same = len(set(of_runs.values())) <= 1
    counted = {
        subject.place: _count_tokens(subject.run, tasks)
        for subject in {subject.place: subject for subject in subjects}.values()
        if of_runs[subject.place] != frozenset(tasks)
    }
    found = {}
    for subject in subjects:
        summary = subject.summary
        whole = (summary.n_output_tokens, summary.n_responses)
        n_tokens, n_answers = counted[subject.place][summary.name] if subject.place in counted else whole
        effort = next((one for one in subject.run.efforts if one.checkpoint == summary.name and is_same), None)
        found[subject.name] = Cost(
            n_parameters=summary.n_parameters,
            tokens_per_second=effort.tokens_per_second if effort else None,
            peak_bytes=effort.peak_bytes if effort else None,
            output_tokens=n_tokens / n_answers if n_tokens else None,
        )
    return found


def _count_tokens(run: Run, tasks: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return checkpoint -> output tokens and number of its answers to some tasks."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in run.answers:
        if line.task in tasks:
            n_tokens, n_answers = found[line.checkpoint]
            found[line.checkpoint] = n_tokens + len(line.response.output_ids), n_answers + 1
    return found


def find_tradeoffs(standings: Sequence[Standing], by: By) -> Iterator[Tradeoff]:
    """Yield score against each cost that at least two checkpoints have, and that is not the same for all."""
    for name, (field, is_less_better) in COSTS.items():
        priced = [(found, float(cost)) for found in standings if (cost := attrgetter(field)(found.cost)) is not None]
        if len({cost for _, cost in priced}) < 2:
            continue
        points = [(found.checkpoint, cost, _score(found, by)) for found, cost in priced]
        yield Tradeoff(
            name,
            is_less_better,
            tuple(Priced(*point, dominated_by(point, points, is_less_better=is_less_better)) for point in points),
        )


def _score(found: Standing, by: By) -> float:
    return found.win_rate if by == "win-rate" and found.win_rate is not None else found.mean


def dominated_by(
    point: tuple[str, float, float], others: Sequence[tuple[str, float, float]], *, is_less_better: bool
) -> str | None:
    """Return the best of those that dominate a point (name, cost, score); None where it lies on the front."""
    _, cost, score = point
    sign = 1 if is_less_better else -1
    found = [
        (-other_score, sign * other_cost, name)
        for name, other_cost, other_score in others
        if other_score >= score and sign * other_cost <= sign * cost and (other_cost, other_score) != (cost, score)
    ]
    return min(found)[2] if found else None
