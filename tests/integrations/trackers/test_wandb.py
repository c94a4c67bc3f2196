"""Weights & Biases, offline: what its own file holds afterwards."""

import json
import struct
from importlib.util import find_spec
from pathlib import Path

import pytest
from shared_run import shared_report, shared_run

from chateval.errors import ConfigError
from chateval.integrations.trackers import Destination
from chateval.integrations.trackers.wandb import WandbTracker

pytestmark = pytest.mark.skipif(
    find_spec("wandb") is None, reason="wandb is not installed: pip install 'chateval[track]'"
)


def records(path):
    """Read a .wandb file: records of protobuf in the log format of LevelDB, blocks of 32 KiB."""
    from wandb.proto import wandb_internal_pb2

    data, place, whole = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        whole += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            yield record
            whole = b""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What `wandb` wrote of one checkpoint, and what was said of it."""
    import wandb

    folder = tmp_path_factory.mktemp("wandb")
    report = shared_report("x", steps=(100, 300))
    tracker = WandbTracker(Destination(project="p", out=folder, name="curve"))
    said = tracker.share(shared_run(report, folder), report)
    wandb.teardown()
    [path] = folder.glob("wandb/offline-run-*/*.wandb")
    return said, path.parent, list(records(path))


def test_the_run_is_offline_and_says_how_it_is_uploaded(written):
    said, folder, _ = written

    assert folder.name.startswith("offline-run-")
    assert said.startswith("1 run in ")
    assert "`wandb sync " in said


def test_numbers_stand_at_the_training_step(written):
    _, _, found = written

    history = [record.history for record in found if record.WhichOneof("record_type") == "history"]
    numbers = [{"/".join(item.nested_key) or item.key: item.value_json for item in one.item} for one in history]
    assert [one.step.num for one in history] == [100, 300]
    assert [json.loads(one["facts/exact"]) for one in numbers] == [0.5, 0.75]
    assert json.loads(numbers[1]["facts/exact/delta/low"]) == 0.1


def test_the_run_has_name_group_and_settings(written):
    _, _, found = written

    [run] = [record.run for record in found if record.WhichOneof("record_type") == "run"][:1]
    assert (run.project, run.display_name, run.run_group) == ("p", "curve", "night")
    settings = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert settings["weights_digest"] == "b" * 64


def test_tables_and_the_report_go_along(written):
    _, folder, found = written

    artifacts = [
        record.request.log_artifact.artifact for record in found if record.WhichOneof("record_type") == "request"
    ]
    artifacts += [record.artifact for record in found if record.WhichOneof("record_type") == "artifact"]
    files = {entry.path for artifact in artifacts for entry in artifact.manifest.contents}
    assert {"report.json", "report.md", "report.html"} <= files
    [flips] = folder.glob("files/media/table/flips*.json")
    assert len(json.loads(flips.read_text())["data"]) == 2


def test_files_that_wait_to_be_uploaded_lie_in_the_same_folder(written):
    _, folder, found = written

    waiting = [
        Path(entry.local_path)
        for record in found
        for entry in (
            record.artifact if record.HasField("artifact") else record.request.log_artifact.artifact
        ).manifest.contents
    ]
    reports = [path for path in waiting if path.is_file() and "<!doctype html" in path.read_text()[:200].lower()]
    assert reports
    assert all(folder.parent in path.parents for path in waiting)


def test_nothing_of_the_machine_is_written(written):
    _, folder, _ = written

    assert not (folder / "files" / "requirements.txt").exists()
    assert not (folder / "files" / "wandb-metadata.json").exists()


def test_an_unknown_mode_is_refused():
    with pytest.raises(ConfigError, match="--option mode=sometimes: say one of offline, online"):
        WandbTracker(Destination(options={"mode": "sometimes"}))
