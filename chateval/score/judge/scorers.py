"""Scorers that read what judges said. The judges are asked before, by the pipeline; nothing here asks a model."""

from collections.abc import Mapping, Sequence

from chateval.records import Case, Mark
from chateval.score.judge.ask import Against, JudgeAsk, pair_ask, rating_ask
from chateval.score.judge.shown import said
from chateval.score.judge.verdict import Said, sayings

JUDGES = ("judge",)


def judge_rating(
    case: Case,
    *,
    judges: Sequence[str] = JUDGES,
    rubric: str = "",
    template: str = "",
    scale: Sequence[float] = (1.0, 10.0),
    max_new_tokens: int = 512,
) -> Mark:
    """Return the mean rating of the judges; unscored unless every one of them can be read.

    A jury that lacks a member for some answers is another jury for them.

    Args:
        case: With the judgements of this scorer.
        judges: Helpers (`--helper NAME=PATH`) or checkpoints of the run.
        rubric: What counts, in words for the judge.
        template: Prompt file beside task.yaml (.jinja, .txt, .md); without one, the words that come with chateval.
        scale: Worst and best rating; they become 0 and 1.
        max_new_tokens: Of a judgement.
    """
    ask = rating_ask(judges=judges, rubric=rubric, template=template, scale=scale, max_new_tokens=max_new_tokens)
    return _mark(case, ask)


def judge_pair(
    case: Case,
    *,
    judges: Sequence[str] = JUDGES,
    rubric: str = "",
    template: str = "",
    against: Against = "baseline",
    max_new_tokens: int = 512,
) -> Mark:
    """Return 1 for an answer that judges find better than another one, 0.5 for a tie, 0 for a worse one.

    Each judge sees the pair in both orders; the value is the mean, so that a judge that always prefers the first says
    0.5. An answer that is the other one word for word is a tie, and no judge is asked.

    Args:
        case: With the judgements of this scorer, and the baseline's answer.
        judges: As in `judge_rating`.
        rubric: As in `judge_rating`.
        template: As in `judge_rating`.
        against: Whose answer the other one is: the baseline's, or the sample's target.
        max_new_tokens: Of a judgement.

    Source:
        Zheng et al. (2023), arXiv:2306.05685, section 3.4, for the swap. There two orders that differ in any way are a
        tie; here a win and a tie are 0.75.
    """
    ask = pair_ask(judges=judges, rubric=rubric, template=template, against=against, max_new_tokens=max_new_tokens)
    other = other_answer(case, ask)
    if other is None:
        return Mark(None, reason=f"the {against} has no answer to compare with")
    if other == said(case.response):
        return Mark(0.5, reason="both answers are the same text")
    return _mark(case, ask)


def other_answer(case: Case, ask: JudgeAsk) -> str | None:
    """Return what an answer is compared with; None where there is none."""
    if ask.against == "target":
        return case.sample.target or None
    if case.reference is None or case.reference.error is not None:
        return None
    return said(case.reference)


def _mark(case: Case, ask: JudgeAsk) -> Mark:
    found = sayings(case, ask)
    unread = {judge: one for judge, one in found.items() if one.value is None}
    if unread:
        return Mark(None, answer=_words(found), reason=f"unread: {_words(unread)}")
    values = [one.value for one in found.values() if one.value is not None]
    last = next((one.text for one in reversed(case.judgements) if one.text), "")
    return Mark(sum(values) / len(values), answer=_words(found), reason=f'"{" ".join(last.split())[:300]}"')


def _words(found: Mapping[str, Said]) -> str:
    return "; ".join(
        f"{judge} {one.words}" if one.value is None else f"{judge}: {one.words}" for judge, one in found.items()
    )
