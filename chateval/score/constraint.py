"""The kinds of constraint a row can put on an answer: a text and options in, None or what was found instead out."""

import json
import operator
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chateval.score.contain import count_words, plain_words

Options = Mapping[str, Any]
Judge = Callable[[str, Options], str | None]
"""Takes a text without white space at its ends, and checked options; None if kept, else what was found, in words."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a constraint of one kind asks, and the options it takes."""

    judge: Judge
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


SCRIPT_SHARE = 0.8
"""Least share of the letters that must be of the script, in [0, 1]."""
SCRIPTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "arabic": (("ARABIC",), ""),
    "chinese": (("CJK", "IDEOGRAPHIC"), ""),
    "english": (("LATIN",), ""),
    "greek": (("GREEK",), ""),
    "hebrew": (("HEBREW",), ""),
    "hindi": (("DEVANAGARI",), ""),
    "japanese": (("HIRAGANA", "KATAKANA", "CJK", "IDEOGRAPHIC"), "[\u3041-\u30ff\uff66-\uff9f]"),
    "korean": (("HANGUL",), ""),
    "persian": (("ARABIC",), "[\u067e\u0686\u0698\u06a9\u06af\u06cc]"),
    "russian": (("CYRILLIC",), ""),
    "thai": (("THAI",), ""),
}
"""How the Unicode names of a language's letters begin, and letters of which at least one must occur.

Japanese needs a kana, or it would be Chinese; Persian needs a letter that Arabic does not write (pe, che, zhe, keheh,
gaf, Farsi yeh). This checks the script and not the language: French passes for English, Ukrainian for Russian, Urdu for
Persian.
"""

_SENTENCE_END = re.compile(
    r"(?<=[.!?\u2026\u061f\u06d4\u0964])[\"'\u201d\u2019\u00bb)\]]*\s+|(?<=[\u3002\uff01\uff1f])"
)
_ABBREVIATION = re.compile(r"(?:^|\s|\()(?:(?i:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e)|[A-HJ-Z])\.$")
_PLACEHOLDER = re.compile(r"\[[^\[\]\n]+\]")
_TITLE = re.compile(r"<<[^<>\n]*[^<>\s][^<>\n]*>>")
_FENCES = ("```json", "```")
_COMMAS = ",\uff0c\u3001\u060c"
_SHOWN = 40
"""Most characters of a response that a reason quotes."""


def broken(text: str, kind: str, options: Options) -> str | None:
    """Return None if the text keeps the constraint, else what was found, in words.

    Args:
        text: A response; without a visible character it keeps no constraint.
        kind: A key of `KINDS`.
        options: The options of that kind, as `check_options` allows them.
    """
    visible = text.strip()
    if not any(character.isprintable() and not character.isspace() for character in visible):
        return "found an empty response"
    return KINDS[kind].judge(visible, options)


def check_options(kind: str, options: Options) -> None:
    """Refuse a kind that does not exist and options it does not take.

    Raises:
        ValueError: The message says what was found and lists what is allowed.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(sorted(KINDS))}")
    known = (*KINDS[kind].required, *KINDS[kind].optional)
    for name in options:
        if name not in known:
            raise ValueError(f"{kind}: unknown option {name!r}; known: {', '.join(known) or 'none'}")
    for name in KINDS[kind].required:
        if name not in options:
            raise ValueError(f"{kind}: option {name!r} is missing")
    for name, value in options.items():
        is_allowed, allowed = _OPTIONS[name]
        if not is_allowed(value):
            raise ValueError(f"{kind}: option {name!r}: found {value!r}, allowed: {allowed}")


def _counting(count: Callable[[str], int], keeps: Callable[[int, int], bool]) -> Judge:
    """Return the judge that compares a count of the text with the option `n`."""

    def judge(text: str, options: Options) -> str | None:
        found = count(text)
        return None if keeps(found, options["n"]) else f"found {found}"

    return judge


def _n_words(text: str) -> int:
    """Return the number of runs without white space or dash that hold a letter or digit: "don't" and "3.5" are one."""
    runs = text.replace("\u2014", " ").replace("\u2013", " ").split()
    return sum(any(map(str.isalnum, run)) for run in runs)


def _n_sentences(text: str) -> int:
    """Return the number of sentences: they end at . ! ? (of any script) before white space, and at the end of a line.

    What holds no letter (the "1." of a list) is no sentence; "Dr." and an initial end none.
    """
    n_sentences = 0
    for line in text.splitlines():
        is_open = False
        for piece in _SENTENCE_END.split(line):
            is_open = is_open or any(map(str.isalpha, piece))
            if is_open and not _ABBREVIATION.search(piece[-8:]):
                n_sentences += 1
                is_open = False
        n_sentences += is_open
    return n_sentences


def _n_bullets(text: str) -> int:
    """Count lines that start with -, * or \u2022; white space must follow - and *, so --- and **bold** are none."""
    lines = map(str.lstrip, text.splitlines())
    return sum(line[:1] == "\u2022" or (line[:1] in ("-", "*") and line[1:2].isspace()) for line in lines)


def _n_lines(text: str) -> int:
    return sum(line.strip() != "" for line in text.splitlines())


def _n_paragraphs(text: str) -> int:
    is_blank = [not line.strip() for line in text.splitlines()]
    return sum(before and not here for before, here in pairwise([True, *is_blank]))


def _one_case(text: str, is_other: Callable[[str], bool], name: str) -> str | None:
    other = [character for character in text if is_other(character)]
    if other:
        return f"found {len(other)} {name} letters, the first {other[0]!r}"
    is_cased = any(character.isupper() or character.islower() for character in text)
    return None if is_cased else "found no letter that has a case"


def _lowercase(text: str, _: Options) -> str | None:
    return _one_case(text, lambda character: character.lower() != character, "capital")


def _uppercase(text: str, _: Options) -> str | None:
    return _one_case(text, lambda character: character.upper() != character, "small")


def _contains_words(text: str, options: Options) -> str | None:
    words = plain_words(text)
    absent = [word for word in options["words"] if not count_words(words, plain_words(word))]
    return f"found no {', '.join(map(repr, absent))}" if absent else None


def _forbidden_words(text: str, options: Options) -> str | None:
    words = plain_words(text)
    present = [word for word in options["words"] if count_words(words, plain_words(word))]
    return f"found {', '.join(map(repr, present))}" if present else None


def _starts_with(text: str, options: Options) -> str | None:
    return None if text.startswith(options["text"].strip()) else f"found {text[:_SHOWN]!r}"


def _ends_with(text: str, options: Options) -> str | None:
    return None if text.endswith(options["text"].strip()) else f"found {text[-_SHOWN:]!r}"


def _equals(text: str, options: Options) -> str | None:
    return None if text == options["text"].strip() else f"found {text[:_SHOWN]!r}"


def _json_only(text: str, options: Options) -> str | None:
    body = text
    for fence in _FENCES:
        if body.startswith(f"{fence}\n") and body.endswith("\n```"):
            body = body.removeprefix(fence).removesuffix("```")
    try:
        found = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return f"found no JSON but {text[:_SHOWN]!r}"
    if "keys" not in options:
        return None
    if not isinstance(found, dict):
        return f"found a JSON {type(found).__name__}, not an object"
    absent = [key for key in options["keys"] if key not in found]
    return f"found no key {', '.join(map(repr, absent))}" if absent else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _no_commas(text: str, _: Options) -> str | None:
    found = sum(map(text.count, _COMMAS))
    return f"found {found}" if found else None


def _word_count_of(text: str, options: Options) -> str | None:
    found = count_words(plain_words(text), plain_words(options["word"]))
    return None if found == options["n"] else f"found {found}"


def _language(text: str, options: Options) -> str | None:
    prefixes, demanded = SCRIPTS[options["language"]]
    letters = Counter(character for character in text if character.isalpha())
    if not letters:
        return "found no letter"
    n_script = sum(count for letter, count in letters.items() if _bare_name(letter).startswith(prefixes))
    share = n_script / letters.total()
    if share < SCRIPT_SHARE:
        return f"found {share:.0%} of the letters in its script, at least {SCRIPT_SHARE:.0%} needed"
    if demanded and not re.search(demanded, text):
        return "found none of the letters that tell it from its neighbour"
    return None


def _bare_name(letter: str) -> str:
    return unicodedata.name(letter, "").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")


def _quoted(text: str, _: Options) -> str | None:
    is_wrapped = text[0] in '"\u201c' and text[-1] in '"\u201d' and text[1:-1].strip() != ""
    return None if is_wrapped else f"found {text[0]!r} first and {text[-1]!r} last"


def _title(text: str, _: Options) -> str | None:
    return None if _TITLE.search(text) else "found no <<title>>"


def _n_placeholders(text: str) -> int:
    return len(_PLACEHOLDER.findall(text))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_word(value: object) -> bool:
    return isinstance(value, str) and plain_words(value) != ""


def _are_words(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0 and all(map(_is_word, value))


_OPTIONS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "n": (_is_count, "a whole number, at least 1"),
    "word": (_is_word, "a string with a letter or digit"),
    "words": (_are_words, "a list of strings with a letter or digit each"),
    "keys": (_are_words, "a list of strings with a letter or digit each"),
    "text": (_is_text, "a string with more than white space"),
    "language": (lambda value: isinstance(value, str) and value in SCRIPTS, ", ".join(SCRIPTS)),
}
"""Whether a value is allowed, and what is; an option means the same in every kind."""

KINDS: Mapping[str, Kind] = {
    "contains_words": Kind(_contains_words, ("words",)),
    "ends_with": Kind(_ends_with, ("text",)),
    "equals": Kind(_equals, ("text",)),
    "exact_sentences": Kind(_counting(_n_sentences, operator.eq), ("n",)),
    "forbidden_words": Kind(_forbidden_words, ("words",)),
    "json_only": Kind(_json_only, (), ("keys",)),
    "language": Kind(_language, ("language",)),
    "lowercase": Kind(_lowercase),
    "max_sentences": Kind(_counting(_n_sentences, operator.le), ("n",)),
    "max_words": Kind(_counting(_n_words, operator.le), ("n",)),
    "min_words": Kind(_counting(_n_words, operator.ge), ("n",)),
    "n_bullets": Kind(_counting(_n_bullets, operator.eq), ("n",)),
    "n_lines": Kind(_counting(_n_lines, operator.eq), ("n",)),
    "n_paragraphs": Kind(_counting(_n_paragraphs, operator.eq), ("n",)),
    "no_commas": Kind(_no_commas),
    "placeholders": Kind(_counting(_n_placeholders, operator.ge), ("n",)),
    "quoted": Kind(_quoted),
    "starts_with": Kind(_starts_with, ("text",)),
    "title": Kind(_title),
    "uppercase": Kind(_uppercase),
    "word_count_of": Kind(_word_count_of, ("word", "n")),
}
"""`n_bullets`, `n_lines` (blank ones aside), `n_paragraphs`, `exact_sentences` and `word_count_of` ask for exactly `n`,
`placeholders` for at least `n`. `starts_with`, `ends_with` and `equals` compare character by character, white space at
the ends of the response aside; words are compared whole and without regard to case.
"""
