"""Texts of judges -> what each of them says of an answer, or why that cannot be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chateval.records import Case, Judgement
from chateval.score.judge.ask import JudgeAsk
from chateval.score.judge_text import read_one_rating, read_one_winner

_PLACES = ("first", "second")


@dataclass(frozen=True, slots=True)
class Said:
    """What one judge says of one answer."""

    value: float | None
    """In [0, 1]; None if it cannot be read."""
    words: str
    """The verdict as the judge spelt it; where there is none, why."""
    places: tuple[float | None, ...] = ()
    """Of a pair: what the answer got where it stood first and where it stood second."""


def sayings(case: Case, ask: JudgeAsk) -> dict[str, Said]:
    """Return what each judge says of an answer."""
    return {judge: say([one for one in case.judgements if one.judge == judge], ask) for judge in ask.judges}


def say(found: Sequence[Judgement], ask: JudgeAsk) -> Said:
    """Return what the judgements of one judge about one answer come to."""
    asked = [one for one in found if one.asked == ask.digest]
    if not asked:
        return Said(None, "was asked otherwise; run it again" if found else "has not judged this answer; run it again")
    if ask.against is None:
        return _rating(asked[0], ask.scale)
    return _pair({str(one.position): one for one in asked})


def _rating(one: Judgement, scale: tuple[float, float]) -> Said:
    if one.error is not None:
        return Said(None, f"gave no answer: {one.error}")
    rating, why = read_one_rating(one.text)
    if rating is None:
        return Said(None, why + _cut(one))
    low, high = scale
    if not low <= rating <= high:
        return Said(None, f"rates {rating:g}, which is not from {low:g} to {high:g}")
    return Said((rating - low) / (high - low), f"{rating:g}")


def _pair(by_place: Mapping[str, Judgement]) -> Said:
    places: list[float | None] = []
    words = []
    for place, mine in zip(_PLACES, ("A", "B"), strict=True):
        one = by_place.get(place)
        winner, why = (None, "was not asked") if one is None else read_one_winner(one.text)
        if one is not None and one.error is not None:
            winner, why = None, f"gave no answer: {one.error}"
        places.append(None if winner is None else 0.5 if winner == "tie" else float(winner == mine))
        words.append((winner or why) + (_cut(one) if one is not None and winner is None else ""))
    told = f"{words[0]} as first, {words[1]} as second"
    first, second = places
    value = None if first is None or second is None else (first + second) / 2
    return Said(value, told, tuple(places))


def _cut(one: Judgement) -> str:
    return ", and ran on to its limit of tokens" if one.finish == "length" else ""
