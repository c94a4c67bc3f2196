"""Where the gate meets what a report does not hold: samples of a tag, and what the answers took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chateval.compare.aggregate import Address, SampleMeans, sample_means
from chateval.compare.tagged import all_tags, report_on_tag
from chateval.errors import GateError
from chateval.gate import check
from chateval.records import Effort, Report, Rule, Run, Task
from chateval.store import read_efforts, read_run


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


def tags_of(rules: Iterable[Rule], runs: Sequence[Run]) -> list[str]:
    """Return the tags that rules speak of, sorted.

    Raises:
        GateError: If no sample of the runs has one of them; the message lists the tags that exist.
    """
    wanted = {rule.tag for rule in rules if rule.tag is not None}
    known = {tag for run in runs for tag in all_tags(run.samples)} if wanted else set()
    for tag in sorted(wanted - known):
        raise GateError(f"gate rule [{tag}]: no sample has the tag {tag!r}; tags: {', '.join(sorted(known)) or 'none'}")
    return sorted(wanted)


def gate_folder(folder: Path, report: Report, rules: Sequence[Rule]) -> Report:
    """Return the report of a finished run, held against other rules than its own.

    Args:
        folder: Of the run.
        report: That stands in it.
        rules: Of the gate.

    Raises:
        GateError: If a rule names nothing in the run.
    """
    tagged = {}
    if any(rule.tag is not None for rule in rules):
        run = read_run(folder)
        means = sample_means(run.scores)
        tagged = {tag: report_on_tag(report, means, run.samples, tag) for tag in tags_of(rules, [run])}
    return gate_again(report, rules, tagged=tagged, efforts=read_efforts(folder))


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
