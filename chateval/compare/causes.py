"""Why an answer that is not right is not: from how it ended, what its prompt was, and what it says."""

import json
from dataclasses import dataclass
from typing import Literal

import regex

from chateval.compare.lenient import stands_in
from chateval.messages import content_text
from chateval.messages.refusal import OUTRIGHT_REFUSALS, is_refusal
from chateval.records import Prompt, Response, Sample
from chateval.records.answer import Finish

Cause = Literal[
    "error",
    "template fault",
    "never stopped",
    "truncated",
    "refused",
    "right but not extractable",
    "malformed",
    "other language",
    "wrong answer",
]
"""The first of these that holds is the cause."""

SEEN_CHARACTERS = 2_000
"""Characters kept of the beginning of an answer."""
_END_CHARACTERS = 300

_MALFORMED = regex.compile(r"\bnot (?:JSON|XML|YAML|a table)\b|\bno (?:JSON|XML|YAML|table|fence|tool call|call)\b")
"""How the scorers of formats say that there is nothing to read."""
_LETTERS = 12
"""Fewest letters that show in which script an answer is written."""
_SCRIPTS = {
    "Latin": r"\p{Latin}",
    "Greek": r"\p{Greek}",
    "Cyrillic": r"\p{Cyrillic}",
    "Arabic": r"\p{Arabic}",
    "Hebrew": r"\p{Hebrew}",
    "Devanagari": r"\p{Devanagari}",
    "Bengali": r"\p{Bengali}",
    "Tamil": r"\p{Tamil}",
    "Thai": r"\p{Thai}",
    "Hangul": r"\p{Hangul}",
    "Han": r"[\p{Han}\p{Hiragana}\p{Katakana}]",
}
_OF_SCRIPT = {name: regex.compile(pattern) for name, pattern in _SCRIPTS.items()}
_TURN = regex.compile(
    r"(?im)^\s*(?:###\s*)?(?:user|human|assistant|question|instruction|q)\s*:|<\|im_start\|>|<start_of_turn>"
)
_LONGEST_LOOP = 200
"""Characters of the longest passage whose repetition is looked for."""
_LOOPED_CHARACTERS = 24
"""Fewest characters of a text's end that repeat, to be a loop."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of an answer to show it and to say why it is not right."""

    text: str = ""
    """What a report shows as the answer; its first characters."""
    end: str = ""
    """Its last characters, where `text` has not all of it."""
    finish: Finish = "eos"
    is_error: bool = False
    """Whether there was no answer."""
    is_faulty: bool = False
    """Whether its prompt leaves the layout that the checkpoint was made for."""
    is_endless: bool = False
    """Whether it was cut at the token limit while it repeated itself or wrote further turns."""
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0


def see(shown: str, prompt: Prompt, response: Response) -> Seen:
    """Return what is kept of an answer; `shown` is what a report shows of it."""
    is_cut = len(shown) > SEEN_CHARACTERS
    return Seen(
        text=shown[:SEEN_CHARACTERS],
        end=shown[-_END_CHARACTERS:] if is_cut else "",
        finish=response.finish,
        is_error=response.error is not None,
        is_faulty=any(finding.severity != "info" for finding in prompt.findings),
        is_endless=response.finish == "length" and (is_loop(response.text) or is_run_on(response)),
        n_prompt_tokens=response.n_prompt_tokens or len(prompt.ids),
        n_output_tokens=len(response.output_ids),
    )


def is_loop(text: str) -> bool:
    """Return whether a text ends in the same passage four times or more; the last one may be cut."""
    tail = text.rstrip()[-5 * _LONGEST_LOOP :]
    for period in range(1, _LONGEST_LOOP + 1):
        looped = tail[-max(4 * period, _LOOPED_CHARACTERS) :]
        if len(looped) >= max(4 * period, _LOOPED_CHARACTERS) and looped[period:] == looped[:-period]:
            return bool(looped.strip())
    return False


def is_run_on(response: Response) -> bool:
    """Return whether an answer goes on with a turn that is not its own."""
    return _TURN.search((response.raw_text or response.text).lstrip(), pos=1) is not None


def cause_of(wrong: Seen, right: Seen, sample: Sample, *, reason: str = "", family: str = "") -> Cause:
    """Return why one side is not right where the other is.

    Args:
        wrong: The side whose value is below 1.
        right: The side whose value is 1.
        sample: What both were asked.
        reason: What the scorer said of the wrong side.
        family: Of the scorer; `accuracy`, `format`, `template`, or empty where unknown.
    """
    if wrong.is_error:
        return "error"
    if wrong.is_faulty and not right.is_faulty:
        return "template fault"
    if wrong.finish == "length":
        return "never stopped" if wrong.is_endless else "truncated"
    if is_refusal(wrong.text, OUTRIGHT_REFUSALS) and not is_refusal(right.text, OUTRIGHT_REFUSALS):
        return "refused"
    return _cause_in_text(wrong, right, sample, reason, family)


def _cause_in_text(wrong: Seen, right: Seen, sample: Sample, reason: str, family: str) -> Cause:
    if family not in ("format", "template") and not sample.choices and _says_target(wrong, sample):
        return "right but not extractable"
    if _MALFORMED.search(reason) or _breaks_json(wrong, sample):
        return "malformed"
    if (found := script_of(wrong.text)) is not None:
        asked = " ".join([*map(content_text, sample.messages), *sample.targets])
        if not _OF_SCRIPT[found].search(asked) and script_of(right.text) != found:
            return "other language"
    return "wrong answer"


def _says_target(seen: Seen, sample: Sample) -> bool:
    return any(stands_in(target, f"{seen.text}\n{seen.end}" if seen.end else seen.text) for target in sample.targets)


def _breaks_json(seen: Seen, sample: Sample) -> bool:
    """Return whether the target is a JSON object or array and the answer has none that can be read."""
    if not sample.target.lstrip().startswith(("{", "[")) or not _is_json(sample.target):
        return False
    bare = regex.sub(r"\A\s*```\w*\s*|\s*```\s*\Z", "", seen.text)
    return not seen.end and not _is_json(bare)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def script_of(text: str) -> str | None:
    """Return the script of most letters of a text; None for fewer than 12 letters and for scripts not told apart."""
    n_letters = len(regex.findall(r"\p{L}", text))
    if n_letters < _LETTERS:
        return None
    counts = {name: len(pattern.findall(text)) for name, pattern in _OF_SCRIPT.items()}
    name = max(counts, key=counts.__getitem__)
    return name if counts[name] * 2 > n_letters else None
