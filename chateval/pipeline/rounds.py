"""Dialogues of a checkpoint, round by round: the prompts of all that go on are asked together, from the store first.

Nothing of a dialogue is kept but its answers: what is said to them is a function of them, so that a run which breaks
off has its rounds from the store when it is started again.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from chateval.config import Suite
from chateval.dialogue import Move, Talk, Tools, user_messages, user_turn
from chateval.errors import TemplateError
from chateval.pipeline.ask import Asker
from chateval.pipeline.prepare import Plan, Subject, build_for
from chateval.pipeline.world import ToolsOf, open_tools
from chateval.prompt import find_carriage
from chateval.records import Decoding, Prompt, Response, Sample, Task
from chateval.template.answer import AnswerFormat, find_format, separate
from chateval.template.tokenizer import own_template

AskerOf = Callable[[Subject], Asker]

Held = dict[str, tuple[list[Prompt], list[Response]]]
"""Task -> prompts and responses of the last rounds, in the order of the first ones."""


@dataclass(slots=True)
class _Line:
    """A dialogue that goes on, and the prompt that it was asked last."""

    task: Task
    repeat: int
    talk: Talk


def hold_dialogues(plan: Plan, asker: Asker, firsts: Mapping[str, Sequence[Response]], asker_of: AskerOf) -> Held:
    """Go on with the tasks that are dialogues until every one has ended.

    Args:
        plan: What is asked.
        asker: Asks the checkpoint.
        firsts: Responses to the first round, by task.
        asker_of: Asks another model, for the turns of simulated users.
    """
    tasks = [task for task in plan.tasks if task.dialogue is not None]
    held: Held = {}
    with ExitStack() as opened:
        lines: dict[str, list[_Line]] = {}
        waiting: list[tuple[_Line, Move]] = []
        for task in tasks:
            prompts = plan.prompts[asker.subject.checkpoint.name, task.name]
            tools = opened.enter_context(open_tools(task, trust_code=plan.trust_code))
            lines[task.name] = _open(task, prompts, asker.subject, tools)
            for line, prompt, response in zip(lines[task.name], prompts, firsts[task.name], strict=True):
                waiting.append((line, _take(asker.subject, line, prompt, response)))
        number = 1
        while waiting := _with_users(plan, waiting, asker_of):
            number += 1
            waiting = _ask_round(plan, asker, [line for line, _ in waiting], number)
        for name, found in lines.items():
            ends = [line.talk.response() for line in found]
            held[name] = (
                [prompt for prompt, _, _ in ends],
                [replace(response, dialogue=dialogue) for _, response, dialogue in ends],
            )
    return held


def _open(task: Task, prompts: Sequence[Prompt], subject: Subject, tools_of: ToolsOf) -> list[_Line]:
    assert task.dialogue is not None  # noqa: S101 - the caller has only such tasks
    form = _form(subject, task)
    samples = {sample.id: sample for sample in task.samples}
    tools: dict[str, Tools | None] = {sample_id: tools_of(sample) for sample_id, sample in samples.items()}
    return [
        _Line(task, prompt.repeat, Talk(samples[prompt.sample_id], task.dialogue, form, tools[prompt.sample_id]))
        for prompt in prompts
    ]


def _form(subject: Subject, task: Task) -> AnswerFormat | None:
    """Return what answers of a checkpoint are read by: no format of calls where tools are told to it in words."""
    if not subject.facts.text:
        return None
    if subject.tokenizer is None or not any(sample.tools for sample in task.samples):
        return find_format(subject.facts.text)
    form = find_format(own_template(subject.tokenizer, has_tools=True))
    return form if find_carriage(subject.tokenizer).offers else replace(form, calls=())


def _with_users(plan: Plan, waiting: Sequence[tuple[_Line, Move]], asker_of: AskerOf) -> list[tuple[_Line, Move]]:
    """Return the dialogues whose model speaks next, simulated users asked for their turns."""
    ready: list[tuple[_Line, Move]] = [(line, move) for line, move in waiting if move == "model"]
    speaking = [line for line, move in waiting if move == "user"]
    by_model: dict[str, list[_Line]] = {}
    for line in speaking:
        assert line.task.dialogue is not None and line.task.dialogue.user is not None  # noqa: S101 - by the move
        by_model.setdefault(line.task.dialogue.user.model, []).append(line)
    for model, lines in by_model.items():
        ready += [(line, "model") for line in _hear(plan, asker_of(plan.helper(model)), lines)]
    return ready


def _hear(plan: Plan, asker: Asker, lines: Sequence[_Line]) -> list[_Line]:
    """Ask a model for the turns of the users it plays; return the dialogues that go on.

    A turn that it does not give, or whose prompt it cannot be sent, leaves that dialogue unscored.
    """
    going: list[_Line] = []
    facts = asker.subject.facts
    by_task: dict[str, list[_Line]] = {}
    for line in lines:
        by_task.setdefault(line.task.name, []).append(line)
    prompts = {name: _user_prompts(plan, asker.subject, found) for name, found in by_task.items()}
    for name, responses in asker.ask(prompts, what="simulated users").items():
        for line, prompt, response in zip(by_task[name], prompts[name], responses, strict=True):
            user = line.task.dialogue.user if line.task.dialogue else None
            assert user is not None  # noqa: S101 - it was asked for
            said = separate(response, prompt, facts)
            if response.error is not None:
                line.talk.lose_user(response.error)
            elif said.is_incomplete:
                line.talk.lose_user("ends inside its thinking; raise dialogue.user.max_new_tokens")
            elif line.talk.hear(user_turn(user, said.text)) == "model":
                going.append(line)
    return going


def _user_prompts(plan: Plan, subject: Subject, lines: Sequence[_Line]) -> list[Prompt]:
    [task] = {id(line.task): line.task for line in lines}.values()
    user = task.dialogue.user if task.dialogue else None
    assert user is not None  # noqa: S101 - it was asked for
    decoding = Decoding(max_new_tokens=user.max_new_tokens)
    asked = replace(task, output="generate", decoding=decoding, dialogue=None)
    unchecked = replace(plan.suite, system="fold_into_user", template_gate="off")
    samples = [
        replace(line.talk.sample, tools=(), messages=user_messages(user, line.talk.sample.user, line.talk.messages))
        for line in lines
    ]
    prompts = _build(unchecked, subject, asked, samples)
    return [replace(prompt, repeat=line.repeat) for prompt, line in zip(prompts, lines, strict=True)]


def _ask_round(plan: Plan, asker: Asker, lines: Sequence[_Line], number: int) -> list[tuple[_Line, Move]]:
    """Ask the next round of all dialogues that go on."""
    by_task: dict[str, list[_Line]] = {}
    for line in lines:
        by_task.setdefault(line.task.name, []).append(line)
    prompts: dict[str, list[Prompt]] = {}
    for name, found in by_task.items():
        task = found[0].task
        once = replace(task, decoding=replace(task.decoding, repeats=1))
        samples = [replace(line.talk.sample, messages=line.talk.messages) for line in found]
        built = _build(plan.suite, asker.subject, once, samples)
        prompts[name] = [
            replace(prompt, repeat=line.repeat, decoding=task.decoding)
            for prompt, line in zip(built, found, strict=True)
        ]
    answered: list[tuple[_Line, Move]] = []
    for name, responses in asker.ask(prompts, what=f"round {number}").items():
        for line, prompt, response in zip(by_task[name], prompts[name], responses, strict=True):
            answered.append((line, _take(asker.subject, line, prompt, response)))
    return answered


def _take(subject: Subject, line: _Line, prompt: Prompt, response: Response) -> Move:
    limit = subject.checkpoint.context_tokens
    n_tokens = len(prompt.ids) + prompt.decoding.max_new_tokens
    is_outgrown = prompt.error is not None and limit is not None and n_tokens > limit
    return line.talk.take(prompt, response, is_outgrown=is_outgrown)


def _build(suite: Suite, subject: Subject, task: Task, samples: Sequence[Sample]) -> list[Prompt]:
    """Return the prompts of samples; messages that the template cannot carry are the fault of their prompt alone."""
    try:
        return build_for(subject, suite, task, samples)
    except TemplateError as error:
        if len(samples) == 1:
            return [Prompt(samples[0].id, samples[0].messages, "", (), task.decoding, error=str(error))]
    return [prompt for sample in samples for prompt in _build(suite, subject, task, [sample])]
