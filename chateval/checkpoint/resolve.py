"""What a path or hub id is: a chat model, a base model, an adapter, a GGUF file, an endpoint. Nothing is loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chateval.checkpoint.digest import DigestCache
from chateval.checkpoint.endpoint import resolve_endpoint
from chateval.checkpoint.files import (
    adapter_files,
    check_links,
    config_files,
    read_all_shapes,
    tokenizer_files,
    weight_files,
)
from chateval.checkpoint.fit import check_adapter_fits
from chateval.checkpoint.hub import fetch, looks_like_hub_id
from chateval.checkpoint.inert import inert_because
from chateval.checkpoint.refuse import refuse_other_adapters, refuse_remote_code, refuse_sizes
from chateval.checkpoint.step import training_step
from chateval.checkpoint.tensors import n_numbers, read_shapes
from chateval.codec import digest
from chateval.errors import CheckpointError
from chateval.machine import native_dtype
from chateval.records import Checkpoint, CheckpointSpec
from chateval.template import PROCESSOR_FILES, find_sources, read_gguf, read_json, read_template, sees_images

DTYPES = ("auto", "float32", "bfloat16", "float16")


def resolve_all(specs: Iterable[CheckpointSpec], digests: DigestCache) -> list[Checkpoint]:
    """Resolve the checkpoints of a run, in order; adapters may name any other one as their base.

    Raises:
        CheckpointError: If one is absent, unsafe, or an adapter of another base.
        TemplateError: If a template that the user named is absent.
    """
    by_name = {spec.name: spec for spec in specs}
    return [_resolve(spec, by_name, digests) for spec in by_name.values()]


def _resolve(spec: CheckpointSpec, others: Mapping[str, CheckpointSpec], digests: DigestCache) -> Checkpoint:
    if spec.dtype not in DTYPES:
        raise CheckpointError(f"{spec.name}: dtype {spec.dtype!r} is not one of {', '.join(DTYPES)}")
    if spec.is_endpoint:
        return resolve_endpoint(spec)
    for template in (spec.template, spec.spare_template):
        if template is not None:
            read_template(template)
    path, revision = _locate(spec.name, spec.path, spec.revision)
    checkpoint = Checkpoint(
        name=spec.name,
        kind="base",
        path=str(path),
        repo=spec.path if revision else None,
        revision=revision,
        template=spec.template,
        completion=spec.completion,
        dtype=native_dtype() if spec.dtype == "auto" else spec.dtype,
        template_options=spec.template_options,
    )
    if path.is_file():
        return _resolve_gguf(checkpoint, path, spec, digests)
    if (path / "adapter_config.json").is_file():
        return _resolve_adapter(checkpoint, path, spec, others, digests)
    if spec.base is not None:
        raise CheckpointError(f"{spec.name}: {path} has no adapter_config.json, so it takes no base ({spec.base!r})")
    return _resolve_folder(checkpoint, path, spec, digests)


def _locate(name: str, reference: str, revision: str | None) -> tuple[Path, str | None]:
    path = _place(reference)
    if path is not None:
        if revision is not None:
            raise CheckpointError(f"{name}: {reference} is a local path, which has no revision")
        return path.resolve(), None
    if looks_like_hub_id(reference):
        return fetch(reference, revision)
    raise CheckpointError(f"{name}: no checkpoint at {reference[:200]!r}: give a folder, a .gguf file or a hub id")


def _place(reference: str) -> Path | None:
    """Return the path that is there; a text that no file system takes for a name names nothing."""
    try:
        path = Path(reference).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _resolve_gguf(checkpoint: Checkpoint, path: Path, spec: CheckpointSpec, digests: DigestCache) -> Checkpoint:
    if path.suffix != ".gguf":
        raise CheckpointError(
            f"{checkpoint.name}: {path} is a file; a checkpoint is a folder, a .gguf file or a hub id"
        )
    if spec.base is not None:
        raise CheckpointError(f"{checkpoint.name}: {path} is a whole model, so it takes no base ({spec.base!r})")
    found = digests.file(path)
    header = read_gguf(path)
    sizes = {name.rpartition(".")[2]: size for name, size in header.fields.items()}
    renamed = {"num_layers": sizes.get("block_count"), "num_experts": sizes.get("expert_count")}
    refuse_sizes(path, renamed, header.shapes)
    checkpoint = _with_layout(checkpoint, spec, has_template="tokenizer.chat_template" in header.fields)
    context = sizes.get("context_length")
    return replace(
        checkpoint,
        weights_digest=found,
        tokenizer_digest=found,
        context_tokens=context if isinstance(context, int) and context > 0 else None,
        n_parameters=n_numbers(header.shapes),
    )


def _resolve_folder(checkpoint: Checkpoint, path: Path, spec: CheckpointSpec, digests: DigestCache) -> Checkpoint:
    config = read_config(path)
    check_links(path)
    refuse_remote_code(path)
    if not config:
        raise CheckpointError(f"{path}: no config.json in it, so it is not a checkpoint")
    shapes = read_all_shapes(path)
    refuse_sizes(path / "config.json", config, shapes)
    checkpoint = _with_layout(checkpoint, spec, has_template=template_source(path) is not None)
    is_seeing = sees_images(path)
    return replace(
        checkpoint,
        weights_digest=digests.files([*weight_files(path), *config_files(path)]),
        tokenizer_digest=_tokenizer_digest([path], digests, PROCESSOR_FILES if is_seeing else ()),
        sees_images=is_seeing,
        template_path=str(path) if template_source(path) else None,
        context_tokens=context_tokens(config),
        n_parameters=n_numbers(shapes),
        step=training_step(path),
    )


def context_tokens(config: Mapping[str, Any]) -> int | None:
    """Return the context length of a config.json; multimodal models keep it in `text_config`."""
    inner = config.get("text_config")
    for place in (config, inner if isinstance(inner, dict) else {}):
        for key in ("max_position_embeddings", "n_positions", "max_seq_len"):
            if isinstance(place.get(key), int) and place[key] > 0:
                return int(place[key])
    return None


def _resolve_adapter(
    checkpoint: Checkpoint,
    path: Path,
    spec: CheckpointSpec,
    others: Mapping[str, CheckpointSpec],
    digests: DigestCache,
) -> Checkpoint:
    config = read_config(path, "adapter_config.json")
    check_links(path)
    refuse_remote_code(path)
    refuse_other_adapters(path, config)
    recorded = config.get("base_model_name_or_path")
    base = _resolve_base(checkpoint.name, path, spec.base, recorded, others, digests)
    files = adapter_files(path)
    shapes = {name: shape for file in files for name, shape in read_shapes(file).items()}
    base_path = Path(base.path)
    if base_path.is_dir():
        check_adapter_fits(path, config, shapes, read_all_shapes(base_path))
    _check_recorded_base(path, recorded, base, digests)
    own = [path, base_path] if base_path.is_dir() else [path]
    has_template = template_source(path) is not None or base.kind == "chat"
    checkpoint = _with_layout(checkpoint, spec, has_template=has_template)
    return replace(
        checkpoint,
        kind="lora",
        base_path=base.path,
        weights_digest=base.weights_digest,
        adapter_digest=digests.files([*files, path / "adapter_config.json"]),
        tokenizer_digest=digest([_tokenizer_digest(own, digests), base.tokenizer_digest]),
        template_path=str(path) if template_source(path) else base.template_path,
        context_tokens=base.context_tokens,
        sees_images=base.sees_images,
        dtype=base.dtype if spec.base in others else checkpoint.dtype,
        n_parameters=None if base.n_parameters is None else base.n_parameters + n_numbers(shapes),
        step=training_step(path),
        inert=inert_because(config, files),
    )


def _resolve_base(
    name: str,
    path: Path,
    named: str | None,
    recorded: Any,
    others: Mapping[str, CheckpointSpec],
    digests: DigestCache,
) -> Checkpoint:
    reference = named or recorded
    if not isinstance(reference, str) or not reference:
        raise CheckpointError(f"{path}: adapter_config.json names no base; say which: {name}={path}@BASE")
    known = others.get(named) if named else None
    if known is None and _place(reference) is None and not looks_like_hub_id(reference):
        raise CheckpointError(
            f"{path}: its base {reference[:200]!r} is not here; say where it is: {name}={path}@BASE, "
            f"with one of {', '.join(others)} or a path"
        )
    # The base under an adapter is not asked for a template of its own: the adapter's folder may bring one.
    base = known or CheckpointSpec(name=f"{name}'s base", path=reference)
    if base.is_endpoint:
        raise CheckpointError(f"{path}: its base {reference!r} is an endpoint, whose weights are not here")
    place = _place(base.path)
    if place is not None and (place / "adapter_config.json").is_file():
        raise CheckpointError(f"{path}: its base {reference!r} is an adapter itself; merge that one first")
    found = _resolve(replace(base, spare_completion=base.spare_completion or known is None), others, digests)
    if found.kind == "lora":
        raise CheckpointError(f"{path}: its base {reference!r} is an adapter itself; merge that one first")
    return found


def _check_recorded_base(path: Path, recorded: Any, base: Checkpoint, digests: DigestCache) -> None:
    """Refuse a base that is provably not the one the adapter was trained on."""
    place = _place(recorded) if isinstance(recorded, str) else None
    if place is None or not place.is_dir() or place.resolve() == Path(base.path):
        return
    try:
        trained_on = weight_files(place)
        given = weight_files(Path(base.path)) if Path(base.path).is_dir() else []
    except CheckpointError:
        return
    if len(given) == len(trained_on) and [digests.file(file) for file in trained_on] != [
        digests.file(file) for file in given
    ]:
        raise CheckpointError(
            f"{path}: adapter of another base: it was trained on {recorded}, whose weights differ from {base.path}"
        )


def _with_layout(checkpoint: Checkpoint, spec: CheckpointSpec, *, has_template: bool) -> Checkpoint:
    """Return the checkpoint with its kind, and with the spare layout if it has no template of its own."""
    if has_template:
        return replace(checkpoint, kind="chat")
    if checkpoint.template is None and not checkpoint.completion:
        if spec.spare_template is None and not spec.spare_completion:
            raise CheckpointError(
                f"{checkpoint.name}: {checkpoint.path} has no chat template. Three ways out: --template NAME|FILE puts "
                "one on it, --completion shows it plain text without roles, or test another checkpoint (an instruct or "
                "chat model)"
            )
        checkpoint = replace(
            checkpoint, template=spec.spare_template, completion=spec.spare_template is None and spec.spare_completion
        )
    return replace(checkpoint, kind="base")


def read_config(folder: Path, name: str = "config.json") -> Mapping[str, Any]:
    """Return a JSON file of a checkpoint folder as an object; empty if the file is absent.

    Raises:
        CheckpointError: If it is not a JSON object.
    """
    return read_json(folder / name)


def template_source(folder: Path) -> str | None:
    """Return the file of a folder that the chat template stands in, as `AutoTokenizer` would choose it."""
    found = next((source for source in find_sources(folder) if source.is_read), None)
    return None if found is None else found.origin.partition(":")[0]


def _tokenizer_digest(folders: Iterable[Path], digests: DigestCache, further: Iterable[str] = ()) -> str:
    names = tuple(further)
    return digests.files(
        file for folder in folders for file in (*tokenizer_files(folder), *(folder / name for name in names))
    )
