"""Several chat templates in one checkpoint: which of each name counts, and what the others would write."""

from collections.abc import Iterator
from dataclasses import replace

from chateval.findings import Severity
from chateval.template.check.check import Flaw
from chateval.template.probes import Probe
from chateval.template.sandbox import Rendered
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen

_RADIUS = 40
"""Characters of a rendering that are quoted on each side of a difference."""


def sources_render_differently(specimen: Specimen) -> Iterator[Flaw]:
    """Two templates of the same name write different prompts."""
    for first, other in _rivals(specimen):
        if _same_text(first, other):
            continue
        ours, theirs = alone(specimen, first), alone(specimen, other)
        for (one, wanted), (_, found) in zip(ours.probed, theirs.probed, strict=True):
            if _outcome(wanted) != _outcome(found):
                yield _difference(
                    other, f"{other.origin} writes another prompt than {first.origin}", one, wanted, found
                )
                break


def shadowed_source(specimen: Specimen) -> Iterator[Flaw]:
    """A template is beaten by another one, or is never read, and says something else."""
    for first, other in _rivals(specimen):
        if not _same_text(first, other):
            why = f"{first.origin} takes its place" if other.is_read else "AutoTokenizer does not read this file"
            yield Flaw(
                f"the template of {other.origin} has no effect: {why}",
                origin=other.origin,
                text=other.text,
                expected=f"the text of {first.origin}, {len(first.text):,} characters",
                found=f"another text, {len(other.text):,} characters",
            )


def counted_sources(specimen: Specimen) -> list[TemplateSource]:
    """Return the template that counts of each name."""
    first: dict[str, TemplateSource] = {}
    for source in specimen.sources:
        if source.is_read:
            first.setdefault(source.name, source)
    return list(first.values())


def alone(specimen: Specimen, source: TemplateSource) -> Specimen:
    """Return a specimen that has this template only."""
    if specimen.sources == (source,) and source is specimen.source:
        return specimen
    return replace(specimen, sources=(replace(source, name="default", is_read=True),))


def _rivals(specimen: Specimen) -> Iterator[tuple[TemplateSource, TemplateSource]]:
    """Yield the template that counts of each name with every other one of that name."""
    for first in counted_sources(specimen):
        for other in specimen.sources:
            if other.name == first.name and other is not first:
                yield first, other


def _same_text(a: TemplateSource, b: TemplateSource) -> bool:
    """Compare as Jinja does, which drops one newline at the end."""
    return a.text.removesuffix("\n") == b.text.removesuffix("\n")


def _outcome(rendered: Rendered) -> tuple[str | None, str]:
    return rendered.text, rendered.error.kind if rendered.error else ""


def _difference(other: TemplateSource, said: str, one: Probe, wanted: Rendered, found: Rendered) -> Flaw:
    severity: Severity = "error" if other.is_read else "warning"
    if wanted.text is None or found.text is None:
        return Flaw(
            f"{said}: one of them fails",
            severity=severity,
            probe=one.name,
            text=other.text,
            expected=_said(wanted),
            found=_said(found),
            origin=other.origin,
        )
    shorter = min(len(wanted.text), len(found.text))
    at = next((i for i in range(shorter) if wanted.text[i] != found.text[i]), shorter)
    return Flaw(
        said,
        severity=severity,
        probe=one.name,
        text=found.text,
        offset=at,
        length=min(1, len(found.text) - at),
        expected=wanted.text[max(0, at - _RADIUS) : at + _RADIUS],
        found=found.text[max(0, at - _RADIUS) : at + _RADIUS],
        origin=other.origin,
    )


def _said(rendered: Rendered) -> str:
    return f"error: {rendered.error.message}" if rendered.error else (rendered.text or "")[: 2 * _RADIUS]
