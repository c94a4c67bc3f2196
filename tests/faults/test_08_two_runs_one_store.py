"""Fault 8: different runs use one store at once."""

import shutil
import sqlite3

import pytest
from faults import Scene

from chateval.store import check_store


@pytest.fixture
def scenes(fault_server, models, tmp_path):
    """Two commands with 250 samples and two checkpoints each, 500 answers, that share half of their samples."""
    return [Scene(fault_server, tmp_path / name, models, n_samples=n) for name, n in (("one", 250), ("two", 250))]


def test_two_runs_of_500_answers_at_once_give_the_reports_of_serial_ones(scenes, tmp_path):
    serial = []
    for scene in scenes:
        assert scene.run(batch_size=8).code == 0
        serial.append(scene.files())
        shutil.rmtree(scene.folder / "place")
    shared = tmp_path / "shared"

    running = [scene.start(cache=shared, batch_size=8, seconds=0.001) for scene in scenes]
    ended = [one.wait() for one in running]

    assert [one.code for one in ended] == [0, 0]
    assert not any("locked" in one.err for one in ended)
    assert [scene.files() for scene in scenes] == serial
    found = check_store(shared / "responses.sqlite")
    assert (found.n_responses, found.faults) == (500, ())


def test_eight_processes_that_make_a_store_at_the_same_moment_all_get_it(fault_server, models, tmp_path):
    scenes = [Scene(fault_server, tmp_path / str(n), models, n_samples=2) for n in range(8)]
    shared = tmp_path / "shared"

    ended = [one.wait() for one in [scene.start(cache=shared) for scene in scenes]]

    assert [(one.code, one.said) for one in ended if one.code] == []
    assert check_store(shared / "responses.sqlite").faults == ()
    assert (shared.stat().st_mode & 0o777) == 0o700


def test_eight_processes_that_find_a_store_of_schema_1_migrate_it_once(fault_server, models, tmp_path):
    scenes = [Scene(fault_server, tmp_path / str(n), models, n_samples=2) for n in range(8)]
    shared = tmp_path / "shared"
    shared.mkdir()
    with sqlite3.connect(shared / "responses.sqlite") as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE response (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT")
        db.execute("PRAGMA user_version = 1")
    db.close()

    ended = [one.wait() for one in [scene.start(cache=shared) for scene in scenes]]

    assert [(one.code, one.said) for one in ended if one.code] == []
    assert check_store(shared / "responses.sqlite").n_responses == 4
    assert sorted(path.name for path in shared.glob("*.backup*")) == ["responses.sqlite.v1.backup"]
