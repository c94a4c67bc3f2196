"""How dialogues, judges, helpers and drawn answers are put into words, the same in every output."""

from collections.abc import Sequence

from chateval.records import CheckpointSummary, DialogueCount, HelperSummary, Report, TaskSummary
from chateval.records.counts import ThinkingCount
from chateval.report.tables import ReasonLine

SHOWN_VERDICTS = 4
"""Verdicts of a scorer that a line names beside `right`; the rest are `other`."""
OF_JUDGES = "An opinion of a model, not computed from the answer: it is in no count above, and moves with the judge."


def judges_words(judges: Sequence[str]) -> str:
    """Return whose judgements a score is made of, such as `by the judge small-4b`."""
    return f"by the judge{'s' if len(judges) > 1 else ''} {', '.join(judges)}"


def endings_words(found: DialogueCount) -> str:
    """Return how dialogues ended, such as `answered 20, rounds 3, calls 1`."""
    return ", ".join(f"{ending} {n}" for ending, n in found.endings.items())


def dialogue_words(found: DialogueCount | None) -> str:
    """Return how dialogues ended and how long they were; `not run` where nothing was asked."""
    if found is None or not found.n:
        return "not run"
    parts = [endings_words(found), f"{found.n_rounds / found.n:.1f} rounds each"]
    if found.n_calls:
        failed = f", {found.n_calls_failed} failed" if found.n_calls_failed else ""
        parts.append(f"{_counted(found.n_calls, 'call')}{failed}")
    if found.n_faults:
        parts.append(f"{_counted(found.n_faults, 'unreadable call')}")
    if found.n_cut:
        parts.append(f"{found.n_cut} lost history")
    return "; ".join(parts)


def reason_words(line: ReasonLine, place: int) -> str:
    """Return the verdicts on one checkpoint, such as `right 12, wrong tool 3, no call 5`; empty if it was not asked."""
    counts = dict(zip(line.verdicts, line.counts[place], strict=False))
    named = [one for one in line.verdicts if one not in ("right", "other")][:SHOWN_VERDICTS]
    shown = {one: counts[one] for one in ("right", *named) if counts.get(one)}
    rest = sum(counts.values()) - sum(shown.values())
    return ", ".join(f"{one} {n}" for one, n in (*shown.items(), ("other", rest)) if n)


def is_told(line: ReasonLine) -> bool:
    """Return whether the verdicts of a scorer say what most answers that are not right are: a line then tells much."""
    totals = [sum(cells) for cells in zip(*filter(None, line.counts), strict=True)]
    counts = dict(zip(line.verdicts, totals, strict=True))
    wrong = sum(counts.values()) - counts.get("right", 0)
    return bool(counts.keys() - {"right", "other"}) and 2 * counts.get("other", 0) < wrong


def sampling_words(task: TaskSummary) -> str:
    """Return how answers were drawn, such as `temperature 0.8, seed 0, 4 repeats`; empty where they were not."""
    if task.output != "generate" or task.decoding.temperature == 0:
        return ""
    decoding = task.decoding
    top_p = f", top-p {decoding.top_p:g}" if decoding.top_p < 1 else ""
    drawn = f"temperature {decoding.temperature:g}{top_p}, seed {decoding.seed}"
    return f"{drawn}, {_counted(decoding.repeats, 'repeat')}"


def helper_words(found: HelperSummary) -> str:
    """Return who helped, such as `small-4b (chat, transformers, 0123456789ab)`."""
    parts = [part for part in (found.kind, found.engine, found.weights_digest[:12]) if part]
    return f"{found.name} ({', '.join(parts)})" if parts else found.name


def helpers_words(report: Report) -> str:
    """Return the models that helped, in one line; empty where none did."""
    return ", ".join(map(helper_words, report.helpers))


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def thinking_words(found: CheckpointSummary) -> str:
    """Return how long a checkpoint thought, and what came of it; empty where it never did and nothing asked it to."""
    parts = []
    if found.thinking is not None:
        parts.append(_thought(found.thinking))
    if found.n_incomplete:
        parts.append(f"{found.n_incomplete} incomplete, ending inside their thinking")
    if found.template_options:
        options = ", ".join(f"{name}={value!r}" for name, value in found.template_options.items())
        parts.append(f"template with {options}")
    return "; ".join(parts)


def _thought(found: ThinkingCount) -> str:
    about = "about " if found.n_estimated else ""
    words = f"{_counted(found.n, 'answer')} with thinking"
    if found.mean is not None:
        words += f" of {about}{found.mean:.0f} tokens" + (f" (p95 {found.p95})" if found.p95 is not None else "")
    if found.answer_mean is not None:
        words += f", {about}{found.answer_mean:.0f} behind it"
    return words
