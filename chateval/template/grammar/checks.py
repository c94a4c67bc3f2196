"""What can be wrong with a text whose markers are right: the order of roles, whitespace at the edges of contents."""

import re
from collections.abc import Sequence

from chateval.findings import Severity
from chateval.template.grammar.dialect import Dialect
from chateval.template.grammar.faults import Faults
from chateval.template.grammar.reading import Turn

_INSTRUCTION = re.compile(r"\s*(?:You are|You're|You act as|Act as|Behave as)\b[^?\n]{0,2000}")


def check_order(turns: Sequence[Turn], dialect: Dialect, faults: Faults) -> None:
    """Report turns that stand where the dialect does not allow their role."""
    before = ""
    for number, turn in enumerate(turns):
        reason = _misplaced(turn, before, number, dialect)
        if reason:
            place = (turn.opener_start, turn.start - turn.opener_start)
            faults.add("GR050", "error", reason, place, fix="merge the messages, or leave one out")
        before = turn.role
    _check_unasked(turns, dialect, faults)
    _check_lone_instruction(turns, dialect, faults)


def _misplaced(turn: Turn, before: str, number: int, dialect: Dialect) -> str:
    if turn.role == "system" and dialect.system_first and number:
        return "the system turn is not the first"
    if not dialect.alternates or turn.role not in ("user", "assistant"):
        return ""
    if before == turn.role:
        return f"two {turn.role} turns in a row"
    if turn.role == "assistant" and (before not in ("user", "tool", "system") or (number == 1 and before == "system")):
        return "an assistant turn answers nothing"
    return ""


def _check_unasked(turns: Sequence[Turn], dialect: Dialect, faults: Faults) -> None:
    """Where the system text is bare, a first user turn without its marker looks like a part of it."""
    if dialect.system != "raw" or not turns or any(turn.role == "user" for turn in turns[:2]):
        return
    first = turns[0]
    if first.role == "system" or first.role == "assistant":
        message = "no user turn stands before the first answer"
        fix = "open the first question with the marker of the user"
        faults.add("GR050", "warning", message, (first.start, first.end - first.start), fix=fix)


def _check_lone_instruction(turns: Sequence[Turn], dialect: Dialect, faults: Faults) -> None:
    if dialect.system in ("turn", "raw"):
        return
    roles = [turn.role for turn in turns[:3]]
    if roles[:2] != ["user", "assistant"] or len(turns) < 3:
        return
    first = turns[0]
    if _INSTRUCTION.fullmatch(first.content):
        faults.add(
            "GR050",
            "warning",
            "the first user turn holds only what looks like a system message, and it is answered",
            (first.start, first.end - first.start),
            fix="put the system message into the turn of the question, followed by an empty line",
        )


def check_wrapped(turns: Sequence[Turn], dialect: Dialect, faults: Faults) -> None:
    """Report a system block inside a user turn that is not opened and closed as the dialect writes it."""
    opens, closes = dialect.system_open.strip(), dialect.system_close.strip()
    if dialect.system != "wrapped" or not opens or not closes:
        return
    seen = False
    for turn in turns:
        if turn.role != "user":
            continue
        head, closed, _ = turn.content.partition(dialect.system_close)
        is_whole = (
            bool(closed) and head.startswith(dialect.system_open) and opens not in head[len(dialect.system_open) :]
        )
        n_marks = sum(turn.content.count(mark) for mark in (opens, closes))
        if n_marks and not (is_whole and n_marks == 2 and not seen):
            at = min(place for mark in (opens, closes) if (place := turn.content.find(mark)) >= 0)
            length = len(opens) if turn.content.startswith(opens, at) else len(closes)
            faults.add(
                "GR031",
                "error",
                f"a system block that is not opened and closed in the first user turn, as {dialect.name} has it",
                (turn.start + at, length),
                fix=f"open it with {opens} and close it with {closes}, each on a line of its own",
            )
        seen = True


def check_edges(turns: Sequence[Turn], dialect: Dialect, faults: Faults) -> None:
    """Report whitespace at the edges of contents; it matters where templates of the dialect trim."""
    for turn in turns:
        content = turn.content
        if not turn.is_message or not content or turn.role not in ("user", "assistant", "system"):
            continue
        trims = turn.role in dialect.trim
        if not content.strip():
            continue
        n_lead = len(content) - len(content.lstrip())
        n_trail = len(content) - len(content.rstrip())
        what = "templates of the dialect strip it" if trims else "it becomes part of the content"
        if n_lead:
            message = f"whitespace at the beginning of the {turn.role} turn; {what}"
            faults.add("GR040", "warning", message, (turn.start, n_lead), fix="leave it out")
        if n_trail:
            message = f"whitespace at the end of the {turn.role} turn; {what}"
            severity: Severity = "warning" if trims else "info"
            faults.add("GR041", severity, message, (turn.end - n_trail, n_trail), fix="leave it out")
