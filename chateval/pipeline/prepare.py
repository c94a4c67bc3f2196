"""Suite -> Plan: everything that can be checked and built without a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from chateval.checkpoint import DigestCache, read_config, resolve_all
from chateval.config import Suite
from chateval.errors import CheckpointError, ConfigError
from chateval.findings import TemplateReport
from chateval.gate import check_rules
from chateval.pipeline.audit import audit_prompts, audit_template, specimen_of
from chateval.pipeline.jury import check_judges, tell_left_out
from chateval.pipeline.served import endpoint_facts, refuse_choices, with_runtimes
from chateval.pipeline.tasks import NO_BRIDGES, Bridges, load_tasks
from chateval.pipeline.typed import mark_typed_tokens
from chateval.pipeline.unseen import refuse_images, refuse_unseen
from chateval.pipeline.world import say_tools, try_tools
from chateval.prompt import PromptOptions, build_prompts, message_prompts
from chateval.records import Checkpoint, Prompt, Rule, Sample, Task, TemplateFacts
from chateval.score import family_of
from chateval.template import Eyes, Specimen, Tokenizer, find_facts, open_eyes, put_options
from chateval.template.grammar import Dialect, load_families
from chateval.template.switches import refuse_unread

Key = tuple[str, str]
"""(checkpoint, task)"""


class Watcher(Protocol):
    """Is told how far a run has come."""

    def stage(self, text: str) -> None:
        """Hear what is being done now."""
        ...

    def begin(self, checkpoint: str, task: str, n_total: int, n_stored: int) -> None:
        """Hear that a task begins: so many responses are wanted, so many are in the store."""
        ...

    def advance(self, n: int) -> None:
        """Hear that so many more responses are there."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """A checkpoint with its tokenizer and what that does."""

    checkpoint: Checkpoint
    tokenizer: Tokenizer
    """None for an endpoint."""
    facts: TemplateFacts
    report: TemplateReport | None
    """What the checks of its template came to; None for completion, an endpoint, and where they are switched off."""
    dialect: Dialect | None
    eyes: Eyes | None = None
    """Its processor; None for a model of texts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A suite with everything checked that can be checked without a model."""

    suite: Suite
    tasks: tuple[Task, ...]
    n_available: Mapping[str, int]
    """Samples that each task has, before the limit."""
    subjects: tuple[Subject, ...]
    prompts: Mapping[Key, Sequence[Prompt]]
    digests: DigestCache | None = None
    """What the digests of the checkpoints were taken of; None for models in memory."""
    helpers: tuple[Subject, ...] = ()
    """Models that are not under test: judges, and those that play users."""
    trust_code: bool = False
    """Whether Python of the user's own runs: scorers, and the tools of dialogues."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Checkpoint -> how its files differ from those that the run folder was last written with; only if they do."""

    def helper(self, name: str) -> Subject:
        """Return a model that is not under test, or a checkpoint of the run, by its name.

        Raises:
            ConfigError: If there is none of that name.
        """
        known = {subject.checkpoint.name: subject for subject in (*self.subjects, *self.helpers)}
        if name not in known:
            raise ConfigError(f"no helper {name!r}: say --helper {name}=PATH; there are: {', '.join(known)}")
        return known[name]

    def check_files(self) -> None:
        """Raise CheckpointError if a file of a checkpoint is not what its digest was taken of."""
        if self.digests is not None:
            self.digests.check_unchanged()


def prepare(
    suite: Suite,
    *,
    cache_dir: Path,
    watcher: Watcher,
    trust_code: bool = False,
    bridges: Bridges = NO_BRIDGES,
) -> Plan:
    """Check and build everything that needs no model: tasks, gate, checkpoints, templates, prompts.

    Raises:
        ChatevalError: For whatever the user has to mend.
    """
    watcher.stage("reading tasks")
    tasks, n_available = load_tasks(suite, trust_code=trust_code, bridges=bridges)
    try_tools(tasks, trust_code=trust_code)
    check_gate(suite.gate, tasks, [spec.name for spec in suite.checkpoints], baseline=suite.baseline)
    check_judges(tasks, [spec.name for spec in (*suite.checkpoints, *suite.helpers)])
    load_families(suite.families)
    watcher.stage("reading checkpoints")
    digests = DigestCache(cache_dir / "digests.json", is_trusted=not suite.full_digests)
    checkpoints = resolve_all(suite.checkpoints, digests)
    refuse_choices(checkpoints, tasks)
    refuse_unseen(checkpoints, tasks, suite.engine)
    helpers = open_helpers(suite, digests)
    watcher.stage("opening tokenizers")
    subjects = _open_all(checkpoints, suite)
    watcher.stage("building prompts")
    say_tools({one.checkpoint.name: None if one.checkpoint.completion else one.tokenizer for one in subjects}, tasks)
    plan = Plan(suite, tasks, n_available, subjects, plan_prompts(suite, tasks, subjects), digests)
    plan = replace(plan, helpers=helpers, trust_code=trust_code)
    for task in tasks:
        if task.dialogue is not None and task.dialogue.user is not None:
            plan.helper(task.dialogue.user.model)
    return plan


def open_helpers(suite: Suite, digests: DigestCache) -> tuple[Subject, ...]:
    """Return the models of a suite that are not under test, their templates unchecked.

    Raises:
        ChatevalError: If one of them is not there or has no template.
    """
    return _open_all(resolve_all(suite.helpers, digests), replace(suite, template_gate="off"))


def check_gate(rules: Sequence[Rule], tasks: Sequence[Task], checkpoints: Sequence[str], *, baseline: str) -> None:
    """Raise GateError if a rule names a task, scorer, tag or checkpoint that is not there."""
    scorers = {task.name: [spec.name for spec in task.scorers] for task in tasks}
    families = {spec.name: family_of(spec) for task in tasks for spec in task.scorers}
    tags = {tag for task in tasks for sample in task.samples for tag in sample.tags}
    tell_left_out(rules, tasks)
    check_rules(rules, scorers, checkpoints, families, baseline=baseline, tags=tags)


def plan_prompts(suite: Suite, tasks: Sequence[Task], subjects: Sequence[Subject]) -> dict[Key, Sequence[Prompt]]:
    """Return the prompts of every checkpoint and task; checkpoints that are shown the same share theirs."""
    prompts: dict[Key, Sequence[Prompt]] = {}
    shared: dict[tuple[Any, ...], list[Prompt]] = {}
    for subject in subjects:
        checkpoint = subject.checkpoint
        for task in tasks:
            if checkpoint.kind == "endpoint":
                prompts[checkpoint.name, task.name] = build_for(subject, suite, task, task.samples)
                continue
            same = (checkpoint.tokenizer_digest, subject.facts.digest, _options(subject, suite, task), task.name)
            if same not in shared:
                shared[same] = build_for(subject, suite, task, task.samples)
            prompts[checkpoint.name, task.name] = shared[same]
    return prompts


def build_for(subject: Subject, suite: Suite, task: Task, samples: Sequence[Sample]) -> list[Prompt]:
    """Return the prompts of samples as a checkpoint is shown them, `decoding.repeats` of each, audited.

    Raises:
        TemplateError: If the template cannot carry the messages of a sample; names task and sample.
    """
    if subject.checkpoint.kind == "endpoint":
        return message_prompts(task, samples)
    prompts = build_prompts(task, samples, subject.tokenizer, _options(subject, suite, task), subject.eyes)
    prompts = refuse_images(prompts, suite.engine)
    if subject.dialect is not None:
        prompts = audit_prompts(prompts, subject.tokenizer, subject.dialect)
    if suite.template_gate != "off":
        prompts = mark_typed_tokens(prompts, subject.tokenizer, task=task.name)
    return prompts


def _options(subject: Subject, suite: Suite, task: Task) -> PromptOptions:
    checkpoint = subject.checkpoint
    overflow = suite.overflow
    if task.dialogue is not None and task.dialogue.limits.history != "as_prompt":
        overflow = "drop_oldest_turns" if task.dialogue.limits.history == "drop_oldest_turns" else "error"
    end = _end_id(subject) if task.choices_end_turn else None
    tells_tools = task.dialogue is not None
    return PromptOptions(checkpoint.completion, suite.system, overflow, checkpoint.context_tokens, end, tells_tools)


def _end_id(subject: Subject) -> int | None:
    """Return what stands behind a whole answer: the end of turn of the template, else the tokenizer's EOS."""
    end = subject.facts.end_of_turn_id
    eos: int | None = subject.tokenizer.eos_token_id
    return end if end is not None else eos


def _open_all(checkpoints: Sequence[Checkpoint], suite: Suite) -> tuple[Subject, ...]:
    """Open the tokenizers; templates without a base under them are compared with the baseline's."""
    local = [one for one in checkpoints if one.kind != "endpoint"]
    specimens = {one.name: specimen_of(one, suite.families) for one in local}
    baseline = specimens.get(suite.baseline)
    for name, specimen in specimens.items():
        if name != suite.baseline and specimen.base is None and baseline is not None and baseline.source is not None:
            specimens[name] = replace(specimen, baseline=baseline)
    if suite.template_gate != "off":
        specimens = with_runtimes(specimens, local, suite.engine)
    return tuple(
        open_subject(one, specimens[one.name], suite)
        if one in local
        else Subject(one, None, endpoint_facts(one.template_options), None, None)
        for one in checkpoints
    )


def open_subject(checkpoint: Checkpoint, specimen: Specimen, suite: Suite) -> Subject:
    """Give the tokenizer the template that counts: the user's, else the adapter's, else the base's.

    Raises:
        ChatevalError: If there is no tokenizer or no template, or that is broken and the suite's gate is `error`.
    """
    if specimen.tokenizer is None:
        raise CheckpointError(f"{checkpoint.name}: no tokenizer in {checkpoint.path}")
    if specimen.source is None and not checkpoint.completion:
        raise CheckpointError(f"{checkpoint.name}: transformers finds no chat template in {checkpoint.path}")
    tokenizer = specimen.tokenizer
    if specimen.sources:
        tokenizer.chat_template = {s.name: s.text for s in reversed(specimen.sources) if s.is_read}
    if checkpoint.template_options:
        templates = [source.text for source in specimen.sources if source.is_read]
        refuse_unread(checkpoint.template_options, [] if checkpoint.completion else templates, name=checkpoint.name)
        put_options(tokenizer, checkpoint.template_options)
    report, dialect = None, None
    if suite.template_gate != "off" and not checkpoint.completion:
        report = audit_template(specimen, gate=suite.template_gate, ignore=suite.template_ignore)
        dialect = specimen.dialect
    base = Path(checkpoint.base_path or checkpoint.path)
    facts = find_facts(
        tokenizer,
        source=checkpoint.template or checkpoint.template_path or "tokenizer",
        eos_ids=_eos_ids(base),
        completion=checkpoint.completion,
        dialect=dialect.name if dialect else None,
    )
    eyes = open_eyes(base, tokenizer) if checkpoint.sees_images else None
    return Subject(checkpoint, tokenizer, facts, report, dialect, eyes)


def _eos_ids(folder: Path) -> list[int]:
    """Return the EOS ids of generation_config.json, or of config.json where there is none, as transformers does."""
    if not folder.is_dir():
        return []
    config = read_config(folder, "generation_config.json") or read_config(folder)
    found = config.get("eos_token_id")
    return [found] if isinstance(found, int) else [number for number in found or [] if isinstance(number, int)]
