"""Results to Weights & Biases; offline, into a folder that `wandb sync` uploads, unless `mode=online` is said."""

import tempfile
from pathlib import Path
from typing import Any

from chateval.codec import digest
from chateval.errors import ConfigError
from chateval.integrations.trackers.destination import Destination, Entry, entries, tables, write_files
from chateval.integrations.trackers.library import need, quiet
from chateval.records import Report, Run
from chateval.store import check_writable

_MODES = ("offline", "online")


class WandbTracker:
    """One run of wandb for each checkpoint, in a group of the run's name; its step is the training's."""

    def __init__(self, destination: Destination) -> None:
        """Take where results go; options are `mode` (offline or online) and `entity`."""
        destination.check_options("mode", "entity")
        self._mode = destination.option("mode", "offline")
        if self._mode not in _MODES:
            raise ConfigError(f"--option mode={self._mode}: say one of {', '.join(_MODES)}")
        self._to = destination

    def share(self, run: Run, report: Report) -> str:
        """Write an offline run of wandb for each checkpoint and return the folder that holds them."""
        found = entries(run, report, self._to)
        need("wandb")
        out = (self._to.out or Path()).resolve()
        check_writable(out)
        environment = {
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_DATA_DIR": str(out / "wandb"),  # the files wait there for `wandb sync`
            "WANDB_CACHE_DIR": str(out / "wandb" / "cache"),
        }
        with quiet(environment), tempfile.TemporaryDirectory() as scratch:
            files = write_files(run, report, Path(scratch))
            points = {entry.name: [one for one in found if one.name == entry.name] for entry in found}
            for of_one in points.values():
                self._log(of_one, run.name, report, out, files)
        n = f"{len(points)} runs" if len(points) > 1 else "1 run"
        if self._mode == "online":
            return f"{n} of project {self._to.project} on wandb"
        return f"{n} in {out / 'wandb'}; `wandb sync {out / 'wandb'}/offline-run-*` uploads them"

    def _log(self, points: list[Entry], group: str, report: Report, out: Path, files: list[Path]) -> None:
        import wandb

        name = points[0].name
        logged = wandb.init(
            project=self._to.project,
            entity=self._to.options.get("entity"),
            name=name,
            id=digest([self._to.project, name])[:16],
            resume="allow" if self._mode == "online" else None,
            group=group,
            dir=str(out),
            config=dict(points[-1].config),
            settings=_settings(self._mode),
        )
        for entry in points:
            numbers: dict[str, Any] = dict(entry.metrics)
            for title, rows in tables(report, entry.checkpoint).items():
                data: list[Any] = [list(row.values()) for row in rows]
                numbers[title] = wandb.Table(columns=list(rows[0]), data=data)
            logged.log(numbers, step=entry.step)
        artifact = wandb.Artifact(f"report-{logged.id}", type="report")
        for path in files:
            artifact.add_file(str(path))
        logged.log_artifact(artifact)
        logged.finish()


def _settings(mode: str) -> Any:
    """Return settings under which wandb says nothing of the machine, the code and its git, and asks nothing."""
    import wandb

    return wandb.Settings(
        mode=mode,
        silent=True,
        console="off",
        disable_git=True,
        disable_code=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_save_requirements=False,
    )
