"""Text of a judge -> the ratings or the winner that it names, as FastChat reads them; None where it names none.

FastChat writes -1 where it finds nothing, and asks that the number be put in by hand; here that stays unread.
"""

import re
from collections.abc import Sequence
from typing import Literal

Winner = Literal["A", "B", "tie"]

_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{0,6})?"
_ONE_RATING = re.compile(rf"\[\[({_NUMBER})\]\]")
_ONE_BARE_RATING = re.compile(rf"\[({_NUMBER})\]")
_TWO_RATINGS = re.compile(rf"\[\[({_NUMBER}),\s?({_NUMBER})\]\]")
_TWO_BARE_RATINGS = re.compile(rf"\[({_NUMBER}),\s?({_NUMBER})\]")
_PAIR_LINE = re.compile(rf"({_NUMBER})(?: |, ?)({_NUMBER})")
_LETTERS: tuple[tuple[str, Winner], ...] = (("[[A]]", "A"), ("[[B]]", "B"), ("[[C]]", "tie"))


def read_rating(text: str) -> float | None:
    """Return the first `[[7]]` of a text, or else the first `[7]`.

    Source:
        lm-sys/FastChat 0e6d3e4b, fastchat/llm_judge/common.py, `run_judge_single`, output format `[[rating]]`.
    """
    match = _ONE_RATING.search(text) or _ONE_BARE_RATING.search(text)
    return None if match is None else float(match[1])


def read_rating_pair(text: str) -> tuple[float, float] | None:
    """Return the first `[[8, 6.5]]` of a text, or else the first `[8, 6.5]`: ratings of answers A and B.

    Source:
        lm-sys/FastChat 0e6d3e4b, fastchat/llm_judge/common.py, `run_judge_pair`, output format `[[rating_a,rating_b]]`.
    """
    match = _TWO_RATINGS.search(text) or _TWO_BARE_RATINGS.search(text)
    return None if match is None else (float(match[1]), float(match[2]))


def read_winner(text: str) -> Winner | None:
    """Return which answer is better by the `[[A]]`, `[[B]]` or `[[C]]` (tie) of a text; A before B before C.

    Source:
        lm-sys/FastChat 0e6d3e4b, fastchat/llm_judge/common.py, `run_judge_pair`, output format `[[A]]`.
    """
    return next((winner for letter, winner in _LETTERS if letter in text), None)


def read_one_rating(text: str) -> tuple[float | None, str]:
    """Return the rating that a text names in two brackets, all its marks the same; else None and why.

    The first mark is not better than the last one: a judge that quotes what it judges has its own verdict behind it,
    one that runs on has it before. What stands before `</think>` is no verdict.
    """
    found = {float(number) for number in _ONE_RATING.findall(_verdict_part(text))}
    if len(found) == 1:
        return found.pop(), ""
    return None, _why(sorted(f"{number:g}" for number in found), text)


def read_one_winner(text: str) -> tuple[Winner | None, str]:
    """Return which answer a text names the better one, all its marks the same; else None and why."""
    part = _verdict_part(text)
    found = {winner for letter, winner in _LETTERS if letter in part}
    if len(found) == 1:
        return found.pop(), ""
    return None, _why(sorted(found), text)


def _verdict_part(text: str) -> str:
    return text.rpartition("</think>")[2]


def _why(found: Sequence[str], text: str) -> str:
    if found:
        return f"names {len(found)} verdicts: {', '.join(found[:4])}"
    return "names no verdict" if text.strip() else "says nothing"


def read_first_line(text: str) -> tuple[float, float] | None:
    """Return the two ratings that are all of the first line: `8 9`, `8,9` or `8, 9`.

    Source:
        lm-sys/FastChat 0e6d3e4b, fastchat/eval/eval_gpt_review.py, `parse_score`, which does not read `8, 9`.
    """
    match = _PAIR_LINE.fullmatch(text.split("\n", 1)[0])
    return None if match is None else (float(match[1]), float(match[2]))
