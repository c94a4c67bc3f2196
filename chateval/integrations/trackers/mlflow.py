"""Results to MLflow: a database of SQLite beside its artifacts, or the server that `tracking_uri` names."""

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chateval.integrations.trackers.destination import Destination, Entry, Value, entries, tables, write_files
from chateval.integrations.trackers.library import need, quiet
from chateval.records import Report, Run
from chateval.store import check_writable

if TYPE_CHECKING:
    from mlflow import MlflowClient

_MAX_PARAM = 6000
"""Characters that MLflow keeps of a parameter."""
_BATCH = 500
"""Metrics in one request; MLflow takes 1,000."""


class MlflowTracker:
    """One run of MLflow for each checkpoint, in the experiment of the project; its step is the training's."""

    def __init__(self, destination: Destination) -> None:
        """Take where results go; the option is `tracking_uri`."""
        destination.check_options("tracking_uri")
        self._to = destination

    def share(self, run: Run, report: Report) -> str:
        """Write a run of MLflow for each checkpoint and return the address of the store."""
        found = entries(run, report, self._to)
        need("mlflow")
        out = (self._to.out or Path()).resolve()
        check_writable(out)
        uri = self._to.option("tracking_uri", f"sqlite:///{out / 'mlflow.db'}")
        silence = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        with quiet(silence), tempfile.TemporaryDirectory() as scratch:
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=uri)
            artifacts = None if "tracking_uri" in self._to.options else (out / "mlartifacts").as_uri()
            experiment = _experiment(client, self._to.project, artifacts)
            files = write_files(run, report, Path(scratch))
            for entry in found:
                _log(client, experiment, entry, report, files)
        names = {entry.name for entry in found}
        n = f"{len(names)} runs" if len(names) > 1 else "1 run"
        return f"{n} of experiment {self._to.project} in {uri}; `mlflow ui --backend-store-uri {uri}` shows them"


def _experiment(client: "MlflowClient", name: str, artifacts: str | None) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name, artifact_location=artifacts))


def _log(client: "MlflowClient", experiment: str, entry: Entry, report: Report, files: list[Path]) -> None:
    from mlflow.entities import Metric, Param

    run_id, known = _run(client, experiment, entry.name)
    now = int(time.time() * 1000)
    numbers = [Metric(_key(name), float(value), now, entry.step) for name, value in entry.metrics.items()]
    for start in range(0, len(numbers), _BATCH):
        client.log_batch(run_id, metrics=numbers[start : start + _BATCH])
    # a parameter is set once in the life of a run; what a later point has otherwise is in its files
    params = [Param(_key(k), _text(v)) for k, v in entry.config.items() if _key(k) not in known]
    for start in range(0, len(params), 100):
        client.log_batch(run_id, params=params[start : start + 100])
    folder = f"step-{entry.step}"
    for path in files:
        client.log_artifact(run_id, str(path), artifact_path=folder)
    for name, rows in tables(report, entry.checkpoint).items():
        client.log_text(run_id, json.dumps(_split(rows), ensure_ascii=False), f"{folder}/{name}.json")
    client.set_terminated(run_id)


def _run(client: "MlflowClient", experiment: str, name: str) -> tuple[str, set[str]]:
    """Return the id of the run of a name and its parameters' names; a run that is not there yet is made."""
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    for run in client.search_runs([experiment], filter_string=f"attributes.run_name = '{quoted}'", max_results=1):
        return str(run.info.run_id), set(run.data.params)
    return str(client.create_run(experiment, run_name=name).info.run_id), set()


def _split(rows: list[dict[str, Value]]) -> dict[str, list[object]]:
    """Return rows as pandas' `split` orientation, which MLflow shows as a table."""
    return {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}


def _key(name: str) -> str:
    """Return a name in the letters that MLflow takes, without parts that a path would lose."""
    plain = "".join(letter if letter.isalnum() or letter in "_-. /" else "_" for letter in name)
    return "/".join(part for part in plain.split("/") if part not in ("", ".", ".."))[:250]


def _text(value: Value) -> str:
    return str(value)[:_MAX_PARAM]
