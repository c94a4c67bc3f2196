"""Runs -> the rows of the sample browser: one for each sample and repeat, with the answers of all checkpoints."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chateval.compare.match import match_samples
from chateval.compare.reasons import OTHER, verdict_of
from chateval.compare.subjects import named_apart
from chateval.compare.textless import with_texts
from chateval.messages import content_text
from chateval.records import Answered, Judgement, Prompt, Report, Response, Run, Sample, Score, TemplateFacts
from chateval.report.page.chat import dialogue_data, facts_in, judgement_data, may_think, thought_data
from chateval.template.answer import separate

MAX_RAW = 200_000_000
"""Characters of JSON beyond which prompts and whole answers of the samples that did not flip are left out."""
LEAN = 400
"""Characters that are kept of a question or an answer where the rest is left out."""
SEARCHED = 4_000
"""Characters of a question, a target or an answer that the search looks at."""

Key = tuple[str, str, int]
"""Task, sample id, repeat."""


@dataclass(slots=True)
class Row:
    """One line of the browser; texts are those of the search, what is shown of an opened sample is JSON already."""

    task: str
    sample: Sample
    repeat: int
    question: str
    texts: list[str | None]
    """By checkpoint: the answer, or its first `SEARCHED` characters; None without an answer."""
    finishes: list[str | None]
    n_prompt_tokens: list[int | None]
    n_output_tokens: list[int | None]
    values: list[dict[str, float | None]]
    """By checkpoint: scorer -> value."""
    marks: list[dict[str, str]]
    """By checkpoint: scorer -> JSON of [answer, reason]."""
    answers: list[str]
    """By checkpoint: JSON of [whole text, raw text, output ids, error, sums of choices]."""
    prompts: dict[str, int] = field(default_factory=dict)
    """JSON of each prompt that was asked -> its place; checkpoints that share a prompt share its text."""
    which: list[int | None] = field(default_factory=list)
    """By checkpoint: the place of its prompt."""
    is_lean: bool = False
    """Whether prompts and whole answers were left out."""
    endings: dict[int, str] = field(default_factory=dict)
    """Place of the checkpoint -> how its dialogue ended."""
    verdicts: dict[tuple[int, str], str] = field(default_factory=dict)
    """(place of the checkpoint, scorer) -> the verdict of a scorer that gives some."""
    dialogues: dict[int, str] = field(default_factory=dict)
    """Place of the checkpoint -> JSON of its dialogue."""
    thoughts: dict[int, str] = field(default_factory=dict)
    """Place of the checkpoint -> JSON of the thinking before its answer."""
    judgements: dict[int, list[str]] = field(default_factory=dict)
    """Place of the checkpoint -> JSON of each judgement of its answer."""


def to_json(value: Any) -> str:
    """Return compact JSON in ASCII: lone surrogates survive, NaN is refused."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def sources(report: Report, runs: Sequence[Run]) -> Iterator[tuple[int, Run, dict[str, int]]]:
    """Yield place and run with the places in the report of its checkpoints: under their names, or as RUN/CHECKPOINT."""
    places = {checkpoint.name: place for place, checkpoint in enumerate(report.checkpoints)}
    for number, run in enumerate(runs):
        found = {}
        for checkpoint in run.checkpoints:
            for name in (f"{run.name}/{checkpoint.name}", checkpoint.name):
                if name in places:
                    found[checkpoint.name] = places[name]
                    break
        if found:
            yield number, run, found


def collect(report: Report, runs: Sequence[Run], *, max_raw: int = MAX_RAW) -> tuple[list[Row], int]:
    """Return the rows in the order of tasks and samples, and of how many of them the prompts were left out.

    Answers are gone through once; of each only what the page shows is kept.

    Args:
        report: What the page is of; its flips decide which samples are kept whole.
        runs: Where its checkpoints come from.
        max_raw: Characters of JSON that are kept of prompts and answers.
    """
    named = named_apart(with_texts(runs))
    gathering = _Gathering(report, named, max_raw)
    for number, run, places in sources(report, named):
        for answered in run.answers:
            if answered.checkpoint in places:
                gathering.take_answer(number, places[answered.checkpoint], answered)
        for score in run.scores:
            if score.checkpoint in places:
                gathering.take_score(number, places[score.checkpoint], score)
        for judgement in run.judgements:
            if judgement.checkpoint in places:
                gathering.take_judgement(number, places[judgement.checkpoint], judgement)
    order = {task.name: place for place, task in enumerate(report.tasks)}
    rows = sorted(gathering.rows.values(), key=lambda row: order[row.task])
    return rows, sum(row.is_lean for row in rows)


class _Gathering:
    def __init__(self, report: Report, runs: Sequence[Run], max_raw: int) -> None:
        self.rows: dict[Key, Row] = {}
        self._runs = runs
        self._facts: dict[tuple[int, str], TemplateFacts] = {}
        self._n_checkpoints = len(report.checkpoints)
        self._tasks = {task.name for task in report.tasks}
        self._flipped = {(flip.task, flip.sample_id) for flip in report.flips}
        self._verdicts: dict[tuple[str, str], set[str]] = {}
        for one in report.reasons:
            self._verdicts.setdefault((one.task, one.scorer), set()).add(one.words)
        self._matched = match_samples(runs)
        self._max_raw = max_raw
        self._raw = 0
        self._is_full = False

    def _facts_of(self, number: int, checkpoint: str) -> TemplateFacts:
        """Return what the run of a checkpoint wrote down of its template."""
        key = (number, checkpoint)
        if key not in self._facts:
            self._facts[key] = facts_in(self._runs[number].manifest, checkpoint)
        return self._facts[key]

    def _row(self, number: int, key: Key) -> Row | None:
        task, sample_id, repeat = key
        if task not in self._tasks:
            return None
        address = (task, self._matched.common(number, task, sample_id), repeat)
        row = self.rows.get(address)
        if row is None:
            sample = self._matched.samples.get(address[:2]) or Sample(address[1], {})
            n = self._n_checkpoints
            row = self.rows[address] = Row(
                task=task,
                sample=sample,
                repeat=repeat,
                question=_question(sample),
                texts=[None] * n,
                finishes=[None] * n,
                n_prompt_tokens=[None] * n,
                n_output_tokens=[None] * n,
                values=[{} for _ in range(n)],
                marks=[{} for _ in range(n)],
                answers=["null"] * n,
                which=[None] * n,
            )
            self._keep(row, 0)
        return row

    def take_answer(self, number: int, place: int, found: Answered) -> None:
        row = self._row(number, (found.task, found.prompt.sample_id, found.response.repeat))
        if row is None:
            return
        prompt, facts = found.prompt, self._facts_of(number, found.checkpoint)
        response = found.response
        if may_think(response, prompt, facts):
            response = separate(response, prompt, facts)
        text = answer_text(response, row.sample)
        row.texts[place] = text[:SEARCHED]
        row.finishes[place] = None if response.finish == "unknown" else response.finish
        row.n_prompt_tokens[place] = len(prompt.ids) or response.n_prompt_tokens or None
        row.n_output_tokens[place] = len(response.output_ids) or None
        row.answers[place] = _answer_json(response, text)
        encoded = _prompt_json(prompt, row.sample)
        size = len(row.answers[place]) + (0 if encoded in row.prompts else len(encoded))
        row.which[place] = row.prompts.setdefault(encoded, len(row.prompts))
        if response.dialogue is not None:
            row.endings[place] = response.dialogue.ending
            row.dialogues[place] = to_json(dialogue_data(response, row.sample, prompt, facts))
            size += len(row.dialogues[place])
        elif response.reasoning:
            row.thoughts[place] = to_json(thought_data(response))
            size += len(row.thoughts[place])
        self._keep(row, size)

    def take_score(self, number: int, place: int, found: Score) -> None:
        row = self._row(number, (found.task, found.sample_id, found.repeat))
        if row is None:
            return
        row.values[place][found.scorer] = found.value
        if verdicts := self._verdicts.get((found.task, found.scorer)):
            verdict = verdict_of(found.value, found.reason)
            row.verdicts[place, found.scorer] = verdict if verdict in verdicts else OTHER
        is_whole = found.answer is not None and found.answer == row.texts[place]
        answer = 0 if is_whole else found.answer[: LEAN if row.is_lean else None] if found.answer else found.answer
        row.marks[place][found.scorer] = to_json([answer, found.reason])

    def take_judgement(self, number: int, place: int, found: Judgement) -> None:
        row = self._row(number, (found.task, found.sample_id, found.repeat))
        if row is not None:
            encoded = to_json(judgement_data(found))
            row.judgements.setdefault(place, []).append(encoded)
            self._keep(row, len(encoded))

    def _keep(self, row: Row, size: int) -> None:
        """Count what a row holds; once there is too much, the rows that did not flip are made lean."""
        self._raw += size
        if not self._is_full and self._raw > self._max_raw:
            self._is_full = True
            for other in self.rows.values():
                self._thin(other)
        elif self._is_full:
            self._thin(row)

    def _thin(self, row: Row) -> None:
        if (row.task, row.sample.id) in self._flipped:
            return
        row.is_lean = True
        row.prompts.clear()
        row.which = [None] * self._n_checkpoints
        row.answers = ["null"] * self._n_checkpoints
        row.dialogues.clear()
        row.thoughts.clear()
        row.judgements.clear()
        row.texts = [text if text is None else text[:LEAN] for text in row.texts]
        row.question = row.question[:LEAN]


def answer_text(response: Response, sample: Sample) -> str:
    """Return what is shown as the answer: the text, the choice with the highest log-likelihood, or the error."""
    if response.error is not None:
        return f"[error: {response.error}]"
    if response.text or not response.choice_logprobs or len(response.choice_logprobs) != len(sample.choices):
        return response.text
    sums = [sum(choice) for choice in response.choice_logprobs]
    return sample.choices[sums.index(max(sums))]


def _question(sample: Sample) -> str:
    users = [content_text(message) for message in sample.messages if message.get("role") == "user"]
    if users:
        return str(users[-1])
    return json.dumps(sample.inputs, ensure_ascii=False, default=str) if sample.inputs else ""


def _prompt_json(prompt: Prompt, sample: Sample) -> str:
    """Return JSON of [text, ids, messages, findings, what was cut, error]; null messages are the sample's own."""
    messages = [dict(message) for message in prompt.messages]
    is_own = messages == [dict(message) for message in sample.messages]
    findings = [[found.offset, found.length, f"{found.code}: {found.message}"] for found in prompt.findings]
    return to_json([prompt.text, prompt.ids, None if is_own else messages, findings, prompt.cut, prompt.error])


def _answer_json(response: Response, shown: str) -> str:
    raw: Any = None
    if response.raw_text and response.raw_text != response.text:
        starts = bool(response.text) and response.raw_text.startswith(response.text) and shown == response.text
        raw = [len(response.text), response.raw_text[len(response.text) :]] if starts else [0, response.raw_text]
    totals = [sum(choice) for choice in response.choice_logprobs]
    sums = [round(total, 4) if math.isfinite(total) else None for total in totals]
    whole = shown if len(shown) > SEARCHED else None
    return to_json([whole, raw, response.output_ids, response.error, sums or None])
