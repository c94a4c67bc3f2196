"""Answers of a run -> its scores and reports, in its folder."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chateval.gate import exit_code
from chateval.pipeline.mark import mark_all
from chateval.pipeline.material import Material
from chateval.pipeline.prepare import Key
from chateval.pipeline.tally import Tally
from chateval.pipeline.tasks import bind_measures
from chateval.records import Answered, Prompt, Report, Response, Run, Score
from chateval.report import OUTPUTS, PAGE, write_page
from chateval.store import JUDGEMENTS, REPORT, SEALED, Seal, lock_run, read_open_run, read_run, write_file, write_scores

_log = logging.getLogger(__name__)


def score_all(material: Material, to: Seal, *, trust_code: bool) -> Tally:
    """Score all answers, write the scores, and return what a report says of them."""
    tally = Tally(len(material.checkpoints) > 1, {task.name: bind_measures(task) for task in material.tasks})
    write_scores(to, _scores(material, tally, trust_code=trust_code))
    for name, counts in tally.counts.items():
        if counts.n_incomplete:
            _log.warning(
                "%s: %d of %d answers end inside their thinking and score 0, %d of them at max_new_tokens: raise it",
                name,
                counts.n_incomplete,
                counts.n_responses,
                counts.n_incomplete_at_limit,
            )
    return tally


def write_report(to: Seal, report: Report, material: Material) -> None:
    """Write the report of a run; the page takes the answers that are at hand, which cost less than the file's."""
    _write_forms(to, report)
    answers = Given(material.prompts, material.responses)
    write_page(to.folder / PAGE, report, [replace(read_open_run(to.folder), answers=answers)])


def rewrite_report(folder: Path, report: Report) -> None:
    """Write another report into the folder of a run that ended, and seal it again.

    Raises:
        StoreError: If the run is not as it was written, or the folder cannot be written.
    """
    with lock_run(folder):
        run = read_run(folder)
        seal = Seal(folder, kept=[name for name in (*SEALED, JUDGEMENTS) if name != REPORT])
        _write_forms(seal, report)
        write_page(folder / PAGE, report, [run])
        seal.close()


def _write_forms(to: Seal, report: Report) -> None:
    for name, output in OUTPUTS.items():
        if name == REPORT:
            to.write(name, (output(report),))
        else:
            write_file(to.folder / name, output(report))


def write_outputs(folder: Path, report: Report, runs: Sequence[Run]) -> None:
    """Write a report in all its forms.

    Args:
        folder: Where report.json, report.md and report.html are written.
        report: What is shown.
        runs: Where its checkpoints come from, for the page's browser of samples; without any there is no page.
    """
    for name, output in OUTPUTS.items():
        write_file(folder / name, output(report))
    if runs:
        write_page(folder / PAGE, report, runs)


def _scores(material: Material, tally: Tally, *, trust_code: bool) -> Iterator[Score]:
    """Yield the scores of the tasks' own scorers as they are made; the tally takes in all marks on the way."""
    found = mark_all(
        material.tasks,
        material.prompts,
        material.responses,
        material.facts,
        baseline=str(material.manifest.get("baseline", "")),
        judgements=material.judgements,
        trust_code=trust_code,
    )
    for marked in found:
        tally.take(marked)
        yield from (marked.score(name) for name in marked.marks if name in marked.own)
    tally.close()


class Given(Iterable[Answered]):
    """The answers of a run as they are at hand, gone through as often as one likes."""

    def __init__(self, prompts: Mapping[Key, Sequence[Prompt]], responses: Mapping[Key, Sequence[Response]]) -> None:
        """Take prompts and responses by (checkpoint, task), in the same order."""
        self._prompts = prompts
        self._responses = responses

    def __iter__(self) -> Iterator[Answered]:
        for (checkpoint, task), found in self._prompts.items():
            for prompt, response in zip(found, self._responses[checkpoint, task], strict=True):
                yield Answered(checkpoint, task, prompt, response)


def exit_code_of(report: Report) -> int:
    """Return the exit code that a report leads to."""
    return exit_code(report.verdicts, n_unscored=sum(found.n_unscored for found in report.estimates))
