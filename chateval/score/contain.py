"""Response and target in, a mark out: the target must occur in the response as whole words, and no wrong answer may."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from chateval.records import Case, Mark

_RUN = re.compile(r"\S{1,200}|\s+")
"""Ordering of combining marks is quadratic in their number; runs of 200 keep it linear over a long text."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_UNSPACED = ("CJK ", "HIRAGANA ", "KATAKANA", "IDEOGRAPHIC ", "THAI ")
"""How the Unicode names of letters begin that are written without a space between words."""
_SEPARATOR = re.compile(r"(?<!\d)[.,:]|[.,:](?!\d)")


def plain_words(text: str) -> str:
    """Return the words of a text, casefolded, one space between them and none at the ends.

    NFKC and casefold; decimal digits of every script become 0-9; punctuation becomes a space, except `.`, `,` and `:`
    between two digits, so that 12 is no part of 12.5 or 12:30; the comma of 1,200 and format characters (zero-width
    joiners, soft hyphens) are dropped. Chinese, Japanese and Thai, written without spaces, have one word a letter.
    """
    folded = "".join(unicodedata.normalize("NFKC", run.casefold()).casefold() for run in _RUN.findall(text))
    kept = folded.translate({ord(character): _plain(character) for character in set(folded)})
    return " ".join(_SEPARATOR.sub(" ", _THOUSANDS.sub("", kept)).split())


def count_words(words: str, sought: str) -> int:
    """Return how often `sought` stands in `words` as whole words; both as `plain_words` returns them."""
    return f" {words.replace(' ', '  ')} ".count(f" {sought.replace(' ', '  ')} ") if sought else 0


def contains_answer(case: Case) -> Mark:
    """Look for the target, as whole words, in the response.

    Args:
        case: The response and the sample it answers. The row's field `wrong`, where there is one, lists answers that
            must not occur: the value before a correction, or the content of a bait.

    Returns:
        1.0 if the target occurs and nothing of `wrong` does, else 0.0. Both sides are compared as `plain_words`.

    Raises:
        ValueError: If the target or an entry of `wrong` has no letter or digit, if `wrong` is not a list of strings, or
            if an entry of it occurs in the target.
    """
    return contains_all(case, [case.sample.target])


def contains_all(case: Case, targets: Sequence[str]) -> Mark:
    """Look for several texts, as whole words, in the response; all must occur, and else as `contains_answer`."""
    sought = {target: plain_words(target) for target in targets}
    if blank := [target for target, words in sought.items() if not words]:
        raise ValueError(f"target {blank[0]!r} has no letter or digit")
    wrong = _wrong(case.sample.inputs.get("wrong", ()), sought)
    words = plain_words(case.response.text)
    if not words:
        return Mark(0.0, reason="the response has no word")
    expected = " and ".join(map(repr, targets))
    for text, plain in wrong.items():
        if count_words(words, plain):
            return Mark(0.0, answer=text, reason=f"found {text!r}, which is wrong; expected {expected}")
    for target, plain in sought.items():
        if not count_words(words, plain):
            return Mark(0.0, reason=f"{target!r} is not in the response")
    return Mark(1.0, answer="; ".join(targets))


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if unicodedata.name(character, "").startswith(_UNSPACED):
        return f" {character} "
    category = unicodedata.category(character)
    if character.isalnum() or category[0] == "M" or character in ".,:":
        return character
    return "" if category == "Cf" else " "


def _wrong(texts: object, targets: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(texts, Sequence) or isinstance(texts, str):
        raise ValueError(f"wrong: found {texts!r}, allowed: a list of strings")
    found: dict[str, str] = {}
    for text in texts:
        words = plain_words(text) if isinstance(text, str) else ""
        if not words:
            raise ValueError(f"wrong: found {text!r}, allowed: a string with a letter or digit")
        for target in targets.values():
            if count_words(target, words):
                raise ValueError(f"wrong: {text!r} occurs in the target {target!r}, so that no response could be right")
        found[text] = words
    return found
