"""MLflow on a SQLite file, read back by its own client."""

import json
import os
from importlib.util import find_spec

import pytest
from shared_run import shared_report, shared_run

from chateval.integrations.trackers import Destination
from chateval.integrations.trackers.mlflow import MlflowTracker

pytestmark = [
    pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow is not installed: pip install 'chateval[track]'"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of SQLAlchemy, about MLflow
]

SFT = "sft x"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A client on a store that two checkpoints of a training were shared to, one after the other."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("mlflow")
    for step in (300, 600):
        report = shared_report("x", steps=(None, step))
        destination = Destination(project="p", out=folder, name="curve", checkpoints=(SFT,))
        said = MlflowTracker(destination).share(shared_run(report, folder), report)
    return said, MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}"), folder


def runs(client):
    return client.search_runs([client.get_experiment_by_name("p").experiment_id])


def test_two_checkpoints_of_a_training_make_one_curve(written):
    _, client, _ = written

    [run] = runs(client)
    points = client.get_metric_history(run.info.run_id, "facts/exact/delta")
    assert [(point.step, point.value) for point in points] == [(300, 0.25), (600, 0.25)]
    assert run.info.run_name == "curve"
    assert run.info.status == "FINISHED"


def test_settings_are_parameters(written):
    _, client, _ = written

    [run] = runs(client)
    assert run.data.params["weights_digest"] == "b" * 64
    assert run.data.params["library/torch"] == "2.13.0"


def test_the_report_and_the_tables_lie_beside(written):
    _, client, folder = written

    [run] = runs(client)
    names = {info.path for info in client.list_artifacts(run.info.run_id, "step-300")}
    assert {f"step-300/{name}" for name in ("report.html", "flips.json", "verdicts.json", "comparisons.json")} <= names
    [flips] = folder.glob("mlartifacts/*/artifacts/step-600/flips.json")
    table = json.loads(flips.read_text())
    assert len(table["data"]) == 2
    assert "sample_id" in table["columns"]


def test_the_store_is_named_and_the_environment_is_as_before(written):
    said, _, folder = written

    assert said.startswith(f"1 run of experiment p in sqlite:///{folder}/mlflow.db")
    assert "MLFLOW_DISABLE_TELEMETRY" not in os.environ
