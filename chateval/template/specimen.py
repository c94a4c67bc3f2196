"""What the checks look at: a checkpoint's template with its tokenizer and configs, rendered once and remembered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from chateval.errors import TemplateError
from chateval.template.grammar import Dialect, Family, Match, detect, find_dialect, load_families, write
from chateval.template.probes import Probe, probe, standard_probes
from chateval.template.render import tokenize
from chateval.template.runtime import Runtime
from chateval.template.sandbox import Chat, Rendered, sandbox
from chateval.template.source import TemplateSource
from chateval.template.tokenizer import Tokenizer

DETECTION_SCORE = 0.9
"""Share of the probes' text that must parse for a dialect to be taken as the template's."""
_NEAR = 0.02
"""Dialects whose scores differ by no more are told apart by what they write."""
_DETECTION = ("two_turns_answered", "two_turns", "system_two_turns", "history_lines", "question")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user says about a check."""

    family: str | None = None
    """Family or dialect that the template is claimed to be; None is found out."""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Switches of the template that rendering is done with."""
    family_files: tuple[Path, ...] = ()
    assistant_only_loss: bool = False
    """The training masked by `{% generation %}` tags, so that their absence is an error."""
    masking_collator: bool = False
    """The training masked every pad token, so that pad == eos is an error."""
    is_tokenised_once: bool = False
    """Rendered text is never tokenised with special tokens added, as in a run; a BOS that would double is then a
    warning."""
    is_held_to_base: bool = False
    """The user named the base as the reference: another rendering than its is a defect."""


@dataclass(frozen=True)
class Specimen:
    """One chat template under study.

    Everything is optional but the sources: a check that misses what it needs says so and is not a pass.
    """

    subject: str
    """Path or name, for the reader."""
    sources: tuple[TemplateSource, ...]
    """All places with a template; the one that counts first. Empty if there is none."""
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Special tokens by the name a template calls them: `bos_token`, `eos_token`, `pad_token`, ..."""
    tokenizer: Tokenizer | None = None
    folder: Path | None = None
    """The checkpoint's folder; None for GGUF files and bare templates."""
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON files by name: config.json, generation_config.json, tokenizer_config.json, adapter_config.json."""
    n_embeddings: int | None = None
    """Rows of the input embeddings in the weight files; None without weights."""
    base: "Specimen | None" = None
    """The base of an adapter, or the checkpoint that this one is compared with."""
    baseline: "Specimen | None" = None
    """The checkpoint that a run compares this one with, where it is no base of it."""
    evidence: Any = None
    """What the trainer recorded (`chateval.template.evidence.Evidence`); None without."""
    runtime: Runtime | None = None
    """The serving engine whose prompts are held against the template's; None without."""
    settings: Settings = Settings()

    @property
    def source(self) -> TemplateSource | None:
        """The template that counts for chats without tools."""
        named = [source for source in self.sources if source.name == "default" and source.is_read]
        return named[0] if named else None

    def template(self, *, has_tools: bool = False) -> str:
        """Return the Jinja that such chats are rendered with; of several named ones as transformers chooses."""
        if has_tools:
            for source in self.sources:
                if source.name == "tool_use" and source.is_read:
                    return source.text
        return self.source.text if self.source else ""

    def render(self, chat: Chat | Probe) -> Rendered:
        """Render one chat in the sandbox; the same chat again costs nothing."""
        [found] = self.render_all([chat])
        return found

    def render_all(self, chats: Iterable[Chat | Probe]) -> list[Rendered]:
        """Render chats in one go, with the user's kwargs under those of each chat."""
        wanted = [self._chat(chat) for chat in chats]
        keys = [repr(chat) for chat in wanted]
        missing = {key: chat for key, chat in zip(keys, wanted, strict=True) if key not in self._rendered}
        for has_tools in (False, True):
            batch = {key: chat for key, chat in missing.items() if bool(chat.tools) == has_tools}
            found = sandbox().render(self.template(has_tools=has_tools), self.tokens, list(batch.values()))
            self._rendered.update(zip(batch, found, strict=True))
        return [self._rendered[key] for key in keys]

    def text(self, name: str, *, add_generation_prompt: bool | None = None) -> str | None:
        """Return the rendering of a standard probe by name; None if the template fails on it."""
        return self.render(probe(name, add_generation_prompt=add_generation_prompt)).text

    def ids(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """Return the token ids of a text; the tokenizer must be there."""
        assert self.tokenizer is not None  # noqa: S101 - checks that need one are not run without
        [found] = tokenize(self.tokenizer, [text], add_special_tokens=add_special_tokens)
        return found

    @cached_property
    def _rendered(self) -> dict[str, Rendered]:
        return {}

    def _chat(self, chat: Chat | Probe) -> Chat:
        if isinstance(chat, Probe):
            return chat.chat(self.settings.kwargs)
        return replace(chat, kwargs={**self.settings.kwargs, **chat.kwargs})

    @cached_property
    def probed(self) -> tuple[tuple[Probe, Rendered], ...]:
        """The standard probes with their renderings."""
        probes = standard_probes()
        return tuple(zip(probes, self.render_all(probes), strict=True))

    @cached_property
    def families(self) -> Mapping[str, Family]:
        """The families of chateval and the user's."""
        return load_families(self.settings.family_files)

    @cached_property
    def matches(self) -> Sequence[Match]:
        """The dialects that the renderings parse as, best first."""
        texts = [text for name in _DETECTION if (text := self.text(name)) is not None]
        return detect(texts, self.families) if texts else ()

    @cached_property
    def dialect(self) -> Dialect | None:
        """The claimed dialect, or the one that the renderings parse as; None if undetermined."""
        if self.settings.family:
            return find_dialect(self.settings.family, self.families)
        if not self.matches or self.matches[0].score < DETECTION_SCORE:
            return None
        near = [match.dialect for match in self.matches if match.score >= self.matches[0].score - _NEAR]
        return near[0] if len(near) == 1 else max(near, key=self._count_written)

    def _count_written(self, dialect: Dialect) -> int:
        """Return how many probes the dialect writes as the template does, up to what is put before them.

        Dialects of one family often parse the same texts; what is trimmed or left out tells them apart.
        """
        n = 0
        for one, found in self.probed:
            if found.text is None or one.tools is not None:
                continue
            try:
                written = write(one.messages, dialect).removesuffix(dialect.final).removeprefix(dialect.bos or "")
            except TemplateError:
                continue
            opened = next((prompt for prompt in dialect.generation_prompts if found.text.endswith(prompt)), "")
            n += found.text.removesuffix(opened).removesuffix(dialect.final).endswith(written)
        return n

    @cached_property
    def eos_ids(self) -> frozenset[int]:
        """The end tokens that generation stops at: the tokenizer's and those of generation_config, else of config."""
        config = self.configs.get("generation_config.json") or self.configs.get("config.json") or {}
        found = config.get("eos_token_id")
        ids = {found} if isinstance(found, int) else {number for number in found or () if isinstance(number, int)}
        if self.tokenizer is not None and self.tokenizer.eos_token_id is not None:
            ids.add(int(self.tokenizer.eos_token_id))
        return frozenset(ids)
