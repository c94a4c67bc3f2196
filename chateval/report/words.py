"""How numbers and hostile text are put into words, the same in every output."""

import re
from collections.abc import Mapping, Sequence

from chateval.findings import Fidelity, Finding, TemplateReport
from chateval.records import Comparison, Estimate, Figure, Report, TaskSummary
from chateval.report.tables import judges_by
from chateval.template.output import words

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, invisible ones and those that turn the direction of writing; not newline and tab."""

ALPHA = 0.05
NOT_KEPT = "a baseline file or a table of scores keeps no answers"
MARKS: Mapping[str, str] = {
    "better": "▲",
    "worse": "▼",
    "perhaps better": "△",
    "perhaps worse": "▽",
    "within noise": "≈",
    "unclear": "·",
    "not compared": "·",
}
"""Standing -> its sign, the same in every output."""


def visible(text: str) -> str:
    """Return text with what acts on a terminal or hides from a reader spelt out, such as U+202E as its escape."""
    return _UNSEEN.sub(_spelt_out, text)


def _spelt_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def mean_words(found: Estimate | None) -> str:
    """Return a mean with its 95 % interval, such as `0.792 [0.595, 0.908]`; `not run` where nothing was asked."""
    if found is None:
        return "not run"
    if found.mean is None or found.low is None or found.high is None:
        return "not scored"
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def count_words(found: Estimate | None) -> str:
    """Return how many samples stand behind an estimate, the unscored ones told apart; empty where nothing was asked."""
    if found is None:
        return ""
    return f"n={found.n}" + (f", {found.n_unscored} unscored" if found.n_unscored else "")


def delta_words(found: Comparison | None) -> str:
    """Return a paired difference, such as `+0.625 [+0.381, +0.789]`."""
    if found is None or found.delta is None or found.low is None or found.high is None:
        return "not compared"
    return f"{found.delta:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def p_words(p: float | None) -> str:
    """Return a p value to three digits."""
    if p is None:
        return "no test"
    return "p<0.001" if p < 0.001 else f"p={p:.3f}"


def record_words(found: Comparison) -> str:
    """Return wins, losses and ties, and pairs that are missing."""
    text = f"{found.wins} won, {found.losses} lost, {found.ties} tied"
    return text + (f", {found.n_dropped} without a pair" if found.n_dropped else "")


def direction(found: Comparison | None) -> str:
    """Return `better` or `worse` if the adjusted p is below 0.05 and delta is more than noise, else `unclear`."""
    if found is None or found.delta is None or found.p_adjusted is None or found.p_adjusted >= ALPHA:
        return "unclear"
    if is_noise(found):
        return "unclear"
    return "better" if found.delta > 0 else "worse"


def is_noise(found: Comparison) -> bool:
    """Return whether reruns of the baseline explain the difference by themselves."""
    return found.noise is not None and found.delta is not None and 0 < abs(found.delta) <= found.noise


def changed_words(found: Comparison | None) -> str:
    """Return how a template scorer differs from the baseline's; empty for the baseline itself."""
    return "" if found is None or found.delta is None else delta_words(found)


def fidelity_words(found: Fidelity | None) -> str:
    """Return fidelity with its interval and reference, such as `0.93 (41/44) [0.82, 0.98] against grammar chatml`."""
    return "not measured" if found is None else words.fidelity_words(found)


def strata_words(found: Fidelity | None) -> str:
    """Return the matches of each stratum, such as `plain 7/7, system 5/5`."""
    return "" if found is None else words.strata_words(found)


def finding_words(found: Finding) -> str:
    """Return a finding in one line; the evidence is in report.json and in `chateval template check`."""
    return f"{found.code} {found.severity}: {found.message}"


def silenced_words(found: TemplateReport) -> list[str]:
    """Return the codes that the user silenced, each with the reason given."""
    return [f"{code} silenced: {why}" for code, why in found.suppressed.items()]


def known_words(n: int | None) -> str:
    """Return a number of things; of one that nobody wrote down, that it is unknown."""
    return "unknown" if n is None else str(n)


def slice_words(task: TaskSummary, *, is_anytime: bool = False) -> str:
    """Return which samples of a task took part.

    Args:
        task: What a report says of it.
        is_anytime: Whether the samples came in the order of their ids, as under `--early-stop`.
    """
    if not task.n_available:
        return "no samples kept"
    if task.n_samples == task.n_available:
        return f"all {task.n_available} samples"
    if is_anytime:
        return f"{task.n_samples} of {task.n_available} samples, in the order of their ids"
    return f"the first {task.n_samples} of {task.n_available} samples"


def decoding_words(task: TaskSummary) -> str:
    """Return how the answers of a task were had."""
    demos = f"{task.n_demos} demos before the question; " if task.n_demos else ""
    if task.output == "choose":
        return f"{demos}the choice with the highest log-likelihood"
    decoding = task.decoding
    text = f"{demos}at most {decoding.max_new_tokens} new tokens, "
    return text + (drawn_words(task) or "greedy")


def drawn_words(task: TaskSummary) -> str:
    """Return how the answers of a task were drawn, such as `temperature 0.7, top-p 1, seed 0, 4 repeats`.

    Empty for greedy answers and for choices.
    """
    decoding = task.decoding
    if task.output == "choose" or decoding.temperature == 0:
        return ""
    drawn = f"temperature {decoding.temperature:g}, top-p {decoding.top_p:g}, seed {decoding.seed}"
    return f"{drawn}, {decoding.repeats} repeat{'s' if decoding.repeats > 1 else ''}"


def seed_words(report: Report) -> str:
    """Return whose drawn answers nobody here can draw again: a server may pass over the seed that it is sent."""
    drawn = [task.name for task in report.tasks if drawn_words(task)]
    served = [checkpoint.name for checkpoint in report.checkpoints if checkpoint.engine == "openai"]
    if not drawn or not served:
        return ""
    return (
        f"The seed was sent with each request for {', '.join(drawn)}; whether the server of {', '.join(served)} drew "
        "by it is not known here, so the same command may get other answers from it."
    )


def figure_words(found: Figure | None) -> str:
    """Return a figure with its interval and n, such as `21.4 [18.0, 25.1] n=200`."""
    if found is None or found.value is None:
        return "not measured"
    interval = "" if found.low is None or found.high is None else f" [{found.low:.4g}, {found.high:.4g}]"
    left_out = f", {found.n_unmeasured} not measured" if found.n_unmeasured else ""
    counted = f" n={found.n}" if found.n else ""
    return f"{found.value:.4g}{interval}{counted}{left_out}"


def unit_words(unit: str, *, is_less_better: bool) -> str:
    """Return the unit of a figure and where it gets better; empty where there is nothing to say of it."""
    return "; ".join(part for part in (unit, "less is better" if is_less_better else "") if part)


def value_words(value: float, text: str | None) -> str:
    """Return what one side of a flip is worth; where its answer was not kept, that is said in place of the answer."""
    if text is not None:
        return f"{value:g}"
    return f"{'right' if value == 1 else f'{value:g}'}; {NOT_KEPT}"


def engine_words(report: Report) -> str:
    """Return that no model answered, where that is so; empty where models did."""
    names = [checkpoint.name for checkpoint in report.checkpoints if checkpoint.is_fake]
    if not names:
        return ""
    return "ENGINE fake: no model answered" + (
        "" if len(names) == len(report.checkpoints) else f" for {', '.join(names)}"
    )


def summary(report: Report) -> list[str]:
    """Return a sentence for each candidate: where it is better, where worse, where perhaps, where nobody can tell."""
    lines = []
    for checkpoint in report.checkpoints:
        if checkpoint.name == report.baseline:
            continue
        parts = []
        for judges, comparisons in by_judges(report, checkpoint.name).items():
            of_judges = f"by the judge{'s' if len(judges) > 1 else ''} {', '.join(judges)} " if judges else ""
            parts += [f"{of_judges}{part}" for part in _standings(report, comparisons)]
        if checkpoint.inert:
            parts.append(f"its adapter adds nothing to its base: {checkpoint.inert}")
        lines.append(f"{checkpoint.name} against {report.baseline}: {'; '.join(parts) or 'nothing to compare'}.")
    return lines


def by_judges(report: Report, candidate: str) -> dict[tuple[str, ...], list[Comparison]]:
    """Return the comparisons of a candidate by the judges whose opinion they are; those of none are under `()`."""
    judged = judges_by(report)
    found: dict[tuple[str, ...], list[Comparison]] = {(): []}
    for comparison in report.comparisons:
        if comparison.candidate == candidate:
            found.setdefault(judged.get((comparison.task, comparison.scorer), ()), []).append(comparison)
    return found


def _standings(report: Report, comparisons: Sequence[Comparison]) -> list[str]:
    found: dict[str, list[str]] = {}
    for comparison in comparisons:
        found.setdefault(standing(comparison), []).append(f"{comparison.task}/{comparison.scorer}")
    parts = [f"{word} on {', '.join(found[word])}" for word in ("better", "worse") if word in found]
    for word in ("perhaps better", "perhaps worse"):
        if word in found:
            parts.append(f"{word} on {', '.join(found[word])} ({perhaps_words(report)})")
    if "within noise" in found:
        parts.append(f"no more than the baseline's own noise on {', '.join(found['within noise'])}")
    if n := len(found.get("unclear", ())):
        parts.append(f"no clear difference on {n}{' other' if parts else ''} scorer{'s' if n > 1 else ''}")
    if "not compared" in found:
        parts.append(f"not compared on {', '.join(found['not compared'])}")
    return parts


def perhaps_words(report: Report) -> str:
    """Return by what a difference is called perhaps better or worse."""
    if report.is_anytime:
        return "by its confidence sequence alone, without a test"
    return "by the interval, not by the adjusted p"


def early_words(report: Report) -> str:
    """Return where a run under `--early-stop` stopped, and whether its gate was decided; empty for other runs."""
    if not report.is_anytime or not report.verdicts:
        return ""
    n_samples, n_available = (sum(ns) for ns in zip(*((t.n_samples, t.n_available) for t in report.tasks), strict=True))
    outcomes = {verdict.outcome for verdict in report.verdicts if not verdict.is_warning}
    if "fail" not in outcomes and any(verdict.outcome != "pass" for verdict in report.verdicts):
        seen = f"all {n_samples}" if n_samples == n_available else f"{n_samples} of {n_available}"
        return f"the gate was not decided by {seen} samples"
    if n_samples == n_available:
        return f"the gate was decided with all {n_samples} samples"
    return f"stopped at {n_samples} of {n_available} samples: the gate was decided"


def standing(found: Comparison) -> str:
    """Return `direction`, `within noise`, or `perhaps better` or `perhaps worse` where only the interval says so."""
    if found.delta is None or found.low is None or found.high is None:
        return "not compared"
    if is_noise(found):
        return "within noise"
    word = direction(found)
    if word != "unclear" or found.low <= 0 <= found.high:
        return word
    return "perhaps better" if found.delta > 0 else "perhaps worse"


METHOD = (
    "Brackets are 95 % intervals: Wilson's for shares, a score interval with Student's t for other means, Newcombe's "
    "paired method or a score interval over pairs for differences. Tests are paired (exact McNemar, or a permutation "
    "of the pairs' labels), with p adjusted by Holm over all tests of this run; q is p after Benjamini-Hochberg. A "
    "difference is called better or worse when the adjusted p is below 0.05; an interval speaks of its own line only, "
    "so one that excludes 0 can stand beside a larger adjusted p. Samples of one cluster count as one witness; repeats "
    "of a sample are averaged first. Unscored samples are in no mean."
)

METHOD_ANYTIME = (
    "Brackets are confidence sequences: with a chance of 95 % they cover the truth at every look at once, so that the "
    "run could stop as soon as its gate was decided. They are wider than intervals for one look, and no test stands "
    "beside them. Samples came in the order of their ids, which are digests of their content. Samples of one cluster "
    "count as one; repeats of a sample are averaged first. Unscored samples are in no mean."
)


def method(report: Report) -> str:
    """Return how the intervals and tests of a report were had."""
    found = METHOD_ANYTIME if report.is_anytime else METHOD
    return f"{found} {served}" if (served := seed_words(report)) else found
