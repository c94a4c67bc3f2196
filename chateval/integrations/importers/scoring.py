"""What the scorers of another harness said -> scores in [0, 1] of which more is better, and figures of what is none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import text
from chateval.integrations.importers.values import Value, interval, is_numeric, number, share, why
from chateval.records import Figure, Score

OTHER_SCALE = 0.05
"""A scorer with a larger share of values outside [0, 1] has another scale: it is a figure and not a score."""
TURNED = "{} (1 - value)"
"""What a scorer of which less is better is called once its values are turned round."""


def score_all(draft: Draft, shown: Mapping[str, str]) -> Iterator[Score]:
    """Yield scores; what is on another scale becomes figures of the draft instead.

    Args:
        draft: Whole.
        shown: Whole name of a checkpoint -> what it is called.
    """
    _fill_failed(draft)
    left_out = _left_out(draft)
    for (checkpoint, task, scorer), values in draft.values.items():
        if (task, scorer) in left_out:
            if left_out[task, scorer]:
                draft.figures.append(_figure(draft, (checkpoint, task, scorer), values))
            continue
        name = _name(draft, task, scorer)
        for one in _repeats_apart(draft, f"{task}: {scorer}", values):
            value, fault = share(one.value)
            yield Score(
                checkpoint=shown[checkpoint],
                task=task,
                scorer=name,
                sample_id=one.sample_id,
                value=1 - value if value is not None and name != scorer else value,
                answer=one.answer,
                reason=why(one, fault),
                repeat=one.repeat,
            )


def _name(draft: Draft, task: str, scorer: str) -> str:
    """Return what a scorer is called; of one that is turned round, a note says so."""
    if not _is_less_better(draft, task, scorer):
        return scorer
    name = TURNED.format(scorer)
    draft.note_once(f"{task}: less {scorer} is better, so that it is turned round: {name}")
    return name


def _is_less_better(draft: Draft, task: str, scorer: str) -> bool:
    return bool({scorer, scorer.partition("[")[0]} & draft.tasks[task].less_better)


def _fill_failed(draft: Draft) -> None:
    scorers: dict[str, list[str]] = defaultdict(list)
    for _, task, scorer in draft.values:
        scorers[task].append(scorer)
    said = {key: {(one.sample_id, one.repeat) for one in found} for key, found in draft.values.items() if draft.failed}
    for checkpoint, task, value in draft.failed:
        for scorer in dict.fromkeys(scorers[task]):
            if (value.sample_id, value.repeat) not in said.get((checkpoint, task, scorer), ()):
                draft.value(checkpoint, task, scorer, value)


def _repeats_apart(draft: Draft, where: str, values: list[Value]) -> Iterator[Value]:
    """Yield values; one whose sample and repeat were there before is a further repeat."""
    seen: dict[tuple[str, int], int] = {}
    for one in values:
        address = (one.sample_id, one.repeat)
        if address not in seen:
            seen[address] = one.repeat
            yield one
            continue
        draft.note(f"{where}: a second value for one sample of one checkpoint: taken as a repeat")
        while (one.sample_id, seen[address]) in seen:
            seen[address] += 1
        seen[one.sample_id, seen[address]] = seen[address]
        yield replace(one, repeat=seen[address])


def _left_out(draft: Draft) -> dict[tuple[str, str], bool]:
    """Return (task, scorer) of what are no scores -> whether they are numbers, and so figures."""
    columns: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for (_, task, scorer), values in draft.values.items():
        columns[task, scorer] += [one.value for one in values]
    found = {}
    for (task, scorer), written in columns.items():
        numbers = [one for value in written if (one := number(value)) is not None]
        n_outside = sum(not 0 <= one <= 1 for one in numbers)
        if n_outside > OTHER_SCALE * len(numbers):
            found[task, scorer] = True
            draft.note(
                f"{task}: {scorer} lies in [{min(numbers):g}, {max(numbers):g}] and not in [0, 1]: "
                "shown as a figure, not compared"
            )
        elif not any(value is None or is_numeric(value) for value in written):
            found[task, scorer] = False
            draft.note(f"{task}: {scorer} left out: its values are no numbers, such as {text(written[0], limit=40)}")
    return found


def _figure(draft: Draft, address: tuple[str, str, str], values: list[Value]) -> Figure:
    checkpoint, task, scorer = address
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
        is_less_better=_is_less_better(draft, task, scorer),
        n=len(means),
        n_unmeasured=len({one.sample_id for one in values}) - len(means),
    )
