"""`chateval gate`: rules held against finished runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chateval.records import Report, Rule, Run

MAX_AGE = 90


def gate(
    run: Annotated[
        list[str], typer.Argument(help="A run: PATH or NAME=PATH, of chateval or of another harness; or a report.json.")
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            "-c", "--config", help="A chateval.yaml whose gate is used instead of the run's.", show_default=False
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="A baseline file (`chateval baseline accept`) or a run: the candidates are compared with it.",
            show_default="the run's own",
        ),
    ] = None,
    baseline_checkpoint: Annotated[
        str | None,
        typer.Option(
            help="Which checkpoint of the baseline run.", show_default="its only one, or the only candidate's namesake"
        ),
    ] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            help="With --baseline: hold only this checkpoint of the run against it.",
            show_default="the baseline's namesake; without one, all but the run's own baseline",
        ),
    ] = None,
    max_drop: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="No scorer of any task may fall by more; instead of a config.", show_default=False
        ),
    ] = None,
    max_age: Annotated[int, typer.Option(min=0, help="Days after which a baseline file is called old.")] = MAX_AGE,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.", show_default=False)] = None,
    sarif: Annotated[
        Path | None, typer.Option(help="Write what the template checks found here, as SARIF.", show_default=False)
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the comment of a pull request here.", show_default=False)
    ] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations, and append the report to $GITHUB_STEP_SUMMARY.")
    ] = False,
    name: Annotated[str, typer.Option(help="Of this gate, in JUnit and in the comment.")] = "gate",
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list of verdicts.")] = False,
) -> None:
    """Hold runs against a gate and exit with the verdict; without -c or --max-drop, by the rules of the run itself.

    Exit codes: 0 pass, 1 regression, 3 inconclusive, 4 samples that could not be evaluated.

    Example:
    chateval gate reports/runs/latest --baseline reports/baselines/sft.json --max-drop 0.02 --junit gate.xml
    """
    from chateval.cli.screen import err, out
    from chateval.errors import GateError
    from chateval.pipeline import exit_code_of

    if config is not None and max_drop is not None:
        raise GateError("-c and --max-drop both say what is allowed; say one")
    if baseline is None and (baseline_checkpoint or checkpoint):
        raise GateError("--baseline-checkpoint and --checkpoint are for --baseline; say that too")
    rules = _rules(config, max_drop)
    if baseline is None and len(run) == 1 and _is_own(Path(run[0])):
        found = _own_report(Path(run[0]), rules)
    else:
        runs, reference = _open(run, baseline)
        found = _compared(runs, reference, rules, (baseline_checkpoint, tuple(checkpoint or ())))
        if reference is not None and (words := age_words(reference, max_age)):
            err.print(words, soft_wrap=True)
    if not found.verdicts:
        raise GateError(f"{run[0]}: no gate rules; say -c chateval.yaml, or --max-drop 0.02")
    _write(found, {"junit": junit, "sarif": sarif, "markdown": markdown}, name)
    if json:
        from dataclasses import asdict
        from json import dumps

        out.file.write(dumps([asdict(verdict) for verdict in found.verdicts], indent=1) + "\n")
    else:
        _print(found)
    if github:
        _tell_github(found, is_stdout_taken=json)
    raise typer.Exit(exit_code_of(found))


def _rules(config: Path | None, max_drop: float | None) -> "list[Rule] | None":
    """Return the rules that the command line names; None if it names none."""
    from chateval.config import read_suite
    from chateval.errors import GateError
    from chateval.records import Rule

    if max_drop is not None:
        return [Rule(task="*", scorer="*", max_drop=max_drop)]
    if config is None:
        return None
    rules = list(read_suite(config).gate)
    if not rules:
        raise GateError(f"{config}: no gate in it")
    return rules


def _is_own(path: Path) -> bool:
    return (path / "report.json").is_file() or path.name == "report.json"


def _own_report(path: Path, rules: "list[Rule] | None") -> "Report":
    """Return the report of one run of chateval, as it is or held against other rules."""
    from chateval.pipeline import gate_again, gate_folder, read_own_report
    from chateval.store import is_run

    report = read_own_report(path)
    if rules is None:
        return report
    return gate_folder(path, report, rules) if is_run(path) else gate_again(report, rules)


def _open(texts: list[str], baseline: str | None) -> "tuple[list[Run], Run | None]":
    from chateval.integrations.runs import open_run, open_runs

    return open_runs(texts), open_run(Path(baseline)) if baseline is not None else None


def _compared(
    runs: "list[Run]", reference: "Run | None", rules: "list[Rule] | None", names: tuple[str | None, tuple[str, ...]]
) -> "Report":
    from chateval.errors import GateError
    from chateval.pipeline.against import against, gate_runs, own_rules

    rules = own_rules(runs) if rules is None else rules
    if not rules:
        raise GateError(f"{runs[0].path}: no gate rules; say -c chateval.yaml, or --max-drop 0.02")
    if reference is not None:
        of, checkpoints = names
        runs = against(reference, runs, of=of, checkpoints=checkpoints)
    return gate_runs(runs, rules)


def age_words(reference: "Run", max_age: int) -> str:
    """Return how old a baseline file is, with a warning if that is more than `max_age` days; empty for other runs."""
    from datetime import date

    from chateval.pipeline.against import accepted_on
    from chateval.report import visible

    day = accepted_on(reference)
    if day is None:
        return ""
    n_days = (date.today() - day).days
    note = reference.manifest["baseline"].get("note") or ""
    old = f"warning: older than {max_age} days, accept a new one: " if n_days > max_age else ""
    told = f"{old}baseline {reference.name}: accepted {day.isoformat()}, {n_days} days ago"
    return visible(f"{told}{': ' + note if note else ''}").replace("\n", " ")


def _write(report: "Report", paths: dict[str, Path | None], name: str) -> None:
    from chateval.report.comment import to_comment
    from chateval.report.junit import to_junit
    from chateval.report.sarif import to_sarif
    from chateval.store import write_file
    from chateval.template.output import to_sarif as template_to_sarif

    if paths["junit"] is not None:
        write_file(paths["junit"], to_junit(report, name=name))
    if paths["sarif"] is not None:
        write_file(paths["sarif"], to_sarif(report, template_to_sarif))
    if paths["markdown"] is not None:
        write_file(paths["markdown"], to_comment(report, name=name))


def _print(report: "Report") -> None:
    """Print a line for each verdict and, under one that is no pass, what it comes from; none can pose as a command."""
    from chateval.cli.screen import out
    from chateval.report import visible
    from chateval.report.why import changes_of, why

    for verdict in report.verdicts:
        outcome = f"{verdict.outcome}{' (warning)' if verdict.is_warning else ''}"
        lines = [f"{outcome:23} {verdict.checkpoint}  {verdict.rule}  {verdict.reason}"]
        lines += [f"{'':23} {line}" for line in why(report, verdict)]
        for line in lines:
            out.print(visible(line).replace("\n", " "), soft_wrap=True)
    bad = [verdict.checkpoint for verdict in report.verdicts if verdict.outcome != "pass"]
    for checkpoint in dict.fromkeys(bad):
        for line in changes_of(report, checkpoint):
            out.print(visible(f"{checkpoint}: {line}").replace("\n", " "), soft_wrap=True)


def _tell_github(report: "Report", *, is_stdout_taken: bool) -> None:
    """Print annotations, on stderr where stdout has JSON (GitHub reads both), and append the summary."""
    import os

    from chateval.cli.screen import err, out
    from chateval.report.github import to_annotations, to_summary

    console = err if is_stdout_taken else out
    console.file.write(to_annotations(report))
    console.file.flush()
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(to_summary(report))
        except OSError as error:
            err.print(f"warning: $GITHUB_STEP_SUMMARY: {summary}: cannot be written: {error.strerror}", soft_wrap=True)
