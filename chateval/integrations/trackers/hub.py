"""Results to a model's card: `.eval_results/chateval.yaml` and the `model-index` of README.md, in a local folder."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from chateval.errors import ConfigError
from chateval.integrations.trackers.dataset import Dataset, datasets_of
from chateval.integrations.trackers.destination import Destination, chosen
from chateval.records import CheckpointSummary, Estimate, Report, Run, TaskSummary
from chateval.report.words import decoding_words, slice_words
from chateval.store import write_file

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, EvalResultEntry

RESULTS = Path(".eval_results") / "chateval.yaml"
CARD = Path("README.md")


class HubTracker:
    """Writes what a model page shows; uploads nothing unless `push` names a repository."""

    def __init__(self, destination: Destination) -> None:
        """Take where results go; the option is `create_pr` (`true` opens a pull request instead of a commit)."""
        destination.check_options("create_pr")
        self._to = destination

    def share(self, run: Run, report: Report) -> str:
        """Write the results of each chosen checkpoint, all but the baseline if none is named; return where.

        Raises:
            ConfigError: If there is no folder to write to, or more than one checkpoint to push.
        """
        names = self._to.checkpoints
        found = [c for c in chosen(report, names) if names or c.name != report.baseline or len(report.checkpoints) == 1]
        if self._to.push is not None and len(found) != 1:
            raise ConfigError("--push: name the one checkpoint that is pushed with --checkpoint")
        folders = [self._folder(run, checkpoint, is_only=len(found) == 1) for checkpoint in found]
        if len(set(folders)) < len(folders):
            raise ConfigError("--out: two checkpoints would have one folder; share them one by one with --checkpoint")
        datasets = datasets_of(run)
        lines = []
        for checkpoint, folder in zip(found, folders, strict=True):
            lines.append(_write(folder, run, report, checkpoint, datasets))
            if self._to.push is not None:
                lines.append(_push(folder, self._to.push, create_pr=self._to.option("create_pr", "false") == "true"))
        return "\n".join(lines)

    def _folder(self, run: Run, checkpoint: CheckpointSummary, *, is_only: bool) -> Path:
        """Return the folder whose card is written: `--out`, or the checkpoint's own."""
        if self._to.out is not None:
            plain = re.sub(r"[^\w.-]+", "-", checkpoint.name).strip(".-") or "checkpoint"
            return self._to.out if is_only else self._to.out / plain
        for entry in run.manifest.get("checkpoints", ()):
            found = entry.get("checkpoint", {})
            if found.get("name") == checkpoint.name and not found.get("repo") and _is_model(Path(found["path"])):
                return Path(found["path"])
        raise ConfigError(f"{checkpoint.name}: has no folder of its own here; say where its card goes with --out")


def _is_model(folder: Path) -> bool:
    """Return whether a folder that a manifest names is a checkpoint's, before anything is written to it."""
    return any((folder / name).is_file() for name in ("config.json", "adapter_config.json"))


def _write(folder: Path, run: Run, report: Report, checkpoint: CheckpointSummary, datasets: dict[str, Dataset]) -> str:
    from huggingface_hub import eval_result_entries_to_yaml

    tasks = {task.name: task for task in report.tasks}
    found = [e for e in report.estimates if e.checkpoint == checkpoint.name and e.mean is not None]
    own = {e: datasets.get(e.task) for e in found}
    entries = [
        _entry(estimate, tasks[estimate.task], dataset, run.harness)
        for estimate, dataset in own.items()
        if dataset is not None and _is_headline(estimate, tasks[estimate.task]) and _is_whole(tasks[estimate.task])
    ]
    if entries:
        text = yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False, allow_unicode=True)
        write_file(folder / RESULTS, text)
    results = [_result(estimate, tasks[estimate.task], dataset, run.harness) for estimate, dataset in own.items()]
    n_kept = _write_card(folder / CARD, checkpoint.name, results)
    said = [f"{folder / CARD}: {len(results)} results" + (f" beside {n_kept} of others" if n_kept else "")]
    if entries:
        said.append(f"{folder / RESULTS}: {len(entries)}")
    cut = [name for name in datasets if name in tasks and not _is_whole(tasks[name])]
    if cut:
        said.append(f"not in {RESULTS}, which ranks models by whole data sets: {', '.join(cut)} (a part was run)")
    return "\n".join(said)


def _is_headline(estimate: Estimate, task: TaskSummary) -> bool:
    return estimate.scorer == task.scorers[0]


def _is_whole(task: TaskSummary) -> bool:
    return task.n_samples == task.n_available


def _words(estimate: Estimate, task: TaskSummary, harness: str) -> str:
    """Return how a number was had, for the reader of a card; what another harness did not write down is not said."""
    unscored = f", {estimate.n_unscored} unscored" if estimate.n_unscored else ""
    return (
        f"{harness}, {task.name}{f' version {task.version}' if task.prompt_digest else ''}, scorer {estimate.scorer}, "
        f"95 % interval [{estimate.low:.3f}, {estimate.high:.3f}], n={estimate.n}{unscored}, "
        f"{slice_words(task)}{f', {decoding_words(task)}' if task.prompt_digest else ''}"
    )


def _entry(estimate: Estimate, task: TaskSummary, dataset: Dataset, harness: str) -> "EvalResultEntry":
    from huggingface_hub import EvalResultEntry

    return EvalResultEntry(
        dataset_id=dataset.path,
        task_id=dataset.name or "default",
        value=estimate.mean,
        dataset_revision=dataset.revision,
        notes=_words(estimate, task, harness),
    )


def _result(estimate: Estimate, task: TaskSummary, dataset: Dataset | None, harness: str) -> "EvalResult":
    from huggingface_hub import EvalResult

    return EvalResult(
        task_type="text-generation",
        task_name="Text Generation",
        dataset_type=dataset.path if dataset else f"local-{task.name}",
        dataset_name=f"{task.name} ({slice_words(task)})",
        dataset_config=dataset.name if dataset else None,
        dataset_split=dataset.split if dataset else None,
        dataset_revision=dataset.revision if dataset else None,
        metric_type=estimate.scorer,
        metric_value=estimate.mean,
        metric_name=_words(estimate, task, harness),
        metric_args={"low": estimate.low, "high": estimate.high, "n": estimate.n, "n_unscored": estimate.n_unscored},
    )


def _write_card(path: Path, name: str, results: "list[EvalResult]") -> int:
    """Write results into the metadata of a card, in the place of those of the same data and scorer.

    Returns:
        How many results of others are in the card.

    Raises:
        ConfigError: If the card's metadata cannot be read.
    """
    from huggingface_hub import ModelCard

    try:
        text = path.read_text("utf-8") if path.is_file() else f"---\n{{}}\n---\n# {name}\n"
        card = ModelCard(text if text.lstrip().startswith("---") else f"---\n{{}}\n---\n{text}")
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: its metadata cannot be read, so nothing was written: {error}") from error
    kept = [one for one in card.data.eval_results or () if _address(one) not in {_address(new) for new in results}]
    card.data.eval_results = [*kept, *results]
    card.data.model_name = card.data.model_name or name
    write_file(path, str(card))
    return len(kept)


def _address(result: "EvalResult") -> tuple[Any, ...]:
    return (*result.unique_identifier, result.metric_type)


def _push(folder: Path, repo: str, *, create_pr: bool) -> str:
    """Upload the results: the card's metadata is merged into that of the repository."""
    from huggingface_hub import HfApi, ModelCard, metadata_update

    card = ModelCard.load(folder / CARD)
    index = {"model-index": card.data.to_dict()["model-index"]}
    where = metadata_update(repo, index, overwrite=True, create_pr=create_pr, commit_message="Add results of chateval")
    if (folder / RESULTS).is_file():
        HfApi().upload_file(
            path_or_fileobj=str(folder / RESULTS),
            path_in_repo=RESULTS.as_posix(),
            repo_id=repo,
            create_pr=create_pr,
            commit_message="Add results of chateval",
        )
    return f"pushed to {where}"
