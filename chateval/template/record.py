"""What a trainer writes beside a checkpoint so that its prompts can be proven later.

Needs the standard library and what it is given, so that any training loop may call it.
"""

import datetime
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

FILE_NAME = "chateval_training.json"
FORMAT = 1
N_ROWS = 32
IGNORED = -100
"""The label of a token that is not trained."""
LIBRARIES = ("transformers", "tokenizers", "trl", "torch", "jinja2")

Collator = Callable[[list[dict[str, Any]]], Mapping[str, Any]]

_MODEL_COLUMNS = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "labels", "seq_lengths")
_MASK_COLUMNS = ("completion_mask", "assistant_masks")


def record(
    tokenizer: Any,
    rows: Iterable[Mapping[str, Any]],
    path: Path | str,
    *,
    template_kwargs: Mapping[str, Any] | None = None,
    collator: Collator | None = None,
    settings: Mapping[str, Any] | None = None,
    n: int = N_ROWS,
) -> Path:
    """Write what the training feeds the model for some of its rows, and return the file.

    Args:
        tokenizer: Of the training, with the chat template that it renders with.
        rows: The training's rows. Those with `input_ids` are taken as they are; others are rendered from `messages`
            or from `prompt` and `completion`, which are kept with any row that has them.
        path: Folder of the checkpoint, or a file that ends in `.json`.
        template_kwargs: Switches that the training renders with; `chat_template` stands for another template.
        collator: The training's data collator, which decides the labels. Without it they are read from the columns
            `labels`, `completion_mask` and `assistant_masks`.
        settings: What the trainer was told and a reader wants to know: `max_length`, `assistant_only_loss`, ...
        n: Rows to write; spread evenly where `rows` has a length, else the first ones.

    Raises:
        ValueError: If there is no row, or a row has neither ids nor something to make them of.
    """
    kwargs = {key: value for key, value in (template_kwargs or {}).items() if value is not None}
    template = _template(kwargs.pop("chat_template", None) or tokenizer.chat_template)
    chosen = [_row(tokenizer, row, collator, {"chat_template": template or None, **kwargs}) for row in _spread(rows, n)]
    if not chosen:
        raise ValueError("there is no row to record")
    entry = {
        "format": FORMAT,
        "template": template,
        "template_digest": _digest(template),
        "kwargs": _plain(kwargs),
        # The clock matters to few templates; in the others it would only make two equal recordings differ.
        "now": datetime.datetime.now().isoformat(timespec="seconds") if "strftime_now" in template else None,
        "tokens": {key: str(token) for key, token in tokenizer.special_tokens_map.items() if isinstance(token, str)},
        "tokenizer_digest": vocabulary_digest(tokenizer.get_vocab()),
        "settings": _plain(settings or {}),
        "rows": [entry for entries in chosen for entry in entries][:n],
        "versions": {name: found for name in LIBRARIES if (found := _version(name))},
    }
    file = Path(path)
    file = file if file.suffix == ".json" else file / FILE_NAME
    _write(file, json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    return file


def vocabulary_digest(vocabulary: Mapping[str, int]) -> str:
    """Return the sha256 over all tokens and their ids, 64 hex digits."""
    return _digest(json.dumps(sorted(vocabulary.items(), key=lambda entry: entry[1]), separators=(",", ":")))


def _spread(rows: Iterable[Mapping[str, Any]], n: int) -> Iterator[Mapping[str, Any]]:
    if not (hasattr(rows, "__len__") and hasattr(rows, "__getitem__")):
        return islice(rows, n)
    known: Any = rows
    n_rows = len(known)
    return (known[index * n_rows // n if n_rows > n else index] for index in range(min(n, n_rows)))


def _row(
    tokenizer: Any, row: Mapping[str, Any], collator: Collator | None, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the entries of one row: one, or one for each chat that was packed into it."""
    messages, tools = _messages(row), _tools(row.get("tools"))
    own = _plain(row.get("chat_template_kwargs")) or {}
    ids, labels = _fed(row, collator) if collator or row.get("input_ids") is not None else (None, None)
    if ids is None:
        ids = _rendered_ids(tokenizer, row, messages, {"tools": tools, **options, **own})
    lengths = [len(ids)] if row.get("seq_lengths") is None else _numbers(row["seq_lengths"])
    entries = []
    start = 0
    for length in lengths:
        is_whole = len(lengths) == 1
        part = slice(start, start + length)
        entries.append(
            {
                "messages": messages if is_whole else None,
                "tools": tools if is_whole else None,
                "kwargs": own,
                "ids": ids[part],
                "trained": None if labels is None else _runs(labels[part]),
            }
        )
        start += length
    return entries


def _fed(row: Mapping[str, Any], collator: Collator | None) -> tuple[list[int], list[int] | None]:
    """Return the ids and labels that the model is given, without the padding."""
    if collator is None:
        ids = _numbers(row["input_ids"])
        masks = [_numbers(row[name]) for name in _MASK_COLUMNS if row.get(name) is not None]
        if row.get("labels") is not None:
            return ids, _numbers(row["labels"])
        if not masks:
            return ids, None
        bits = [all(column) for column in zip(*masks, strict=True)]
        return ids, [token_id if bit else IGNORED for token_id, bit in zip(ids, bits, strict=True)]
    if row.get("input_ids") is not None:
        row = {name: row[name] for name in (*_MODEL_COLUMNS, *_MASK_COLUMNS) if row.get(name) is not None}
    batch = collator([dict(row)])
    ids = _numbers(batch["input_ids"])
    labels = _numbers(batch["labels"]) if batch.get("labels") is not None else None
    if batch.get("attention_mask") is not None:
        kept = [bool(bit) for bit in _numbers(batch["attention_mask"])]
        if len(kept) == len(ids):
            labels = None if labels is None else [label for label, bit in zip(labels, kept, strict=True) if bit]
            ids = [token_id for token_id, bit in zip(ids, kept, strict=True) if bit]
    return ids, labels


def _rendered_ids(
    tokenizer: Any, row: Mapping[str, Any], messages: list[Any] | None, options: Mapping[str, Any]
) -> list[int]:
    if messages is not None:
        found = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True, **options)
        return _numbers(found["input_ids"])
    parts = [row[name] for name in ("text", "prompt", "completion") if isinstance(row.get(name), str)]
    if not parts:
        raise ValueError(f"a row has no input_ids, messages, prompt or text; it has {', '.join(row) or 'nothing'}")
    return _numbers(tokenizer("".join(parts))["input_ids"])


def _messages(row: Mapping[str, Any]) -> list[Any] | None:
    """Return the chat of a row; None if it has none, or one that is not JSON, such as one with images."""
    found = row.get("messages")
    if found is None and not any(isinstance(row.get(name), str | None) for name in ("prompt", "completion")):
        found = [*row["prompt"], *row["completion"]]
    plain = _plain(found)
    is_chat = isinstance(plain, list) and plain and all(isinstance(turn, dict) and "role" in turn for turn in plain)
    return plain if is_chat else None


def _tools(found: Any) -> Any:
    return _plain(json.loads(found) if isinstance(found, str) and found else found) or None


def _plain(value: Any) -> Any:
    """Return `value` as it comes back from JSON; None if it is no JSON."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return None


def _numbers(found: Any) -> list[int]:
    """Return a row of ids as integers, from a list or a tensor, alone or the only one of a batch."""
    values = found.tolist() if hasattr(found, "tolist") else list(found)
    if values and not isinstance(values[0], int):
        [values] = [list(inner) for inner in values]
    return [int(value) for value in values]


def _runs(labels: Sequence[int]) -> list[list[int]]:
    """Return where labels are trained, as [start, end) pairs."""
    runs: list[list[int]] = []
    for index, label in enumerate(labels):
        if label == IGNORED:
            continue
        if runs and runs[-1][1] == index:
            runs[-1][1] = index + 1
        else:
            runs.append([index, index + 1])
    return runs


def _template(found: Any) -> str:
    if isinstance(found, Mapping):
        found = found.get("default")
    return found if isinstance(found, str) else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    """Write the file in one step, so that a reader finds all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, room = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text + "\n")
        Path(room).chmod(0o644)
        Path(room).replace(path)
    except BaseException:
        Path(room).unlink(missing_ok=True)
        raise
