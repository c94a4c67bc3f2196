"""The samples that flipped, each with both answers and why one of them is not right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chateval.compare.aggregate import Address, SampleMeans
from chateval.compare.causes import Seen, cause_of
from chateval.messages import content_text
from chateval.records import CheckpointSummary, Flip, Response, Sample, TaskSummary

SHOWN_CHARACTERS = 2_000
"""Longest excerpt of an answer or question in a flip."""

_SOUND = ("CONFORMS", "PROVEN")
"""Verdicts on a chat template that is as it should be."""

Key = tuple[str, str]
"""(checkpoint, task)"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What flips are shown and explained with."""

    samples: Mapping[tuple[str, str], Sample]
    """By (task, sample id)."""
    seen: Mapping[Key, Mapping[str, Seen]]
    """By sample id; the first repeat, at least of those that flipped."""
    reasons: Mapping[Address, Mapping[str, str]]
    """By address -> sample id -> what the scorer said, of the first repeat that is not right or else of the first."""
    wrong: Mapping[Address, Mapping[str, Seen]] = field(default_factory=dict)
    """By address -> sample id -> the first repeat that is not right; at least of those that flipped."""
    families: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Of the scorers, by (task, scorer)."""
    broken: frozenset[str] = frozenset()
    """Checkpoints whose chat template is broken, or could not be verified while the same weights were run with one that
    could: all their prompts are at fault."""
    twins: Mapping[str, str] = field(default_factory=dict)
    """Of these, each that has one: a checkpoint with the same weights and a sound template."""


Flipped = tuple[Address, str, tuple[float, float]]
"""Address of the candidate, sample id, values of baseline and candidate."""


def flipped(means: Mapping[Address, SampleMeans], baseline: str) -> Iterator[Flipped]:
    """Yield every sample that one side has right (value 1) and the other has not."""
    for address, after in means.items():
        checkpoint, task, scorer = address
        before = means.get((baseline, task, scorer))
        if checkpoint == baseline or before is None:
            continue
        for sample_id, value in after.items():
            reference = before.get(sample_id)
            if value is not None and reference is not None and (value[0] == 1) != (reference[0] == 1):
                yield address, sample_id, (reference[0], value[0])


def find_flips(means: Mapping[Address, SampleMeans], baseline: str, evidence: Evidence) -> list[Flip]:
    """Return every sample that one side has right (value 1) and the other has not.

    Args:
        means: By address.
        baseline: Name of the baseline.
        evidence: What was asked, answered and said of it.
    """
    return [_flip(baseline, found, evidence, means) for found in flipped(means, baseline)]


def evidence_of(
    checkpoints: Sequence[CheckpointSummary], tasks: Sequence[TaskSummary], samples: Mapping[tuple[str, str], Sample]
) -> Evidence:
    """Return the evidence that does not come from answers."""
    sound = {_weights(one): one.name for one in checkpoints if one.template and one.template.verdict in _SOUND}
    faulty = [
        one
        for one in checkpoints
        if one.template
        and (one.template.verdict == "BROKEN" or (one.template.verdict not in _SOUND and _weights(one) in sound))
    ]
    twins = {one.name: sound[_weights(one)] for one in faulty if one.weights_digest and _weights(one) in sound}
    broken = frozenset(one.name for one in faulty)
    return Evidence(samples, {}, {}, families=families_of(tasks), broken=broken, twins=twins)


def _weights(checkpoint: CheckpointSummary) -> tuple[str, str | None]:
    return checkpoint.weights_digest, checkpoint.adapter_digest


def _flip(baseline: str, found: Flipped, evidence: Evidence, means: Mapping[Address, SampleMeans]) -> Flip:
    (checkpoint, task, scorer), sample_id, values = found
    sample = evidence.samples.get((task, sample_id)) or Sample(id=sample_id, inputs={})
    said = [evidence.reasons.get((name, task, scorer), {}).get(sample_id, "") for name in (baseline, checkpoint)]
    won = values[1] == 1
    before, after = (
        _seen(evidence, (name, task, scorer), sample_id, is_right=is_right)
        for name, is_right in ((baseline, not won), (checkpoint, won))
    )
    wrong, right, reason = (before, after, said[0]) if won else (after, before, said[1])
    twin = means.get((evidence.twins.get(baseline if won else checkpoint, ""), task, scorer), {}).get(sample_id)
    if wrong and twin is not None and twin[0] != 1:
        wrong = replace(wrong, is_faulty=False)  # the same weights fail with a sound template, too
    family = evidence.families.get((task, scorer), "")
    # A baseline file has no answers; what is wrong with the other side's can be told without.
    cause = cause_of(wrong, right or Seen(), sample, reason=reason, family=family) if wrong else ""
    return Flip(
        task=task,
        scorer=scorer,
        baseline=baseline,
        candidate=checkpoint,
        sample_id=sample_id,
        won=won,
        baseline_value=values[0],
        candidate_value=values[1],
        baseline_text=before.text if before else None,
        candidate_text=after.text if after else None,
        baseline_reason=said[0],
        candidate_reason=said[1],
        question=question_of(sample),
        target=sample.target[:SHOWN_CHARACTERS],
        cause=cause,
    )


def _seen(evidence: Evidence, address: Address, sample_id: str, *, is_right: bool) -> Seen | None:
    """Return what is kept of the answer that counts: of a side that is not right, one that is not."""
    known = evidence.seen.get(address[:2], {}) if is_right else evidence.wrong.get(address, {})
    found = known.get(sample_id)
    return replace(found, is_faulty=True) if found and address[0] in evidence.broken else found


def families_of(tasks: Sequence[TaskSummary]) -> dict[tuple[str, str], str]:
    """Return the family of each scorer by (task, scorer); empty where it is not known."""
    return {
        (task.name, scorer): family
        for task in tasks
        for scorer, family in zip(task.scorers, task.families or ("",) * len(task.scorers), strict=True)
    }


def question_of(sample: Sample) -> str:
    """Return what the user said last, the middle of a long one left out."""
    users = [content_text(message) for message in sample.messages if message["role"] == "user"]
    text = str(users[-1]) if users else ""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:200]} [...] {text[-SHOWN_CHARACTERS + 200 :]}"


def shown_answer(response: Response, sample: Sample, choice: str | None) -> str:
    """Return what a report shows as the answer: the text, the choice taken, or the error."""
    if response.error is not None:
        return f"[error: {response.error}]"
    return (choice or "") if sample.choices and not response.text else response.text
