"""Checks of what matters in training: stable histories, kept reasoning, the training's own template; CT401 to CT407."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from chateval.findings import Severity
from chateval.records import Message
from chateval.template.check import masks
from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.sentinels import (
    SHOWN,
    common,
    layout,
    opened,
    own_writing,
    rendered,
    sentinels,
    shape,
    without_thinking,
)
from chateval.template.grammar import Dialect
from chateval.template.grammar.literals import visible
from chateval.template.probes import probe, standard_probes
from chateval.template.sandbox import Chat
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen

REASON = "Ombrelli thinks so"
"""A reasoning that stands nowhere else."""
CLOCK = "2025-06-07T08:09:10"
_HISTORIES = (("ua", "uaua"), ("uaua", "uauaua"), ("sua", "suaua"))
_TOOL_TURNS = ((2, 3), (2, 4), (3, 4))
"""Messages of a round of tools, shorter and longer: question, call, result, answer."""


def history_is_stable(specimen: Specimen) -> Iterator[Flaw]:
    """What is rendered of a chat must be the beginning of what is rendered of the same chat gone on."""
    try:
        opener = opened(layout(specimen), specimen.dialect)
    except NotEvaluated:
        opener = ""
    n_compared = 0
    for look in (_plain_history, _thinking_history, _tool_history):
        pairs = [pair for pair in look(specimen) if pair is not None]
        n_compared += len(pairs)
        flaws = (_unstable(specimen, what, short.removesuffix(opener), long) for what, short, long in pairs)
        first = next((flaw for flaw in flaws if flaw is not None), None)
        if first is not None:
            yield first
            return
    if not n_compared:
        raise NotEvaluated("the template fails on every chat of several turns")


def _plain_history(specimen: Specimen) -> Iterator[tuple[str, str, str] | None]:
    for first, second in _HISTORIES:
        short, long = rendered(specimen, first).text, rendered(specimen, second).text
        yield None if short is None or long is None else (shape(first), short, long)


def _thinking_history(specimen: Specimen) -> Iterator[tuple[str, str, str] | None]:
    for way in ("content", "reasoning_content"):
        short, long = _thoughtful(specimen, way)
        yield None if short is None or long is None else (f"user → answer with its reasoning in {way}", short, long)


def _tool_history(specimen: Specimen) -> Iterator[tuple[str, str, str] | None]:
    whole = probe("tool_round", add_generation_prompt=False)
    for first, second in _TOOL_TURNS:
        chats = [replace(whole, messages=whole.messages[:n]) for n in (first, second)]
        short, long = (found.text for found in specimen.render_all(chats))
        what = " → ".join(("question", "tool call", "result")[:first])
        yield None if short is None or long is None else (what, short, long)


def _unstable(specimen: Specimen, what: str, short: str, long: str) -> Flaw | None:
    if long.startswith(short):
        return None
    dialect = specimen.dialect
    plain_short, plain_long = (without_thinking(text.replace(REASON, ""), dialect) for text in (short, long))
    is_thinking = plain_long.startswith(plain_short)
    is_designed = _is_by_design(specimen, is_thinking=is_thinking) or _ends_otherwise(dialect, short, long)
    place = common(short, long)
    return Flaw(
        f"{what} is rendered otherwise once the chat goes on{' (its reasoning goes)' if is_thinking else ''}: "
        f"{visible(short[place:], SHOWN)} becomes {visible(long[place:], SHOWN)}",
        severity="info" if is_designed else "warning",
        text=long,
        offset=place,
        length=min(SHOWN, len(long) - place),
        expected=visible(short[place:], SHOWN),
        found=visible(long[place:], SHOWN),
    )


def _is_by_design(specimen: Specimen, *, is_thinking: bool) -> bool:
    dialect = specimen.dialect
    if dialect is None:
        return False
    if is_thinking:
        return dialect.thinking.history != "kept"
    own = [[own_writing(dialect, roles, prompt=False) for roles in pair] for pair in _HISTORIES]
    return any(short and long and not long.startswith(short) for short, long in own)


def _ends_otherwise(dialect: Dialect | None, short: str, long: str) -> bool:
    """Tell whether only the end of the last answer differs, and the dialect has both ends."""
    rule = dialect.turn("assistant") if dialect else None
    closers = [closer for closer in rule.closer if closer] if rule else []
    bodies = [short.removesuffix(closer) for closer in closers if short.endswith(closer)]
    return any(long.startswith(body + closer) for body in bodies for closer in closers)


def _thoughtful(specimen: Specimen, way: str) -> tuple[str | None, str | None]:
    """Return a chat whose answer has a reasoning, and the same gone on; None where the template fails."""
    user, answer, *rest = sentinels("uaua")
    if way == "content":
        thought: Message = {**answer, "content": f"<think>\n{REASON}\n</think>\n\n{answer['content']}"}
    else:
        thought = {**answer, "reasoning_content": REASON}
    chats = [Chat(messages, add_generation_prompt=False) for messages in ((user, thought), (user, thought, *rest))]
    short, long = specimen.render_all(chats)
    return short.text, long.text


def reasoning_is_kept(specimen: Specimen) -> Iterator[Flaw]:
    """Reasoning that is there in a last answer, and so is trained, must not be gone from the history later."""
    found = {way: _thoughtful(specimen, way) for way in ("content", "reasoning_content")}
    both = {way: (short, long) for way, (short, long) in found.items() if short is not None and long is not None}
    if not both:
        raise NotEvaluated("the template fails on every answer with a reasoning")
    answer = sentinels("ua")[1]["content"]
    ways = [way for way, (short, long) in both.items() if REASON in short and REASON not in long and answer in long]
    if not ways:
        return
    severity: Severity = "info" if _is_by_design(specimen, is_thinking=True) else "warning"
    of = f"; {specimen.dialect.name} does so by design" if specimen.dialect and severity == "info" else ""
    yield Flaw(
        f"reasoning in {' or '.join(ways)} is rendered for the last answer and gone from earlier ones{of}",
        severity=severity,
        text=both[ways[0]][1],
        offset=both[ways[0]][1].index(answer),
        expected=visible(REASON),
    )


def training_template_is_this_one(specimen: Specimen) -> Iterator[Flaw]:
    """The template and switches that the training recorded must render what the present ones do."""
    evidence = specimen.evidence
    if not evidence.template:
        raise NotEvaluated("the training recorded no template")
    source = TemplateSource(evidence.path or "the training", "default", evidence.template)
    settings = replace(specimen.settings, kwargs=evidence.kwargs)
    twin = replace(specimen, sources=(source,), tokens={**specimen.tokens, **evidence.tokens}, settings=settings)
    names = [one.name for one in standard_probes() if one.stratum not in ("tools", "special")]
    now = evidence.now or CLOCK
    texts = {name: (_at(specimen, name, now), _at(twin, name, now)) for name in names}
    differ = {name: pair for name, pair in texts.items() if pair[0] != pair[1]}
    if differ:
        yield _drift(specimen, differ, len(names), evidence.kwargs)


def _at(specimen: Specimen, name: str, now: str) -> str | None:
    return specimen.render(replace(probe(name).chat(specimen.settings.kwargs), now=now)).text


def _drift(
    specimen: Specimen, differ: Mapping[str, tuple[str | None, str | None]], n: int, kwargs: Mapping[str, Any]
) -> Flaw:
    plain = [[without_thinking(text or "", specimen.dialect) for text in pair] for pair in differ.values()]
    is_thinking = all(present == trained for present, trained in plain)
    name, (present, trained) = next(iter(differ.items()))
    place = common(present or "", trained or "")
    switches = f" (switches of the training: {dict(kwargs)})" if dict(kwargs) != dict(specimen.settings.kwargs) else ""
    expected, found = (_shown(text, place) for text in (trained, present))
    return Flaw(
        f"{len(differ)} of {n} probes are rendered otherwise than in the training{switches}, first {name}: "
        f"{expected} then, {found} now",
        severity="warning" if is_thinking else "error",
        probe=name,
        text=present or "",
        offset=place,
        expected=expected,
        found=found,
    )


def _shown(text: str | None, place: int) -> str:
    return "an error" if text is None else visible(text[place:], SHOWN) or "the end"


CHECKS: tuple[Check, ...] = (
    Check(
        "CT401",
        "earlier turns are rendered otherwise once the chat goes on",
        "warning",
        "render each turn by what stands before it alone, not by whether it is the last",
        history_is_stable,
    ),
    *masks.CHECKS,
    Check(
        "CT406",
        "the training rendered with another template",
        "error",
        "ship the template of the training, with the same switches",
        training_template_is_this_one,
        needs=("template", "evidence"),
    ),
    Check(
        "CT407",
        "reasoning is trained and then gone from the history",
        "warning",
        "train on chats cut after each answer, or keep the reasoning of earlier answers",
        reasoning_is_kept,
    ),
)
