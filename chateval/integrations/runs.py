"""A path -> Run: run folders and baselines of chateval, and what other harnesses left, told apart by content."""

import gc
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chateval.compare import leaderboard
from chateval.compare import runs as comparing
from chateval.compare.entrants import HEADLINE
from chateval.errors import ConfigError, DataError, StoreError, one_line
from chateval.integrations.importers import inspect_log, lighteval_details, lm_eval, promptfoo, table
from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import files_below, parsing_once, stem_of
from chateval.integrations.importers.finish import finish
from chateval.pipeline.written import read_own_report
from chateval.records import Report, Run
from chateval.records.leaderboard import By, Leaderboard
from chateval.report import visible
from chateval.store import REPORT, check_ended, is_baseline, is_run, read_baseline, read_run


@dataclass(frozen=True, slots=True)
class Importer:
    """How the runs of one harness are found and read."""

    find: Callable[[Path], list[Path]]
    """Path -> the files of that harness at or below it; empty where there are none."""
    read: Callable[[Path, list[Path]], Draft]
    words: str
    """What it understands, for the reader of an error."""


IMPORTERS: Mapping[str, Importer] = {
    "lm-eval": Importer(lm_eval.find, lm_eval.read, "lm-evaluation-harness (results_*.json, samples_*.jsonl)"),
    "inspect": Importer(inspect_log.find, inspect_log.read, "Inspect (.eval, .json)"),
    "promptfoo": Importer(promptfoo.find, promptfoo.read, "promptfoo (eval -o FILE.json or FILE.jsonl)"),
    "lighteval": Importer(
        lighteval_details.find, lighteval_details.read, "lighteval (details_*.parquet, results_*.json)"
    ),
    "table": Importer(table.find, table.read, "tables of scores (JSONL, CSV, TSV, JSON or Parquet)"),
}
"""In the order in which they are asked."""

RESULTS = (".json", ".jsonl", ".jsonl.gz", ".parquet", ".eval", ".csv", ".tsv")
"""Endings of files that may hold results."""

_NAMED_FILES, _NAME_LENGTH = 5, 120

_LOG = logging.getLogger("chateval")
_NAMED = re.compile(r"(?P<name>[\w.-]+)=(?P<path>.+)", re.DOTALL)


def compare_runs(runs: Sequence[Run | str | Path], baseline: str | None = None) -> Report:
    """Compare the checkpoints of several runs on the samples that they share, as `chateval compare` does.

    Args:
        runs: At least one, of any harness: as `open_run` returns them, or where they are.
        baseline: Name of a checkpoint, `RUN/CHECKPOINT` where two have one name; None is the baseline of the first run.

    Raises:
        StoreError, DataError: If a run cannot be read, or there is no such baseline.
    """
    return comparing.compare_runs(_opened(runs), baseline)


def rank_runs(
    runs: Sequence[Run | str | Path],
    *,
    tasks: Sequence[str] = (),
    scorer: str = HEADLINE,
    by: By = "mean",
) -> Leaderboard:
    """Rank the checkpoints of all runs on the samples that they share, as `chateval leaderboard` does.

    Args:
        runs: At least one, of any harness: as `open_run` returns them, or where they are.
        tasks: Those that count; empty lets the runs decide.
        scorer: `headline` is the first of each task; else the name of one.
        by: `mean` is the mean over tasks, each task equal; `win-rate` the share of samples won against the others.

    Raises:
        StoreError, DataError: If a run cannot be read, or nothing is left to rank on.
    """
    return leaderboard.rank_runs(_opened(runs), tasks=tasks, scorer=scorer, by=by)


def _opened(runs: Sequence[Run | str | Path]) -> list[Run]:
    if isinstance(runs, str | Path | Run):
        raise ConfigError("runs: a list of them, such as [run] or ['reports/runs/a', 'reports/runs/b']")
    return [run if isinstance(run, Run) else open_run(run) for run in runs]


def open_run(path: str | Path, *, harness: str | None = None) -> Run:
    """Read a run of any kind.

    Args:
        path: A file or folder.
        harness: Which of `IMPORTERS` it is, where its content would say another; None finds out.

    Raises:
        ConfigError: If no importer is called `harness`.
        StoreError: If the path is not there or is of no known kind.
        DataError: If it is of a known kind and broken.
    """
    if harness is not None and harness not in IMPORTERS:
        raise ConfigError(f"unknown harness {harness!r}; known: {', '.join(IMPORTERS)}")
    path = Path(path)
    if not path.exists():
        raise StoreError(f"{path}: not there")
    check_ended(path)
    if harness is None and is_run(path):
        return read_run(path)
    if harness is None and path.is_file() and is_baseline(path):
        return read_baseline(path)
    with parsing_once():
        for importer in (IMPORTERS[harness],) if harness is not None else IMPORTERS.values():
            files = importer.find(path)
            if files:
                return _import(importer, path, files)
    known = "; ".join(one.words for one in IMPORTERS.values())
    raise StoreError(f"{path}: not a run; understood are run folders and baselines of chateval, {known}")


def _import(importer: Importer, path: Path, files: list[Path]) -> Run:
    is_collecting = gc.isenabled()
    gc.disable()  # nothing here has cycles, and looking for them among a million records takes as long as the rest
    try:
        draft = importer.read(path, files)
        _note_unread(draft, path, files)
        run = finish(draft, path.resolve().name if path.is_dir() else stem_of(path))
    except RecursionError as error:
        raise DataError(f"{path}: nested too deeply") from error
    finally:
        if is_collecting:
            gc.enable()
    if not run.scores and not run.figures:
        raise DataError(f"{path}: {run.harness}, and no score in it; {'; '.join(notes_of(run)) or 'it is empty'}")
    return run


def _note_unread(draft: Draft, path: Path, files: Sequence[Path]) -> None:
    """Say which files of a folder might have held results too, and are none that this importer knows."""
    if not path.is_dir():
        return
    known = set(files)
    unread = [one.relative_to(path).as_posix() for one in files_below(path, *RESULTS) if one not in known]
    if unread:
        more = f" and {len(unread) - _NAMED_FILES:,} more" if len(unread) > _NAMED_FILES else ""
        names = ", ".join(one_line(name)[:_NAME_LENGTH] for name in unread[:_NAMED_FILES])
        draft.note_once(f"not read, for nothing of {draft.harness} was found in them: {names}{more}")


def notes_of(run: Run) -> tuple[str, ...]:
    """Return what was left out of a run of another harness, in words; nothing for chateval's own."""
    notes = run.manifest.get("notes")
    return tuple(str(note) for note in notes) if isinstance(notes, list) else ()


def parse_run(text: str) -> tuple[str | None, Path]:
    """Split `NAME=PATH`; the name is None where there is only a path. A path that exists is never split."""
    found = _NAMED.fullmatch(text)
    if found is None or Path(text).exists():
        return None, Path(text)
    return found["name"], Path(found["path"])


def open_runs(texts: Sequence[str]) -> list[Run]:
    """Read runs as a command line names them, each `PATH` or `NAME=PATH`; their names are unique.

    Runs that were given no name and share one (of their folders) get `-2`, `-3`, ... in order. What was left out of a
    run of another harness is logged as a warning, which a command shows on stderr.

    Raises:
        ConfigError: If two runs were given the same name.
        StoreError: If a path is not there or is of no known kind.
        DataError: If one is broken.
    """
    parsed = [parse_run(text) for text in texts]
    given = [name for name, _ in parsed if name is not None]
    for name in given:
        if given.count(name) > 1:
            raise ConfigError(f"{name}=: two runs cannot have the same name")
    taken, runs = set(given), []
    for called, path in parsed:
        run = open_run(path)
        runs.append(replace(run, name=called or _free(run.name, taken)))
        taken.add(runs[-1].name)
        _say_notes(runs[-1])
    return runs


def open_report(text: str) -> Report:
    """Return the report of a run of any kind, of a run folder of chateval and of a report.json as it was written.

    Args:
        text: `PATH`, or `NAME=PATH` of another harness' run.

    Raises:
        ConfigError, StoreError, DataError: As `open_runs`.
    """
    _, path = parse_run(text)
    return read_own_report(path) if is_run(path) or path.name == REPORT else comparing.compare_runs(open_runs([text]))


def _say_notes(run: Run) -> None:
    for note in notes_of(run):
        _LOG.warning("%s: %s", visible(run.name), visible(note))


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
