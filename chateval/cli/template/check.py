"""`chateval template check`: all checks on one checkpoint's template, and a verdict."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chateval.errors import INCONCLUSIVE, PASS, REGRESSION, ConfigError
from chateval.findings import TemplateReport

FORMATS = ("text", "json", "sarif", "github")


def check(
    path: Annotated[
        str, typer.Argument(help="A checkpoint folder, an adapter, a .gguf file, a hub id, or a Jinja file.")
    ],
    base: Annotated[
        str | None,
        typer.Option(help="Hold it against this checkpoint; for an adapter also the one under it.", show_default=False),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            help="Address of a server whose prompts should be the same (docs/lineage.md).", show_default=False
        ),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            help="What the trainer recorded (docs/training-evidence.md).",
            show_default="chateval_training.json in the folder",
        ),
    ] = None,
    family: Annotated[
        str | None,
        typer.Option(help="Family or dialect it should be (`chateval template families`).", show_default="found out"),
    ] = None,
    family_file: Annotated[
        list[Path] | None, typer.Option(help="A family of your own, as TOML; may be given several times.")
    ] = None,
    kwarg: Annotated[
        list[str] | None, typer.Option(help="NAME=JSON: a switch of the template, such as enable_thinking=false.")
    ] = None,
    select: Annotated[list[str] | None, typer.Option(help="Only codes that begin so, such as CT1 or CT204.")] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help='CODE=REASON: do not report a code, such as CT208="trained so".')
    ] = None,
    token: Annotated[
        list[str] | None, typer.Option(help="NAME=TEXT for a bare Jinja file, such as bos_token=<s>.")
    ] = None,
    assistant_only_loss: Annotated[
        bool, typer.Option("--assistant-only-loss", help="The training masks by {% generation %} tags.")
    ] = False,
    masking_collator: Annotated[
        bool, typer.Option("--masking-collator", help="The training masks every pad token in the loss.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as well.")] = False,
    format: Annotated[str, typer.Option(help="text, json, sarif, or github (annotations).")] = "text",
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show notes in full and what was not evaluated.")] = False,
) -> None:
    """Find what is wrong with a chat template, with evidence, and say how far it can be trusted.

    Verdicts: BROKEN (exit 1), UNVERIFIED (exit 3: no reference to hold it against), CONFORMS and PROVEN (exit 0).

    Example:
    chateval template check ./out/sft --base ./smollm2 --ignore CT208="trained with it"
    """
    from chateval.cli.screen import out
    from chateval.cli.template.target import assignments, json_values, locate, without_torch

    if format not in FORMATS:
        raise ConfigError(f"--format {format!r}: say one of {', '.join(FORMATS)}")
    target, under = locate(path), locate(base) if base else None
    if target.suffix != ".gguf" and (under is None or under.suffix != ".gguf"):
        without_torch()
    from chateval.template import Settings, check_specimen, open_specimen
    from chateval.template.output import OUTPUTS, print_report
    from chateval.template.runtime import open_runtime

    ignored = assignments("--ignore", ignore or (), form="CODE=REASON")
    if token and target.suffix in ("", ".gguf"):
        raise ConfigError("--token is for a bare Jinja file; a checkpoint has its tokens")
    settings = Settings(
        family=family,
        kwargs=json_values("--kwarg", kwarg or ()),
        family_files=tuple(family_file or ()),
        assistant_only_loss=assistant_only_loss,
        masking_collator=masking_collator,
        is_held_to_base=base is not None,
    )
    specimen = open_specimen(
        target, base=under, evidence=evidence, tokens=assignments("--token", token or ()), settings=settings
    )
    if runtime is not None:
        specimen = replace(specimen, runtime=open_runtime(runtime))
    report = check_specimen(specimen, select=tuple(select or ()), ignore=ignored)
    if json or format != "text":
        out.file.write(OUTPUTS["json" if json else format](report))
    else:
        print_report(report, out, verbose=verbose)
    raise typer.Exit(exit_code_of(report, strict=strict, is_partial=bool(select)))


def exit_code_of(report: TemplateReport, *, strict: bool, is_partial: bool = False) -> int:
    """Return 1 for a broken template, 3 where there is nothing to hold it against, else 0.

    Args:
        report: Of one template.
        strict: Warnings fail as well.
        is_partial: Only some checks were asked for, which can say no more than that they found nothing.
    """
    severities = {finding.severity for finding in report.findings}
    if report.verdict == "BROKEN" or (strict and "warning" in severities):
        return REGRESSION
    return INCONCLUSIVE if report.verdict == "UNVERIFIED" and not is_partial else PASS
