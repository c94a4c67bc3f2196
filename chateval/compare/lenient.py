"""Whether a target stands in an answer, whatever form a scorer would have it in."""

import re
from functools import cache

_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*)(?:\.\d+)?")
_CUE = re.compile(r"(?i)(?:####|\\boxed\{|\banswer\b(?:\s+is)?|\btotal\b(?:\s+is)?)[^\w\n-]{0,8}$")
_UNSPACED = "\u2e80"
"""First of the characters of Chinese and Japanese, which write words without spaces."""
_LETTER = r"(?i:\b(?:answer|option|choice)\b(?:\s+is)?)\W{{0,6}}{0}\b|\({0}\)|^\W{{0,3}}{0}(?:[.):]|\s*$)"


def stands_in(target: str, text: str) -> bool:
    """Return whether a reader would find the target in a text.

    A number counts in the first or the last line or right after `answer`, `total`, `####` or `boxed`: steps on the
    way have numbers, too. A single letter counts where it is marked as the choice. Anything else counts as whole words,
    whatever their case and the white space between them.
    """
    wanted = target.strip()
    if not wanted:
        return False
    if _NUMBER.fullmatch(wanted):
        return _has_number(_value(wanted), text)
    if len(wanted) == 1 and wanted.isalpha():
        return _letter(wanted).search(text) is not None
    return _has_words(" ".join(wanted.casefold().split()), " ".join(text.casefold().split()))


@cache
def _letter(wanted: str) -> re.Pattern[str]:
    return re.compile(_LETTER.format(re.escape(wanted)), re.MULTILINE)


def _has_words(words: str, text: str) -> bool:
    """Return whether words stand in a text with no letter, digit or underscore right before or after them.

    Letters of scripts that put no spaces between words do not count.
    """
    start = text.find(words)
    while start >= 0:
        around = f"{text[start - 1 : start]}{text[start + len(words) : start + len(words) + 1]}"
        if not any((letter.isalnum() or letter == "_") and letter < _UNSPACED for letter in around):
            return True
        start = text.find(words, start + 1)
    return False


def _has_number(wanted: float, text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    outer = {*lines[:1], *lines[-1:]}
    for line in lines:
        for found in _NUMBER.finditer(line):
            if _value(found.group()) == wanted and (line in outer or _CUE.search(line[: found.start()])):
                return True
    return False


def _value(text: str) -> float:
    return float(text.replace(",", ""))
