"""Rendered text, or the ids of one, to what it says: turns, messages, and every departure from the dialect."""

from dataclasses import replace
from functools import cache

from chateval.findings import Finding
from chateval.template.grammar.checks import check_edges, check_order, check_wrapped
from chateval.template.grammar.dialect import Dialect
from chateval.template.grammar.literals import IsControl, find_literals, split_literals
from chateval.template.grammar.load import load_families
from chateval.template.grammar.messages import to_messages
from chateval.template.grammar.reader import Reader
from chateval.template.grammar.reading import Reading

_DETECTABLE = 100_000
"""Characters that are read to find out the family of a text."""
_DOUBTFUL = 0.7
_MARGIN = 0.25


def parse(text: str, dialect: Dialect, *, is_control: IsControl | None = None) -> Reading:
    """Read a rendered text as a dialect; it never raises on a text, and takes time linear in its length.

    Args:
        text: The whole prompt, special tokens spelt out.
        dialect: What it claims to be.
        is_control: Whether the literal at a place, in characters, is a control token; None counts every literal.
    """
    reading = read_claimed(text, dialect, is_control=is_control, needs_bos=False)
    n_errors = sum(one.severity == "error" for one in reading.findings)
    if not n_errors or reading.score >= _DOUBTFUL:
        return reading
    better = _better(text[:_DETECTABLE], dialect, reading.score)
    if better is None:
        return reading
    message = f"the text reads as {better}, not as {dialect.name}"
    fix = f"check it as {better}, or render it with the template of {dialect.name}"
    kind = Finding("GR060", "error", message, text=text, offset=0, expected=dialect.name, found=better, fix=fix)
    return replace(reading, findings=(kind, *reading.findings))


def read_claimed(text: str, dialect: Dialect, *, is_control: IsControl | None, needs_bos: bool) -> Reading:
    """Read a text as a dialect without asking what else it could be."""
    reader = Reader(text, dialect, foreign_literals(dialect), is_control)
    reader.read()
    check_order(reader.turns, dialect, reader.faults)
    check_wrapped(reader.turns, dialect, reader.faults)
    check_edges(reader.turns, dialect, reader.faults)
    if text and dialect.bos_rule != "never" and not reader.has_bos:
        if needs_bos:
            reader.faults.bos_missing(0, is_pair=False)
        elif dialect.bos_rule != "tokenizer":
            reader.faults.bos_unseen()
    return Reading(
        dialect=dialect,
        messages=to_messages(reader.turns, dialect, text),
        turns=tuple(reader.turns),
        findings=reader.faults.listed(),
        awaits_answer=reader.awaits_answer,
        score=_score(reader),
    )


@cache
def foreign_literals(dialect: Dialect) -> tuple[str, ...]:
    """Return the turn markers of the bundled families that the dialect does not write itself."""
    found = {
        literal
        for family in load_families().values()
        for other in family.dialects
        for literal in _marker_literals(other)
    }
    return tuple(sorted(found - set(dialect.control)))


@cache
def _marker_literals(dialect: Dialect) -> frozenset[str]:
    markers = [dialect.bos or ""]
    for rule in dialect.turns:
        markers += [one.replace("{word}", word).replace("{fields}", "") for one in rule.opener for word in rule.words]
        markers += rule.closer
    literals = {literal for marker in markers for literal in split_literals(marker)}
    return frozenset(one for one in literals if one[0] in "<[" and "*" not in one)


def _better(text: str, dialect: Dialect, score: float) -> str | None:
    best: tuple[float, str] = (score + _MARGIN, "")
    for family in load_families().values():
        if family.name == dialect.family:
            continue
        for other in family.dialects:
            if may_be(text, other):
                found = read_claimed(text, other, is_control=None, needs_bos=False).score
                best = max(best, (found, other.name), key=lambda one: one[0])
    return best[1] or None


def may_be(text: str, dialect: Dialect) -> bool:
    """Whether any opener of the dialect stands in the text at all."""
    openers = {
        split_literals(one.replace("{word}", rule.words[0]).replace("{fields}", ""))[0]
        for rule in dialect.turns
        for one in rule.opener
        if one.strip()
    }
    return next(find_literals(text, openers, None), None) is not None


def _score(reader: Reader) -> float:
    if not reader.n_markers or not reader.text:
        return 0.0
    n_faults = reader.faults.counts["error"] + 0.1 * reader.faults.counts["warning"]
    share = min(1.0, reader.n_covered / len(reader.text))
    return share * reader.n_markers / (reader.n_markers + n_faults)
