"""CT3xx: is the rendered text what its family, the vendor's encoder or the base's template would write?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.reading import FOREIGN, first_fault, flaw_of, readable
from chateval.template.fidelity import find_preamble, nearest, same_clock, stratum_of
from chateval.template.grammar import parse
from chateval.template.probes import Probe
from chateval.template.reference import Comparison, compare_ids, open_encoder
from chateval.template.sandbox import Rendered
from chateval.template.specimen import Specimen

BOS_TWICE = "GR002"
"""BOS repeated: wrong in whatever family it is."""
_WINDOW = 6
"""Token ids shown on each side of a difference."""


def family_is_unknown(specimen: Specimen) -> Iterator[Flaw]:
    """CT301: no known family writes such text."""
    if specimen.dialect is not None:
        return
    if not specimen.matches:
        yield Flaw("the renderings parse as no known family")
        return
    best = specimen.matches[0]
    yield Flaw(
        f"the renderings parse as no known family; the nearest is {best.dialect.name} ({best.score:.0%} of the text)"
    )


def breaks_its_grammar(specimen: Specimen) -> Iterator[Flaw]:
    """CT302: the rendered text is not as its family writes it."""
    dialect, is_certain = nearest(specimen)
    said = find_preamble(specimen, specimen.probed, dialect).said
    found: dict[str, list[Flaw]] = {}
    n_probes = 0
    for probe, text in readable(specimen, dialect):
        n_probes += 1
        flaw = first_fault(text, probe, dialect, said)
        if flaw:
            kind = flaw.message[:5] if flaw.message.startswith("GR") else flaw.message
            found.setdefault(kind, []).append(flaw)
    _need(specimen, n_probes, has_flaws=bool(found))
    for kind, flaws in found.items():
        share = f"{len(flaws)} of {n_probes} probes"
        yield replace(
            flaws[0],
            message=f"not as {dialect.name} writes it: {flaws[0].message} ({share})",
            severity=None if (is_certain or kind == BOS_TWICE) and flaws[0].severity is None else "warning",
        )


def differs_from_encoder(specimen: Specimen) -> Iterator[Flaw]:
    """CT303: the ids are not those of the vendor's encoder."""
    encoder = open_encoder(specimen)
    compared = [
        one for one in compare_ids(specimen, encoder) if one.text is not None and one.probe.stratum != "special"
    ]
    if not compared:
        raise NotEvaluated(f"{encoder.name} takes none of the probes")
    different = [one for one in compared if one.found != one.expected]
    if different:
        serious = [one for one in different if stratum_of(one.probe) != "whitespace" and not _is_default(compared)]
        first = (serious or different)[0]
        at = _first_difference(first.found, first.expected)
        start = max(at - _WINDOW, 0)
        yield Flaw(
            f"ids differ from {encoder.name} on {len(different)} of {len(compared)} probes, first at token {at}",
            severity=None if serious else "warning",
            probe=first.probe.name,
            text=first.text or "",
            expected_ids=first.expected[start : at + _WINDOW],
            found_ids=first.found[start : at + _WINDOW],
        )


def _is_default(compared: Sequence[Comparison]) -> bool:
    """Return whether chats with a system message are right and those without are not: a default is written there."""
    with_system = [one.found == one.expected for one in compared if one.probe.stratum == "system"]
    without = [one.found == one.expected for one in compared if one.probe.stratum == "plain"]
    return bool(with_system) and all(with_system) and not any(without)


def differs_from_vendor(specimen: Specimen) -> Iterator[Flaw]:
    """CT304: the template that the user named as the reference renders the probes differently.

    Whitespace at the edges of contents is a warning; anywhere else it is other tokens.
    """
    base = specimen.base
    assert base is not None  # noqa: S101 - stated in `needs`
    if not specimen.settings.is_held_to_base:
        raise NotEvaluated("the base was not named as the reference (--base)")
    if base.source is None:
        raise NotEvaluated("the base has no chat template")
    pairs = [
        (probe, found, expected) for probe, found, expected in same_clock(specimen, base) if expected.text is not None
    ]
    if not pairs:
        raise NotEvaluated("the base's template renders none of the probes")
    different = [pair for pair in pairs if pair[1].text != pair[2].text]
    worst = [
        pair for pair in different if stratum_of(pair[0]) != "whitespace" or not _only_whitespace(pair[1], pair[2])
    ]
    if different:
        yield _vendor_flaw((worst or different)[0], len(different), len(pairs), is_edge=not worst)


def _only_whitespace(found: Rendered, expected: Rendered) -> bool:
    if found.text is None or expected.text is None:
        return False
    return "".join(found.text.split()) == "".join(expected.text.split())


def _vendor_flaw(pair: tuple[Probe, Rendered, Rendered], n_different: int, n: int, *, is_edge: bool) -> Flaw:
    probe, found, expected = pair
    share = f"{n_different} of {n} probes"
    if found.text is None:
        said = found.error.message if found.error else "no reason given"
        return Flaw(f"it fails on what the base's template renders ({share} differ): {said}", probe=probe.name)
    assert expected.text is not None  # noqa: S101 - others were left out
    at = _first_difference(found.text, expected.text)
    return Flaw(
        f"the base's template writes other {'whitespace' if _only_whitespace(found, expected) else 'text'} on {share}",
        severity="warning" if is_edge else None,
        probe=probe.name,
        text=found.text,
        offset=at,
        length=1 if at < len(found.text) else 0,
        expected=expected.text[at : at + 40],
        found=found.text[at : at + 40],
    )


def _first_difference(first: Sequence[Any], second: Sequence[Any]) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


def writes_foreign_marker(specimen: Specimen) -> Iterator[Flaw]:
    """CT305: a control string of another family stands in the renderings."""
    dialect, is_certain = nearest(specimen)
    seen: set[str] = set()
    n_probes = 0
    for probe, text in readable(specimen, dialect):
        n_probes += 1
        for finding in parse(text, dialect).findings:
            if finding.code == FOREIGN and finding.message not in seen:
                seen.add(finding.message)
                flaw = flaw_of(finding, probe)
                yield flaw if is_certain else replace(flaw, severity="warning")
    _need(specimen, n_probes, has_flaws=bool(seen))


def _need(specimen: Specimen, n_probes: int, *, has_flaws: bool) -> None:
    """Raise NotEvaluated where silence would say nothing: no rendering, or a dialect that is only the nearest."""
    if not n_probes:
        raise NotEvaluated("the template renders none of the probes to a text of usual length")
    if specimen.dialect is None and not has_flaws:
        raise NotEvaluated("the family is not known for certain (--family)")


CHECKS: tuple[Check, ...] = (
    Check(
        "CT301",
        "The family is not known",
        "info",
        "name it with --family, or describe it in a family file",
        family_is_unknown,
        is_note=True,
    ),
    Check(
        "CT302",
        "The rendered text is not as its family writes it",
        "error",
        "take the template of the base checkpoint",
        breaks_its_grammar,
    ),
    Check(
        "CT303",
        "Token ids differ from the vendor's encoder",
        "error",
        "render with the vendor's encoder, or take the vendor's template",
        differs_from_encoder,
        needs=("template", "tokenizer", "dialect"),
    ),
    Check(
        "CT304",
        "The base's template renders differently",
        "error",
        "copy the base's template, unless this one is what the training used (--evidence)",
        differs_from_vendor,
        needs=("template", "base"),
    ),
    Check(
        "CT305",
        "A control string of another family is written",
        "error",
        "replace it by the family's own",
        writes_foreign_marker,
    ),
)
