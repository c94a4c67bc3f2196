"""Checkpoint folders -> a chateval.yaml to begin with: names, bases, a baseline, tasks that need no hub, a gate."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chateval.checkpoint import DigestCache, looks_like_hub_id, read_config, resolve_all
from chateval.config import parse_checkpoint
from chateval.errors import CheckpointError, ConfigError
from chateval.records import CheckpointSpec
from chateval.store import cache_dir
from chateval.template import find_sources

TASKS = ("instructions", "arithmetic", "world_facts")
"""Bundled, small, without code or network: format, skill and knowledge."""
_CONFIGS = ("adapter_config.json", "config.json")
_SHOWN = 5
"""Folders that are named in an error."""
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")


@dataclass(frozen=True, slots=True)
class _Found:
    """A checkpoint as it goes into the file."""

    spec: CheckpointSpec
    has_template: bool


def draft_suite(texts: Sequence[str], out: Path) -> str:
    """Return the text of a chateval.yaml for checkpoints.

    Args:
        texts: `NAME=PATH`, `NAME=ADAPTER@BASE`, or a PATH alone, which is called as its folder; none are the
            checkpoint folders below the folder of `out`.
        out: Where the file will stand; its paths are relative to that folder.

    Raises:
        ConfigError: If there is no checkpoint, or two have one name.
        CheckpointError: If one of them, as far as it is here, is no checkpoint that `chateval run` takes.
    """
    folder = out.absolute().parent
    given = texts or [str(path) for path in _below(folder)]
    if not given:
        raise ConfigError(f"no checkpoint folder in {folder}; say chateval init PATH, or NAME=PATH")
    specs: list[CheckpointSpec] = []
    for text in given:
        spec = parse_checkpoint(text if _is_named(text) else f"{_free(_name_of(text), specs)}={text}")
        if any(spec.name == one.name for one in specs):
            raise ConfigError(f"{spec.name}: two checkpoints have this name; say NAME=PATH")
        specs.append(spec)
    for spec in specs:
        _check_is_one(spec)
    whole = _with_bases(specs)
    _check(whole)
    found = [_Found(spec, _has_template(spec)) for spec in whole]
    return _text(found, _baseline(found), folder)


def _check_is_one(spec: CheckpointSpec) -> None:
    """Raise CheckpointError for a folder without a config, naming the checkpoints that are in it."""
    folder = Path(spec.path).expanduser()
    if spec.is_endpoint or not folder.is_dir() or any((folder / name).is_file() for name in _CONFIGS):
        return
    inner = [str(path) for path in _below(folder)]
    more = f"; but these are: {', '.join(inner[:_SHOWN])}{', ...' if len(inner) > _SHOWN else ''}" if inner else ""
    raise CheckpointError(f"{spec.path}: no config.json or adapter_config.json in it, so it is no checkpoint{more}")


def _check(specs: Sequence[CheckpointSpec]) -> None:
    """Hold what is here against what a run asks of it; nothing is fetched from a hub, and no server is asked."""
    elsewhere = {spec.name for spec in specs if spec.is_endpoint or _is_at_hub(spec.path)}
    here = [spec for spec in specs if not {spec.name, spec.base} & elsewhere]
    resolve_all((replace(spec, spare_completion=True) for spec in here), DigestCache(cache_dir() / "digests.json"))


def _is_at_hub(reference: str) -> bool:
    return not Path(reference).expanduser().exists() and looks_like_hub_id(reference)


def _is_named(text: str) -> bool:
    return "=" in text and not Path(text).expanduser().exists()


def _below(folder: Path) -> list[Path]:
    """Return the checkpoint folders in a folder and in the folders of it, adapters last."""
    inner = [path for pattern in ("*", "*/*") for path in sorted(folder.glob(pattern)) if path.is_dir()]
    found = [path for path in inner if any((path / name).is_file() for name in _CONFIGS)]
    return sorted(found, key=lambda path: (path / "adapter_config.json").is_file())


def _name_of(text: str) -> str:
    last = re.split(r"[/#]", text.rstrip("/"))[-1].removesuffix(".gguf")
    plain = re.sub(r"[^A-Za-z0-9_.-]", "-", last).lstrip("._-")[:60]
    return plain or "model"


def _free(name: str, specs: Sequence[CheckpointSpec]) -> str:
    taken, found, number = {spec.name for spec in specs}, name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def _with_bases(specs: Sequence[CheckpointSpec]) -> list[CheckpointSpec]:
    """Name the base of each adapter; one that was not given comes first, as `base`."""
    found = list(specs)
    for spec in specs:
        if not _is_adapter(spec) or any(spec.base == one.name for one in found):
            continue
        recorded = spec.base or read_config(Path(spec.path).expanduser(), "adapter_config.json").get(
            "base_model_name_or_path"
        )
        if not isinstance(recorded, str) or not recorded:
            raise ConfigError(f"{spec.path}: adapter_config.json names no base; say {spec.name}={spec.path}@BASE")
        same = next((one for one in found if _is_same(one.path, recorded)), None)
        if same is None:
            if not Path(recorded).expanduser().exists() and not looks_like_hub_id(recorded):
                raise ConfigError(f"{spec.path}: its base {recorded!r} is not there; say {spec.name}={spec.path}@BASE")
            same = CheckpointSpec(name=_free("base", found), path=recorded)
            found.insert(0, same)
        found[found.index(spec)] = replace(spec, base=same.name)
    return found


def _is_adapter(spec: CheckpointSpec) -> bool:
    return not spec.is_endpoint and (Path(spec.path).expanduser() / "adapter_config.json").is_file()


def _is_same(one: str, other: str) -> bool:
    left, right = Path(one).expanduser(), Path(other).expanduser()
    return one == other or (left.exists() and right.exists() and left.resolve() == right.resolve())


def _has_template(spec: CheckpointSpec) -> bool:
    """Return whether a checkpoint has a chat template, as far as files here say; the base's is the adapter's."""
    path = Path(spec.path).expanduser()
    if spec.is_endpoint or not path.exists() or spec.base is not None:
        return True
    return any(source.is_read for source in find_sources(path))


def _baseline(found: Sequence[_Found]) -> str:
    bases = [one.spec.base for one in found if one.spec.base is not None]
    return bases[0] or "" if bases else found[0].spec.name


def _text(found: Sequence[_Found], baseline: str, folder: Path) -> str:
    lines = ["# What is evaluated, and what must hold: chateval run -c chateval.yaml", "", "checkpoints:"]
    for one in found:
        lines += [f"  {_scalar(one.spec.name)}: {_entry(one, folder)}"]
        if not one.has_template:
            lines += [
                "    # It has no chat template, so it is shown plain text. If it was trained with one, name that",
                "    # instead of `completion`: `template: chatml`, or a Jinja file. See `chateval template check`.",
            ]
    lines += ["", "# What the others are compared with.", f"baseline: {_scalar(baseline)}", ""]
    lines += ["# Bundled tasks; `chateval tasks` lists all. A task of your own is a folder: ./tasks/mine"]
    lines += ["tasks:", *(f"  - {task}" for task in TASKS), ""]
    return "\n".join([*lines, *_gate(len(found) > 1)]) + "\n"


def _gate(has_candidates: bool) -> list[str]:
    lines = [
        "# What CI holds a run against: exit code 1 if a rule fails, 3 if it cannot be decided (docs/ci.md).",
        "gate:",
        "  # Every prompt is well formed, and the chat template is not broken.",
        "  - {template: error}",
        "  # Every prompt gets an answer, and few answers are cut at the token limit.",
        "  - {max_errors: 0}",
        "  - {max_truncated: 0.5}",
    ]
    if has_candidates:
        lines += [
            "  # No scorer falls by more than 5 points. Some hundred samples decide that; with fewer it is shown as a",
            "  # warning. Without on_inconclusive it is exit code 3. Fewer than 10 samples always exit 3.",
            '  - {task: "*", scorer: "*", max_drop: 0.05, on_inconclusive: warn}',
            "  # To keep answers from growing, too: by half at most.",
            "  # - {max_growth: 0.5}",
        ]
    return lines


def _entry(one: _Found, folder: Path) -> str:
    spec = one.spec
    key = "adapter" if spec.base is not None else "path"
    parts = [f"{key}: {_scalar(_seen_from(folder, spec.path))}"]
    if spec.base is not None:
        parts.append(f"base: {_scalar(spec.base)}")
    if spec.revision is not None:
        parts.append(f"revision: {_scalar(spec.revision)}")
    if not one.has_template:
        parts.append("completion: true")
    return "{" + ", ".join(parts) + "}"


def _seen_from(folder: Path, reference: str) -> str:
    """Return a path as the file names it: relative below its folder, whole elsewhere; a hub id as it is."""
    path = Path(reference).expanduser()
    if not path.exists():
        return reference
    whole = path.resolve()
    inside = whole.is_relative_to(folder.resolve())
    return f"./{os.path.relpath(whole, folder.resolve())}" if inside else str(whole)


def _scalar(text: str) -> str:
    """Return text as YAML reads it back: quoted wherever it could be taken for something else."""
    is_plain = _PLAIN.fullmatch(text) and not re.fullmatch(
        r"[-+.\d_eE]+|0[xob].*|true|false|null|yes|no|on|off|y|n", text, re.I
    )
    return text if is_plain else json.dumps(text, ensure_ascii=True)
