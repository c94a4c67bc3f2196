"""For tests of the user's own: a run that must not be worse than a baseline.

from chateval.testing import assert_no_regression

def test_the_adapter_is_no_worse(chateval_run):  # the fixture comes with the pytest plugin
    assert_no_regression(chateval_run, baseline="reports/baselines/sft.json", max_drop=0.02)
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chateval.records import Report, Rule, Run, Verdict

if TYPE_CHECKING:
    from chateval.records import Flip

__all__ = ["assert_no_regression", "run_suite"]

SHOWN_FLIPS = 3
"""Lost samples shown in the message for each verdict."""
_CHARACTERS = 300


def assert_no_regression(
    run: Run | Report | str | Path,
    *,
    baseline: Run | str | Path | None = None,
    max_drop: float = 0.02,
    rules: Sequence[Rule | Mapping[str, Any]] = (),
    allow_inconclusive: bool = False,
) -> None:
    """Raise AssertionError if a run is worse than its baseline, with a table of what fell and samples that were lost.

    Args:
        run: A run, its report, or a path: a run folder of chateval or what another harness left.
        baseline: A baseline file, a run of one checkpoint, or None: the run's own baseline.
        max_drop: Largest loss that passes on any scorer of any task, in [0, 1].
        rules: Of a gate, instead of `max_drop`: Rules, or mappings as in chateval.yaml.
        allow_inconclusive: Whether too few samples, or a limit inside the interval, is let pass.

    Raises:
        AssertionError: If a rule fails, or is inconclusive and that is not allowed.
        ChatevalError: If the run cannot be read, or a rule is none or names nothing in it.
    """
    from chateval.config import as_rules
    from chateval.pipeline.against import against, gate_runs
    from chateval.pipeline.gated import gate_again

    __tracebackhide__ = True
    held = list(as_rules(rules, "rules")) or [Rule(task="*", scorer="*", max_drop=max_drop)]
    if isinstance(run, Report):
        if baseline is not None:
            raise TypeError("a report has its baseline; give the run itself, to hold it against another one")
        report = gate_again(run, held)
    else:
        runs = [_open(run)]
        report = gate_runs(against(_open(baseline), runs) if baseline is not None else runs, held)
    bad = [verdict for verdict in report.verdicts if _is_bad(verdict, allow_inconclusive)]
    if bad:
        raise AssertionError(_message(report, bad))


def run_suite(config: str | Path, out: str | Path) -> Run:
    """Run a chateval.yaml as `chateval run -c CONFIG --out OUT` does, and return the run.

    Raises:
        ChatevalError: For whatever the user has to mend.
    """
    from chateval.config import read_suite
    from chateval.integrations.bridges import BRIDGES
    from chateval.pipeline.python import evaluate
    from chateval.store import read_run

    evaluate({}, [], out=out, suite=read_suite(Path(config)), bridges=BRIDGES)
    return read_run(Path(out))


def _open(run: Run | str | Path) -> Run:
    if isinstance(run, Run):
        return run
    from chateval.integrations.runs import open_run

    return open_run(Path(run))


def _is_bad(verdict: Verdict, allow_inconclusive: bool) -> bool:
    if verdict.is_warning or verdict.outcome == "pass":
        return False
    return verdict.outcome == "fail" or not allow_inconclusive


def _message(report: Report, bad: Sequence[Verdict]) -> str:
    from chateval.report import visible
    from chateval.report.why import changes_of, lost_flips, why

    words = {outcome: sum(verdict.outcome == outcome for verdict in bad) for outcome in ("fail", "inconclusive")}
    lines = [f"against {report.baseline}: {', '.join(f'{n} {word}' for word, n in words.items() if n)}"]
    width = max(len(verdict.rule) for verdict in bad)
    for verdict in bad:
        lines.append(f"  {verdict.outcome:12} {verdict.checkpoint}  {verdict.rule:{width}}  {verdict.reason}")
        lines += [f"  {'':12} {line}" for line in why(report, verdict)]
        for flip in lost_flips(report, verdict)[:SHOWN_FLIPS]:
            lines += [f"    {line}" for line in _flip_lines(flip)]
    for checkpoint in dict.fromkeys(verdict.checkpoint for verdict in bad):
        lines += [f"  {checkpoint}: {line}" for line in changes_of(report, checkpoint)]
    return "\n".join(visible(line) for line in lines)


def _answer(value: float, text: str | None) -> str:
    from chateval.report.words import value_words

    return f"({value_words(value, text)})" if text is None else text


def _flip_lines(flip: "Flip") -> list[str]:
    told = {
        "sample": flip.sample_id,
        "asked": flip.question,
        "target": flip.target,
        flip.baseline: _answer(flip.baseline_value, flip.baseline_text),
        flip.candidate: f"{_answer(flip.candidate_value, flip.candidate_text)} ({flip.cause or flip.candidate_reason})",
    }
    return [f"{name}: {' '.join(text.split())[:_CHARACTERS]}" for name, text in told.items() if text]
