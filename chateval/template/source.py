"""Where the chat templates of a checkpoint stand: every file and key that may hold one, and which of them counts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError, TemplateError, first_line
from chateval.template.gguf import read_gguf
from chateval.template.tokenizer import MAX_TEMPLATE_BYTES

MAX_CONFIG_BYTES = 16 * 2**20
"""Of a JSON file of a checkpoint; what is parsed takes some twenty times the room."""
PROCESSOR_FILES = ("processor_config.json", "preprocessor_config.json")
"""What says how an image becomes numbers; transformers writes the first, and wrote the second."""
CONFIGS = ("config.json", "generation_config.json", "tokenizer_config.json", "adapter_config.json")


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """One chat template as it stands in a file."""

    origin: str
    """File and key, such as `tokenizer_config.json: chat_template`."""
    name: str
    """`default`, or the name of one of several templates."""
    text: str
    is_read: bool = True
    """Whether `AutoTokenizer` reads this place, or `AutoProcessor` for a checkpoint that sees images."""


def read_configs(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the JSON files of a checkpoint folder that checks look at, by name; absent ones are empty.

    Raises:
        CheckpointError: If one is not a JSON object or is too long.
    """
    return {name: read_json(folder / name) for name in CONFIGS}


def sees_images(folder: Path) -> bool:
    """Return whether a checkpoint folder is of a vision-language model that comes with its processor."""
    return isinstance(read_json(folder / "config.json").get("vision_config"), dict) and any(
        (folder / name).is_file() for name in PROCESSOR_FILES
    )


def read_json(path: Path, *, most_bytes: int = MAX_CONFIG_BYTES) -> Mapping[str, Any]:
    """Return the object of a JSON file; empty if there is none.

    Infinity is allowed, which configs of transformers hold (`time_step_limit`); NaN is not.

    Raises:
        CheckpointError: If it is not a JSON object, holds NaN, or is too long.
    """
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > most_bytes:
            raise CheckpointError(f"{path}: {path.stat().st_size:,} bytes; at most {most_bytes:,} are read")
        found = json.loads(path.read_text("utf-8"), parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not JSON: {first_line(error)}; fetch or save the checkpoint again") from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{path}: a JSON object is expected, not {type(found).__name__}")
    return found


def _constant(name: str) -> float:
    if name == "NaN":
        raise ValueError("NaN is no number to compute with")
    return float(name)


def find_sources(path: Path) -> list[TemplateSource]:
    """Return all chat templates of a folder, GGUF or Jinja file; the one that transformers takes comes first.

    Raises:
        CheckpointError: If a file that should hold one cannot be read.
        TemplateError: If a template is too long or not text.
    """
    if path.is_dir():
        return list(_in_folder(path))
    if path.suffix == ".gguf":
        return list(_in_gguf(path))
    return [TemplateSource(path.name, "default", _read(path))]


def _in_folder(folder: Path) -> Iterator[TemplateSource]:
    if (folder / "chat_template.jinja").is_file():
        yield TemplateSource("chat_template.jinja", "default", _read(folder / "chat_template.jinja"))
    for path in sorted((folder / "additional_chat_templates").glob("*.jinja")):
        yield TemplateSource(f"additional_chat_templates/{path.name}", path.stem, _read(path))
    is_seeing = sees_images(folder)
    of_tokenizer = read_json(folder / "tokenizer_config.json").get("chat_template")
    if not is_seeing:
        yield from _in_value("tokenizer_config.json: chat_template", of_tokenizer, is_read=True)
    for name in ("chat_template.json", *PROCESSOR_FILES):
        value = read_json(folder / name).get("chat_template")
        # preprocessor_config.json is of the image processor, which has no use for a template.
        yield from _in_value(f"{name}: chat_template", value, is_read=is_seeing and name != "preprocessor_config.json")
    if is_seeing:  # the processor's own comes before it
        yield from _in_value("tokenizer_config.json: chat_template", of_tokenizer, is_read=True)


def _in_value(origin: str, value: Any, *, is_read: bool) -> Iterator[TemplateSource]:
    if isinstance(value, str):
        yield TemplateSource(origin, "default", _checked(origin, value), is_read)
    entries: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    if isinstance(value, list):
        entries = [(entry.get("name"), entry.get("template")) for entry in value if isinstance(entry, dict)]
    for name, text in entries:
        if isinstance(name, str) and isinstance(text, str):
            yield TemplateSource(f"{origin}[{name}]", name, _checked(origin, text), is_read)


def _in_gguf(path: Path) -> Iterator[TemplateSource]:
    prefix = "tokenizer.chat_template"
    for name, text in sorted(read_gguf(path).fields.items()):
        if isinstance(text, str) and (name == prefix or name.startswith(f"{prefix}.")):
            yield TemplateSource(
                f"{path.name}: {name}", name.removeprefix(prefix).lstrip(".") or "default", _checked(path.name, text)
            )


def _read(path: Path) -> str:
    if not path.is_file():
        raise TemplateError(f"{path}: not a regular file")
    if path.stat().st_size > MAX_TEMPLATE_BYTES:
        raise TemplateError(
            f"{path}: {path.stat().st_size:,} bytes; a chat template has at most {MAX_TEMPLATE_BYTES:,}"
        )
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: not readable as UTF-8 text: {first_line(error)}") from error


def _checked(origin: str, text: str) -> str:
    if len(text) > MAX_TEMPLATE_BYTES:
        raise TemplateError(f"{origin}: {len(text):,} characters; a chat template has at most {MAX_TEMPLATE_BYTES:,}")
    return text
