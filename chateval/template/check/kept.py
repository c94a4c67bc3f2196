"""Whether the contents of a chat come out as they are: unchanged, whole however long, in order; CT209."""

import re
from collections.abc import Iterator

from chateval.records import Message
from chateval.template.check.check import Flaw
from chateval.template.check.sentinels import SHOWN, common, need, rendered, sentinels
from chateval.template.grammar.literals import visible
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen

ROUGH = "<b>\"x\" & 'y'</b>  {{ 1 }}\n\n\té 你"
"""What contents may hold: markup, quotes, runs of blanks, Jinja, a tab, letters beyond ASCII."""
LEAD, TRAIL = "\n ", " \n"
_ESCAPED = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,4}|#x[0-9a-fA-F]{1,4});")
LONG = 10_000
"""Characters of a long content: more than any limit that templates are known to cut at, and what prompts often hold."""
_WORD = re.compile(r"n\d+k\d+|Brelvo\d+(?:begins|ends)")


def contents_are_kept(specimen: Specimen) -> Iterator[Flaw]:
    """Every content must come out whole, unchanged, with its blanks, and in the order of the chat."""
    flaws = list(_rough_flaws(specimen))
    yield from flaws
    if all(flaw.severity == "warning" for flaw in flaws):
        yield from _cuts(specimen)


def _rough_flaws(specimen: Specimen) -> Iterator[Flaw]:
    messages, text = _rough_rendering(specimen)
    if not any(_find(word, text) >= 0 for number in range(len(messages)) for word in _ends(number)):
        yield Flaw(
            "no content that is a plain string is rendered: the template may take lists of parts only", text=text
        )
        return
    starts, trimmed = [], []
    for number, message in enumerate(messages):
        begin, end = _ends(number)
        start, stop = _find(begin, text), _find(end, text)
        role = message["role"]
        if start < 0 or stop < start:
            if role != "system":
                yield Flaw(f"the content of message {number + 1} ({role}) is not rendered whole", text=text)
            continue
        starts += [start] if role != "system" else []
        expected, found = f"{begin} {ROUGH} {end}", text[start : stop + len(end)]
        if found != expected:
            yield _altered(text, start, (expected, found), role)
        whole = text[max(0, start - len(LEAD)) : stop + len(end) + len(TRAIL)]
        if not (whole.startswith(LEAD) and whole.endswith(TRAIL)):
            trimmed.append((role, start, stop + len(end)))
    if starts != sorted(starts):
        yield Flaw("the messages are not rendered in the order of the chat", text=text, offset=min(starts))
    yield from _trims(specimen, text, trimmed)


def _rough_rendering(specimen: Specimen) -> tuple[tuple[Message, ...], str]:
    messages = tuple(
        {**message, "content": f"{LEAD}{_ends(number)[0]} {ROUGH} {_ends(number)[1]}{TRAIL}"}
        for number, message in enumerate(sentinels(_roles(specimen)))
    )
    return messages, need(specimen.render(Chat(messages, add_generation_prompt=False)), "contents with markup in them")


def _roles(specimen: Specimen) -> str:
    return "suaua" if rendered(specimen, "suaua").text is not None else "uaua"


def _find(word: str, text: str) -> int:
    """Return where a word stands, in upper or lower case; -1 if it does not."""
    found = re.search(re.escape(word), text, re.IGNORECASE)
    return found.start() if found else -1


def _ends(number: int) -> tuple[str, str]:
    return f"Brelvo{number}begins", f"Brelvo{number}ends"


def _altered(text: str, offset: int, change: tuple[str, str], role: str) -> Flaw:
    expected, found = change
    if _ESCAPED.search(found):
        what = "escaped as HTML"
    elif found.split() == expected.split():
        what = "changed in its blanks"
    elif found.casefold() == expected.casefold():
        what = "changed in upper and lower case"
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


def _cuts(specimen: Specimen) -> Iterator[Flaw]:
    """Look for contents of which a part goes, or that something is put into, once they are long."""
    messages = tuple({**one, "content": _long_content(n)} for n, one in enumerate(sentinels(_roles(specimen))))
    rendering = specimen.render(Chat(messages, add_generation_prompt=False))
    if rendering.error is not None and rendering.error.kind != "limit":
        yield Flaw(f"the template fails on contents of {LONG:,} characters: {rendering.error.message}")
        return
    text = need(rendering, f"contents of {LONG:,} characters")
    cut = [(one, _kept(text, one["content"])) for one in messages if one["content"] not in text]
    cut = [(one, kept) for one, kept in cut if one["role"] != "system" or kept[0] or kept[1] < LONG]
    if not cut:
        return
    roles = ", ".join(dict.fromkeys(one["role"] for one, _ in cut))
    message, (n_head, n_lost, place) = cut[0]
    what = f"{n_lost:,} of its {LONG:,} characters are lost" if n_lost else "its blanks change, or something is put in"
    yield Flaw(
        f"a long content is not rendered whole ({roles}): {what}",
        text=text,
        offset=place,
        expected=visible(message["content"][n_head:], SHOWN),
        found=visible(text[place:], SHOWN),
    )


def _long_content(number: int) -> str:
    """Return a content of `LONG` characters on one line, no part of which stands in one of another number."""
    body = "".join(f" n{number}k{word}" for word in range(1000, 1000 + LONG // 4))
    begin, end = f"Brelvo{number}begins", f" Brelvo{number}ends"
    return begin + body[: LONG - len(begin) - len(end)] + end


def _kept(text: str, content: str) -> tuple[int, int, int]:
    """Return how many characters of a content's beginning are in a text, how many are lost, and where that is."""
    begin, end = content.partition(" ")[0], content.rpartition(" ")[2]
    start, stop = text.find(begin), text.rfind(end) + len(end) if end in text else 0
    head = common(text[start : start + len(content)], content) if start >= 0 else 0
    tail = common(text[max(0, stop - len(content)) : stop][::-1], content[::-1])
    lost = set(_WORD.findall(content)) - {found.group() for found in _WORD.finditer(text)}
    n_lost = min(sum(len(word) + 1 for word in lost), len(content) - head - tail)
    return head, n_lost, start + head if start >= 0 else 0


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
