"""Path -> Specimen: a checkpoint folder, an adapter on its base, a GGUF file or a bare Jinja file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError, first_line
from chateval.template.evidence import Evidence, read_evidence
from chateval.template.sandbox import sandbox
from chateval.template.source import find_sources, read_configs
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import Tokenizer, has_tokenizer, open_tokenizer

EVIDENCE_NAME = "chateval_training.json"
_EMBEDDINGS = (
    "embed_tokens.weight",
    "wte.weight",
    "word_embeddings.weight",
    "tok_embeddings.weight",
    "embed_in.weight",
)


def open_specimen(
    path: Path | str,
    *,
    base: Path | str | None = None,
    evidence: Path | None = None,
    tokens: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> Specimen:
    """Read all that can be known of a checkpoint's template without its weights.

    Args:
        path: Folder, adapter folder, `.gguf` file, or a Jinja file.
        base: The checkpoint to compare with; for an adapter, the one under it (default: what it records).
        evidence: What the trainer recorded; default: `chateval_training.json` in the folder, if it is there.
        tokens: Special tokens of a bare Jinja file, such as `{"bos_token": "<s>"}`.
        settings: What the user says about the check.

    Raises:
        CheckpointError: If there is no such checkpoint, or a file of it cannot be read.
        TemplateError: If a template is too long or not text.
        DataError: If the evidence is not what the recorder writes.
    """
    path, base = Path(path), Path(base) if base else None
    sandbox().start()
    settings = settings or Settings()
    if not path.exists():
        raise CheckpointError(f"{path}: no such file; give a checkpoint folder, an adapter, a .gguf or a Jinja file")
    if path.is_dir():
        return _open_folder(path, base, evidence, settings)
    if not path.is_file():
        raise CheckpointError(f"{path}: neither a folder nor a regular file")
    under = open_specimen(base, settings=settings) if base else None
    found = Specimen(str(path), tuple(find_sources(path)), base=under, settings=settings)
    if path.suffix == ".gguf":
        found = _with_tokenizer(found, open_tokenizer(path))
    elif path.suffix not in (".jinja", ".j2", ".txt"):
        raise CheckpointError(f"{path}: a template file ends in .jinja, .j2 or .txt, a checkpoint in .gguf")
    else:
        found = replace(found, tokens=dict(tokens or {}))
    return replace(found, evidence=read_evidence(evidence)) if evidence else found


def _open_folder(folder: Path, base: Path | None, evidence: Path | None, settings: Settings) -> Specimen:
    configs = read_configs(folder)
    sources = find_sources(folder)
    is_adapter = bool(configs["adapter_config.json"])
    if is_adapter and base is None:
        base = _recorded_base(folder, configs["adapter_config.json"])
    under = open_specimen(base, settings=settings) if base else None
    found = Specimen(
        str(folder),
        tuple(sources),
        folder=folder,
        configs=configs,
        n_embeddings=_count_embeddings(folder),
        base=under,
        evidence=_find_evidence(folder, evidence),
        settings=settings,
    )
    if has_tokenizer(folder):
        found = _with_tokenizer(found, open_tokenizer(folder))
    return _on_base(found, under) if is_adapter and under is not None else found


def _on_base(adapter: Specimen, base: Specimen) -> Specimen:
    """Return an adapter with what it does not bring itself: tokenizer, template, configs, embeddings."""
    inherited = [replace(source, origin=f"{base.subject}/{source.origin}") for source in base.sources]
    found = replace(
        adapter,
        sources=adapter.sources if adapter.source else tuple(inherited),
        n_embeddings=adapter.n_embeddings or base.n_embeddings,
        configs={name: config or base.configs.get(name, {}) for name, config in adapter.configs.items()},
    )
    return found if found.tokenizer is not None else replace(found, tokenizer=base.tokenizer, tokens=base.tokens)


def _with_tokenizer(specimen: Specimen, tokenizer: Tokenizer) -> Specimen:
    return replace(specimen, tokenizer=tokenizer, tokens=dict(tokenizer.special_tokens_map))


def _recorded_base(folder: Path, config: Mapping[str, Any]) -> Path | None:
    recorded = config.get("base_model_name_or_path")
    if not isinstance(recorded, str):
        return None
    try:
        path = Path(recorded).expanduser()
        return next((place for place in (path, folder / path) if place.is_dir() or place.suffix == ".gguf"), None)
    except (OSError, ValueError, RuntimeError):
        return None


def _find_evidence(folder: Path, evidence: Path | None) -> Evidence | None:
    if evidence is not None:
        return read_evidence(evidence)
    return read_evidence(folder / EVIDENCE_NAME) if (folder / EVIDENCE_NAME).is_file() else None


def _count_embeddings(folder: Path) -> int | None:
    """Return the rows of the input embeddings, from the headers of the weight files; None if they have none."""
    from safetensors import SafetensorError, safe_open

    for path in sorted(folder.glob("model*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 - not a mapping
                    if name.endswith(_EMBEDDINGS):
                        return next(iter(file.get_slice(name).get_shape()), None)
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{path}: broken safetensors file: {first_line(error)}") from error
    return None
