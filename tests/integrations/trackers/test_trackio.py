"""trackio's SQLite file, as it is afterwards."""

import json
import os
import sqlite3
from importlib.util import find_spec
from pathlib import Path

import pytest
from shared_run import shared_report, shared_run

from chateval.errors import ConfigError
from chateval.integrations.trackers import Destination
from chateval.integrations.trackers.trackio import TrackioTracker

pytestmark = pytest.mark.skipif(
    find_spec("trackio") is None, reason="trackio is not installed: pip install 'chateval[track]'"
)

SFT = "sft x"


@pytest.fixture(scope="module")
def written():
    """The database that two checkpoints of a training were shared to, one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKIO_SPACE_ID", "someone/space")  # of the user's training, and not meant for this
        patch.setenv("HF_TOKEN", "hf_not_a_token")  # with one, trackio would ask the hub whose it is
        folder = Path(os.environ["TRACKIO_DIR"])
        for step in (300, 600):
            report = shared_report("x", steps=(None, step))
            destination = Destination(project="p", out=folder, name="curve", checkpoints=(SFT,))
            said = TrackioTracker(destination).share(shared_run(report, folder), report)
    with sqlite3.connect(folder / "p.db") as database:
        yield said, database, folder
    database.close()


def test_two_checkpoints_of_a_training_make_one_curve(written):
    _, database, _ = written

    rows = database.execute("SELECT run_id, run_name, step, metrics FROM metrics ORDER BY step").fetchall()

    assert len({run_id for run_id, *_ in rows}) == 1
    assert [(name, step) for _, name, step, _ in rows] == [("curve", 300), ("curve", 600)]
    assert json.loads(rows[0][3])["facts/exact/delta"] == 0.25


def test_flips_are_a_table_and_settings_are_kept(written):
    _, database, _ = written

    [metrics] = database.execute("SELECT metrics FROM metrics WHERE step = 600").fetchone()
    [settings] = database.execute("SELECT config FROM configs").fetchone()

    assert len(json.loads(metrics)["flips"]["_value"]) == 2
    assert json.loads(settings)["weights_digest"] == "b" * 64


def test_the_report_is_an_artifact(written):
    _, database, _ = written

    [manifest, *_] = database.execute("SELECT manifest FROM artifact_versions").fetchone()

    assert {entry["path"] for entry in json.loads(manifest)} == {"report.json", "report.md", "report.html"}


def test_the_folder_is_named(written):
    said, _, folder = written

    assert said == f"1 run in {folder}; `TRACKIO_DIR={folder} trackio show --project p` shows them"


def test_a_second_folder_in_one_process_is_refused(written, tmp_path):
    report = shared_report("x")

    with pytest.raises(ConfigError, match="trackio writes to .* in this process already"):
        TrackioTracker(Destination(out=tmp_path)).share(shared_run(report, tmp_path), report)
