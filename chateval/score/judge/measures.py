"""How far judges can be trusted: figures of every scorer that has some, beside its mean."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from chateval.records import Case
from chateval.score.judge.ask import JudgeAsk
from chateval.score.judge.scorers import other_answer
from chateval.score.judge.shown import said
from chateval.score.judge.verdict import Said, sayings
from chateval.score.measures.record import Finish, Floats, Measure, Row, from_cases, mean
from chateval.stats.agreement import N_ALPHA, alpha_row, interval_alpha, kappa, moments, pearson

_CLASSES = 3
"""Of a pair: worse, tie, better."""


def judge_measures(label: str, ask: JudgeAsk) -> dict[str, Measure]:
    """Return the measures of a scorer with judges, by their labels.

    Of each judge: the share of its judgements that cannot be read, and its tokens; of pairs also how often it says the
    same in both orders, and how often it prefers the first. Of several: their agreement. Of all: whether length wins.
    """
    found: dict[str, Measure] = {}
    for judge in ask.judges:
        found[f"{label}: unread of {judge}"] = _share("share of answers, 0 to 1", True, _unread(label, ask, judge))
        if ask.against is not None:
            found[f"{label}: same in both orders, {judge}"] = _share(
                "share of answers, 0 to 1", False, _consistent(label, ask, judge)
            )
            found[f"{label}: first preferred by {judge}"] = _ratio(
                "share of decided verdicts, 0 to 1; 0.5 is no bias", _first(label, ask, judge)
            )
        found[f"{label}: tokens of {judge}"] = _ratio("tokens read and written for an answer", _tokens(label, judge))
    if len(ask.judges) == 2 and ask.against is not None:
        found[f"{label}: agreement of judges"] = _figure("kappa, 0 is chance", _table(label, ask), _kappa)
    elif len(ask.judges) > 1:
        found[f"{label}: agreement of judges"] = _figure("alpha, 0 is chance", _alpha(label, ask), interval_alpha)
    found[f"{label}: with length"] = _figure("correlation, -1 to 1", _length(label, ask), pearson)
    return found


Collect = Callable[[Sequence[Case]], Row | None]


def _figure(unit: str, collect: Collect, finish: Finish, *, is_less_better: bool = False) -> Measure:
    return Measure("judge", unit, is_less_better, from_cases(collect), finish, output="generate")


def _share(unit: str, is_less_better: bool, collect: Collect) -> Measure:
    return Measure("judge", unit, is_less_better, from_cases(collect), mean, output="generate", is_mean=True)


def _ratio(unit: str, collect: Collect) -> Measure:
    return _figure(unit, collect, mean, is_less_better=unit.startswith("tokens"))


def _found(cases: Sequence[Case], label: str, ask: JudgeAsk) -> list[tuple[Case, dict[str, Said]]]:
    """Return what the judges say of each repeat that they were asked about."""
    found = []
    for case in cases:
        own = tuple(one for one in case.judgements if one.scorer == label)
        if own:
            found.append((case, sayings(replace(case, judgements=own), ask)))
    return found


def _unread(label: str, ask: JudgeAsk, judge: str) -> Collect:
    def collect(cases: Sequence[Case]) -> Row | None:
        found = [one[judge].value is None for _, one in _found(cases, label, ask)]
        return (sum(found) / len(found), 1.0) if found else None

    return collect


def _places(cases: Sequence[Case], label: str, ask: JudgeAsk, judge: str) -> list[tuple[float, float]]:
    """Return what each repeat got as the first and as the second, where both can be read."""
    found = []
    for _, one in _found(cases, label, ask):
        if one[judge].value is not None:
            first, second = one[judge].places
            assert first is not None and second is not None  # noqa: S101 - by the value
            found.append((first, second))
    return found


def _consistent(label: str, ask: JudgeAsk, judge: str) -> Collect:
    def collect(cases: Sequence[Case]) -> Row | None:
        found = [first == second for first, second in _places(cases, label, ask, judge)]
        return (sum(found) / len(found), 1.0) if found else None

    return collect


def _first(label: str, ask: JudgeAsk, judge: str) -> Collect:
    def collect(cases: Sequence[Case]) -> Row | None:
        pairs = _places(cases, label, ask, judge)
        chose_first = [first == 1 for first, _ in pairs if first != 0.5]
        chose_first += [second == 0 for _, second in pairs if second != 0.5]
        return (float(sum(chose_first)), float(len(chose_first))) if chose_first else None

    return collect


def _tokens(label: str, judge: str) -> Collect:
    def collect(cases: Sequence[Case]) -> Row | None:
        found = [one for case in cases for one in case.judgements if (one.scorer, one.judge) == (label, judge)]
        n = sum(one.n_prompt_tokens + one.n_output_tokens for one in found)
        return (float(n), float(len(cases))) if found else None

    return collect


def _table(label: str, ask: JudgeAsk) -> Collect:
    one, other = ask.judges

    def collect(cases: Sequence[Case]) -> Row | None:
        table = np.zeros((_CLASSES, _CLASSES))
        for _, found in _found(cases, label, ask):
            pair = (found[one].value, found[other].value)
            if pair[0] is not None and pair[1] is not None:
                table[_class(pair[0]), _class(pair[1])] += 1
        return tuple(table.ravel().tolist()) if table.any() else None

    return collect


def _class(value: float) -> int:
    return int(value > 0.5) + int(value >= 0.5)


def _kappa(sums: Floats) -> float | None:
    return kappa(sums.reshape(_CLASSES, _CLASSES))


def _alpha(label: str, ask: JudgeAsk) -> Collect:
    def collect(cases: Sequence[Case]) -> Row | None:
        rows = np.zeros(N_ALPHA)
        for _, found in _found(cases, label, ask):
            values = [math.nan if said.value is None else said.value for said in found.values()]
            rows += alpha_row(np.array(values))
        return tuple(rows.tolist()) if rows[1] else None

    return collect


def _length(label: str, ask: JudgeAsk) -> Collect:
    """Return a `collect` of values against lengths: of a pair, against how much longer than the other one it is."""

    def collect(cases: Sequence[Case]) -> Row | None:
        rows = [
            moments(_log_length(case, ask), sum(values) / len(values))
            for case, found in _found(cases, label, ask)
            if (values := [one.value for one in found.values() if one.value is not None])
        ]
        return tuple(float(sum(column)) for column in zip(*rows, strict=True)) if rows else None

    return collect


def _log_length(case: Case, ask: JudgeAsk) -> float:
    other = other_answer(case, ask) if ask.against is not None else None
    return math.log1p(len(said(case.response))) - (math.log1p(len(other)) if other is not None else 0.0)
