"""One rendering, read as its family: the first thing in it that the family does not write."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from chateval.findings import Finding, Severity
from chateval.template.check.check import Flaw
from chateval.template.check.sentinels import words
from chateval.template.grammar import Dialect, Reading, normalise, parse
from chateval.template.grammar.literals import visible
from chateval.template.probes import Probe, Stratum
from chateval.template.specimen import Specimen

_PLAIN: tuple[Stratum, ...] = ("plain", "multi_turn", "system", "whitespace")
_BARE: tuple[Stratum, ...] = ("plain", "multi_turn", "system")
"""Probes whose contents have no whitespace at their ends, so that what is read there was added."""
FOREIGN = "GR030"
"""A marker of another family, which has a check of its own."""
MAX_CHARACTERS = 200_000
"""Of a rendering; the probes have a few hundred."""
_SHOWN = 60
"""Characters of an added text that a message repeats."""
_TAIL = 200
"""Characters at the end of a text in which marks of reasoning are looked for."""
_THINKING = re.compile(r"\A<think>[^<]*</think>\s*")
_OPENED = re.compile(r"(?:(?:</?think>|<\|(?:START|END)_THINKING\|>|\[/?THINK\])\s*)+\Z")
"""Marks of reasoning that a prompt ends with."""


def readable(specimen: Specimen, dialect: Dialect) -> Iterator[tuple[Probe, str]]:
    """Yield the probes that are rendered, to no more than `MAX_CHARACTERS`, and that the dialect's grammar covers."""
    for probe, rendered in specimen.probed:
        if rendered.text is not None and len(rendered.text) <= MAX_CHARACTERS and _is_covered(probe, dialect):
            yield probe, rendered.text


def _is_covered(probe: Probe, dialect: Dialect) -> bool:
    match probe.stratum:
        case "special":
            return False
        case "tools":
            return bool(dialect.tools.call) and any("tool_calls" in message for message in probe.messages)
        case "thinking":
            is_inline = any("<think>" in message["content"] for message in probe.messages)
            return "<think>" in dialect.thinking.open if is_inline else bool(dialect.thinking.open)
    return True


def first_fault(text: str, probe: Probe, dialect: Dialect, said: str = "") -> Flaw | None:
    """Return the first error of the grammar, else the first content that is not the probe's; None if all is right.

    Markers of other families, default system texts, and trimmed or lost contents are the business of other checks.

    Args:
        text: The rendering of the probe.
        probe: The chat.
        dialect: What the rendering claims to be.
        said: The system text that the template writes by itself; before a content it is no addition to it.
    """
    reading = _read(text, probe, dialect)
    for finding in reading.findings:
        if finding.severity == "error" and finding.code != FOREIGN:
            return flaw_of(finding, probe)
    return _content_fault(reading, probe, text, said) if probe.stratum in _BARE else None


def flaw_of(finding: Finding, probe: Probe) -> Flaw:
    """Return a finding of the grammar as a flaw; a warning where tools or reasoning are concerned."""
    return Flaw(
        f"{finding.code} {finding.message}",
        severity=None if probe.stratum in _PLAIN else "warning",
        probe=probe.name,
        text=finding.text,
        offset=finding.offset,
        length=finding.length,
        expected=finding.expected,
        found=finding.found,
    )


def _read(text: str, probe: Probe, dialect: Dialect) -> Reading:
    """Read a rendering; where the dialect knows no reasoning, marks of it may follow the generation prompt."""
    if probe.add_generation_prompt and not dialect.thinking.open:
        opened = _OPENED.search(text, max(len(text) - _TAIL, 0))
        text = text[: opened.start()] if opened else text
    return parse(text, dialect)


def _content_fault(reading: Reading, probe: Probe, text: str, said: str) -> Flaw | None:
    """Return where roles or contents that were read are not what the dialect keeps of the probe's."""
    expected = [_plain(one) for one in normalise(probe.messages, reading.dialect)]
    read = [_plain(one) for one in reading.messages]
    if not any(role == "system" for role, _ in expected):
        read = [one for one in read if one[0] != "system"]
    roles, wanted_roles = (" → ".join(role for role, _ in one) for one in (read, expected))
    if roles != wanted_roles:
        is_dropped = any(role == "system" and content.strip() not in text for role, content in expected)
        message = "the roles are not those of the chat"
        return None if is_dropped else Flaw(message, probe=probe.name, text=text, expected=wanted_roles, found=roles)
    known = {one.strip() for one in (said, *reading.dialect.default_system)}
    for (role, found), (_, wanted) in zip(read, expected, strict=True):
        message = _whitespace(found, wanted, role)
        severity: Severity | None = "warning" if message and role == "developer" else None
        if not message and (message := _addition(found, wanted, role, known)):
            severity = "warning"
        if message:
            turn = next((one for one in reading.turns if one.is_message and one.content == found), None)
            return Flaw(
                message,
                severity=severity,
                probe=probe.name,
                text=text,
                offset=turn.start if turn else None,
                length=turn.end - turn.start if turn else 0,
                expected=wanted,
                found=found,
            )
    return None


def _plain(message: Mapping[str, Any]) -> tuple[str, str]:
    content = message.get("content")
    return str(message.get("role")), _THINKING.sub("", content) if isinstance(content, str) else ""


def _around(found: str, bare: str) -> tuple[str, str]:
    """Return what stands before and after a content that was sent; its first or last place, if it ends there."""
    is_last = found.rstrip().endswith(bare) and not found.lstrip().startswith(bare)
    start = found.rindex(bare) if is_last else found.index(bare)
    return found[:start], found[start + len(bare) :]


def _whitespace(found: str, wanted: str, role: str) -> str:
    """Return where whitespace alone was added to a content; empty if none was, or if the texts differ otherwise."""
    bare = wanted.strip()
    if not bare or bare not in found:
        return ""
    before, after = _around(found, bare)
    if before.strip() or after.strip():
        return ""
    if len(before) > len(wanted) - len(wanted.lstrip()):
        return f"whitespace before the content of {role} turns"
    return f"whitespace after the content of {role} turns" if len(after) > len(wanted) - len(wanted.rstrip()) else ""


def _addition(found: str, wanted: str, role: str, known: Collection[str]) -> str:
    """Return which text was added to a content; empty if none was, or only markers or what is known to come first."""
    bare = wanted.strip()
    if not bare or bare not in found:
        return ""
    before, after = _around(found, bare)
    if bare in (before.strip(), after.strip()):
        return f"the content of {role} turns is written twice"
    if words(before) and before.strip() not in known:
        return f"text before the content of {role} turns: {visible(before, _SHOWN)}"
    return f"text after the content of {role} turns: {visible(after, _SHOWN)}" if words(after) else ""
