"""Rows -> samples: rendered, addressed by content, and refused where a row is at fault."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chateval.codec import canonical
from chateval.errors import DataError
from chateval.records import Sample
from chateval.task.demos import Demos, Render, Text
from chateval.task.dialogue import DialogueParts, Parts, check_result_names
from chateval.task.media import Media, TakeMedia
from chateval.task.render import Texts
from chateval.task.rows import Row


@dataclass(frozen=True, slots=True)
class Renderers:
    """What a task makes of a row; each takes the row and where it stands."""

    messages: Render
    target: Text
    targets: Texts
    choices: Texts
    tags: Texts
    cluster: Callable[[Mapping[str, Any], str], str | None]
    chooses: bool
    """Whether the answer is one of the choices, so that the target must be."""
    may_repeat: bool
    """Whether two rows may be equal, as in data that others wrote."""
    tools: Callable[[Mapping[str, Any], str], tuple[Mapping[str, Any], ...]] = lambda row, where: ()
    """Functions that the chat template is given; none unless said."""
    dialogue: Parts = lambda row, where: DialogueParts()
    """What goes on after the first answer; nothing unless said."""
    media: TakeMedia = lambda messages, row, where: Media(messages)
    """What reads images and recordings; parts stay as they are unless said."""


def build_samples(rows: Iterable[Row], render: Renderers, demos: Demos | None, *, source: str) -> tuple[Sample, ...]:
    """Return the samples of a task.

    The id of a row that stands a second time has its number in it.

    Raises:
        DataError: If a row is at fault or there is none; the message starts with where.
    """
    samples: list[Sample] = []
    seen: dict[str, str] = {}
    for where, row in rows:
        sample_id = _sample_id(row, where, seen, may_repeat=render.may_repeat)
        seen[sample_id] = where
        messages = render.messages(row, where)
        messages = demos.before(messages, row, where) if demos is not None else messages
        media = render.media(messages, row, where)
        parts = render.dialogue(row, where)
        sample = Sample(
            id=_with_media(sample_id, media),
            inputs=row,
            messages=media.messages,
            target=render.target(row, where),
            choices=render.choices(row, where),
            cluster=render.cluster(row, where),
            tags=render.tags(row, where),
            tools=render.tools(row, where),
            turns=parts.turns,
            user=parts.user,
            state=parts.state,
            results=parts.results,
            images=media.pictures,
            sounds=media.sounds,
        )
        check_result_names(sample.results, sample.tools, where=where)
        further = render.targets(row, where)
        if further:
            target, *others = dict.fromkeys([sample.target, *further] if sample.target else further)
            sample = replace(sample, target=target, alternatives=tuple(others))
        if render.chooses and sample.target not in sample.choices:
            raise DataError(f"{where}: target {sample.target!r} is none of the choices {list(sample.choices)!r}")
        samples.append(sample)
    if not samples:
        raise DataError(f"{source}: no samples; a task needs at least one")
    return tuple(samples)


def _sample_id(row: Mapping[str, Any], where: str, seen: Mapping[str, str], *, may_repeat: bool) -> str:
    try:
        spelt = canonical(row)
        spelt.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: half a surrogate pair stands alone, which is no text that can be sent") from error
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: not plain data: {error}") from error
    sample_id = hashlib.sha256(spelt).hexdigest()[:16]
    if sample_id in seen and not may_repeat:
        raise DataError(f"{where}: the same row stands at {seen[sample_id]}; every sample must differ")
    n_before = 0
    while sample_id in seen:
        n_before += 1
        sample_id = hashlib.sha256(spelt + f"#{n_before}".encode()).hexdigest()[:16]
    return sample_id


def _with_media(sample_id: str, media: Media) -> str:
    """Return the id of a row that names files: another once one of them is another."""
    if not media.digests:
        return sample_id
    return hashlib.sha256(canonical([sample_id, *media.digests])).hexdigest()[:16]


def own_cluster(row: Mapping[str, Any], where: str) -> str | None:
    """Return the field `cluster` of a row.

    Raises:
        DataError: If it is not text.
    """
    cluster = row.get("cluster")
    if cluster is not None and not isinstance(cluster, str):
        raise DataError(f"{where}: cluster must be text, found {canonical(cluster).decode()}")
    return cluster


def own_tags(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """Return the field `tags` of a row.

    Raises:
        DataError: If it is not a list of texts.
    """
    tags = row.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise DataError(f"{where}: tags must be a list of texts, found {canonical(tags).decode()[:80]}")
    return tuple(tags)
