"""Task + sample + tokenizer -> Prompt: one rendering, one tokenisation, nothing dropped in silence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chateval.errors import TemplateError
from chateval.media import seen_in
from chateval.prompt.budget import OverflowPolicy, Shown, fit
from chateval.prompt.pictures import as_text, with_pictures
from chateval.prompt.system import SystemPolicy, place_system, system_fault
from chateval.prompt.tools import NOTHING, find_carriage, place_tools
from chateval.records import Message, Prompt, Sample, Task
from chateval.template import Chat, Eyes, Tokenizer, render_all, render_completion, text_of, tokenize

BUILT_TOGETHER = 2_000
"""Samples that are rendered and tokenised in one go."""


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """How messages become a prompt where the template or the token limit leaves no plain way."""

    completion: bool = False
    """Plain text without roles; the tokenizer then adds its own special tokens."""
    system: SystemPolicy = "error"
    overflow: OverflowPolicy = "error"
    limit: int | None = None
    """Most tokens of prompt and answer together: the context length of the checkpoint. None is no limit."""
    end_of_turn_id: int | None = None
    """Stands behind each choice of a task with `choices_end_turn`; None where the checkpoint has none."""
    tells_tools: bool = False
    """Whether what the template does not write of tools is told in words, as in dialogues."""


def build_prompts(
    task: Task, samples: Sequence[Sample], tokenizer: Tokenizer, options: PromptOptions, eyes: Eyes | None = None
) -> list[Prompt]:
    """Build the prompts of a task, `decoding.repeats` of each sample, in the order of the samples.

    Args:
        task: What is asked.
        samples: Of it.
        tokenizer: Of the checkpoint.
        options: What the template and the token limit leave open.
        eyes: Of a checkpoint that sees images.

    Raises:
        TemplateError: If the template cannot carry the messages of a sample; names task and sample.
    """
    prompts: list[Prompt] = []
    numbers: dict[int, int] = {}
    for start in range(0, len(samples), BUILT_TOGETHER):
        for prompt in _build(task, samples[start : start + BUILT_TOGETHER], tokenizer, options, eyes):
            # A tokenizer makes each id anew; one number for all of its places takes a quarter of the memory.
            kept = replace(prompt, ids=tuple([numbers.setdefault(number, number) for number in prompt.ids]))
            prompts.append(kept)
            prompts += [replace(kept, repeat=repeat) for repeat in range(1, task.decoding.repeats)]
    return prompts


def _build(
    task: Task, samples: Sequence[Sample], tokenizer: Tokenizer, options: PromptOptions, eyes: Eyes | None
) -> list[Prompt]:
    all_messages = []
    for sample in samples:
        try:
            written = as_text(sample.messages, is_seeing=eyes is not None)
            written = _with_tools(written, sample, tokenizer, options)
            all_messages.append(place_system(written, tokenizer, options.system, completion=options.completion))
        except TemplateError as error:
            raise TemplateError(f"task {task.name}, sample {sample.id}: {error}") from error
    texts = _texts(samples, all_messages, tokenizer, options, task=task.name)
    all_ids = tokenize(tokenizer, texts, add_special_tokens=options.completion)
    rooms = _answer_tokens(task, samples, tokenizer)
    prompts = [
        _fit(
            with_pictures(Prompt(sample.id, messages, text, tuple(ids), task.decoding), sample, eyes),
            sample,
            room,
            Writer(tokenizer, options, eyes),
        )
        for sample, messages, text, ids, room in zip(samples, all_messages, texts, all_ids, rooms, strict=True)
    ]
    if task.output != "choose":
        return prompts
    found = _add_choices(prompts, samples, tokenizer, options)
    return [_end_choices(prompt, options.end_of_turn_id) for prompt in found] if task.choices_end_turn else found


def _with_tools(
    messages: tuple[Message, ...], sample: Sample, tokenizer: Tokenizer, options: PromptOptions
) -> tuple[Message, ...]:
    """Return the messages with what the template would lose of tools told in words, where the task wants that."""
    if not (options.tells_tools and sample.tools):
        return messages
    carriage = NOTHING if options.completion else find_carriage(tokenizer)
    has_system = options.completion or system_fault(tokenizer) is None
    return place_tools(messages, sample.tools, carriage, has_system=has_system)


def _texts(
    samples: Sequence[Sample],
    all_messages: Sequence[Sequence[Message]],
    tokenizer: Tokenizer,
    options: PromptOptions,
    *,
    task: str = "",
) -> list[str]:
    if options.completion:
        return [render_completion(messages) for messages in all_messages]
    texts = []
    is_told = options.tells_tools and any(one.tools for one in samples) and not find_carriage(tokenizer).offers
    chats = [
        Chat(messages, tools=None if is_told else sample.tools or None)
        for sample, messages in zip(samples, all_messages, strict=True)
    ]
    rendered = render_all(tokenizer, chats)
    for sample, found in zip(samples, rendered, strict=True):
        try:
            texts.append(text_of(found))
        except TemplateError as error:
            raise TemplateError(f"task {task}, sample {sample.id}: {error}") from error
    return texts


def _answer_tokens(task: Task, samples: Sequence[Sample], tokenizer: Tokenizer) -> list[int]:
    """Return how many tokens must be left for the answer of each sample: the limit, or its longest choice."""
    if task.output == "generate":
        return [task.decoding.max_new_tokens] * len(samples)
    lengths = iter(tokenize(tokenizer, [choice for sample in samples for choice in sample.choices]))
    return [max((len(next(lengths)) for _ in sample.choices), default=0) + 1 for sample in samples]


@dataclass(frozen=True, slots=True)
class Writer:
    """What makes text and ids of messages."""

    tokenizer: Tokenizer
    options: PromptOptions
    eyes: Eyes | None


def _fit(prompt: Prompt, sample: Sample, n_answer: int, writer: Writer) -> Prompt:
    """Hold a prompt to the token limit by the named policy; what cannot be sent says why."""
    tokenizer, options, eyes = writer.tokenizer, writer.options, writer.eyes
    if prompt.error is not None or not prompt.ids:
        return replace(prompt, error=prompt.error or "the prompt is empty: it has no token")

    def show(kept: Sequence[Message]) -> Shown:
        written = _with_tools(as_text(kept, is_seeing=eyes is not None), sample, tokenizer, options)
        messages = place_system(written, tokenizer, options.system, completion=options.completion)
        [text] = _texts([sample], [messages], tokenizer, options)
        [ids] = tokenize(tokenizer, [text], add_special_tokens=options.completion)
        images = seen_in(messages, sample.images)
        return Shown(messages, text, eyes.ids(text, images) if eyes is not None and images else tuple(ids), images)

    return fit(prompt, sample, n_answer, options.limit, options.overflow, show)


def _add_choices(
    prompts: Sequence[Prompt], samples: Sequence[Sample], tokenizer: Tokenizer, options: PromptOptions
) -> list[Prompt]:
    """Tokenise each choice as it follows its prompt.

    Prompt and choice are tokenised as one text. Where a token spans the seam, the prompt's ids stay as they are
    and the choice is tokenised by itself: that is what the model would have to write.
    """
    pairs = [(prompt, choice) for prompt, sample in zip(prompts, samples, strict=True) for choice in sample.choices]
    whole = tokenize(
        tokenizer, [prompt.text + choice for prompt, choice in pairs], add_special_tokens=options.completion
    )
    alone = tokenize(tokenizer, [choice for _, choice in pairs])
    # In the ids of a prompt with images each has more than the one placeholder that stands in its text.
    with_images = [prompt for prompt in prompts if prompt.images]
    plain = tokenize(tokenizer, [prompt.text for prompt in with_images], add_special_tokens=options.completion)
    of_text = {id(prompt): tuple(ids) for prompt, ids in zip(with_images, plain, strict=True)}
    tails = []
    for (prompt, _), ids, by_itself in zip(pairs, whole, alone, strict=True):
        before = of_text.get(id(prompt), prompt.ids)
        tails.append(tuple(ids[len(before) :]) if tuple(ids[: len(before)]) == before else tuple(by_itself))
    found: list[Prompt] = []
    start = 0
    for prompt, sample in zip(prompts, samples, strict=True):
        choice_ids = tuple(tails[start : start + len(sample.choices)])
        start += len(sample.choices)
        empty = next((c for c, ids in zip(sample.choices, choice_ids, strict=True) if not ids), None)
        error = prompt.error if empty is None else f"choice {empty!r} has no token"
        found.append(replace(prompt, choice_ids=choice_ids, error=error))
    return found


def _end_choices(prompt: Prompt, end_id: int | None) -> Prompt:
    """Return the prompt with the end of turn behind each choice."""
    if end_id is None:
        return replace(prompt, error=prompt.error or "the checkpoint has no end of turn to put behind a choice")
    return replace(prompt, choice_ids=tuple((*ids, end_id) for ids in prompt.choice_ids))
