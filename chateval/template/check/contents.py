"""Checks of what becomes of the contents of a chat, CT206 to CT211."""

import re
from collections.abc import Iterator
from dataclasses import replace

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.kept import contents_are_kept
from chateval.template.check.sentinels import common, gaps, layout, need, rendered, sentinels, shape, text_of, words
from chateval.template.grammar.literals import visible
from chateval.template.probes import probe
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen

CLOCKS = ("2024-02-03T04:05:06", "2031-11-27T19:45:30")
"""Two moments that share no part of a date or time."""
SAME_CLOCK = tuple(CLOCKS[0] + again for again in ("", ".0", ".00", ".000"))
"""One moment, spelt otherwise each time, so that each is a rendering of its own: what they differ in is drawn."""
_LEADING_MARKERS = re.compile(r"(?:\s|<[^<>\s]{1,80}>|system\b)+")
_UNUSUAL = (
    ("uu", "two user messages in a row"),
    ("au", "a chat that the assistant begins"),
    ("uasu", "a system message in the middle of a chat"),
)


def system_is_kept(specimen: Specimen) -> Iterator[Flaw]:
    """A system message must stand in the prompt, or be refused."""
    system, user = sentinels("su")
    dropped = {}
    for roles in ("su", "sua", "suau"):
        text = text_of(specimen, roles)
        if user["content"] not in text:
            raise NotEvaluated("the template renders no content that is a plain string")
        if system["content"] not in text:
            dropped[roles] = text
    if dropped:
        [(_, text), *_] = dropped.items()
        yield Flaw(
            f"the system message is not in the rendering of {', '.join(map(shape, dropped))}",
            text=text,
            offset=_after_bos(specimen, text),
            expected=system["content"],
        )
    yield from _second_system(specimen)


def _second_system(specimen: Specimen) -> Iterator[Flaw]:
    """Look for a system message that is dropped because another one was before it."""
    dropped = {}
    for roles in ("ssu", "suasu"):
        text, messages = rendered(specimen, roles).text, sentinels(roles)
        first, second = (message["content"] for message in messages if message["role"] == "system")
        before = messages[roles.rindex("s") - 1]["content"]
        if text is not None and first in text and second not in text:
            dropped[roles] = (text, text.find(before) + len(before) if before in text else None, second)
    if dropped:
        [(_, (text, place, second)), *_] = dropped.items()
        yield Flaw(
            f"the second system message is not in the rendering of {', '.join(map(shape, dropped))}",
            severity="warning",
            text=text,
            offset=place,
            expected=second,
        )


def _after_bos(specimen: Specimen, text: str) -> int:
    bos = specimen.tokens.get("bos_token") or (specimen.dialect.bos if specimen.dialect else None) or ""
    return len(bos) if text.startswith(bos) else 0


def system_is_refused(specimen: Specimen) -> Iterator[Flaw]:
    """A template may refuse system messages; their text then belongs in front of the first user's."""
    error = rendered(specimen, "su").error
    if error is None:
        return
    text_of(specimen, "u")
    yield Flaw(f"the template refuses system messages: {error.message}", probe="system", found=error.message)


def nothing_is_injected(specimen: Specimen) -> Iterator[Flaw]:
    """Before the first user there must be no text that the chat does not have."""
    text = text_of(specimen, "u")
    parts = gaps(text, sentinels("u"))
    if parts is None:
        raise NotEvaluated("the text of a lone question is not in its rendering")
    place, literal = _injected(specimen, parts[0])
    if not literal:
        return
    markers = _LEADING_MARKERS.match(literal)
    if markers is not None and words(literal[markers.end() :]):
        place, literal = place + markers.end(), literal[markers.end() :]
    literal = literal.rstrip()
    name = _known_to(specimen, literal)
    of = f" (a known default of {name})" if name else ""
    yield Flaw(
        f"a system text that the chat does not have is added{of}: {visible(literal, 200)}",
        text=text,
        offset=place,
        length=len(literal),
        found=visible(literal, 200),
    )


def _injected(specimen: Specimen, head: str) -> tuple[int, str]:
    """Return the place and text that is said before a first user; by what stands there where a system is given."""
    with_system = rendered(specimen, "su").text
    around = gaps(with_system, sentinels("su")) if with_system is not None else None
    if around is not None:
        before, after = around[0], around[1]
        middle = head[len(before) : len(head) - len(after)]
        if head == before + middle + after and words(middle):
            return len(before), middle
    start = _after_bos(specimen, head)
    own = head[start:]
    opener = common(own[::-1], layout(specimen).to_user[::-1])
    said = own[: len(own) - opener]
    return (start, said) if words(said) else (0, "")


def _known_to(specimen: Specimen, literal: str) -> str:
    """Return the dialect of the specimen's family that is known to write this text by itself, or nothing."""
    family = specimen.families.get(specimen.dialect.family) if specimen.dialect else None
    for dialect in family.dialects if family else ():
        if any(known.strip() and literal.startswith(known.strip()) for known in dialect.default_system):
            return dialect.name
    return ""


def unusual_orders_render(specimen: Specimen) -> Iterator[Flaw]:
    """Some templates insist on user and assistant taking turns; chats from elsewhere may not."""
    text_of(specimen, "ua")
    has_system = rendered(specimen, "su").text is not None
    for roles, what in _UNUSUAL:
        error = rendered(specimen, roles).error
        if error is not None and (has_system or "s" not in roles):
            yield Flaw(f"the template refuses {what}: {error.message}", found=error.message)


def clock_is_ignored(specimen: Specimen) -> Iterator[Flaw]:
    """The same chat must render the same again, and tomorrow."""
    reasons = []
    tools = probe("tools_offered").tools
    chats = [(roles, Chat(sentinels(roles), tools=offered)) for offered in (None, tools) for roles in ("u", "su")]
    for roles, chat in chats:
        clocks = (*SAME_CLOCK, CLOCKS[1])
        try:
            first, *again, second = (
                need(found, f"a chat of {shape(roles)}")
                for found in specimen.render_all([replace(chat, now=clock) for clock in clocks])
            )
        except NotEvaluated as reason:
            reasons.append(reason)
            continue
        drawn = next((text for text in again if text != first), None)
        if first != second or drawn is not None:
            second = second if drawn is None else drawn
            place = common(first, second)
            line = first[first.rfind("\n", 0, place) + 1 :].split("\n", 1)[0]
            where = "the prompt of a chat with tools" if chat.tools else "the prompt"
            what = "today's date" if drawn is None else "something else each time"
            yield Flaw(
                f"{what} is written into {where}: {visible(line, 100)}",
                text=first,
                offset=place,
                length=1,
                expected=visible(first[place : place + 30]),
                found=visible(second[place : place + 30]),
            )
            return
    if len(reasons) == len(chats):
        raise reasons[0]


CHECKS: tuple[Check, ...] = (
    Check(
        "CT206",
        "the system message is dropped",
        "error",
        "render messages with the role `system`, or refuse them with raise_exception",
        system_is_kept,
    ),
    Check(
        "CT207",
        "system messages are refused",
        "info",
        "put the system text in front of the first user message",
        system_is_refused,
        is_note=True,
    ),
    Check(
        "CT208",
        "system text is injected where none is given",
        "warning",
        "train and serve with the same text: give the system message explicitly, or take the default out",
        nothing_is_injected,
    ),
    Check(
        "CT209",
        "contents are altered",
        "error",
        "print each message's content as it is, once, in the order of the chat",
        contents_are_kept,
    ),
    Check(
        "CT210",
        "only alternating chats are rendered",
        "info",
        "merge neighbouring messages of one role before rendering",
        unusual_orders_render,
        is_note=True,
    ),
    Check(
        "CT211",
        "the rendering depends on the date",
        "warning",
        "pass a fixed date (`date_string` in most such templates) in training and in evaluation",
        clock_is_ignored,
    ),
)
