"""How numbers and hostile text are put into words, the same in every output."""

import re

from chateval.findings import Fidelity, Finding, TemplateReport
from chateval.records import Comparison, Estimate, Figure, Report, TaskSummary
from chateval.template.output import words

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, invisible ones and those that turn the direction of writing; not newline and tab."""

ALPHA = 0.05


def visible(text: str) -> str:
    """Return text with what acts on a terminal or hides from a reader spelt out, such as U+202E as its escape."""
    return _UNSEEN.sub(_spelt_out, text)


def _spelt_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def mean_words(found: Estimate | None) -> str:
    """Return a mean with its 95 % interval, such as `0.792 [0.595, 0.908]`."""
    if found is None or found.mean is None or found.low is None or found.high is None:
        return "not scored"
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def count_words(found: Estimate | None) -> str:
    """Return how many samples stand behind an estimate, the unscored ones told apart."""
    if found is None:
        return "n=0"
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


def slice_words(task: TaskSummary) -> str:
    """Return which samples of a task took part."""
    if task.n_samples == task.n_available:
        return f"all {task.n_available} samples"
    return f"the first {task.n_samples} of {task.n_available} samples"


def decoding_words(task: TaskSummary) -> str:
    """Return how the answers of a task were had."""
    demos = f"{task.n_demos} demos before the question; " if task.n_demos else ""
    if task.output == "choose":
        return f"{demos}the choice with the highest log-likelihood"
    decoding = task.decoding
    text = f"{demos}at most {decoding.max_new_tokens} new tokens, "
    if decoding.temperature == 0:
        return text + "greedy"
    drawn = f"temperature {decoding.temperature:g}, top-p {decoding.top_p:g}, seed {decoding.seed}"
    return f"{text}{drawn}, {decoding.repeats} repeat{'s' if decoding.repeats > 1 else ''}"


def figure_words(found: Figure | None) -> str:
    """Return a figure with its interval and n, such as `21.4 [18.0, 25.1] n=200`."""
    if found is None or found.value is None:
        return "not measured"
    interval = "" if found.low is None or found.high is None else f" [{found.low:.4g}, {found.high:.4g}]"
    left_out = f", {found.n_unmeasured} not measured" if found.n_unmeasured else ""
    return f"{found.value:.4g}{interval} n={found.n}{left_out}"


def summary(report: Report) -> list[str]:
    """Return a sentence for each candidate: where it is better, where worse, where perhaps, where nobody can tell."""
    lines = []
    for checkpoint in report.checkpoints:
        if checkpoint.name == report.baseline:
            continue
        found: dict[str, list[str]] = {}
        for comparison in report.comparisons:
            if comparison.candidate == checkpoint.name:
                found.setdefault(standing(comparison), []).append(f"{comparison.task}/{comparison.scorer}")
        parts = [f"{word} on {', '.join(found[word])}" for word in ("better", "worse") if word in found]
        for word in ("perhaps better", "perhaps worse"):
            if word in found:
                parts.append(f"{word} on {', '.join(found[word])} (by the interval, not by the adjusted p)")
        if "within noise" in found:
            parts.append(f"no more than the baseline's own noise on {', '.join(found['within noise'])}")
        if n := len(found.get("unclear", ())):
            parts.append(f"no clear difference on {n}{' other' if parts else ''} scorer{'s' if n > 1 else ''}")
        if "not compared" in found:
            parts.append(f"not compared on {', '.join(found['not compared'])}")
        if checkpoint.inert:
            parts.append(f"its adapter adds nothing to its base: {checkpoint.inert}")
        lines.append(f"{checkpoint.name} against {report.baseline}: {'; '.join(parts) or 'nothing to compare'}.")
    return lines


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
    return METHOD_ANYTIME if report.is_anytime else METHOD
