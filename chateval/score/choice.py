"""Scorers for questions with given options: the most probable one, the share of the right ones, the letter named."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase

from chateval.records import Case, Mark
from chateval.score.text import bounded_nfkc, normalise

DIVISORS: Mapping[str, Callable[[str, Sequence[float]], int]] = {
    "none": lambda text, logprobs: 1,
    "tokens": lambda text, logprobs: len(logprobs),
    "characters": lambda text, logprobs: len(text),
    "bytes": lambda text, logprobs: len(text.encode("utf-8", "surrogatepass")),
}

_OPEN = r"[\s*_`\"'“‘$({\[]"
_CLOSE = r"[)\]}.:*_`\"'”’$]"
_WORD = r"[A-Za-z0-9_\u00c0-\u024f]"
_LONE = rf"(?<!{_WORD})(?<!{_WORD}['’.-])(?:[A-Za-z])(?!['’.-]?{_WORD})"
"""A Latin letter that is no part of a word; letters of other scripts may stand beside it."""
_IS = r"(?:\s{0,8}[:=]|\s{1,8}(?:is|was|must\s+be|should\s+be|would\s+be)\b\s{0,3}:?)"
_CLAIM = re.compile(
    rf"(?:\b(?:answer|option|choice|letter){_IS}|\bI(?:['’]d|\s+would|\s+will)?\s+(?:choose|pick|select|go\s+with))"
    rf"{_OPEN}{{0,12}}(?:(?:option|choice|letter)\b{_OPEN}{{1,6}})?(?P<said>{_LONE})"
    rf"|(?P<praised>{_LONE})[)\]}}*_`\"']{{0,3}}\s{{1,3}}is\s+(?:(?:the|my)\s+)?(?:correct|right|best|true|answer)\b",
    re.IGNORECASE,
)
_MARKED = re.compile(
    rf"^[ \t>#*_`\"'“‘$({{\[-]{{0,12}}(?:(?:Option|Choice|Letter)[ ])?(?P<said>{_LONE})"
    rf"(?={_CLOSE}|[ \t]*$|[ \t]+[-–—=])",
    re.MULTILINE,
)
_MENTION = re.compile(rf"(?P<said>{_LONE})")
_LATEX = re.compile(r"\\(?:boxed|text|textbf|mathrm|mathbf)(?=\s?\{)")
_NEXT_WORD = re.compile(r"[ \t]+(?!(?:because|since|as|which|is|for|and|or|due|but|so)\b)[a-z]")
_CLOSED = re.compile(_CLOSE)


def choice(case: Case, *, normalise: str = "none") -> Mark:
    """Take the choice with the highest log-probability as the answer.

    Args:
        case: A response with `choice_logprobs`, and its sample, whose targets are the texts of the right choices.
        normalise: What the sum over the tokens of a choice is divided by: `none`, `tokens` (their number),
            `characters` (the length of the choice) or `bytes` (its length in UTF-8).

    Returns:
        1.0 if that choice is a target, else 0.0; None if the response has no usable log-probabilities. Of equally
        probable choices the first is taken, and the reason says so if they have different texts. Choices with the
        same text are right or wrong together.

    Raises:
        ValueError: If a target is not among the choices, one of them is empty, or `normalise` is none of the four.

    Source:
        lm-evaluation-harness 0.4.13, api/task.py, `ConfigurableTask.process_results`: `none` is its acc,
        `characters` its acc_norm (`len` of the choice without the delimiter before it), `bytes` its acc_bytes.
    """
    if normalise not in DIVISORS:
        raise ValueError(f"normalise: {normalise!r} is not one of {', '.join(DIVISORS)}")
    choices = case.sample.choices
    targets = _right_choices(case)
    logprobs = case.response.choice_logprobs
    fault = fault_in(len(choices), logprobs)
    if fault:
        return Mark(None, reason=fault)
    totals = [
        math.fsum(tokens) / DIVISORS[normalise](text, tokens) for text, tokens in zip(choices, logprobs, strict=True)
    ]
    best = max(totals)
    answer = choices[totals.index(best)]
    is_right = answer in targets
    reasons = [] if is_right else ["another choice is more probable"]
    n_equal = len({text for text, total in zip(choices, totals, strict=True) if total == best})
    if n_equal > 1:
        reasons.append(f"{n_equal} choices are equally probable, the first is taken")
    return Mark(float(is_right), answer=answer, reason="; ".join(reasons))


def mc2(case: Case) -> Mark:
    """Measure how much of the probability of all choices the right ones have.

    Args:
        case: A response with `choice_logprobs`, and its sample, whose targets are the texts of all right choices.

    Returns:
        Sum of the probabilities of the right choices over that of all choices, in [0, 1], lengths not evened out; None
        if the response has no usable log-probabilities. The answer is the most probable choice.

    Raises:
        ValueError: If a target is not among the choices, or one of them is empty.

    Source:
        Lin et al. (2022), TruthfulQA, MC2; lm-evaluation-harness 0.4.13, tasks/truthfulqa/utils.py,
        `process_results_mc2`, which has no value where all probabilities underflow; the sums here are of logarithms.
    """
    choices = case.sample.choices
    targets = _right_choices(case)
    logprobs = case.response.choice_logprobs
    fault = fault_in(len(choices), logprobs)
    if fault:
        return Mark(None, reason=fault)
    totals = [math.fsum(tokens) for tokens in logprobs]
    best = max(totals)
    shares = [math.exp(total - best) for total in totals]
    right = math.fsum(share for text, share in zip(choices, shares, strict=True) if text in targets)
    n_right = sum(text in targets for text in choices)
    return Mark(
        min(1.0, right / math.fsum(shares)),
        answer=choices[totals.index(best)],
        reason=f"{n_right} of {len(choices)} choices are right",
    )


def letter(case: Case) -> Mark:
    """Compare the letter that the response names with the target, a letter; `sample.choices` are the texts of A, B, ...

    The first of these that the response has decides: the text of one option and nothing else; the last claim ("the
    answer is B", "B is correct"); letters that open a line ("B", "B.", "(B)", "**B**", "b)"); capitals that stand
    alone. Two different letters without a claim are ambiguous. Letters inside the text of an option do not count, nor
    does the article in "A good question".

    Returns:
        1.0 if it is the target, else 0.0; no letter and an ambiguous one are wrong (0.0), not unscored (None).

    Raises:
        ValueError: If the sample has no choices or more than 26, or the target is not the letter of one.
    """
    choices = case.sample.choices
    letters = ascii_uppercase[: len(choices)]
    if not 1 <= len(choices) <= len(ascii_uppercase):
        raise ValueError(f"choices: {len(choices)}, not 1 to {len(ascii_uppercase)}")
    if len(case.sample.target) != 1 or case.sample.target not in letters:
        raise ValueError(f"target {case.sample.target!r}: not one of {', '.join(letters)}")
    named = _named_letters(case.response.text, choices)
    if not named:
        return Mark(0.0, reason="no letter in the response")
    if len(named) > 1:
        return Mark(0.0, reason=f"ambiguous: {', '.join(named)}")
    [answer] = named
    if answer not in letters:
        return Mark(0.0, answer=answer, reason=f"not one of {', '.join(letters)}")
    is_right = answer == case.sample.target
    return Mark(float(is_right), answer=answer, reason="" if is_right else "another letter")


def _right_choices(case: Case) -> frozenset[str]:
    """Return the texts of the right choices.

    Raises:
        ValueError: If one is not among the choices, or a choice is empty.
    """
    choices = case.sample.choices
    for target in case.sample.targets:
        if target not in choices:
            raise ValueError(f"target {target!r}: not one of the {len(choices)} choices")
    if "" in choices:
        raise ValueError(f"choice {choices.index('') + 1}: empty")
    return frozenset(case.sample.targets)


def fault_in(n_choices: int, logprobs: Sequence[Sequence[float]]) -> str:
    """Return why the log-probabilities cannot be used; empty if they can."""
    if not logprobs:
        return "the response has no log-probabilities of the choices"
    if len(logprobs) != n_choices:
        return f"log-probabilities of {len(logprobs)} choices, the sample has {n_choices}"
    for position, tokens in enumerate(logprobs, start=1):
        if not tokens:
            return f"choice {position} has no tokens"
        if any(math.isnan(logprob) or logprob == math.inf for logprob in tokens):
            return f"choice {position} has a log-probability that is not a number"
    if all(-math.inf in tokens for tokens in logprobs):
        return "no choice has a probability above 0"
    return ""


def _named_letters(text: str, choices: Sequence[str]) -> list[str]:
    """Return the letters a response stands by, ascending; one if it is clear."""
    words = normalise(text)
    alone = [letter for letter, option in zip(ascii_uppercase, choices, strict=False) if normalise(option) == words]
    if len(alone) == 1 and len(words) > 1:
        return alone
    masked = _without_options(_LATEX.sub("", bounded_nfkc(text)), choices)
    claims = [match for match in _CLAIM.finditer(masked) if _is_claim(match)]
    if claims:
        return [(claims[-1]["said"] or claims[-1]["praised"]).upper()]
    marked = {match["said"].upper() for match in _MARKED.finditer(masked) if not _is_word(match)}
    if marked:
        return sorted(marked)
    letters = ascii_uppercase[: len(choices)]
    mentioned = {match[0] for match in _MENTION.finditer(masked) if match[0] in letters and not _is_word(match)}
    return sorted(mentioned)


def _is_claim(match: re.Match[str]) -> bool:
    """Return whether a claim names an option; "the answer is a", cut off there, does not."""
    if match["praised"]:
        return match["praised"].isupper()
    if match["said"] == "a":
        return _CLOSED.match(match.string, match.end("said")) is not None
    return not _is_word(match)


def _is_word(match: re.Match[str]) -> bool:
    """Return whether a letter is an article, a pronoun or another short word: a word in small letters follows."""
    is_like_word = match["said"] in "AI" or match["said"].islower()
    return is_like_word and _NEXT_WORD.match(match.string, match.end("said")) is not None


def _without_options(text: str, choices: Sequence[str]) -> str:
    """Return `text` with a stand-in for each option that it quotes, so that "vitamin C" is no C and "A river" no A."""
    options = sorted({bounded_nfkc(option).strip() for option in choices}, key=len, reverse=True)
    long = [re.escape(option) for option in options if len(option) > 1]
    if not long:
        return text
    quoted = re.compile(rf"(?<!\w)(?:{'|'.join(long)})(?!\w)", re.IGNORECASE)
    return quoted.sub(lambda match: "xx" if match[0][0].islower() else "…", text)
