"""Whether a target stands in an answer as the answer, whatever form a scorer would have it in."""

import re
from collections.abc import Iterator

_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*)(?:\.\d+)?")
_MARK = re.compile(r"(?i)(?:####|\\boxed\{|\banswer\b(?:\s+is)?|\btotal\b(?:\s+is)?)[^\w\n-]{0,8}$")
"""What comes right before a final answer, wherever that stands."""
_CUE = re.compile(r"(?i)(?:=|\b(?:is|are|was|be|as)\b(?:\s+(?:a|an|the))?|\b(?:answer|label)\b)[^\w\n-]{0,8}$")
"""What comes right before what is said of something; in a number's case, of steps on the way, too."""
_NEGATED = re.compile(
    r"(?i)(?:\b(?:not|never|neither|nor|cannot|rather than|instead of)|n['\u2019]t)\s+"
    r"(?:(?:a|an|the|be|it|is|answer|option|choice|label|really|quite|very)\s+){0,3}[^\w\s.,;:!?]{0,4}$"
)
_CLAUSE_END = re.compile(r"\W*[^\w\s'\u2019-]|\s+(?:because|since|as|for)\b")
"""What comes right after a word that says something of its own: `it is no, because`, and not `there is no doubt`."""
_NEAR = 80
"""Characters before a find in which its cue is looked for."""
_UNSPACED = "\u2e80"
"""First of the characters of Chinese and Japanese, which write words without spaces."""
_LETTER = (
    r"(?:(?i:\b(?:answer|option|choice)\b(?:\s+is)?)\W{{0,6}}(?P<said>{0})\b|\((?P<bracketed>{0})\)"
    r"|^\W{{0,3}}(?P<listed>{0})(?:[.):]|\s*$))"
)
_LETTERS = {is_upper: re.compile(_LETTER.format("[A-Z]" if is_upper else "[a-z]"), re.MULTILINE) for is_upper in (1, 0)}
_WORD = re.compile(r"\w+")


def stands_in(target: str, text: str) -> bool:
    """Return whether a reader would find the target in a text, given as the answer.

    A number counts where it is the last one of the text, the last of its last line behind `=` or `is`, or the last
    right behind `answer`, `total`, `####` or `boxed`: steps on the way have numbers, too. A single letter counts where
    it is the last one that is marked as the choice. One word counts as the first or the last one, behind `answer`, or
    behind a word such as `is` at the end of a clause. Anything else counts as whole words, whatever their case and the
    white space between them. Nothing counts behind `not`.
    """
    wanted = target.strip()
    if not wanted:
        return False
    if _NUMBER.fullmatch(wanted):
        return _value(wanted) in _final_numbers(text)
    if len(wanted) == 1 and wanted.isascii() and wanted.isalpha():
        return _last_letter(text, is_upper=wanted.isupper()) == wanted
    words, spoken = " ".join(wanted.casefold().split()), " ".join(text.casefold().split())
    found = [place for place in _places(words, spoken) if not _is_negated(spoken, place)]
    if wanted.isalpha() and wanted < _UNSPACED:
        return any(_is_answer(spoken, place, words) for place in found)
    return bool(found)


def _is_negated(text: str, place: int) -> bool:
    return _NEGATED.search(text[max(0, place - _NEAR) : place]) is not None


def _is_answer(text: str, place: int, word: str) -> bool:
    """Return whether a word is the first or the last of a text, or stands behind a cue."""
    before, after = text[max(0, place - _NEAR) : place], text[place + len(word) :]
    is_first, is_last = not _WORD.search(text[:place]), not _WORD.search(after)
    is_said = _CUE.search(before) is not None and _CLAUSE_END.match(after) is not None
    return is_first or is_last or is_said or _MARK.search(before) is not None


def _places(words: str, text: str) -> Iterator[int]:
    """Yield where words stand in a text with no letter, digit or underscore right before or after them.

    Letters of scripts that put no spaces between words do not count.
    """
    start = text.find(words)
    while start >= 0:
        around = f"{text[max(0, start - 1) : start]}{text[start + len(words) : start + len(words) + 1]}"
        if not any((letter.isalnum() or letter == "_") and letter < _UNSPACED for letter in around):
            yield start
        start = text.find(words, start + 1)


def _last_letter(text: str, *, is_upper: bool) -> str | None:
    """Return the last letter that is marked as the choice."""
    found = [mark for mark in _LETTERS[is_upper].finditer(text) if not _is_negated(text, mark.start())]
    return found[-1]["said"] or found[-1]["bracketed"] or found[-1]["listed"] if found else None


def _final_numbers(text: str) -> set[float]:
    """Return the numbers that a reader may take as the answer: at most one of each place where answers stand."""
    last: dict[str, float] = {}
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines:
        for found in _NUMBER.finditer(line):
            if _is_negated(line, found.start()):
                last.pop("end", None)
                continue
            before, value = line[max(0, found.start() - _NEAR) : found.start()], _value(found.group())
            last["end"] = value
            if _MARK.search(before):
                last["marked"] = value
            if line is lines[-1] and _CUE.search(before):
                last["cued"] = value
    return set(last.values())


def _value(text: str) -> float:
    return float(text.replace(",", ""))
