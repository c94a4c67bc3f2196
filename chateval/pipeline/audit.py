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
    tokenize,
    with_texts,
)
from chateval.template.grammar import Dialect, parse_ids

SHOWN_FINDINGS = 8
"""Findings kept of one prompt; the first ones say what went wrong."""

MAX_SKELETONS = 10_000
"""Of prompts without findings that are remembered; a task has a handful."""

Skeleton = tuple[str, str, tuple[int, ...]]
"""Text before and after the content of the last message, and the ids of the added tokens."""

_log = logging.getLogger(__name__)


def specimen_of(checkpoint: Checkpoint, family_files: Sequence[Path] = ()) -> Specimen:
    """Open what is to be checked: the checkpoint's own template, or the one that the user put on it.

    Raises:
        ChatevalError: If tokenizer, template or evidence cannot be read.
    """
    settings = Settings(kwargs=checkpoint.template_options, family_files=tuple(family_files), is_tokenised_once=True)
    base = Path(checkpoint.base_path) if checkpoint.base_path else None
    specimen = open_specimen(Path(checkpoint.path), base=base, settings=settings)
    if specimen.base is not None:
        specimen = _without_path(specimen, specimen.base)
    if checkpoint.template is not None:
        named = TemplateSource(Path(checkpoint.template).name, "default", read_template(checkpoint.template))
        specimen = replace(specimen, sources=(named,), evidence=None)
    if checkpoint.sees_images and specimen.source is not None:
        specimen = with_texts(specimen)
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
    """Return the prompts with the places where their token ids leave the layout of the dialect.

    A prompt that is like one without findings, but for an unremarkable question, is not read again.
    """
    added = frozenset(int(number) for number in tokenizer.added_tokens_decoder)
    clean: set[Skeleton] = set()
    audited: list[Prompt] = []
    for prompt in prompts:
        if audited and prompt.ids == audited[-1].ids:
            audited.append(replace(prompt, findings=audited[-1].findings) if audited[-1].findings else prompt)
            continue
        skeleton = _skeleton(prompt, added, dialect)
        if skeleton in clean:
            audited.append(prompt)
            continue
        found = parse_ids(_of_text(prompt, tokenizer), tokenizer, dialect).findings[:SHOWN_FINDINGS]
        # The text of a finding is the prompt's own, which is kept beside it.
        audited.append(replace(prompt, findings=tuple(replace(finding, text="") for finding in found)))
        if skeleton is not None and not found and len(clean) < MAX_SKELETONS:
            clean.add(skeleton)
    return audited


def _of_text(prompt: Prompt, tokenizer: Tokenizer) -> Sequence[int]:
    """Return the ids of the text: those that are shown, but for what a processor writes around and for each image."""
    return tokenize(tokenizer, [prompt.text])[0] if prompt.images else prompt.ids


def _skeleton(prompt: Prompt, added: frozenset[int], dialect: Dialect) -> Skeleton | None:
    """Return a prompt without the content of its last message; None where that content could be read as a marker.

    Where no marker is plain text, each is an added token, and those are all in the skeleton, wherever they stand. Of a
    content that holds none, only whitespace at its edges is ever looked at.
    """
    last = prompt.messages[-1] if prompt.messages else {}
    content = last.get("content") if last.get("role") == "user" else None
    if dialect.plain_markers or not isinstance(content, str) or not content:
        return None
    if content != content.strip() or not (content[0] + content[-1]).isascii():
        return None
    before, _, after = prompt.text.partition(content)
    if len(before) + len(content) + len(after) != len(prompt.text) or content in after:
        return None
    return before, after, tuple(number for number in prompt.ids if number in added)
