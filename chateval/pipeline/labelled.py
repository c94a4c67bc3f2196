"""Answers that people labelled -> what judges say of them, and how far they agree with the people."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chateval.checkpoint import DigestCache
from chateval.config import Suite
from chateval.errors import DataError
from chateval.messages import check_messages
from chateval.pipeline.ask import Asker
from chateval.pipeline.judge import Pair, ask_judge, pairs_of
from chateval.pipeline.jury import try_words
from chateval.pipeline.prepare import Watcher, open_helpers
from chateval.pipeline.respond import EngineFor
from chateval.records import Judgement, Message, Sample
from chateval.score.judge.ask import JudgeAsk
from chateval.score.judge.verdict import Said, say
from chateval.stats import Floats
from chateval.stats.agreement import kappa, pearson_of, resampled, spearman
from chateval.store import ResponseStore, store_path
from chateval.task.rows import read_rows

KEYS = {"question", "messages", "answer", "answers", "label", "target", "id"}
WINNERS: Mapping[str, float] = {"A": 1.0, "tie": 0.5, "B": 0.0}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One answer, or a pair of them, and what a person said of it."""

    sample: Sample
    answers: tuple[str, ...]
    """One, or two that were compared."""
    label: float
    """A rating; of a pair 1 where the first answer is better, 0.5 for a tie, 0 where the second is."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a judge agrees with people."""

    judge: str
    n: int
    """Answers that the judge said something readable of."""
    n_unread: int
    figures: Mapping[str, tuple[float | None, float | None, float | None]]
    """Name -> value, low and high of its 95 % interval; None where too little was read."""
    n_tokens: int
    """That the judge read and wrote."""
    unread: Sequence[str] = ()
    """Why judgements could not be read, the first ones."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a file of labelled answers."""

    agreements: tuple[Agreement, ...]
    n_generated: int
    n_stored: int


SHOWN_UNREAD = 3


def read_labelled(path: Path, *, limit: int | None = None) -> list[Labelled]:
    """Return the labelled answers of a file, all rated or all compared.

    Args:
        path: JSONL with `question` (or `messages`), `answer` and a number as `label`; or with `answers`, two of them,
            and `A`, `B` or `tie` as `label`. `target` is a reference answer.
        limit: Rows that are read.

    Raises:
        DataError: If a row is at fault; the message starts with path:line.
    """
    found: list[Labelled] = []
    for where, row in read_rows(path):
        if limit is not None and len(found) >= limit:
            break
        found.append(_labelled(row, where, len(found)))
        if len(found[-1].answers) != len(found[0].answers):
            raise DataError(f"{where}: some rows have `answer` and others `answers`; give them in two files")
    if not found:
        raise DataError(f"{path}: no rows")
    return found


def _labelled(row: Mapping[str, Any], where: str, number: int) -> Labelled:
    if unknown := sorted(row.keys() - KEYS):
        raise DataError(f"{where}: unknown field {unknown[0]!r}; known: {', '.join(sorted(KEYS))}")
    if ("answer" in row) == ("answers" in row) or ("question" in row) == ("messages" in row):
        raise DataError(f"{where}: a row has either question or messages, and either answer or answers")
    answers = row["answers"] if "answers" in row else [row["answer"]]
    target = row.get("target", "")
    if not isinstance(answers, list) or not all(isinstance(text, str) for text in [*answers, target]):
        raise DataError(f"{where}: answers and target are texts")
    if "answers" in row and len(answers) != 2:
        raise DataError(f"{where}: answers must be two texts, found {len(answers)}")
    sample = Sample(f"{number:06d}", row, _messages(row, where), target=target)
    return Labelled(sample, tuple(answers), _label(row, where, is_pair="answers" in row))


def _messages(row: Mapping[str, Any], where: str) -> tuple[Message, ...]:
    if "messages" in row:
        return tuple(check_messages(row["messages"], "messages", where=where))
    if not isinstance(row["question"], str):
        raise DataError(f"{where}: question must be a text")
    return ({"role": "user", "content": row["question"]},)


def _label(row: Mapping[str, Any], where: str, *, is_pair: bool) -> float:
    label = row.get("label")
    if is_pair:
        if not isinstance(label, str) or label not in WINNERS:
            raise DataError(f"{where}: label of a pair is one of {', '.join(WINNERS)}, found {label!r}")
        return WINNERS[label]
    if isinstance(label, bool) or not isinstance(label, int | float) or not math.isfinite(label):
        raise DataError(f"{where}: label must be a number, found {label!r}")
    return float(label)


def judge_labelled(
    rows: Sequence[Labelled],
    ask: JudgeAsk,
    suite: Suite,
    *,
    cache_dir: Path,
    open_engine: EngineFor,
    watcher: Watcher,
) -> Judged:
    """Have every judge of a suite's helpers judge labelled answers; what the store has is not asked again.

    Args:
        rows: With the labels, all on the scale that judges are asked for.
        ask: How the judges are asked.
        suite: Its helpers judge.
        cache_dir: Where responses are stored.
        open_engine: Opens the engine of a judge.
        watcher: Hears how far it is.

    Raises:
        ChatevalError: For whatever the user has to mend, before any model is loaded.
    """
    try_words(ask, where="labelled answers")
    low, high = ask.scale
    for row in rows:
        if ask.against is None and not low <= row.label <= high:
            raise DataError(f"label {row.label:g} of row {int(row.sample.id) + 1} is not from {low:g} to {high:g}")
    watcher.stage("opening judges")
    digests = DigestCache(cache_dir / "digests.json")
    judges = open_helpers(suite, digests)
    found, n_generated, n_stored = [], 0, 0
    with ResponseStore(store_path(cache_dir)) as store:
        for subject in judges:
            asker = Asker(subject, open_engine(subject), store, watcher, check=digests.check_unchanged)
            found.append(_agreement(rows, ask, list(_asked(asker, suite, rows, ask))))
            n_generated, n_stored = n_generated + asker.n_generated, n_stored + asker.n_stored
    return Judged(
        tuple(replace(one, judge=subject.checkpoint.name) for one, subject in zip(found, judges, strict=True)),
        n_generated,
        n_stored,
    )


def _asked(asker: Asker, suite: Suite, rows: Sequence[Labelled], ask: JudgeAsk) -> Iterator[Judgement]:
    judge = asker.subject.checkpoint.name
    pairs: list[Pair] = []
    for row in rows:
        blank = Judgement(
            "people", "labelled", "label", row.sample.id, judge, "", "", against=ask.against or "", asked=ask.digest
        )
        turns = [[("assistant", answer)] for answer in row.answers]
        pairs += pairs_of(blank, row.sample, turns[0], turns[1] if len(turns) > 1 else None)
    yield from ask_judge(asker, suite, {"labelled answers": (ask, pairs)})


def _agreement(rows: Sequence[Labelled], ask: JudgeAsk, judgements: Sequence[Judgement]) -> Agreement:
    by_row: dict[str, list[Judgement]] = {}
    for one in judgements:
        by_row.setdefault(one.sample_id, []).append(one)
    sayings = [_said(row, by_row.get(row.sample.id, []), ask) for row in rows]
    read = [(said.value, row.label) for said, row in zip(sayings, rows, strict=True) if said.value is not None]
    low, high = ask.scale
    values = np.array([value if ask.against else low + value * (high - low) for value, _ in read])
    labels = np.array([label for _, label in read])
    figures: dict[str, Callable[[Floats, Floats], float | None]] = _OF_RATINGS if ask.against is None else _OF_PAIRS
    return Agreement(
        judge="",
        n=len(read),
        n_unread=len(rows) - len(read),
        figures={
            name: (
                figure(values, labels) if len(read) else None,
                *(resampled((values, labels), figure) or (None, None)),
            )
            for name, figure in figures.items()
        },
        n_tokens=sum(one.n_prompt_tokens + one.n_output_tokens for one in judgements),
        unread=tuple(said.words for said in sayings if said.value is None)[:SHOWN_UNREAD],
    )


def _said(row: Labelled, judgements: Sequence[Judgement], ask: JudgeAsk) -> Said:
    if len(row.answers) == 2 and row.answers[0] == row.answers[1]:
        return Said(0.5, "the same text")
    return say(judgements, ask)


def _same_winner(values: Floats, labels: Floats) -> float:
    return float((np.sign(values - 0.5) == np.sign(labels - 0.5)).mean())


def _kappa(values: Floats, labels: Floats) -> float | None:
    table = np.zeros((3, 3))
    places = (np.sign(values - 0.5).astype(int) + 1, np.sign(labels - 0.5).astype(int) + 1)
    np.add.at(table, places, 1)
    return kappa(table)


_OF_RATINGS: dict[str, Callable[[Floats, Floats], float | None]] = {
    "rank correlation (Spearman)": spearman,
    "correlation (Pearson)": pearson_of,
    "judge minus people, in the scale's unit": lambda values, labels: float((values - labels).mean()),
}
_OF_PAIRS: dict[str, Callable[[Floats, Floats], float | None]] = {
    "same winner, share of pairs": _same_winner,
    "Cohen's kappa": _kappa,
}
