"""Opening the tokenizer of a checkpoint with the chat template that is its own, or that the user named."""

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError, TemplateError, first_line

GENERIC = "TokenizersBackend"
"""What transformers 5 saves for a tokenizer that is all in its tokenizer.json."""

NAMED_DIR = Path(__file__).parent / "named"
MAX_TEMPLATE_BYTES = 262_144

Tokenizer = Any
"""A `transformers` tokenizer; the class is known only where transformers is imported."""


def named_templates() -> list[str]:
    """Return the names that `--template` knows, sorted."""
    return sorted(path.stem for path in NAMED_DIR.glob("*.jinja"))


def read_template(reference: str) -> str:
    """Return the Jinja of a named template or of a file.

    Raises:
        TemplateError: If it is neither, too long, or not UTF-8.
    """
    path = NAMED_DIR / f"{reference}.jinja" if reference in named_templates() else Path(reference).expanduser()
    if not path.is_file():
        raise TemplateError(f"no template {reference!r}: neither a file nor one of {', '.join(named_templates())}")
    if path.stat().st_size > MAX_TEMPLATE_BYTES:
        raise TemplateError(
            f"{path}: {path.stat().st_size:,} bytes; a chat template has at most {MAX_TEMPLATE_BYTES:,}"
        )
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: not UTF-8") from error


def open_tokenizer(path: Path, *, template: str | None = None) -> Tokenizer:
    """Load a tokenizer from a folder or GGUF file; no code of the folder is run and nothing is fetched.

    Args:
        path: Folder or GGUF file.
        template: Jinja that takes the place of the tokenizer's own chat template; None keeps that one.

    Raises:
        CheckpointError: If transformers cannot read it.
    """
    folder, options = (path.parent, {"gguf_file": path.name}) if path.is_file() else (path, {})
    try:
        with quiet_transformers():
            tokenizer = _tokenizer_class(path).from_pretrained(
                str(folder), trust_remote_code=False, local_files_only=True, **options
            )
            _try(tokenizer)
    except BaseException as error:
        if not is_fault(error):
            raise
        raise CheckpointError(f"{path}: its tokenizer cannot be loaded: {first_line(error)}") from error
    if template is not None:
        tokenizer.chat_template = template
    return tokenizer


def is_fault(error: BaseException) -> bool:
    """Return whether an error is a library's own, the panics of Rust among them, and nobody ends the program."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _try(tokenizer: Tokenizer) -> None:
    """Use a tokenizer once in all the ways that runs do: many a broken file shows only then."""
    texts = ["a \u00e9\n", "".join(str(token) for token in tokenizer.added_tokens_decoder.values())[:1_000]]
    for adds in (False, True):
        all_ids = tokenizer(texts, add_special_tokens=adds, padding=False, truncation=False, verbose=False)["input_ids"]
        for ids in all_ids:
            tokenizer.decode(ids, skip_special_tokens=not adds, clean_up_tokenization_spaces=False)
    for name, token in tokenizer.special_tokens_map.items():
        if not isinstance(token, str) and name != "extra_special_tokens" and name != "additional_special_tokens":
            raise TypeError(f"{name} is no text")
    tokenizer.get_vocab()


def _tokenizer_class(path: Path) -> Any:
    """Return the class that opens a tokenizer; AutoTokenizer, which imports torch, only where it has to choose one."""
    if path.is_dir() and (path / "tokenizer.json").is_file() and not (path / "tekken.json").is_file():
        try:
            config = json.loads((path / "tokenizer_config.json").read_bytes())
        except (OSError, ValueError):
            config = {}
        if isinstance(config, dict) and config.get("tokenizer_class") == GENERIC and "auto_map" not in config:
            from transformers import TokenizersBackend

            return TokenizersBackend
    from transformers import AutoTokenizer

    return AutoTokenizer


def has_tokenizer(folder: Path) -> bool:
    """Return whether a folder brings a tokenizer of its own."""
    names = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json")
    return any((folder / name).is_file() for name in names)


def put_options(tokenizer: Tokenizer, options: Mapping[str, Any]) -> None:
    """Let all chats be rendered with switches of the template, such as `enable_thinking`."""
    tokenizer.chateval_template_options = dict(options)


def options_of(tokenizer: Tokenizer) -> Mapping[str, Any]:
    """Return the switches that `put_options` put on a tokenizer."""
    found: Mapping[str, Any] = getattr(tokenizer, "chateval_template_options", None) or {}
    return found


def own_template(tokenizer: Tokenizer, *, has_tools: bool = False) -> str:
    """Return the text of the template that chats are rendered with; empty if there is none.

    Args:
        tokenizer: Of the checkpoint.
        has_tools: Of several named templates take `tool_use`, as transformers does for chats with tools.

    Raises:
        TemplateError: If there are several and none is called `default`.
    """
    template = tokenizer.chat_template
    if isinstance(template, dict):
        if has_tools and "tool_use" in template:
            template = {"default": template["tool_use"]}
        if "default" not in template:
            raise TemplateError(f"several chat templates and no `default` among them: {', '.join(sorted(template))}")
        template = template["default"]
    if template and len(template) > MAX_TEMPLATE_BYTES:
        raise TemplateError(
            f"the chat template has {len(template):,} characters, at most {MAX_TEMPLATE_BYTES:,} are read"
        )
    return template or ""


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep bars, notices and deprecations that libraries owe each other off the terminal; errors come through."""
    import transformers.utils.logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    had_bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if had_bars:
            transformers_logging.enable_progress_bar()
