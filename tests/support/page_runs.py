"""Runs and reports for the page: any number of samples, with the texts that a test wants in them."""

from dataclasses import replace

from chateval.records import (
    Answered,
    CheckpointSummary,
    Comparison,
    Decoding,
    Estimate,
    Flip,
    Prompt,
    Report,
    Response,
    Run,
    Sample,
    Score,
    TaskSummary,
)

NAMES = ("base", "sft", "lora")
SCORERS = ("exact", "clean_stop")
FINISHES = ("eos", "stop", "length")


def summary(name):
    return CheckpointSummary(name, "chat", "float32", "t", "a" * 64, "b" * 64, None, 3, 0, 1, 0, 1234, 56)


def sample(number, *, question="", tags=("easy", "hard")):
    text = question or f"What is {number} plus {number}?"
    messages = ({"role": "system", "content": "Answer briefly."}, {"role": "user", "content": text})
    return Sample(f"{number:016x}", {"n": number}, messages, str(2 * number), tags=(tags[number % len(tags)],))


def answer(number, name):
    if name == "base":
        return f"The answer is {2 * number + number % 3}, I think."
    return f"The answer is {2 * number + (number % 5 == 4)}, I am sure."


def value(number, name):
    return float(answer(number, name).startswith(f"The answer is {2 * number},"))


def answered(one, name, text, *, task="sums", finish="eos", ids=tuple(range(7)), prompt=""):
    said = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in one.messages)
    shown = prompt or f"{said}<|im_start|>assistant\n"
    return Answered(
        name,
        task,
        Prompt(one.id, one.messages, shown, ids, Decoding()),
        Response(one.id, text, finish, f"{text}<|im_end|>", (5, 6, 2), len(ids)),
    )


def page_run(n=12, *, reply=answer, samples=None, name="run", task="sums"):
    """A run of three checkpoints on one task."""
    found = samples or [sample(number) for number in range(n)]
    answers = [
        answered(one, who, reply(number, who), task=task, finish=FINISHES[number % 3])
        for who in NAMES
        for number, one in enumerate(found)
    ]
    scores = [
        Score(who, task, scorer, one.id, value(number, who) if scorer == "exact" else 1.0, "42", f"why {number}")
        for who in NAMES
        for number, one in enumerate(found)
        for scorer in SCORERS
    ]
    tokens = {"<|im_start|>": 1, "<|im_end|>": 2}
    return Run(
        name=name,
        path=name,
        harness="chateval 0.1.0",
        baseline="base",
        checkpoints=tuple(map(summary, NAMES)),
        tasks=(TaskSummary(task, 1, "Sums.", len(found), len(found), "generate", Decoding(), SCORERS, "c" * 64),),
        samples={task: {one.id: one for one in found}},
        scores=tuple(scores),
        answers=answers,
        manifest={"checkpoints": [{"template": {"special_tokens": tokens}}], "libraries": {"torch": "2.13.0"}},
    )


def page_report(run, **fields):
    """The report of such a run, with its flips."""
    [task] = run.tasks
    flips = []
    for number, one in enumerate(run.samples[task.name].values()):
        for who in NAMES[1:]:
            before, after = value(number, "base"), value(number, who)
            if before != after:
                cause = "wrong answer" if number % 2 else "truncated"
                texts = (answer(number, "base"), answer(number, who), "", "why", "question", one.target, cause)
                flips.append(Flip(task.name, "exact", "base", who, one.id, after == 1, before, after, *texts))
    report = Report(
        baseline="base",
        checkpoints=run.checkpoints,
        tasks=run.tasks,
        estimates=tuple(Estimate(who, task.name, "exact", 0.5, 0.2, 0.9, 4, 0, 4) for who in NAMES),
        audits=(),
        comparisons=tuple(
            Comparison(task.name, "exact", "base", who, 0.25, 0.1, 0.4, 0.001, 0.004, 2, 1, 1, 4, 0)
            for who in NAMES[1:]
        ),
        flips=tuple(flips),
    )
    return replace(report, **fields)
