"""Rows -> the data that the page carries: compact JSON columns, compressed by parts that are unpacked when needed."""

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chateval.records import Report, Run
from chateval.report.page.pictures import picture_data
from chateval.report.page.rows import LEAN, SEARCHED, Row, to_json

TEXTS = 250
"""Rows of one part of the texts, which are all unpacked for the search."""
DETAILS = 50
"""Rows of one part of the details, of which one is unpacked when a sample is opened."""


def pack(report: Report, runs: Sequence[Run], rows: Sequence[Row], n_lean: int) -> Iterator[str]:
    """Yield the `<script>` elements that hold the data; a browser does not run any of them."""
    yield _block("index", "application/json", in_script(to_json(_index(report, runs, rows, n_lean))))
    yield _packed("columns", to_json(_columns(report, rows)))
    scorers = {task.name: task.scorers for task in report.tasks}
    for part, start in enumerate(range(0, len(rows), TEXTS)):
        lines = (
            [row.question[:SEARCHED], row.sample.target[:SEARCHED], row.texts] for row in rows[start : start + TEXTS]
        )
        yield _packed(f"texts-{part}", f"[{','.join(map(to_json, lines))}]")
    for part, start in enumerate(range(0, len(rows), DETAILS)):
        details = (_detail(row, scorers[row.task]) for row in rows[start : start + DETAILS])
        yield _packed(f"details-{part}", f"[{','.join(details)}]")
    pictures = picture_data(one for row in rows for one in row.sample.images if not row.is_lean)
    if pictures:
        yield _packed("pictures", to_json(pictures))


def in_script(text: str) -> str:
    """Return JSON in which nothing can end the element around it or open another one."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _block(name: str, kind: str, text: str) -> str:
    return f'<script type="{kind}" id="data-{name}">{text}</script>\n'


def _packed(name: str, text: str) -> str:
    packed = zlib.compress(text.encode("ascii"), 6)
    return _block(name, "application/octet-stream", base64.b64encode(packed).decode("ascii"))


def _index(report: Report, runs: Sequence[Run], rows: Sequence[Row], n_lean: int) -> dict[str, Any]:
    return {
        "n": len(rows),
        "checkpoints": [checkpoint.name for checkpoint in report.checkpoints],
        "baseline": next((i for i, one in enumerate(report.checkpoints) if one.name == report.baseline), 0),
        "tasks": [{"name": task.name, "scorers": task.scorers, "output": task.output} for task in report.tasks],
        "tags": sorted({tag for row in rows for tag in row.sample.tags}),
        "causes": sorted({flip.cause for flip in report.flips if flip.cause}),
        "endings": endings(rows),
        "verdicts": verdicts(report),
        "special": special_tokens(runs),
        "texts": TEXTS,
        "details": DETAILS,
        "searched": SEARCHED,
        "lean": LEAN,
        "n_lean": n_lean,
    }


def endings(rows: Sequence[Row]) -> list[str]:
    """Return the endings of dialogues that there are."""
    return sorted({ending for row in rows for ending in row.endings.values()})


def verdicts(report: Report) -> list[str]:
    """Return the verdicts that scorers give."""
    return sorted({one.words for one in report.reasons})


def special_tokens(runs: Sequence[Run]) -> list[str]:
    """Return the special tokens of all checkpoints, the longest first, as far as the manifests name them."""
    found: set[str] = set()
    for run in runs:
        for entry in run.manifest.get("checkpoints") or ():
            facts = entry.get("template") if isinstance(entry, Mapping) else None
            tokens = facts.get("special_tokens") if isinstance(facts, Mapping) else None
            if isinstance(tokens, Mapping):
                found |= {str(token) for token in tokens if str(token).strip()}
    return sorted(found, key=lambda token: (-len(token), token))


def _columns(report: Report, rows: Sequence[Row]) -> dict[str, Any]:
    tasks = {task.name: place for place, task in enumerate(report.tasks)}
    scorers = {task.name: task.scorers for task in report.tasks}
    tags = {tag: place for place, tag in enumerate(sorted({tag for row in rows for tag in row.sample.tags}))}
    each = range(len(report.checkpoints))
    more: dict[str, Any] = {}
    if names := {name: place for place, name in enumerate(endings(rows))}:
        more["endings"] = [[names.get(row.endings.get(c, ""), -1) for row in rows] for c in each]
    if words := {name: place for place, name in enumerate(verdicts(report))}:
        more["verdicts"] = [
            [words.get(row.verdicts.get((c, name), ""), -1) for row in rows for name in scorers[row.task]] for c in each
        ]
    return {
        "id": [row.sample.id for row in rows],
        "task": [tasks[row.task] for row in rows],
        "repeat": [row.repeat for row in rows],
        "cluster": [row.sample.cluster for row in rows],
        "tags": [[tags[tag] for tag in row.sample.tags] for row in rows],
        "lean": [place for place, row in enumerate(rows) if row.is_lean],
        "finish": [[row.finishes[c] for row in rows] for c in each],
        "n_in": [[row.n_prompt_tokens[c] for row in rows] for c in each],
        "n_out": [[row.n_output_tokens[c] for row in rows] for c in each],
        "values": [[row.values[c].get(name) for row in rows for name in scorers[row.task]] for c in each],
        "flips": _flips(report, rows),
        **more,
    }


def _flips(report: Report, rows: Sequence[Row]) -> list[list[int]]:
    """Return [row, candidate, place of the scorer in its task, won, cause or -1]; all repeats of a sample flip."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault((row.task, row.sample.id), []).append(place)
    checkpoints = {checkpoint.name: place for place, checkpoint in enumerate(report.checkpoints)}
    scorers = {task.name: {name: place for place, name in enumerate(task.scorers)} for task in report.tasks}
    causes = {cause: place for place, cause in enumerate(sorted({flip.cause for flip in report.flips if flip.cause}))}
    return [
        [place, checkpoints[flip.candidate], scorers[flip.task][flip.scorer], int(flip.won), causes.get(flip.cause, -1)]
        for flip in report.flips
        for place in found.get((flip.task, flip.sample_id), ())
    ]


def _detail(row: Row, scorers: Sequence[str]) -> str:
    """Return JSON of what is shown of an opened sample beside its columns and texts."""
    sample = row.sample
    prompts = list(row.prompts)
    marks = (f"[{','.join(found.get(name, 'null') for name in scorers)}]" for found in row.marks)
    messages = [] if row.is_lean else [dict(message) for message in sample.messages]
    parts = {
        "messages": to_json(messages),
        "target": to_json(sample.target if len(sample.target) > SEARCHED else None),
        "choices": to_json(sample.choices),
        "alternatives": to_json(sample.alternatives),
        "tools": to_json([] if row.is_lean else [dict(tool) for tool in sample.tools]),
        "prompts": f"[{','.join(prompts)}]",
        "which": to_json(row.which),
        "answers": f"[{','.join(row.answers)}]",
        "marks": f"[{','.join(marks)}]",
    }
    each = range(len(row.answers))
    for name, found in (("dialogues", row.dialogues), ("thoughts", row.thoughts)):
        if found:
            parts[name] = f"[{','.join(found.get(place, 'null') for place in each)}]"
    if row.judgements:
        parts["judgements"] = f"[{','.join('[' + ','.join(row.judgements.get(place, ())) + ']' for place in each)}]"
    return "{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}"
