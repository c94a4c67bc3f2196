"""The vendors' own encoders, which say what the ids of a chat are where a family is defined by code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chateval.errors import TemplateError, first_line
from chateval.records import Message
from chateval.template.grammar import Dialect, normalise
from chateval.template.probes import Probe, standard_probes
from chateval.template.sandbox import Chat, Rendered
from chateval.template.specimen import Specimen

CLOCK = "2024-07-26T12:00:00"
"""What `strftime_now` reads where texts are compared: the date that Llama 3.1's template has by default."""
INSTALL = "pip install chateval[reference]"
MISTRAL_FILES = ("tekken.json", "tokenizer.model.v*", "*.model.v[0-9]*")
LLAMA_FILES = ("original/tokenizer.model", "tokenizer.model")


@dataclass(frozen=True, slots=True)
class Encoder:
    """A vendor's encoder with the vocabulary of one checkpoint."""

    name: str
    """Package and version, such as `mistral-common 1.13.1`."""
    encode: Callable[[Probe], tuple[int, ...]]
    """Ids of a probe; raises `TemplateError` if the encoder refuses the chat."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ids of one probe, both ways, each without a BOS at its start."""

    probe: Probe
    text: str | None
    """As the template renders it; None if it fails, although it renders other chats of such messages."""
    found: tuple[int, ...]
    expected: tuple[int, ...]


def open_encoder(specimen: Specimen) -> Encoder:
    """Return the reference encoder of the specimen's dialect with the vocabulary in its folder.

    Raises:
        TemplateError: If the dialect has none, the package is not installed, or the folder lacks its vocabulary.
    """
    dialect = specimen.dialect
    if dialect is None or dialect.encoder is None:
        raise TemplateError("the family has no reference encoder")
    if specimen.folder is None:
        raise TemplateError(f"no folder with the vocabulary of {dialect.encoder}")
    opener = _OPENERS.get(dialect.encoder)
    if opener is None:
        raise TemplateError(f"the reference encoder {dialect.encoder} is not known here")
    try:
        return opener(specimen.folder, dialect)
    except TemplateError:
        raise
    except ImportError as error:
        raise TemplateError(f"{dialect.encoder} is not installed: {INSTALL}") from error
    except Exception as error:
        raise TemplateError(f"{dialect.encoder} cannot be opened: {first_line(error)}") from error


def compare_ids(specimen: Specimen, encoder: Encoder) -> list[Comparison]:
    """Return the ids of every standard probe that the encoder takes and the template claims to.

    What templates of the dialect are known to add to a chat, such as a date, is added before the encoder sees it.
    """
    probes = standard_probes()
    rendered = specimen.render_all([at_clock(specimen, probe) for probe in probes])
    pairs = list(zip(probes, rendered, strict=True))
    found = []
    for probe, one in pairs:
        wanted = list(_expected(encoder, probe, specimen))
        if wanted and one.text is not None:
            ids = _without_bos(specimen.ids(one.text), specimen)
            found.append(Comparison(probe, one.text, ids, max(wanted, key=lambda row: _shared(row, ids))))
        elif wanted and takes(probe, pairs):
            found.append(Comparison(probe, None, (), wanted[0]))
    return found


def takes(probe: Probe, rendered: Sequence[tuple[Probe, Rendered]]) -> bool:
    """Return whether a template renders all that a probe is made of somewhere, and so does not refuse it on purpose."""
    taken = {part for one, found in rendered if found.text is not None for part in _parts(one)}
    return _parts(probe) <= taken


def _parts(probe: Probe) -> set[str]:
    tools = {"tools"} if probe.tools else set()
    return {key for one in probe.messages for key in (str(one["role"]), *one)} | tools


def at_clock(specimen: Specimen, probe: Probe) -> Chat:
    """Return a probe with the specimen's switches at a fixed time, so that dates are no difference."""
    return replace(probe.chat(specimen.settings.kwargs), now=CLOCK)


def additions(messages: Sequence[Message], dialect: Dialect) -> Iterator[Sequence[Message]]:
    """Yield the chat itself, and with a default system text or an empty reasoning block, or both."""
    first, last = messages[0], messages[-1]
    chats = [messages]
    for default in dialect.default_system:
        if first["role"] != "system":
            chats.append(({"role": "system", "content": default}, *messages))
        elif default.endswith("\n"):
            chats.append(({"role": "system", "content": default + first["content"]}, *messages[1:]))
    yield from chats
    thinking = dialect.thinking
    if thinking.open and not thinking.is_turn and last["role"] == "assistant" and "reasoning_content" not in last:
        content = thinking.open + thinking.close + last["content"]
        yield from ((*chat[:-1], {"role": "assistant", "content": content}) for chat in chats)


def _expected(encoder: Encoder, probe: Probe, specimen: Specimen) -> Iterator[tuple[int, ...]]:
    assert specimen.dialect is not None  # noqa: S101 - it has the encoder
    for messages in additions(probe.messages, specimen.dialect):
        with suppress(TemplateError):
            yield _without_bos(encoder.encode(replace(probe, messages=tuple(messages))), specimen)


def _shared(one: Sequence[int], other: Sequence[int]) -> tuple[bool, int]:
    """Return whether two rows of ids are equal, and how many at the beginning are."""
    shared = min(len(one), len(other))
    return one == other, next((n for n in range(shared) if one[n] != other[n]), shared)


def _without_bos(ids: Sequence[int], specimen: Specimen) -> tuple[int, ...]:
    """Return the ids without one BOS at the start, which the template or the tokenizer may write."""
    bos = specimen.tokenizer.bos_token_id if specimen.tokenizer is not None else None
    return tuple(ids[1:] if ids and ids[0] == bos else ids)


def _open_mistral(folder: Path, _dialect: Dialect) -> Encoder:
    tokenizers = import_module("mistral_common.tokens.tokenizers.mistral")
    mode = import_module("mistral_common.protocol.instruct.validator").ValidationMode.agnostic
    request = import_module("mistral_common.protocol.instruct.request").ChatCompletionRequest
    path = _find(folder, MISTRAL_FILES, "mistral-common")
    tokenizer = tokenizers.MistralTokenizer.from_file(str(path), mode=mode)

    def encode(probe: Probe) -> tuple[int, ...]:
        if probe.kwargs:
            raise TemplateError("mistral-common has no switches of templates")
        try:
            asked = request.from_openai(messages=list(map(_openai, probe.messages)), tools=_tools(probe))
            return tuple(tokenizer.encode_chat_completion(asked).tokens)
        except Exception as error:
            raise TemplateError(f"mistral-common refuses {probe.name}: {first_line(error)}") from error

    return Encoder(f"mistral-common {version('mistral-common')}", encode)


def _openai(message: Mapping[str, Any]) -> dict[str, Any]:
    if "reasoning_content" in message:
        raise TemplateError("mistral-common has no reasoning_content")
    return dict(message)


def _tools(probe: Probe) -> list[dict[str, Any]] | None:
    return [dict(tool) for tool in probe.tools] if probe.tools else None


def _open_llama(folder: Path, dialect: Dialect) -> Encoder:
    formats = import_module("llama_models.llama3.chat_format")
    vocabulary = import_module("llama_models.llama3.tokenizer")
    message_type = import_module("llama_models.datatypes").RawMessage
    path = _find(folder, LLAMA_FILES, "llama-models")
    writer = formats.ChatFormat(vocabulary.Tokenizer(path))

    def encode(probe: Probe) -> tuple[int, ...]:
        if probe.tools or probe.kwargs or any(set(message) != {"role", "content"} for message in probe.messages):
            raise TemplateError("llama-models is asked about plain chats only")
        messages = [
            message_type(role=message["role"], content=message["content"])
            for message in normalise(probe.messages, dialect)
        ]
        ids = tuple(writer.encode_dialog_prompt(messages).tokens)
        return ids if probe.add_generation_prompt else ids[: -len(header)]

    header = writer._encode_header("assistant")
    return Encoder(f"llama-models {version('llama-models')}", encode)


def _open_harmony(_folder: Path, _dialect: Dialect) -> Encoder:
    raise TemplateError("openai-harmony fetches its vocabulary; none can be read from a checkpoint folder")


def _find(folder: Path, patterns: tuple[str, ...], package: str) -> Path:
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            return path
    raise TemplateError(f"the folder has no vocabulary file for {package}: {', '.join(patterns)}")


_OPENERS: Mapping[str, Callable[[Path, Dialect], Encoder]] = {
    "mistral-common": _open_mistral,
    "llama-models": _open_llama,
    "openai-harmony": _open_harmony,
}
