"""How many published probes come out exactly as the strongest reference at hand writes them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chateval.errors import TemplateError
from chateval.findings import Fidelity, Proportion
from chateval.records import Message
from chateval.stats.interval import wilson
from chateval.template.grammar import Dialect, Match, Reading, parse, write
from chateval.template.probes import PROBES_NAME, STRATA, Probe, Stratum, standard_probes
from chateval.template.proof import prove_rows
from chateval.template.reference import additions, at_clock, compare_ids, open_encoder, takes
from chateval.template.sandbox import Rendered
from chateval.template.specimen import Specimen

NEAR_SCORE = 0.4
"""Share of the probes' text that must parse for a dialect to be called the nearest, where its markers are common."""
CERTAIN_SCORE = 0.95
LEAST_SCORE = 0.1
"""Share that must parse for a dialect to be called the nearest at all."""
_DISTINCT = 4
"""Characters of an opener before the role's name that make it one family's own: `<|im_start|>`, not `<|`."""

_READ = 200_000
"""Characters of a rendering that are read; the probes have a few hundred."""

Outcome = tuple[str, bool]
"""A stratum, and whether one of its probes came out as the reference has it."""


@dataclass(frozen=True, slots=True)
class Preamble:
    """What a template says by itself before a chat; empty where it says nothing, or not as its dialect writes it."""

    head: str = ""
    """Whole turns before that of the first user, markers included."""
    said: str = ""
    """The system text of a chat that has none of its own."""
    prefix: str = ""
    """The same as it stands before the system text of a chat that has one."""


def measure_fidelity(specimen: Specimen) -> Fidelity | None:
    """Count exact matches against the recorded training rows, else the vendor's encoder, template, or grammar.

    Returns:
        None if there is no template, or nothing to hold it against.
    """
    if specimen.source is None:
        return None
    for measure in (_by_evidence, _by_encoder, _by_base, _by_grammar):
        found = measure(specimen)
        if found is not None:
            return found
    return None


def nearest(specimen: Specimen) -> tuple[Dialect, bool]:
    """Return the dialect to hold a template against, and whether it is certain: claimed, or parsed all but wholly.

    Raises:
        TemplateError: If no dialect comes near.
    """
    if specimen.dialect is not None:
        return specimen.dialect, bool(specimen.settings.family) or specimen.matches[0].score >= CERTAIN_SCORE
    text = "\n".join(found for name in ("question", "two_turns_answered") if (found := specimen.text(name)))
    if specimen.matches and specimen.matches[0].score >= LEAST_SCORE and _shows(specimen.matches[0], text):
        return specimen.matches[0].dialect, False
    raise TemplateError("the renderings parse as no known family (--family)")


def _shows(match: Match, text: str) -> bool:
    """Return whether a damaged text still has the markers of the dialect that it parses best as."""
    rules = [rule for role in ("user", "assistant") if (rule := match.dialect.turn(role)) and rule.opener[0].strip()]
    if not rules:
        return match.score >= NEAR_SCORE
    heads = [rule.opener[0].partition("{")[0].strip() for rule in rules]
    if not match.dialect.plain_markers and all(len(head) >= _DISTINCT and head in text for head in heads):
        return True
    closers = [rule.closer[0].strip() for rule in rules]
    openers = [rule.opener[0].replace("{word}", (rule.words or (rule.role,))[0]).strip() for rule in rules]
    is_opened = all("{" not in opener and opener in text for opener in openers)
    return any(closers) and all(one in text for one in closers) and (is_opened or match.score >= NEAR_SCORE)


def find_preamble(specimen: Specimen, rendered: Iterable[tuple[Probe, Rendered]], dialect: Dialect) -> Preamble:
    """Return what the template adds before chats, by how it renders the probes `question` and `system`."""
    by_name = {probe.name: (probe, found.text) for probe, found in rendered if found.text and len(found.text) <= _READ}
    if "question" not in by_name:
        return Preamble()
    probe, text = by_name["question"]
    text = without_bos(text, specimen, dialect)
    head, said = _said(text, parse(text, dialect), probe.messages[0]["content"])
    if not said.strip() or "system" not in by_name:
        return Preamble(head, said)
    probe, text = by_name["system"]
    own = probe.messages[0]["content"]
    contents = [str(one.get("content")) for one in parse(without_bos(text, specimen, dialect), dialect).messages]
    before = next((content.partition(own)[0] for content in contents if own in content), "")
    return Preamble(head, said, before if before.strip() == said.strip() else "")


def _said(text: str, reading: Reading, question: str) -> tuple[str, str]:
    """Return the turns before that of the user, and the system text of a chat that has none."""
    place = next((n for n, turn in enumerate(reading.turns) if turn.role == "user"), None)
    if place is None:
        return "", ""
    user, before = reading.turns[place], reading.turns[:place]
    if any(one.severity == "error" and (one.offset or 0) < user.start for one in reading.findings):
        return "", ""
    if before:
        return text[before[0].opener_start : user.opener_start], before[0].content
    if reading.messages and reading.messages[0]["role"] == "system":
        return "", str(reading.messages[0]["content"])
    close = reading.dialect.system_close
    is_folded = reading.dialect.system in ("first_user", "last_user") and user.content.endswith(close + question)
    return "", user.content.removesuffix(close + question) if is_folded else ""


def without_bos(text: str, specimen: Specimen, dialect: Dialect) -> str:
    """Return a text without one BOS at its start: who writes that, template or tokenizer, is another question."""
    own = specimen.tokens.get("bos_token") or ""
    opens = any(opener.startswith(own) for rule in dialect.turns for opener in rule.opener)
    known = ("" if opens else own, dialect.bos or "", *dialect.bos_others)
    bos = next((one for one in known if one and text.startswith(one)), "")
    return text.removeprefix(bos)


def stratum_of(probe: Probe) -> Stratum:
    """Return what a difference on a probe tells of: whitespace wherever a content has some at its ends."""
    contents = [str(message.get("content") or "") for message in probe.messages]
    return "whitespace" if any(content != content.strip() for content in contents) else probe.stratum


def same_clock(one: Specimen, other: Specimen) -> Iterator[tuple[Probe, Rendered, Rendered]]:
    """Yield every standard probe as two templates render it at the same time, with the first one's switches."""
    probes = standard_probes()
    chats = [at_clock(one, probe) for probe in probes]
    yield from zip(probes, one.render_all(chats), other.render_all(chats), strict=True)


def _by_evidence(specimen: Specimen) -> Fidelity | None:
    evidence = specimen.evidence
    if evidence is None or specimen.tokenizer is None:
        return None
    right = [proof.is_equal for proof in prove_rows(specimen, evidence)]
    if not right:
        return None
    return Fidelity("evidence", f"recorded rows ({len(right)})", _proportion(right))


def _by_encoder(specimen: Specimen) -> Fidelity | None:
    if specimen.tokenizer is None:
        return None
    try:
        encoder = open_encoder(specimen)
    except TemplateError:
        return None
    compared = compare_ids(specimen, encoder)
    return _fidelity(encoder.name, [(stratum_of(one.probe), one.found == one.expected) for one in compared])


def _by_base(specimen: Specimen) -> Fidelity | None:
    base = specimen.base
    if base is None or base.source is None:
        return None
    if not specimen.settings.is_held_to_base and _name_of(specimen) != _name_of(base):
        return None
    digest = hashlib.sha256(base.source.text.encode("utf-8", "surrogatepass")).hexdigest()
    outcomes = [
        (stratum_of(probe), found.text == expected.text)
        for probe, found, expected in same_clock(specimen, base)
        if expected.text is not None and _claims(base.source.text, probe)
    ]
    return _fidelity(f"the template of {base.subject} (sha256 {digest[:12]})", outcomes)


def _claims(template: str, probe: Probe) -> bool:
    """Return whether a template speaks of what a probe is about; two that both drop the tools agree on nothing."""
    words = {"tools": ("tools", "tool_calls"), "thinking": ("think", "reasoning")}.get(probe.stratum)
    return words is None or any(word in template for word in words)


def _name_of(specimen: Specimen) -> str:
    try:
        return nearest(specimen)[0].name
    except TemplateError:
        return ""


def _by_grammar(specimen: Specimen) -> Fidelity | None:
    """Count the probes that come out as the dialect writes them.

    A text that the template puts before chats, a default system text or a date, is no difference: CT208 and CT211
    tell of it. Nor is a BOS. What the template refuses in every chat, such as a system message, is left out; what it
    fails on only here is a miss.
    """
    dialect = specimen.dialect
    if dialect is None:
        return None
    probes = standard_probes()
    rendered = specimen.render_all([at_clock(specimen, probe) for probe in probes])
    pairs = list(zip(probes, rendered, strict=True))
    preamble = find_preamble(specimen, pairs, dialect)
    outcomes = []
    for probe, found in pairs:
        texts = set(_writings(probe, dialect, preamble))
        if texts and (found.text is not None or takes(probe, pairs)):
            is_right = found.text is not None and without_bos(found.text, specimen, dialect) in texts
            outcomes.append((stratum_of(probe), is_right))
    return _fidelity(f"grammar {dialect.name}", outcomes)


def _writings(probe: Probe, dialect: Dialect, preamble: Preamble) -> Iterator[str]:
    """Yield how the dialect writes a probe: with and without what is put before chats."""
    if probe.tools or (probe.stratum == "thinking" and not dialect.thinking.open):
        return
    bare = replace(dialect, injects_default=False, default_system=())
    for messages in additions(probe.messages, bare):
        for text in _spellings(messages, bare, probe):
            yield text
            yield preamble.head + text
    for messages in (*additions(probe.messages, dialect), *_with_preamble(probe.messages, bare, preamble)):
        yield from _spellings(messages, bare, probe)


def _with_preamble(messages: Sequence[Message], dialect: Dialect, preamble: Preamble) -> Iterator[Sequence[Message]]:
    first = messages[0]
    if first["role"] == "system":
        content = first["content"].strip() if "system" in dialect.trim else first["content"]
        yield from additions(({"role": "system", "content": preamble.prefix + content}, *messages[1:]), dialect)
    elif preamble.said:
        yield from additions(({"role": "system", "content": preamble.said}, *messages), dialect)


def _spellings(messages: Sequence[Message], dialect: Dialect, probe: Probe) -> Iterator[str]:
    """Yield one chat in all ways that the dialect has for it, each without a BOS at its start."""
    for one in (dialect, *_other_closers(dialect)):
        try:
            text = write(messages, one, add_generation_prompt=probe.add_generation_prompt)
        except TemplateError:
            return
        text = text.removeprefix(dialect.bos or "")
        yield text
        if probe.add_generation_prompt and dialect.generation_prompts:
            body = text.removesuffix(dialect.generation_prompts[0])
            yield from (body + prompt for prompt in dialect.generation_prompts[1:])
        elif rule := one.turn("assistant"):
            # Where the turns of a history close with what no decoding stops at, the last one may be as it was sampled.
            sampled = dialect.stop[:1] if rule.closer[0] not in dialect.stop else ()
            yield from (text.removesuffix(rule.closer[0]) + stop for stop in sampled if text.endswith(rule.closer[0]))


def _other_closers(dialect: Dialect) -> Iterator[Dialect]:
    """Yield the dialect with each other closer of a turn that differs from the written one in whitespace."""
    for number, rule in enumerate(dialect.turns):
        for closer in rule.closer[1:]:
            if closer.strip() == rule.closer[0].strip():
                turns = list(dialect.turns)
                turns[number] = replace(rule, closer=(closer,))
                yield replace(dialect, turns=tuple(turns))


def _fidelity(reference: str, outcomes: Iterable[Outcome]) -> Fidelity | None:
    by_stratum: dict[str, list[bool]] = {}
    for stratum, is_right in outcomes:
        by_stratum.setdefault(stratum, []).append(is_right)
    if not by_stratum:
        return None
    return Fidelity(
        reference,
        PROBES_NAME,
        _proportion([is_right for found in by_stratum.values() for is_right in found]),
        {stratum: _proportion(by_stratum[stratum]) for stratum in STRATA if stratum in by_stratum},
        tuple(stratum for stratum in STRATA if stratum not in by_stratum),
    )


def _proportion(outcomes: Sequence[bool]) -> Proportion:
    n_right = sum(outcomes)
    return Proportion(n_right, len(outcomes), *(wilson(n_right, len(outcomes)) if outcomes else (None, None)))
