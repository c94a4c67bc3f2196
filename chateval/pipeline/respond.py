"""Plan -> Answers: every checkpoint is asked, round by round where a task goes on after the first answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chateval.engine import Engine
from chateval.pipeline.ask import Asker
from chateval.pipeline.mark import Address
from chateval.pipeline.prepare import Key, Plan, Subject, Watcher
from chateval.pipeline.rounds import hold_dialogues
from chateval.pipeline.verify import Verified, verify
from chateval.records import Effort, Judgement, Prompt, Response
from chateval.store import ResponseStore

EngineFor = Callable[[Subject], Engine]


@dataclass(slots=True)
class Answers:
    """Responses of a run by (checkpoint, task), in the order of the prompts, and how they were had."""

    prompts: dict[Key, Sequence[Prompt]] = field(default_factory=dict)
    """What was answered: of dialogues, the prompt of the last round."""
    responses: dict[Key, Sequence[Response]] = field(default_factory=dict)
    """Read from the store as they are gone through."""
    identities: dict[str, dict[str, str]] = field(default_factory=dict)
    """Checkpoint -> what its engine adds to the key of a response."""
    verified: list[Verified] = field(default_factory=list)
    n_generated: int = 0
    n_stored: int = 0
    efforts: list[Effort] = field(default_factory=list)
    """What the model gave for each checkpoint, and in which time."""
    judgements: dict[Address, list[Judgement]] = field(default_factory=dict)
    """What judges said of the answers, where a scorer has any."""

    @property
    def seconds(self) -> float:
        """Time that engines took, model loading included, s."""
        return sum(effort.seconds for effort in self.efforts)

    def take_helper(self, asker: Asker) -> None:
        """Take in what a model was asked that is not under test, or is and helped beside that."""
        self.identities.setdefault(asker.subject.checkpoint.name, asker.identity)
        self.n_generated += asker.n_generated
        self.n_stored += asker.n_stored

    def count(self, asker: Asker) -> None:
        """Take in what a checkpoint was asked."""
        self.identities[asker.subject.checkpoint.name] = asker.identity
        self.n_generated += asker.n_generated
        self.n_stored += asker.n_stored
        self.efforts.append(asker.effort)


def respond(
    plan: Plan,
    open_engine: EngineFor,
    store: ResponseStore,
    watcher: Watcher,
    *,
    n_verified: int = 0,
    rerun: int = 0,
) -> Answers:
    """Get a response to every prompt, from the store or from the model; each is stored as it comes.

    Checkpoints that share their weights follow each other, so that one model is in memory at a time.

    Args:
        plan: What is asked of whom.
        open_engine: Opens the engine of a checkpoint.
        store: Has what was answered before, and keeps what comes.
        watcher: Hears how far it is.
        n_verified: Samples of each task that are answered again the plain way.
        rerun: Answers of a rerun, numbered from 1, are kept apart from those of the run itself.
    """
    answers = Answers()
    helping: dict[str, Asker] = {}

    def helper_of(subject: Subject) -> Asker:
        name = subject.checkpoint.name
        if name not in helping:
            helping[name] = asker_of(subject)
        return helping[name]

    def asker_of(subject: Subject) -> Asker:
        return Asker(
            subject,
            open_engine(subject),
            store,
            watcher,
            check=plan.check_files,
            rerun=rerun,
            replaced=plan.replaced.get(subject.checkpoint.name, ""),
        )

    places = [weights_of(subject) for subject in plan.subjects]
    for subject in sorted(plan.subjects, key=lambda subject: places.index(weights_of(subject))):
        name = subject.checkpoint.name
        asker = asker_of(subject)
        prompts = {task.name: plan.prompts[name, task.name] for task in plan.tasks}
        found = asker.ask(prompts)
        for task in plan.tasks:
            answers.prompts[name, task.name] = prompts[task.name]
            answers.responses[name, task.name] = found[task.name]
        for title, (lasts, responses) in hold_dialogues(plan, asker, found, helper_of).items():
            answers.prompts[name, title] = lasts
            answers.responses[name, title] = responses
        answers.count(asker)
        if n_verified:
            watcher.stage(f"{name}: answering again, the plain way")
            answers.verified.append(_verify(asker, plan, answers, n_verified))
    for asker in helping.values():
        answers.take_helper(asker)
    plan.check_files()
    return answers


def _verify(asker: Asker, plan: Plan, answers: Answers, n_verified: int) -> Verified:
    """Hold the first answers of each task against the plain way."""
    checkpoint = asker.subject.checkpoint
    asked = [
        pair
        for task in plan.tasks
        for pair in zip(
            answers.prompts[checkpoint.name, task.name][:n_verified],
            answers.responses[checkpoint.name, task.name][:n_verified],
            strict=True,
        )
    ]
    return verify(checkpoint.name, checkpoint.dtype, asker.engine, asked)


def weights_of(subject: Subject) -> tuple[str, str]:
    """Return where the weights of a checkpoint are, of the base for an adapter, and their dtype."""
    checkpoint = subject.checkpoint
    return checkpoint.base_path or checkpoint.path, checkpoint.dtype
