"""Results to trackio: its SQLite files on this machine, or the Space that `space_id` names."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from chateval.errors import ConfigError
from chateval.integrations.trackers.destination import Destination, Entry, entries, tables, write_files
from chateval.integrations.trackers.library import need, quiet
from chateval.records import Report, Run
from chateval.store import check_writable

_REMOTE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_BUCKET_ID", "TRACKIO_WEBHOOK_URL")


class TrackioTracker:
    """One run of trackio for each checkpoint, in a group of the run's name; its step is the training's."""

    def __init__(self, destination: Destination) -> None:
        """Take where results go; the option is `space_id`."""
        destination.check_options("space_id")
        self._to = destination

    def share(self, run: Run, report: Report) -> str:
        """Write a run of trackio for each checkpoint and return the folder that holds them."""
        found = entries(run, report, self._to)
        need("trackio")
        space = self._to.options.get("space_id")
        environment: dict[str, str | None] = {} if space else dict.fromkeys(_REMOTE)
        if self._to.out is not None:
            check_writable(self._to.out)
            environment["TRACKIO_DIR"] = str(self._to.out.resolve())
        network = nullcontext() if space else _hub_offline()
        with network, quiet(environment), tempfile.TemporaryDirectory() as scratch:
            folder = _folder(environment.get("TRACKIO_DIR"))
            files = write_files(run, report, Path(scratch))
            for entry in found:
                self._log(entry, run.name, report, files)
        names = {entry.name for entry in found}
        n = f"{len(names)} runs" if len(names) > 1 else "1 run"
        if space:
            return f"{n} of project {self._to.project} on the Space {space}"
        here = f"TRACKIO_DIR={folder} " if self._to.out is not None or "TRACKIO_DIR" in os.environ else ""
        return f"{n} in {folder}; `{here}trackio show --project {self._to.project}` shows them"

    def _log(self, entry: Entry, group: str, report: Report, files: list[Path]) -> None:
        import trackio

        logged = trackio.init(
            project=self._to.project,
            name=entry.name,
            group=group,
            space_id=self._to.options.get("space_id"),
            config=dict(entry.config),
            resume="allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        numbers: dict[str, Any] = dict(entry.metrics)
        for name, rows in tables(report, entry.checkpoint).items():
            numbers[name] = trackio.Table(dataframe=_frame(rows))
        logged.log(numbers, step=entry.step)
        artifact = trackio.Artifact(f"report-{logged.id}", type="report")
        for path in files:
            artifact.add_file(str(path))
        logged.log_artifact(artifact)
        trackio.finish()


@contextmanager
def _hub_offline() -> Iterator[None]:
    """Keep huggingface_hub off the network for a while: trackio would ask it for the name of the user."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _folder(wanted: str | None) -> Path:
    """Import trackio and return the folder it writes to, which it settles once, when it is imported.

    Raises:
        ConfigError: If it was settled otherwise before.
    """
    import trackio

    folder = Path(trackio.TRACKIO_DIR)
    if wanted is not None and folder.resolve() != Path(wanted):
        raise ConfigError(f"--out: trackio writes to {folder} in this process already; share from a new one")
    return folder


def _frame(rows: list[dict[str, Any]]) -> Any:
    import pandas

    return pandas.DataFrame(rows)
