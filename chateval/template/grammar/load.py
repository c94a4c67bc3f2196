"""Reads families from TOML files, the bundled ones and the user's; strict, and says where a file is wrong."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chateval.codec import decode
from chateval.errors import DataError, TemplateError
from chateval.template.grammar.dialect import (
    BosRule,
    Dialect,
    Family,
    Field,
    SystemRule,
    Thinking,
    ToolLayout,
    TurnRule,
)
from chateval.template.grammar.literals import split_literals

FAMILIES_DIR = Path(__file__).parents[1] / "families"

_MAX_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class _TurnEntry:
    opener: str | tuple[str, ...] | None = None
    closer: str | tuple[str, ...] | None = None
    words: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    is_message: bool = True


@dataclass(frozen=True, slots=True)
class _DialectEntry:
    name: str
    turns: Mapping[str, _TurnEntry]
    opener: str | tuple[str, ...] | None = None
    closer: str | tuple[str, ...] | None = None
    inside: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    bos: str | None = None
    bos_rule: BosRule = "never"
    bos_others: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    generation_prompts: tuple[str, ...] = ()
    system: SystemRule = "turn"
    system_open: str = ""
    system_close: str = "\n\n"
    default_system: tuple[str, ...] = ()
    injects_default: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)
    trim: tuple[str, ...] = ()
    alternates: bool = False
    system_first: bool = False
    final: str = ""
    stop: tuple[str, ...] = ()
    plain_markers: bool = False
    tools: ToolLayout = field(default_factory=ToolLayout)
    thinking: Thinking = field(default_factory=Thinking)
    encoder: str | None = None
    control: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _FamilyEntry:
    name: str
    title: str
    truth: str
    dialect: tuple[_DialectEntry, ...]
    sources: tuple[str, ...] = ()


def load_families(extra: Sequence[Path] = ()) -> Mapping[str, Family]:
    """Return the bundled families and those of the user's files, by name.

    Args:
        extra: TOML files as docs/families.md describes them; a dialect's `base` may be a bundled one.

    Raises:
        TemplateError: If a file cannot be read, has a key or a type that is not allowed, or repeats a name.
    """
    families, raws = _bundled()
    if not extra:
        return families
    merged, known = dict(families), dict(raws)
    for path in extra:
        family = _read_family(path, known)
        _refuse_repeats(family, merged, path)
        merged[family.name] = family
    return MappingProxyType(merged)


def find_dialect(name: str, families: Mapping[str, Family]) -> Dialect:
    """Return the dialect of that name or alias; the name of a family means its first dialect.

    Raises:
        TemplateError: If there is none; the message lists those that exist.
    """
    dialects = [dialect for family in families.values() for dialect in family.dialects]
    for dialect in dialects:
        if dialect.name == name:
            return dialect
    if name in families:
        return families[name].dialects[0]
    for dialect in dialects:
        if name in dialect.aliases:
            return dialect
    known = sorted({*families, *(dialect.name for dialect in dialects)})
    raise TemplateError(f"unknown family or dialect {name!r}; known: {', '.join(known)}")


@cache
def _bundled() -> tuple[Mapping[str, Family], Mapping[str, Mapping[str, Any]]]:
    families: dict[str, Family] = {}
    raws: dict[str, Mapping[str, Any]] = {}
    for path in sorted(FAMILIES_DIR.glob("*.toml")):
        family = _read_family(path, raws)
        _refuse_repeats(family, families, path)
        families[family.name] = family
    return MappingProxyType(families), raws


def _refuse_repeats(family: Family, others: Mapping[str, Family], path: Path) -> None:
    if family.name in others:
        raise TemplateError(f"{path}: name: there is a family {family.name!r} already")
    taken = {name for other in others.values() for one in other.dialects for name in (one.name, *one.aliases)}
    for dialect in family.dialects:
        for name in (dialect.name, *dialect.aliases):
            if name in taken:
                raise TemplateError(f"{path}: dialect {dialect.name!r}: there is a dialect {name!r} already")
            taken.add(name)


def _read_family(path: Path, raws: dict[str, Mapping[str, Any]]) -> Family:
    raw = _read_toml(path)
    listed = raw.get("dialect")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise TemplateError(f"{path}: dialect: give one or more [[dialect]] tables")
    for number, own in enumerate(listed):
        base = own.pop("base", None)
        if base is not None and base not in raws:
            raise TemplateError(
                f"{path}: dialect[{number}].base: no dialect {base!r} comes before; known: {sorted(raws)}"
            )
        listed[number] = own if base is None else _inherit(raws[base], own)
        if isinstance(own.get("name"), str):
            raws[own["name"]] = listed[number]
    try:
        entry = decode(_FamilyEntry, json.dumps(raw, default=str), where=str(path))
    except DataError as error:
        raise TemplateError(str(error)) from error
    if not entry.dialect:
        raise TemplateError(f"{path}: dialect: give at least one [[dialect]] table")
    return Family(
        name=entry.name,
        title=entry.title,
        truth=entry.truth,
        sources=entry.sources,
        dialects=tuple(_dialect(one, entry.name, path) for one in entry.dialect),
    )


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise TemplateError(f"{path}: no such family file")
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise TemplateError(f"{path}: larger than {_MAX_BYTES} bytes: not a family file")
        return tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise TemplateError(f"{path}: {error}") from error


def _inherit(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in base.items() if key != "aliases"} | dict(own)
    if isinstance(own.get("turns"), dict):
        turns = dict(base.get("turns", {}))
        for role, entry in own["turns"].items():
            turns[role] = {**turns.get(role, {}), **entry} if isinstance(entry, dict) else entry
        merged["turns"] = turns
    return merged


def _dialect(entry: _DialectEntry, family: str, path: Path) -> Dialect:
    where = f"{path}: dialect {entry.name!r}"
    turns = tuple(_turn(role, one, entry, where) for role, one in entry.turns.items())
    roles = {turn.role for turn in turns}
    for role in ("user", "assistant"):
        if role not in roles:
            raise TemplateError(f"{where}: turns.{role}: missing")
    bare = [turn for turn in turns if turn.after]
    if len(bare) > 1 or any(turn.role in turn.after for turn in bare):
        raise TemplateError(f"{where}: turns.{bare[-1].role}.after: one turn may begin bare, and not after itself")
    if entry.bos_rule != "never" and not entry.bos:
        raise TemplateError(f"{where}: bos: missing, for bos_rule is {entry.bos_rule!r}")
    if entry.system in ("turn", "raw") and "system" not in roles | set(entry.rename):
        raise TemplateError(f"{where}: turns.system: missing, for system is {entry.system!r}")
    if entry.injects_default and not entry.default_system:
        raise TemplateError(f"{where}: default_system: missing, for injects_default is true")
    copied = {one.name: getattr(entry, one.name) for one in fields(entry) if one.name in _COPIED}
    return Dialect(
        family=family,
        turns=turns,
        rename=tuple(sorted(entry.rename.items())),
        control=_control(entry, turns),
        **copied,
    )


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_COPIED = {one.name for one in fields(Dialect)} - {"family", "turns", "rename", "control"}


def _turn(role: str, own: _TurnEntry, entry: _DialectEntry, where: str) -> TurnRule:
    words = own.words or (role,)
    opener = _listed(own.opener if own.opener is not None else entry.opener)
    closer = _listed(own.closer if own.closer is not None else entry.closer)
    if not opener or not closer:
        raise TemplateError(
            f"{where}: turns.{role}: give opener and closer, here or for the dialect; they may be empty"
        )
    unknown = [name for one in opener for name in _PLACEHOLDER.findall(one) if name not in ("word", "fields")]
    if unknown:
        raise TemplateError(
            f"{where}: turns.{role}.opener: {{{unknown[0]}}} means nothing; {{word}} is the role's name"
        )
    is_raw = role == "system" and entry.system == "raw"
    if any(not one.strip() for one in opener) and not own.after and not is_raw:
        raise TemplateError(f"{where}: turns.{role}.opener: blank, so give the roles that it comes `after`")
    return TurnRule(
        role=role,
        opener=opener,
        closer=closer,
        words=words,
        after=own.after,
        inside=(*entry.inside, *own.inside, *_layout_literals(role, entry)),
        is_message=own.is_message,
    )


def _listed(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _layout_literals(role: str, entry: _DialectEntry) -> tuple[str, ...]:
    tools, thinking = entry.tools, entry.thinking
    parts: list[str] = []
    if role in ("assistant", "system", "developer"):
        parts += [] if tools.is_turn else [tools.open, tools.call, tools.between, tools.close, tools.parameter]
        parts += [] if thinking.is_turn else [thinking.open, thinking.close]
    if role in (tools.result_role, "system"):
        parts.append(tools.result)
    if role == "user" and entry.system == "wrapped":
        parts += [entry.system_open, entry.system_close]
    return tuple(literal for part in parts for literal in split_literals(part) if "{" not in literal)


def _control(entry: _DialectEntry, turns: tuple[TurnRule, ...]) -> tuple[str, ...]:
    markers = [entry.bos or "", *entry.bos_others, entry.final]
    for turn in turns:
        markers += [one.replace("{word}", word) for one in turn.opener for word in turn.words]
        markers += turn.closer
    found = {literal for marker in markers for literal in split_literals(marker.replace("{fields}", ""))}
    found |= {literal for one in entry.fields for literal in split_literals(one.prefix) if literal.startswith("<")}
    found |= {literal for turn in turns for literal in turn.inside}
    found |= set(entry.control)
    return tuple(sorted(found, key=lambda one: (-len(one), one)))
