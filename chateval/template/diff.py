"""Two chat templates, or one and a serving engine, on the same probes: what differs, where, and in what way."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chateval.errors import TemplateError
from chateval.template.difference import Kind, Pair, find_kind
from chateval.template.ids import TokenDifference, VocabularyDiff, decode_each, diff_ids, diff_vocabularies
from chateval.template.probes import PROBES_NAME, Probe, Stratum, standard_probes
from chateval.template.runtime import Runtime, RuntimePrompt, as_served
from chateval.template.sandbox import Chat, Rendered
from chateval.template.specimen import Specimen
from chateval.template.tokenizer import Tokenizer

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


@dataclass(frozen=True, slots=True)
class _Side:
    """What is compared of one side, probe by probe."""

    name: str
    tokenizer: Tokenizer | None
    bos: str
    chats: Sequence[Chat]
    """The probes as they were rendered."""
    prompts: Sequence[RuntimePrompt]
    specimen: Specimen | None = None
    """None for an engine."""

    @property
    def has_ids(self) -> bool:
        """Whether the ids of all prompts are known, and how to read them."""
        return self.tokenizer is not None and all(one.ids is not None or one.error is not None for one in self.prompts)

    def closed(self, n: int) -> str | None:
        """Return a prompt without its generation prompt; None if it has none, or that is not known."""
        chat = self.chats[n]
        if self.specimen is None or not chat.add_generation_prompt:
            return None
        return self.specimen.render(replace(chat, add_generation_prompt=False)).text

    def shown(self, n: int) -> str:
        """Return the text of a prompt, or why there is none; ids alone are decoded."""
        prompt = self.prompts[n]
        known = prompt.error if prompt.error is not None else prompt.text
        return self.decoded(n) if known is None else known

    def decoded(self, n: int) -> str:
        """Return the text that the ids of a prompt stand for."""
        ids = self.prompts[n].ids or ()
        if self.tokenizer is None:
            return ""
        try:
            return str(self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
        except (OverflowError, IndexError, KeyError, TypeError):
            return "".join(decode_each(self.tokenizer, ids))


def diff_templates(a: Specimen | Runtime, b: Specimen | Runtime) -> TemplateDiff:
    """Render the standard probes with both templates, each with its own tokens and kwargs, and compare.

    Against a serving engine both sides render the probes as engines serve them (`as_served`), with the template's
    kwargs and by the clock of today, and the ids count: the engine's are decoded with the checkpoint's tokenizer.

    Args:
        a: The one to compare with, such as the base.
        b: The other one; on one side an engine may stand.

    Raises:
        TemplateError: If a side has no template, both sides are engines, the engine fails, or it shows ids that no
            tokenizer here reads.
    """
    for side in (a, b):
        if isinstance(side, Specimen) and side.source is None:
            raise TemplateError(f"{side.subject} has no chat template, so there is nothing to compare")
    if isinstance(a, Runtime):
        if isinstance(b, Runtime):
            raise TemplateError("two engines: compare each with the checkpoint, whose tokenizer reads their ids")
        sides = (_ask(a, b), _render(b, is_served=True))
    elif isinstance(b, Runtime):
        sides = (_render(a, is_served=True), _ask(b, a))
    else:
        sides = (_render(a), _render(b))
    has_ids = all(side.has_ids for side in sides)
    found = tuple(_compare(probe, n, sides, has_ids=has_ids) for n, probe in enumerate(standard_probes()))
    own = [side.specimen.tokenizer for side in sides if side.specimen is not None]
    return TemplateDiff(
        a=sides[0].name,
        b=sides[1].name,
        probes=found,
        strata=_strata(found),
        kinds=_kinds(found),
        vocabulary=diff_vocabularies(own[0], own[1]) if has_ids and len(own) == 2 else None,
        has_ids=has_ids,
        verdict=_verdict(found, has_ids=has_ids),
    )


def _render(specimen: Specimen, *, is_served: bool = False) -> _Side:
    chats = [_chat(specimen, probe, is_served=is_served) for probe in standard_probes()]
    prompts = [_prompt(specimen, rendered) for rendered in specimen.render_all(chats)]
    bos = specimen.tokens.get("bos_token", "")
    return _Side(specimen.subject, specimen.tokenizer, bos, chats, prompts, specimen)


def _ask(runtime: Runtime, specimen: Specimen) -> _Side:
    chats = [_chat(specimen, probe, is_served=True) for probe in standard_probes()]
    prompts = runtime.render(chats)
    if specimen.tokenizer is None and any(one.error is None and one.text is None for one in prompts):
        raise TemplateError(f"{runtime.name} shows ids and no text; {specimen.subject} has no tokenizer to read them")
    return _Side(runtime.name, specimen.tokenizer, specimen.tokens.get("bos_token", ""), chats, prompts)


def _chat(specimen: Specimen, probe: Probe, *, is_served: bool) -> Chat:
    chat = probe.chat(specimen.settings.kwargs)
    return as_served(chat) if is_served else replace(chat, now=CLOCK)


def _prompt(specimen: Specimen, rendered: Rendered) -> RuntimePrompt:
    if rendered.text is None:
        return RuntimePrompt(error=rendered.error.message if rendered.error else "")
    return RuntimePrompt(rendered.text, None if specimen.tokenizer is None else tuple(specimen.ids(rendered.text)))


def _compare(probe: Probe, n: int, sides: tuple[_Side, _Side], *, has_ids: bool) -> ProbeDiff:
    a, b = sides
    entry = ProbeDiff(probe.name, probe.stratum, "same", a=a.shown(n), b=b.shown(n))
    refused = [side.prompts[n].error is not None for side in sides]
    if any(refused):
        is_both = all(refused)
        return replace(entry, status="both raise" if is_both else "one raises", kind=None if is_both else "refusal")
    tokens = _diff_tokens(sides, n) if has_ids else None
    if None in (a.specimen, b.specimen) and has_ids:
        entry = _reconcile(entry, n, sides, tokens)
    if entry.a == entry.b:
        return replace(entry, status="ids differ", tokens=tokens) if tokens else entry
    closed = (a.closed(n), b.closed(n))
    pair = Pair(
        a.chats[n],
        entry.a,
        entry.b,
        bos=(a.bos, b.bos),
        closed=None if closed[0] is None or closed[1] is None else (closed[0], closed[1]),
    )
    return replace(entry, status="text differs", kind=find_kind(pair), offset=pair.start, tokens=tokens)


def _reconcile(entry: ProbeDiff, n: int, sides: tuple[_Side, _Side], tokens: TokenDifference | None) -> ProbeDiff:
    """Put texts in place that differ only where the ids do: decoding may lose a blank, so both are decoded or none."""
    a, b = sides
    if tokens is None:
        text = entry.b if a.specimen is None else entry.a
        return replace(entry, a=text, b=text)
    has_texts = a.prompts[n].text is not None and b.prompts[n].text is not None
    return entry if has_texts else replace(entry, a=a.decoded(n), b=b.decoded(n))


def _diff_tokens(sides: tuple[_Side, _Side], n: int) -> TokenDifference | None:
    a, b = sides
    return diff_ids((a.tokenizer, a.prompts[n].ids or ()), (b.tokenizer, b.prompts[n].ids or ()))


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
