"""Where the gate meets what a report does not hold: samples of a tag, and what the answers took."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chateval.compare.aggregate import Address, SampleMeans
from chateval.compare.tagged import report_on_tag
from chateval.gate import check
from chateval.records import Effort, Report, Rule, Task
from chateval.store import read_efforts


def gate_again(
    report: Report,
    rules: Sequence[Rule],
    *,
    tagged: Mapping[str, Report] | None = None,
    efforts: Sequence[Effort] = (),
) -> Report:
    """Return the report with the verdicts of other rules.

    Args:
        report: Of one run, or of several that were compared.
        rules: Of the gate.
        tagged: Tag -> the report of the samples with that tag.
        efforts: What the answers took.

    Raises:
        GateError: If a rule names nothing in the report.
    """
    families = {
        name: family for task in report.tasks for name, family in zip(task.scorers, task.families, strict=False)
    }
    return replace(report, verdicts=tuple(check(rules, report, families, tagged=tagged, efforts=efforts)))


def gate_live(
    report: Report,
    rules: Sequence[Rule],
    means: Mapping[Address, SampleMeans],
    *,
    tasks: Sequence[Task],
    out: Path,
) -> Report:
    """Return the report of a run with its verdicts, before anything of it but the scores is written.

    Args:
        report: Of the run.
        rules: Of its gate.
        means: What the report was made of.
        tasks: With their samples.
        out: Folder of the run, which has the efforts.

    Raises:
        GateError: If a rule names nothing in the report.
    """
    samples = {task.name: {sample.id: sample for sample in task.samples} for task in tasks}
    tags = {rule.tag for rule in rules if rule.tag is not None}
    tagged = {tag: report_on_tag(report, means, samples, tag) for tag in sorted(tags)}
    return gate_again(report, rules, tagged=tagged, efforts=read_efforts(out))
