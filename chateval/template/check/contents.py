"""Checks of what becomes of the contents of a chat, CT206 to CT211."""

import re
from collections.abc import Iterator
from dataclasses import replace

from chateval.records import Message
from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.sentinels import common, gaps, layout, need, rendered, sentinels, shape, text_of, words
from chateval.template.grammar.literals import visible
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen

CLOCKS = ("2024-02-03T04:05:06", "2031-11-27T19:45:30")
"""Two moments that share no part of a date or time."""
ROUGH = "<b>\"x\" & 'y'</b>  {{ 1 }}\n\n\té 你"
"""What contents may hold: markup, quotes, runs of blanks, Jinja, a tab, letters beyond ASCII."""
LEAD, TRAIL = "\n ", " \n"
_ESCAPED = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,4}|#x[0-9a-fA-F]{1,4});")
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
            expected=system["content"],
        )


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
    bos = specimen.tokens.get("bos_token") or (specimen.dialect.bos if specimen.dialect else None) or ""
    start = len(bos) if bos and head.startswith(bos) else 0
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


def contents_are_kept(specimen: Specimen) -> Iterator[Flaw]:
    """Every content must come out whole, unchanged, with its blanks, and in the order of the chat."""
    messages, text = _rough_rendering(specimen)
    if not any(word in text for number in range(len(messages)) for word in _ends(number)):
        yield Flaw(
            "no content that is a plain string is rendered: the template may take lists of parts only", text=text
        )
        return
    starts, trimmed = [], []
    for number, message in enumerate(messages):
        begin, end = _ends(number)
        start, stop = text.find(begin), text.find(end)
        role = message["role"]
        if start < 0 or stop < start:
            if role != "system":
                yield Flaw(f"the content of message {number + 1} ({role}) is not rendered whole", text=text)
            continue
        starts += [start] if role != "system" else []
        found = text[start + len(begin) : stop]
        if found != f" {ROUGH} ":
            yield _altered(text, start + len(begin), found, role)
        whole = text[max(0, start - len(LEAD)) : stop + len(end) + len(TRAIL)]
        if not (whole.startswith(LEAD) and whole.endswith(TRAIL)):
            trimmed.append((role, start, stop + len(end)))
    if starts != sorted(starts):
        yield Flaw("the messages are not rendered in the order of the chat", text=text, offset=min(starts))
    yield from _trims(specimen, text, trimmed)


def _rough_rendering(specimen: Specimen) -> tuple[tuple[Message, ...], str]:
    roles = "suaua" if rendered(specimen, "suaua").text is not None else "uaua"
    messages = tuple(
        {**message, "content": f"{LEAD}{_ends(number)[0]} {ROUGH} {_ends(number)[1]}{TRAIL}"}
        for number, message in enumerate(sentinels(roles))
    )
    return messages, need(specimen.render(Chat(messages, add_generation_prompt=False)), "contents with markup in them")


def _ends(number: int) -> tuple[str, str]:
    return f"Brelvo{number}begins", f"Brelvo{number}ends"


def _altered(text: str, offset: int, found: str, role: str) -> Flaw:
    expected = f" {ROUGH} "
    if _ESCAPED.search(found):
        what = "escaped as HTML"
    elif found.split() == expected.split():
        what = "changed in its blanks"
    else:
        what = "changed"
    return Flaw(
        f"a content ({role}) is {what}: {visible(found, 120)}",
        text=text,
        offset=offset,
        length=len(found),
        expected=visible(expected),
        found=visible(found, 120),
    )


def _trims(specimen: Specimen, text: str, trimmed: list[tuple[str, int, int]]) -> Iterator[Flaw]:
    by_design = specimen.dialect.trim if specimen.dialect else ()
    unasked = [entry for entry in trimmed if entry[0] not in by_design]
    if not unasked:
        return
    roles = ", ".join(dict.fromkeys(role for role, _, _ in unasked))
    _, start, end = unasked[0]
    found = text[max(0, start - 2) : start] + "…" + text[end : end + 2]
    yield Flaw(
        f"blanks at the ends of contents are cut off ({roles})",
        severity="warning",
        text=text,
        offset=start,
        length=end - start,
        expected=visible(f"{LEAD}…{TRAIL}"),
        found=visible(found),
    )


def unusual_orders_render(specimen: Specimen) -> Iterator[Flaw]:
    """Some templates insist on user and assistant taking turns; chats from elsewhere may not."""
    text_of(specimen, "ua")
    has_system = rendered(specimen, "su").text is not None
    for roles, what in _UNUSUAL:
        error = rendered(specimen, roles).error
        if error is not None and (has_system or "s" not in roles):
            yield Flaw(f"the template refuses {what}: {error.message}", found=error.message)


def clock_is_ignored(specimen: Specimen) -> Iterator[Flaw]:
    """The same chat must render the same tomorrow."""
    reasons = []
    for roles in ("u", "su"):
        chat = Chat(sentinels(roles))
        both = specimen.render_all([replace(chat, now=CLOCKS[0]), replace(chat, now=CLOCKS[1])])
        try:
            first, second = (need(found, f"a chat of {shape(roles)}") for found in both)
        except NotEvaluated as reason:
            reasons.append(reason)
            continue
        if first != second:
            place = common(first, second)
            line = first[first.rfind("\n", 0, place) + 1 :].split("\n", 1)[0]
            yield Flaw(
                f"today's date is written into the prompt: {visible(line, 100)}",
                text=first,
                offset=place,
                length=1,
                expected=visible(first[place : place + 30]),
                found=visible(second[place : place + 30]),
            )
            return
    if len(reasons) == 2:
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
