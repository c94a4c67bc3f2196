"""A leaderboard in words, the same in every output."""

from collections.abc import Iterator, Mapping, Sequence

from chateval.records import Estimate
from chateval.records.leaderboard import CostName, Curve, CurvePoint, Leaderboard, Pair, Priced, Standing, Tradeoff

METHOD = (
    "Each task counts the same; brackets are 95 %. The interval of a mean over tasks puts the tasks' standard errors "
    "together (Satterthwaite 1946) in Wilson's form. All pairs are tested on the same samples by drawing signs of "
    "their differences within clusters, with p adjusted over all pairs (stepdown, Romano and Wolf 2005). A rank is 1 + "
    "the number of checkpoints that are clearly better, up to the number ranked minus those that are clearly worse; "
    "all rank intervals are right together with 95 % (Mogstad and others 2024). The win rate is the share of samples "
    "won against the others, ties half; it depends on who else is ranked. Costs are those of each run's own machine."
)


def rank_words(found: Standing) -> str:
    """Return the interval of a rank, such as `1-3`; a dash for a checkpoint without one."""
    if found.best_rank is None:
        return "-"
    return str(found.best_rank) if found.best_rank == found.worst_rank else f"{found.best_rank}-{found.worst_rank}"


def score_words(mean: float | None, low: float | None, high: float | None) -> str:
    """Return a mean with its interval, such as `0.465 [0.404, 0.531]`."""
    if mean is None or low is None or high is None:
        return "not scored"
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def estimate_words(found: Estimate) -> str:
    """Return a task's mean, and what of its samples was not scored."""
    unscored = f" ({found.n_unscored} unscored)" if found.n_unscored else ""
    return f"{found.mean:.3f}{unscored}" if found.mean is not None else "not scored"


def verdict_words(found: Standing) -> str:
    """Return the verdict of a template, marked where a score under it is in doubt."""
    return f"{found.verdict}{ {'UNVERIFIED': ' (?)', 'BROKEN': ' (!)'}.get(found.verdict, '') }"


def cost_words(cost: CostName, value: float | None) -> str:
    """Return a cost in its unit, such as `135M` or `4.0 GB`; a dash where nothing says."""
    if value is None:
        return "-"
    if cost == "parameters":
        return _scaled(value, ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")))
    if cost == "peak memory":
        return _scaled(value, ((1e9, " GB"), (1e6, " MB"), (1e3, " kB")), " B")
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _scaled(value: float, units: Sequence[tuple[float, str]], rest: str = "") -> str:
    for size, unit in units:
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}{rest}"


def costs_of(found: Standing) -> Mapping[CostName, float | None]:
    """Return the costs of a checkpoint by name."""
    cost = found.cost
    return {
        "parameters": cost.n_parameters,
        "tokens per second": cost.tokens_per_second,
        "peak memory": cost.peak_bytes,
        "output tokens per answer": cost.output_tokens,
    }


def ranked(board: Leaderboard) -> list[Standing]:
    """Return the standings that have a rank."""
    return [found for found in board.standings if found.best_rank is not None]


def scope(board: Leaderboard) -> list[str]:
    """Return what is ranked on what: by which number, on how many samples, and what does not count."""
    n_samples = sum(task.n_samples for task in board.tasks)
    by = "mean over" if board.by == "mean" else "win rate, mean over"
    scorer = "the headline scorer of each" if board.scorer == "headline" else board.scorer
    lines = [
        f"{_count(len(ranked(board)), 'checkpoint')} ranked by {by} {_count(len(board.tasks), 'task')} ({scorer}), "
        f"{_count(n_samples, 'shared sample')}."
    ]
    if board.note:
        lines.append(f"{board.note[:1].upper()}{board.note[1:]}.")
    for task in board.tasks:
        if task.n_left_out:
            n_known = task.n_samples + task.n_left_out
            lines.append(
                f"{task.name}: {task.n_left_out} of {n_known} samples left out, not all have them or a value of them."
            )
    lines += [f"{task.name}: an opinion of the judge {', '.join(task.judges)}." for task in board.tasks if task.judges]
    lines += [f"Task {found.name} does not count: {found.reason}." for found in board.tasks_left_out]
    return lines


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def verdicts(board: Leaderboard) -> list[str]:
    """Return who leads, who shares the lead, and whose score is none or in doubt."""
    found = ranked(board)
    lines = []
    if len(found) > 1:
        leader = found[0]
        level = [one.checkpoint for one in found[1:] if not _is_clear(board, leader.checkpoint, one.checkpoint)]
        if not level:
            lines.append(f"{leader.checkpoint} is clearly better than all others.")
        elif len(level) == len(found) - 1:
            lines.append(f"{leader.checkpoint} leads, but cannot be told apart from any other.")
        else:
            lines.append(f"{leader.checkpoint} leads, but cannot be told apart from {_listed(level)}.")
    for one in board.standings:
        if one.verdict == "BROKEN":
            lines.append(f"{one.checkpoint}: its chat template is BROKEN, a score under it is no score: not ranked.")
        elif one.verdict == "UNVERIFIED":
            lines.append(f"{one.checkpoint}: its chat template is UNVERIFIED, its score may be of a wrong prompt.")
    return lines + [f"Not ranked: {one.name}: {one.reason}." for one in board.unranked]


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _pair(board: Leaderboard, one: str, other: str) -> Pair | None:
    return next((pair for pair in board.pairs if {pair.one, pair.other} == {one, other}), None)


def _is_clear(board: Leaderboard, one: str, other: str) -> bool:
    pair = _pair(board, one, other)
    return pair is not None and pair.p_adjusted < board.alpha


def front_words(found: Tradeoff) -> str:
    """Return the front with its costs in short, such as `front a 7B, b 135M; dominated: c, d and 5 more`."""
    front = [f"{p.checkpoint} {cost_words(found.cost, p.cost)}" for p in found.points if p.dominated_by is None]
    behind = [p.checkpoint for p in found.points if p.dominated_by is not None]
    return f"front {', '.join(front)}" + (f"; dominated: {_listed(behind)}" if behind else "")


def tradeoff_words(board: Leaderboard, found: Tradeoff) -> str:
    """Return who lies on the front and who is dominated, such as `front: a, b; dominated: c (by a, clearly)`."""
    front = [point.checkpoint for point in found.points if point.dominated_by is None]
    behind = [
        f"{point.checkpoint} (by {dominated_words(board, point)})" for point in found.points if point.dominated_by
    ]
    return f"front: {', '.join(front)}" + (f"; dominated: {', '.join(behind)}" if behind else "")


def dominated_words(board: Leaderboard, point: Priced) -> str:
    """Return who dominates a point, and whether its score is clearly better."""
    other = point.dominated_by or ""
    clearly = "clearly" if _is_clear(board, point.checkpoint, other) else "not clearly"
    return f"{other}, {clearly} better"


def curve_words(board: Leaderboard, curve: Curve) -> str:
    """Return where a training was best, and whether its last step is worse than that."""
    best = next(point for point in curve.points if point.checkpoint == curve.best)
    last = curve.points[-1]
    if best.checkpoint == last.checkpoint:
        return f"best at step {best.step}, the last ({best.mean:.3f})"
    seen = f"({last.mean:.3f} after {best.mean:.3f}, {_p(curve.p_last)})"
    if curve.p_last is not None and curve.p_last < board.alpha:
        return f"best at step {best.step}; the last step {last.step} is worse than step {best.step} {seen}"
    return f"best at step {best.step}; the last step {last.step} cannot be told apart from it {seen}"


def _p(p: float | None) -> str:
    if p is None:
        return "no test"
    return "p<0.001" if p < 0.001 else f"p={p:.3f}"


def point_lines(curve: Curve) -> Iterator[tuple[CurvePoint, str]]:
    """Yield the points of a curve, the best one marked."""
    for point in curve.points:
        yield point, "best" if point.checkpoint == curve.best else ""
