"""A report with a cell of every kind, and what a console of any width shows of one."""

import io
from dataclasses import replace

from rich.console import Console

from chateval.findings import Fidelity, Finding, Proportion, TemplateReport
from chateval.records import (
    CheckpointSummary,
    Comparison,
    Decoding,
    Estimate,
    Figure,
    Flip,
    Report,
    TaskSummary,
    Verdict,
)
from chateval.report.terminal import show

NAMES = ("base", "sft", "lora", "sft-long-run", "merged", "run-of-monday/checkpoint-12000")


def shown(report, *, is_terminal=False, markup=True, width=400, encoding="utf-8"):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    show(
        report,
        Console(
            file=stream,
            width=width,
            force_terminal=is_terminal,
            color_system="standard" if is_terminal else None,
            markup=markup,
        ),
    )
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def comparison(candidate, scorer, delta, low, high, p_adjusted, **more):
    return Comparison("facts", scorer, "base", candidate, delta, low, high, 0.001, p_adjusted, 9, 1, 2, 12, 0, **more)


def checked(name):
    findings = (
        Finding("CT208", "warning", "a system text that the chat does not have is added"),
        Finding("CT201", "error", "the generation prompt lacks a newline, so that the answer starts elsewhere"),
        Finding("CT201", "error", "so does the second turn"),
    )
    is_broken = name == "lora"
    share = Proportion(20 if is_broken else 31, 31, 0.5, 1.0)
    return TemplateReport(
        subject=name,
        verdict="BROKEN" if is_broken else "CONFORMS",
        reason="2 errors: the generation prompt lacks a newline" if is_broken else "no error",
        family="chatml",
        template_origin="chat_template.jinja",
        template_digest="d" * 64,
        findings=findings if is_broken else findings[:1],
        notes=(),
        passed=(),
        skipped=(),
        fidelity=Fidelity("grammar chatml", "standard-1", share),
        suppressed={"CT107": "known"} if name == "base" else {},
    )


def report_of(*names):
    """A report on these checkpoints, the first the baseline, with a cell of every kind."""
    checkpoints = tuple(
        CheckpointSummary(
            n, "chat", "float32", "own", "a" * 64, "b" * 64, None, 12, 0, 1, 0, 99, 9, template=checked(n)
        )
        for n in names
    )
    estimates, comparisons, audits, behaviour, figures, flips, verdicts = [], [], [], [], [], [], []
    for index, name in enumerate(names):
        estimates.append(Estimate(name, "facts", "exact", 0.25 + index / 10, 0.102, 0.499, 12, 0, 12))
        estimates.append(Estimate(name, "facts", "f1", 0.5, 0.25, 0.75, 10, 2 * index, 12))
        audits.append(Estimate(name, "*", "single_bos", 1.0, 0.757, 1.0, 12, 0, 12))
        audits.append(Estimate(name, "*", "clean_stop", 1.0 if index else 0.75, 0.5, 0.9, 12, 0, 12))
        audits.append(Estimate(name, "*", "readable_tool_calls", None, None, None, 0, 0, 0))
        figures.append(Figure(name, "facts", "bleu", 21.4, 18.0, 25.1, "0-100", False, 12, 0))
        if not index:
            continue
        comparisons.append(comparison(name, "exact", 0.5, 0.2, 0.8, 0.004))
        comparisons.append(replace(comparison(name, "f1", -0.2, -0.4, -0.01, 0.3), n_dropped=2))
        behaviour.append(Comparison("*", "clean_stop", "base", name, 0.25, 0.0, 0.5, None, None, 3, 0, 9, 12, 0))
        flips += [Flip("facts", "exact", "base", name, "1" * 16, w, 0.0, 1.0, "", "", "", "", "", "") for w in (1, 0)]
        verdicts.append(Verdict("facts/exact min_value 0.9", name, "fail", "0.350 [0.102, 0.499]: below the limit"))
        verdicts.append(Verdict("facts/f1 max_drop 0.02", name, "inconclusive", "the limit lies inside", True))
    task = TaskSummary("facts", 1, "", 12, 120, "generate", Decoding(), ("exact", "f1"), "c" * 64)
    return Report(
        baseline=names[0],
        checkpoints=checkpoints,
        tasks=(task,),
        estimates=tuple(estimates),
        audits=tuple(audits),
        comparisons=tuple(comparisons),
        flips=tuple(flips),
        behaviour=tuple(behaviour),
        verdicts=tuple(verdicts),
        figures=tuple(figures),
    )
