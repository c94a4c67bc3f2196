"""Two chat templates on the same probes: which renderings differ, where first, and in what way."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chateval.template.difference import Kind, Pair, find_kind
from chateval.template.ids import TokenDifference, VocabularyDiff, diff_ids, diff_vocabularies
from chateval.template.probes import PROBES_NAME, Probe, Stratum, standard_probes
from chateval.template.sandbox import Chat, Rendered
from chateval.template.specimen import Specimen

CLOCK = "2025-01-31T12:00:00"
"""What both templates take for now, so that a date in the text is no difference."""
Status = Literal["same", "text differs", "ids differ", "one raises", "both raise"]


@dataclass(frozen=True, slots=True)
class ProbeDiff:
    """One probe in both templates."""

    probe: str
    stratum: Stratum
    status: Status
    kind: Kind | None = None
    """What kind the first difference is; None where the texts are equal."""
    offset: int | None = None
    """The first character that differs; None where the texts are equal or one is missing."""
    a: str = ""
    b: str = ""
    """The rendered text, or why there is none."""
    tokens: TokenDifference | None = None
    """None where the ids are equal, or a side has no tokenizer."""


@dataclass(frozen=True, slots=True)
class TemplateDiff:
    """Two templates compared."""

    a: str
    b: str
    """Path or name of each."""
    probes: tuple[ProbeDiff, ...]
    strata: Mapping[Stratum, tuple[int, int]]
    """By stratum: probes that are the same, probes that at least one side renders."""
    kinds: Mapping[Kind, int]
    """Probes by kind of their first difference, the most frequent first."""
    vocabulary: VocabularyDiff | None
    """None where the vocabularies are equal, or a side has no tokenizer."""
    has_ids: bool
    """Whether ids were compared as well as text."""
    verdict: str
    """One line."""

    @property
    def is_same(self) -> bool:
        """Whether no probe shows a difference."""
        return all(probe.status in ("same", "both raise") for probe in self.probes)


def diff_templates(a: Specimen, b: Specimen) -> TemplateDiff:
    """Render the standard probes with both templates, each with its own tokens and kwargs, and compare.

    Args:
        a: The one to compare with, such as the base.
        b: The other one.
    """
    probes = standard_probes()
    texts = [_render(specimen, probes) for specimen in (a, b)]
    has_ids = a.tokenizer is not None and b.tokenizer is not None
    found = tuple(
        _compare(a, b, probe, (mine, other), has_ids=has_ids) for probe, mine, other in zip(probes, *texts, strict=True)
    )
    return TemplateDiff(
        a=a.subject,
        b=b.subject,
        probes=found,
        strata=_strata(found),
        kinds=_kinds(found),
        vocabulary=diff_vocabularies(a.tokenizer, b.tokenizer) if has_ids else None,
        has_ids=has_ids,
        verdict=_verdict(found, has_ids=has_ids),
    )


def _chat(specimen: Specimen, probe: Probe, *, add_generation_prompt: bool | None = None) -> Chat:
    asks = probe.add_generation_prompt if add_generation_prompt is None else add_generation_prompt
    return replace(probe.chat(specimen.settings.kwargs), now=CLOCK, add_generation_prompt=asks)


def _render(specimen: Specimen, probes: Sequence[Probe]) -> list[Rendered]:
    return specimen.render_all([_chat(specimen, probe) for probe in probes])


def _compare(a: Specimen, b: Specimen, probe: Probe, found: tuple[Rendered, Rendered], *, has_ids: bool) -> ProbeDiff:
    shown = [_shown(rendered) for rendered in found]
    entry = ProbeDiff(probe.name, probe.stratum, "same", a=shown[0], b=shown[1])
    mine, other = found[0].text, found[1].text
    if mine is None or other is None:
        is_both = mine is None and other is None
        return replace(entry, status="both raise" if is_both else "one raises", kind=None if is_both else "refusal")
    tokens = _diff_tokens(a, b, mine, other) if has_ids else None
    if mine == other:
        return replace(entry, status="ids differ", tokens=tokens) if tokens else entry
    pair = Pair(
        _chat(a, probe),
        mine,
        other,
        bos=(a.tokens.get("bos_token", ""), b.tokens.get("bos_token", "")),
        closed=_closed(a, b, probe),
    )
    return replace(entry, status="text differs", kind=find_kind(pair), offset=pair.start, tokens=tokens)


def _closed(a: Specimen, b: Specimen, probe: Probe) -> tuple[str, str] | None:
    if not probe.add_generation_prompt:
        return None
    mine, other = (one.render(_chat(one, probe, add_generation_prompt=False)).text for one in (a, b))
    return None if mine is None or other is None else (mine, other)


def _shown(rendered: Rendered) -> str:
    return rendered.text if rendered.text is not None else rendered.error.message if rendered.error else ""


def _diff_tokens(a: Specimen, b: Specimen, mine: str, other: str) -> TokenDifference | None:
    return diff_ids((a.tokenizer, a.ids(mine)), (b.tokenizer, b.ids(other)))


def _strata(probes: Sequence[ProbeDiff]) -> dict[Stratum, tuple[int, int]]:
    found: dict[Stratum, tuple[int, int]] = {}
    for probe in probes:
        if probe.status != "both raise":
            n_same, n = found.get(probe.stratum, (0, 0))
            found[probe.stratum] = (n_same + (probe.status == "same"), n + 1)
    return found


def _kinds(probes: Sequence[ProbeDiff]) -> dict[Kind, int]:
    return dict(Counter(probe.kind for probe in probes if probe.kind is not None).most_common())


def _verdict(probes: Sequence[ProbeDiff], *, has_ids: bool) -> str:
    n = Counter(probe.status for probe in probes)
    n_shown = len(probes) - n["both raise"]
    if not n_shown:
        return f"not comparable: neither template renders any of the {len(probes)} probes of {PROBES_NAME}"
    line = f"same {'ids' if has_ids else 'text'} on {n['same']} of {n_shown} probes"
    kinds = [f"{kind} {count}" for kind, count in _kinds(probes).items()]
    if n["ids differ"]:
        kinds.append(f"ids of equal texts {n['ids differ']}")
    line += f"; first differences: {', '.join(kinds)}" if kinds else ""
    return f"{line}; {n['both raise']} that neither renders are left out" if n["both raise"] else line
