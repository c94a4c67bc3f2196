"""Scorers that compare the text of a response with the target: exact, normalised, token F1, and a pattern."""

import string
import unicodedata
from collections import Counter
from functools import cache

import regex as timed_regex

from chateval.records import Case, Mark

PATTERN_CHARACTERS = 100_000
"""Most characters of a response that `regex` searches."""

_ARTICLES = frozenset({"a", "an", "the"})
_LONG_MARKS = timed_regex.compile(r"([\p{M}\uFF9E\uFF9F]{30})[\p{M}\uFF9E\uFF9F]+")


def exact(case: Case, *, ignore_case: bool = False) -> Mark:
    """Compare the response with the target, white space at both ends left out.

    Args:
        case: The response and the sample it answers; `case.sample.target` must not be blank.
        ignore_case: Whether capitals and small letters count as equal.

    Returns:
        1.0 if equal, else 0.0.

    Raises:
        ValueError: If the target is blank: the task is at fault, not the model.
    """
    target = case.sample.target.strip()
    if not target:
        raise ValueError("the target is blank")
    found = case.response.text.strip()
    same = found.casefold() == target.casefold() if ignore_case else found == target
    return Mark(float(same), answer=found, reason="" if same else _difference(found))


def normalised(case: Case) -> Mark:
    """Compare the response with the target after `normalise`.

    Returns:
        1.0 if equal, else 0.0.

    Raises:
        ValueError: If nothing of the target is left after normalisation.
    """
    target = _normalised_target(case)
    found = normalise(case.response.text)
    same = found == target
    return Mark(float(same), answer=found, reason="" if same else _difference(found))


def text_f1(case: Case) -> Mark:
    """Count the words that the response shares with the target, after `normalise`.

    A script that writes no spaces has one word a line here, so that F1 is 1 or 0.

    Returns:
        F1 in [0, 1]: harmonic mean of the shares of response words and of target words that are shared.

    Raises:
        ValueError: If nothing of the target is left after normalisation.

    Source:
        Rajpurkar et al. (2016), SQuAD, section 6; evaluate-v1.1.py of the data set.
    """
    target_words = _normalised_target(case).split()
    found = normalise(case.response.text)
    words = found.split()
    n_shared = (Counter(words) & Counter(target_words)).total()
    value = 2 * n_shared / (len(words) + len(target_words))
    return Mark(value, answer=found, reason="" if words else "the response is empty")


def regex(case: Case, *, pattern: str, group: int = 0, seconds: float = 1.0) -> Mark:
    """Search the response for a pattern; what it finds must equal the target, if the task has one.

    Args:
        case: The response and the sample it answers; only its first 100,000 characters are searched.
        pattern: Regular expression of the `regex` package; the first match counts.
        group: Group of the match that is compared with the target; 0 is the whole match.
        seconds: Longest search, s, above 0.

    Returns:
        1.0 if it matches and equals the target (white space at both ends left out), else 0.0;
        None if the search ran out of time.

    Raises:
        ValueError: If the pattern is not valid, has no such group, or `seconds` is not above 0.
    """
    compiled = _compiled(pattern)
    if not 0 <= group <= compiled.groups:
        raise ValueError(f"group: {group} is not one of 0 to {compiled.groups} of pattern {pattern!r}")
    if not seconds > 0:
        raise ValueError(f"seconds: {seconds} is not above 0")
    text = case.response.text[:PATTERN_CHARACTERS]
    is_cut = len(text) < len(case.response.text)
    note = f"only the first {PATTERN_CHARACTERS:,} characters searched" if is_cut else ""
    try:
        match = compiled.search(text, timeout=seconds)
    except TimeoutError:
        return Mark(None, reason=_joined(f"the pattern took longer than {seconds:g} s", note))
    if match is None:
        return Mark(0.0, reason=_joined("no match", note))
    found = match.group(group)
    if found is None:
        return Mark(0.0, reason=_joined(f"group {group} is not part of the match", note))
    target = case.sample.target.strip()
    same = not target or found.strip() == target
    return Mark(float(same), answer=found, reason=_joined("" if same else "the match is not the target", note))


def normalise(text: str) -> str:
    """Return `text` in NFKC and small letters, without punctuation and articles, words one space apart.

    Punctuation is dropped, not replaced by a space ("U.S." is "us"), as SQuAD does; here that of all scripts is.

    Source:
        evaluate-v1.1.py of SQuAD, `normalize_answer`.
    """
    folded = unicodedata.normalize("NFKC", bounded_nfkc(text).casefold())
    kept = "".join(character for character in folded if not _is_punctuation(character))
    return " ".join(word for word in kept.split() if word not in _ARTICLES)


def bounded_nfkc(text: str) -> str:
    """Return `text` in NFKC, with at most 30 combining marks in a row.

    NFKC sorts the marks of a letter in time quadratic in their number; 30 keep it linear over a long text.

    Source:
        Unicode Annex 15, section 13, "Stream-Safe Text Format".
    """
    return unicodedata.normalize("NFKC", _LONG_MARKS.sub(r"\1", text))


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _normalised_target(case: Case) -> str:
    target = normalise(case.sample.target)
    if not target:
        raise ValueError(f"target {case.sample.target!r}: no words are left without punctuation and articles")
    return target


def _difference(found: str) -> str:
    return "not the target" if found else "the response is empty"


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)


@cache
def _compiled(pattern: str) -> "timed_regex.Pattern[str]":
    try:
        return timed_regex.compile(pattern)
    except timed_regex.error as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from error
