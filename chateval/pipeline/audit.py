"""Chat templates of a run: checked before a model is loaded, and every prompt read back from its token ids."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chateval.config import TemplateGate
from chateval.errors import TemplateError
from chateval.findings import TemplateReport
from chateval.records import Checkpoint, Prompt
from chateval.template import (
    Settings,
    Specimen,
    TemplateSource,
    Tokenizer,
    check_specimen,
    open_specimen,
    read_template,
)
from chateval.template.grammar import Dialect, parse_ids

SHOWN_FINDINGS = 8
"""Findings kept of one prompt; the first ones say what went wrong."""

_log = logging.getLogger(__name__)


def specimen_of(checkpoint: Checkpoint, family_files: Sequence[Path] = ()) -> Specimen:
    """Open what is to be checked: the checkpoint's own template, or the one that the user put on it.

    Raises:
        ChatevalError: If tokenizer, template or evidence cannot be read.
    """
    settings = Settings(family_files=tuple(family_files), is_tokenised_once=True)
    base = Path(checkpoint.base_path) if checkpoint.base_path else None
    specimen = open_specimen(Path(checkpoint.path), base=base, settings=settings)
    if specimen.base is not None:
        specimen = _without_path(specimen, specimen.base)
    if checkpoint.template is not None:
        named = TemplateSource(Path(checkpoint.template).name, "default", read_template(checkpoint.template))
        specimen = replace(specimen, sources=(named,), evidence=None)
    return replace(specimen, subject=checkpoint.name)


def _without_path(specimen: Specimen, base: Specimen) -> Specimen:
    """Return an adapter whose base is called by its folder's name, so that a report is the same wherever that is."""
    name = Path(base.subject).name
    sources = tuple(
        replace(source, origin=name + source.origin.removeprefix(base.subject))
        if source.origin.startswith(base.subject)
        else source
        for source in specimen.sources
    )
    return replace(specimen, base=replace(base, subject=name), sources=sources)


def audit_template(specimen: Specimen, *, gate: TemplateGate, ignore: Mapping[str, str]) -> TemplateReport:
    """Check the template of one checkpoint, and say or refuse what is wrong.

    Raises:
        TemplateError: If it is broken and the gate is `error`.
    """
    report = check_specimen(specimen, ignore=ignore)
    if report.verdict == "BROKEN":
        said = f"{specimen.subject}: the chat template is BROKEN: {report.reason}"
        if gate == "error":
            raise TemplateError(
                f"{said} (chateval template check shows where; --template-gate warn evaluates it all the same)"
            )
        _log.warning("%s", said)
    return report


def audit_prompts(prompts: Sequence[Prompt], tokenizer: Tokenizer, dialect: Dialect) -> list[Prompt]:
    """Return the prompts with the places where their token ids leave the layout of the dialect."""
    read: dict[tuple[int, ...], Prompt] = {}
    for prompt in prompts:
        if prompt.ids not in read:
            found = parse_ids(prompt.ids, tokenizer, dialect).findings[:SHOWN_FINDINGS]
            # The text of a finding is the prompt's own, which is kept beside it.
            read[prompt.ids] = replace(prompt, findings=tuple(replace(finding, text="") for finding in found))
    return [replace(prompt, findings=read[prompt.ids].findings) for prompt in prompts]
